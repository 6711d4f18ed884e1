//===- lib/ExecutionEngine/Shards.h - Parts of values -----------*- C++ -*-===//
//
// Part of attn-mlir.
//
// Cuts the inputs of a program for each rank, as `attn.shard` says, and joins
// what ranks computed.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_EXECUTIONENGINE_SHARDS_H
#define ATTN_LIB_EXECUTIONENGINE_SHARDS_H

#include "attn/ExecutionEngine/Program.h"

namespace mlir::attn {

/// Which keys or rows each rank has: whole units, as evenly as they go.
struct ShardRanges {
  /// All keys, or rows, and those that stay together.
  int64_t total = 0, unit = 1;
  int64_t numRanks = 1;

  /// The first one that `rank` has; that of the next rank ends it.
  int64_t begin(int64_t rank) const;
  int64_t size(int64_t rank) const { return begin(rank + 1) - begin(rank); }
};

/// How `inputs`, of the program that `function` was made of, are cut. Fails if
/// they cannot be cut at the same positions.
llvm::Expected<ShardRanges> planShards(func::FuncOp function,
                                       llvm::ArrayRef<TensorValue> inputs,
                                       int64_t numRanks);

/// What `rank` has of `inputs`: a value for each argument of `function`.
/// Communicators are zeros.
llvm::Expected<llvm::SmallVector<TensorValue>>
cutInputs(func::FuncOp function, llvm::ArrayRef<TensorValue> inputs,
          const ShardRanges &ranges, int64_t rank);

/// The dimension along which result `number` of `function` is cut, or -1 if
/// every rank has all of it.
int64_t getCutDim(func::FuncOp function, unsigned number);

/// Writes `bytes`, what `rank` has of `whole` along `dim`, to its place.
/// Returns false if there are not as many as there should be.
bool placePart(TensorValue &whole, int64_t dim, llvm::ArrayRef<char> bytes,
               const ShardRanges &ranges, int64_t rank);

} // namespace mlir::attn

#endif // ATTN_LIB_EXECUTIONENGINE_SHARDS_H
