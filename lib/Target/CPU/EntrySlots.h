//===- EntrySlots.h - What a C function takes and gives ---------*- C++ -*-===//
//
// Part of attn-mlir.
//
// The attn_tensors of a function and what can be wrong with them.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_TARGET_CPU_ENTRYSLOTS_H
#define ATTN_TARGET_CPU_ENTRYSLOTS_H

#include "attn/Runtime/Abi.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <map>

namespace mlir::attn {

/// What a call can be refused for: each reason has a number from 1.
class Reasons {
public:
  /// Gives the number of a new reason, one more than the last.
  int32_t add(attn_status status, const Twine &text);
  /// Gives the number of a reason that may be there already.
  int32_t addOnce(attn_status status, StringRef text);

  size_t size() const { return statuses.size(); }
  ArrayRef<int32_t> getStatuses() const { return statuses; }
  /// All texts, each ended by a zero byte, and where each begins.
  StringRef getTexts() const { return texts; }
  ArrayRef<int32_t> getOffsets() const { return offsets; }

private:
  // Number 0 says that nothing is wrong.
  SmallVector<int32_t> statuses = {ATTN_OK}, offsets = {0};
  std::string texts = std::string(1, '\0');
  /// Those of addOnce.
  std::map<std::pair<int32_t, std::string>, int32_t> numbers;
};

/// A public function and what earlier passes made of it.
struct EntryFunction {
  /// The name C callers know.
  std::string name;
  /// (arguments, destinations, workspace?, exec?, merged?, launched?) -> scalar
  /// results.
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
  /// Whether `compute` merges over ranks: it takes the address of an i32 last,
  /// where the status of the first merge that fails goes.
  bool computeMerges = false;
  /// Whether it launches kernels: the same for their status. It takes an
  /// attn_exec then.
  bool computeLaunches = false;
  Reasons reasons;
};

/// An attn_tensor of the interface.
struct EntrySlot {
  /// "argument 0", for messages.
  std::string name;
  /// MemRefType, or the type of a scalar.
  Type type;
  attn_dtype dtype;
  /// Whether the function writes to it.
  bool written;
  /// Its argument of the compiled function, or of the returned scalars.
  unsigned position;
  /// Bytes of which data, and strides but the last, are multiples.
  int64_t alignment;
  /// The reasons of its faults follow this one.
  int32_t firstReason = 0;

  MemRefType memref() const { return dyn_cast<MemRefType>(type); }
  int64_t rank() const { return memref() ? memref().getRank() : 0; }
};

/// Bytes of an element.
int64_t getBytes(attn_dtype dtype);

/// Finds the arguments and results that C callers see, in their order. On
/// failure an error has been emitted.
LogicalResult collectSlots(EntryFunction &function,
                           SmallVectorImpl<EntrySlot> &arguments,
                           SmallVectorImpl<EntrySlot> &results);

/// Adds a reason for each TensorFault of `slot`, in their order.
void addReasons(Reasons &reasons, EntrySlot &slot);

} // namespace mlir::attn

#endif // ATTN_TARGET_CPU_ENTRYSLOTS_H
