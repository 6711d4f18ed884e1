//===- include/attn/ExecutionEngine/Verify.h - Right or wrong -------------===//
//
// Part of attn-mlir.
//
// Compares what a program computed with the f64 reference.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_EXECUTIONENGINE_VERIFY_H
#define ATTN_EXECUTIONENGINE_VERIFY_H

#include "attn/ExecutionEngine/Program.h"

namespace mlir::attn {

/// A value by the name it has in messages.
struct NamedValue {
  std::string name;
  const TensorValue *value;
};

/// The results of a function, then its inout arguments.
llvm::SmallVector<NamedValue> nameResults(const Source &source,
                                          llvm::ArrayRef<TensorValue> results,
                                          llvm::ArrayRef<TensorValue> inputs);

/// Computes `source` on `inputs` again, in f64 and with every attn op replaced
/// by the reference, and compares with `results`. Prints a line a result and
/// returns whether all are within the bounds of Reference/Tolerance.h. What
/// `strategy` or an op asks for approximately is compared with the reference of
/// that, and the distance from dense attention is printed too.
llvm::Expected<bool> verifyResults(const Source &source,
                                   llvm::StringRef strategy,
                                   llvm::ArrayRef<TensorValue> inputs,
                                   llvm::ArrayRef<NamedValue> results,
                                   llvm::raw_ostream &out,
                                   llvm::raw_ostream &err);

/// Compiles `source` with a check after each attn op, which computes the
/// reference from the operands the op really had, and runs it on a copy of
/// `inputs`. Prints a line an op result; returns whether all are in bounds.
llvm::Expected<bool> verifyOps(const Source &source,
                               const CompileOptions &options,
                               llvm::ArrayRef<TensorValue> inputs,
                               llvm::raw_ostream &out, llvm::raw_ostream &err);

} // namespace mlir::attn

#endif // ATTN_EXECUTIONENGINE_VERIFY_H
