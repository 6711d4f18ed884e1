//===- TileOps.h - attn ops at a tile of their domain -----------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// What the tiling and the partial-reduction models share. The iteration domain
// of every op is (batch, num_heads, seq_len_q), followed by seq_len_kv, a
// reduction, for attn.online and attn.partial.
//
//===----------------------------------------------------------------------===//

#ifndef LIB_ATTN_DIALECT_ATTN_EXTENSIONS_TILEOPS_H
#define LIB_ATTN_DIALECT_ATTN_EXTENSIONS_TILEOPS_H

#include "attn/Dialect/Attn/IR/AttnTiles.h"
#include "mlir/Interfaces/TilingInterface.h"

namespace mlir::attn {

/// The largest number known to divide `index`; 0 if it is 0.
int64_t getKnownDivisor(OpFoldResult index);

/// `offsets` and `sizes` of a tile of `op`'s iteration domain as operand
/// ranges. Fails, with the reason in `why`, if the query heads are not whole
/// groups, part of one group or all heads, or if keys in pages are not whole
/// pages.
FailureOr<AttentionTile> getAttentionTile(OpBuilder &builder,
                                          AttentionInterface op,
                                          ArrayRef<OpFoldResult> offsets,
                                          ArrayRef<OpFoldResult> sizes,
                                          std::string &why);

/// [offset, offset + size) of dimension `dim` of `shaped`, without a size if
/// that is known to be all of it.
DimRange getDimRange(OpFoldResult offset, OpFoldResult size, Value shaped,
                     int64_t dim);

/// The ranges of an operand or result of rank 3 or 4 (batch, head, query[,
/// head_dim_v]) in `layout`.
SmallVector<DimRange> getOutputRanges(const AttentionTile &tile, int64_t rank,
                                      Layout layout);

/// `op`, its results and the slices it reads.
TilingResult makeTilingResult(Operation *op);

} // namespace mlir::attn

#endif // LIB_ATTN_DIALECT_ATTN_EXTENSIONS_TILEOPS_H
