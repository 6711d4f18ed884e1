//===- AttnPositions.h - Sizes, lengths and offsets as values ---*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// The sizes, lengths and offsets of an op that scores keys, as index values:
// constants where the types know them, arithmetic where they do not.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_ATTN_IR_ATTNPOSITIONS_H
#define ATTN_DIALECT_ATTN_IR_ATTNPOSITIONS_H

#include "attn/Dialect/Attn/IR/Attn.h"

namespace mlir::attn {

/// The sizes of an attention problem, in elements.
struct AttentionSizes {
  OpFoldResult batch;
  OpFoldResult numHeads;
  OpFoldResult numKvHeads;
  OpFoldResult seqLenQ;
  /// Logical keys: pages * page_size when key and value are pools.
  OpFoldResult seqLenKv;
};

/// The size of `dim` of a tensor or memref.
OpFoldResult getDim(OpBuilder &builder, Location loc, Value shaped,
                    int64_t dim);

/// The sizes of `op`'s operands.
AttentionSizes getSizes(OpBuilder &builder, Location loc,
                        AttentionInterface op);

/// num_heads / num_kv_heads if both are static.
std::optional<int64_t> getStaticGroupSize(AttentionInterface op);

/// The most keys that one query can see, if the types and the window bound it.
std::optional<int64_t> getMaxVisibleKeys(AttentionInterface op);

/// Keys of one page of the pools; static whenever the op is paged.
int64_t getPageSize(AttentionInterface op);

/// Absolute position of local element 0 along `axis` (0 batch, 1 head,
/// 2 query, 3 key): 0 when the op has no offsets.
OpFoldResult getOffset(AttentionInterface op, OpBuilder &builder,
                       unsigned axis);

/// Element `b` of a rank-1 i64 tensor or memref as an index; a single element
/// serves every batch entry.
OpFoldResult loadLength(OpBuilder &builder, Location loc, Value lengths,
                        OpFoldResult b);

/// kv_len[b] / q_len[b] as an index (absolute), or null if the op has none.
OpFoldResult getKvLenAt(AttentionInterface op, OpBuilder &builder, Location loc,
                        OpFoldResult b);
OpFoldResult getQLenAt(AttentionInterface op, OpBuilder &builder, Location loc,
                       OpFoldResult b);

/// D such that, in local indices, the diagonal of batch entry `b` is
/// `j = i + D`: causal_offset (or the bottom-right rule) plus the query offset
/// minus the key offset.
OpFoldResult getDiagonalAt(AttentionInterface op, OpBuilder &builder,
                           Location loc, OpFoldResult b);

/// The scale as a scalar of the accumulator type: the attribute, the operand
/// cast to it, or 1/sqrt(head_dim).
Value getScaleValue(AttentionInterface op, OpBuilder &builder, Location loc);

} // namespace mlir::attn

#endif // ATTN_DIALECT_ATTN_IR_ATTNPOSITIONS_H
