//===- DistributionPlan.h - What of a function is cut -----------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Which arguments of a function become a rank's part, and why a function cannot
// be run by several ranks. Changes nothing.
//
//===----------------------------------------------------------------------===//

#ifndef LIB_ATTN_DIALECT_ATTN_TRANSFORMS_DISTRIBUTIONPLAN_H
#define LIB_ATTN_DIALECT_ATTN_TRANSFORMS_DISTRIBUTIONPLAN_H

#include "attn/Dialect/Attn/IR/Attn.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/MapVector.h"

namespace mlir::attn {

/// What becomes of the arguments of one function.
struct DistributionPlan {
  SmallVector<SdpaOp> sdpas;
  SmallVector<StarOp> stars;
  /// What arguments become, by their number.
  llvm::MapVector<unsigned, ShardAttr> shards;
  /// Keys that other blocks read first, by the number of the argument they are
  /// of.
  llvm::MapVector<unsigned, int64_t> anchors;
};

/// Looks at `func`, which `isCalled` by another function or not. Fails, with a
/// diagnostic that names the way out, if ranks cannot run it together. A plan
/// without ops: there is no attention in it.
FailureOr<DistributionPlan> planDistribution(func::FuncOp func, bool isCalled);

/// Whether `value`, of an op whose `axis` are keys, has a part for each key:
/// its size there is not 1.
bool isAlongKeys(Value value, int64_t axis);

} // namespace mlir::attn

#endif // LIB_ATTN_DIALECT_ATTN_TRANSFORMS_DISTRIBUTIONPLAN_H
