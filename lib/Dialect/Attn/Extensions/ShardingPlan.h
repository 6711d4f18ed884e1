//===- ShardingPlan.h - How an op is cut over a grid ------------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// The loops of attention, over which processes of a grid share the work, and
// which of them they do share.
//
//===----------------------------------------------------------------------===//

#ifndef LIB_ATTN_DIALECT_ATTN_EXTENSIONS_SHARDINGPLAN_H
#define LIB_ATTN_DIALECT_ATTN_EXTENSIONS_SHARDINGPLAN_H

#include "attn/Dialect/Attn/Extensions/Sharding.h"
#include "attn/Dialect/Attn/IR/AttnTiles.h"

#include <array>

namespace mlir::attn {

/// The loops of an op that scores keys. `kWhole` stands for every dimension
/// that no grid axis can cut: sizes of 1 that serve all, pages of a pool.
enum ShardLoop : unsigned {
  kShardBatch,
  kShardHeads,
  kShardQueries,
  kShardKeys,
  kShardWidth,
  kShardWidthV,
  kShardWhole,
  kNumShardLoops
};

/// An operand or a result: what to call it, and the loop of each dimension,
/// none for scalars.
struct ShardedValue {
  StringRef name;
  SmallVector<unsigned, 4> loops;
};

/// Operands, then results, of an op that has the interface.
SmallVector<ShardedValue> getShardedValues(Operation *op);

/// Grid axes of each loop; empty where every process does all of it.
struct ShardingPlan {
  /// Asking an op changes nothing, but is not const.
  mutable shard::GridOp grid;
  std::array<SmallVector<shard::GridAxis>, kNumShardLoops> axes;

  bool isShared(unsigned loop) const { return getNumShares(loop) != 1; }
  /// How many processes share `loop`.
  int64_t getNumShares(unsigned loop) const;
};

/// The plan that `shardings` (operands, then results) ask for, or a diagnostic
/// that says why there is none.
FailureOr<ShardingPlan> planSharding(Operation *op,
                                     ArrayRef<shard::Sharding> shardings);

} // namespace mlir::attn

#endif // LIB_ATTN_DIALECT_ATTN_EXTENSIONS_SHARDINGPLAN_H
