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

/// How far a value is from another one.
struct Distance {
  double max = 0, mean = 0;
  /// Of the norms, and the cosine of the angle between both.
  double relative = 0, cosine = 1;
};

/// The distance of `actual` from `exact`, of as many elements.
Distance measureDistance(const TensorValue &actual, const TensorValue &exact);

/// What verifyResults found.
struct Verification {
  bool ok = true;
  /// The largest error of all results beside the bound it has there.
  double worstError = 0, worstBound = 0;
  /// What exact attention gives in f64, by the names of results, where an
  /// approximate program's reference has something else.
  llvm::SmallVector<std::pair<std::string, TensorValue>, 0> exact;
};

/// Computes `source` on `inputs` again, in f64 and with every attn op replaced
/// by the reference, and compares with `results`, by the bounds of
/// Reference/Tolerance.h. Prints a line a result. What
/// `strategy` or an op asks for approximately is compared with the reference of
/// that, and the distance from dense attention is printed too.
/// `computed` is the program of the results where it is another: what travels
/// between its ranks may be rounded.
llvm::Expected<Verification>
verifyResults(const Source &source, llvm::StringRef strategy,
              llvm::ArrayRef<TensorValue> inputs,
              llvm::ArrayRef<NamedValue> results, llvm::raw_ostream &out,
              llvm::raw_ostream &err, const Source *computed = nullptr);

/// Compiles `source` with a check after each attn op, which computes the
/// reference from the operands the op really had, and runs it on a copy of
/// `inputs`. Prints a line an op result; returns whether all are in bounds.
llvm::Expected<bool> verifyOps(const Source &source,
                               const CompileOptions &options,
                               llvm::ArrayRef<TensorValue> inputs,
                               llvm::raw_ostream &out, llvm::raw_ostream &err);

} // namespace mlir::attn

#endif // ATTN_EXECUTIONENGINE_VERIFY_H
