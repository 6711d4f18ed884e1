//===- EntryPoints.h - The C functions of one function ----------*- C++ -*-===//
//
// Part of attn-mlir.
//
// Writes the functions of Abi.h around a function that works in memory.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_TARGET_CPU_ENTRYPOINTS_H
#define ATTN_TARGET_CPU_ENTRYPOINTS_H

#include "AbiHelpers.h"
#include "attn/Runtime/Abi.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/SymbolTable.h"

namespace mlir::attn {

/// What a call can be refused for: each reason has a number from 1.
class Reasons {
public:
  /// Gives the number of a new reason.
  int32_t add(attn_status status, const Twine &text);

  size_t size() const { return statuses.size(); }
  ArrayRef<int32_t> getStatuses() const { return statuses; }
  /// All texts, each ended by a zero byte, and where each begins.
  StringRef getTexts() const { return texts; }
  ArrayRef<int32_t> getOffsets() const { return offsets; }

private:
  // Number 0 says that nothing is wrong.
  SmallVector<int32_t> statuses = {ATTN_OK}, offsets = {0};
  std::string texts = std::string(1, '\0');
};

/// A public function and what earlier passes made of it.
struct EntryFunction {
  /// The name C callers know.
  std::string name;
  /// (arguments, destinations, workspace?, exec?) -> scalar results.
  func::FuncOp compute;
  /// (arguments) -> reason, or null.
  func::FuncOp checks;
  /// (arguments) -> (reason, dynamic sizes of tensor results), or null.
  func::FuncOp shapes;
  /// (arguments, destinations, exec?) -> index, or null: no workspace.
  func::FuncOp workspaceBytes;
  /// Whether `shapes` reads elements or scalars of arguments.
  bool shapesReadData = false;
  /// Whether functions take an attn_exec last.
  bool computeTakesExec = false, workspaceTakesExec = false;
  Reasons reasons;
};

/// Makes `func` a function that other objects do not see.
void setInternalLinkage(func::FuncOp func);

/// Writes NAME, NAME_result_shapes, NAME_workspace_bytes and NAME_explain. On
/// failure an error has been emitted.
LogicalResult writeEntryPoints(SymbolTable &symbols, EntryFunction &function);

} // namespace mlir::attn

#endif // ATTN_TARGET_CPU_ENTRYPOINTS_H
