//===- Sharding.h - Attention over a grid of processes ----------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// What the models of upstream's ShardingInterface (Extensions.h) and the pass
// that checks programs before `shard-partition` both ask.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_ATTN_EXTENSIONS_SHARDING_H
#define ATTN_DIALECT_ATTN_EXTENSIONS_SHARDING_H

#include "mlir/Dialect/Shard/Interfaces/ShardingInterface.h"

namespace mlir::attn {

/// The shardings of `op`'s operands, then of its results: what the
/// `shard.shard` that defines an operand, or that alone uses a result, says.
/// Null where there is none.
SmallVector<shard::Sharding, 0> getShardings(Operation *op);

/// Whether `op`, one of ours that has the interface, can be partitioned so; if
/// not, a diagnostic says why, and what to do. Unused results need no sharding.
LogicalResult verifySharding(Operation *op,
                             ArrayRef<shard::Sharding> shardings);

/// Whether what the regions of `op` read from outside is whole on every
/// process; if not, a diagnostic says so.
LogicalResult verifyCaptures(Operation *op);

} // namespace mlir::attn

#endif // ATTN_DIALECT_ATTN_EXTENSIONS_SHARDING_H
