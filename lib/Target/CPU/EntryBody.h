//===- EntryBody.h - A function with early returns --------------*- C++ -*-===//
//
// Part of attn-mlir.
//
// Builds functions that return a reason as soon as they find one.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_TARGET_CPU_ENTRYBODY_H
#define ATTN_TARGET_CPU_ENTRYBODY_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/SymbolTable.h"

namespace mlir::attn {

/// Makes `func` a function that other objects do not see.
void setInternalLinkage(func::FuncOp func);

/// A function that is being written. Blocks end in a branch to `fail` with a
/// reason, or go on.
class EntryBody {
public:
  EntryBody(SymbolTable &symbols, Location loc, const Twine &name,
            FunctionType type, bool isPublic);

  /// Goes on where `condition` holds; otherwise fails with `reason`.
  void require(Value condition, Value reason);
  void require(Value condition, int32_t reason) {
    require(condition, constant(reason, 32));
  }
  /// Goes on where `reason` is 0, that is, none.
  void requireNone(Value reason);
  /// Runs `body` where `condition` holds.
  void when(Value condition, function_ref<void()> body);

  Value constant(int64_t value, unsigned width) {
    return arith::ConstantIntOp::create(b, value, width);
  }
  Value compare(arith::CmpIPredicate predicate, Value a, Value c) {
    return arith::CmpIOp::create(b, predicate, a, c);
  }
  Value isNull(Value pointer) {
    return LLVM::ICmpOp::create(b, LLVM::ICmpPredicate::eq, pointer,
                                LLVM::ZeroOp::create(b, pointer.getType()));
  }
  /// The address of field `indices` of a struct or array `type` at `base`.
  Value at(Type type, Value base, ArrayRef<LLVM::GEPArg> indices) {
    return LLVM::GEPOp::create(b, LLVM::LLVMPointerType::get(b.getContext()),
                               type, base, indices);
  }
  /// The entries of a constant table of integers.
  Value table(SymbolTable &symbols, StringRef name, ArrayRef<int64_t> values,
              unsigned width);

  ImplicitLocOpBuilder b;
  func::FuncOp func;
  /// Gets the reason as its argument.
  Block *fail;
};

} // namespace mlir::attn

#endif // ATTN_TARGET_CPU_ENTRYBODY_H
