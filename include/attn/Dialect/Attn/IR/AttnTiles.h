//===- AttnTiles.h - Tiles of an op that scores keys ------------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// The operands and modifiers of an op that scores keys as plain data, cut to a
// tile of its iteration space, and the ops built from them. A tile slices every
// operand and adds to the offsets; lengths, causal offset and score region stay
// absolute.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_ATTN_IR_ATTNTILES_H
#define ATTN_DIALECT_ATTN_IR_ATTNTILES_H

#include "attn/Dialect/Attn/IR/AttnPositions.h"

namespace mlir::attn {

/// Elements [offset, offset + size) of a dimension; without a size, all of it.
struct DimRange {
  OpFoldResult offset;
  OpFoldResult size;

  bool isAll() const { return !size; }
};

/// A tile of the iteration space of an op that scores keys, in its local
/// indices. kvHeads must be the heads of key that `heads` reads.
struct AttentionTile {
  DimRange batch, heads, kvHeads, queries, keys;
};

/// Operands and modifiers common to all ops that score keys. Absent values are
/// null; the score region is borrowed and cloned by the create functions.
struct AttentionParts {
  Value query, key, value;
  Value dynamicScale, causalOffset, kvLen, qLen, mask, bias, keyScale,
      valueScale, pageTable;
  SmallVector<Value, 4> offsets;
  FloatAttr scale, softcap;
  int64_t windowLeft = -1, windowRight = -1;
  bool bottomRight = false;
  bool inBlocks = false; ///< Positions say in which block.
  LayoutAttr layout;
  Region *score = nullptr;

  AttentionParts() = default;
  explicit AttentionParts(AttentionInterface op);

  Layout getLayout() const { return layout ? layout.getValue() : Layout::bhsd; }
  bool hasWindow() const { return windowLeft >= 0 || windowRight >= 0; }
  bool hasScore() const { return score && !score->empty(); }
  /// True if anything depends on where an element is.
  bool usesPositions() const {
    return hasWindow() || kvLen || qLen || hasScore() || inBlocks;
  }
  /// Drops what only structure needs: windows, lengths and, unless a score
  /// region reads them, positions. Exact where every key is visible.
  void dropStructure();
};

/// `source` cut along every dimension; `source` itself if nothing is cut; null
/// if `source` is.
Value sliceOperand(OpBuilder &builder, Location loc, Value source,
                   ArrayRef<DimRange> ranges);

/// [batch, heads, sequence, all of the last] in the dimension order of
/// `layout`.
SmallVector<DimRange> inLayout(Layout layout, DimRange batch, DimRange heads,
                               DimRange sequence);

/// The operands of `op` that `tile` reads, and its absolute position. A mask,
/// bias, dequantisation scale or length is cut where it is not 1, be that known
/// only at run time. A bottom-right diagonal becomes a causal offset. With a
/// page table, `tile.keys` must be whole pages.
AttentionParts sliceAttention(OpBuilder &builder, Location loc,
                              AttentionInterface op, const AttentionTile &tile);

/// `parts` cut to a range of its keys; whole pages with a page table. Without
/// `cutKeyValue` key, value and page table stay whole.
AttentionParts sliceKeys(OpBuilder &builder, Location loc, AttentionParts parts,
                         DimRange keys, bool cutKeyValue = true);

/// The offset of `keys`, moved into bounds if the range is empty: a slice may
/// be empty, but not begin outside, and folding turns what looks dynamic here
/// into constants that the verifier of a slice sees.
OpFoldResult clampKeyOffset(OpBuilder &builder, Location loc,
                            AttentionInterface op, DimRange keys);

/// The causal offset of `op` (absolute) for batch entry `b` as an index, or
/// null if it has none; a bottom-right diagonal is resolved.
OpFoldResult getCausalOffsetAt(AttentionInterface op, OpBuilder &builder,
                               Location loc, OpFoldResult b);

/// What `bottom_right` of `op` means as a causal_offset operand: an index where
/// one serves every batch entry, else a tensor of one per entry.
Value resolveBottomRight(OpBuilder &builder, Location loc,
                         AttentionInterface op);

/// lse of the part that stands for the sinks of `parts`, in the shape of
/// `init`,
/// ([part,] batch, head, query): the sink of each head, -inf for rows beyond
/// q_len. A linalg op, whose dialect the caller must depend on.
Value createSinkLse(OpBuilder &builder, Location loc,
                    const AttentionParts &parts, Value sinks, Value init);

/// What attn.star has beside the operands of attn.sdpa.
struct StarParameters {
  int64_t blockSize = 1, anchorSize = 1;
  StarAnchor anchor = StarAnchor::first;
  Value contextLen, anchorKey, anchorValue;

  StarParameters() = default;
  explicit StarParameters(StarOp op);
};

/// What attn.block_local and attn.block_local_step, which alone has a
/// blockLenQ, have beside the operands of attn.sdpa.
struct BlockLocalParameters {
  int64_t blockLen = 1;
  std::optional<int64_t> blockLenQ, prefixLen;
  Value prefixKey, prefixValue;

  BlockLocalParameters() = default;
  explicit BlockLocalParameters(BlockLocalOp op);
};

/// What attn.sparq has beside the operands of every op that scores keys.
struct SparqParameters {
  int64_t rank = 1, topK = 1, localWindow = 0;
  Realloc realloc = Realloc::automatic;
  GroupReduce groupReduce = GroupReduce::prob;
  KeyLayout keyLayout = KeyLayout::twice;
  Value keyT, valueMean;
};

/// Ops from parts. On tensors each destination gives a result.
SdpaOp createSdpa(OpBuilder &builder, Location loc, TypeRange results,
                  const AttentionParts &parts, Value sinks = {});
StarOp createStar(OpBuilder &builder, Location loc, TypeRange results,
                  const AttentionParts &parts, const StarParameters &parameters,
                  Value sinks = {});
BlockLocalOp createBlockLocal(OpBuilder &builder, Location loc,
                              TypeRange results, const AttentionParts &parts,
                              const BlockLocalParameters &parameters,
                              Value sinks = {});
/// `lse`, `sinks` and `config` may be null.
SdpaStepOp createSdpaStep(OpBuilder &builder, Location loc,
                          const AttentionParts &parts, Value sinks,
                          Value output, Value lse, TileConfigAttr config = {});
/// `lse`, `sinks` and `config` may be null.
StarStepOp createStarStep(OpBuilder &builder, Location loc,
                          const AttentionParts &parts,
                          const StarParameters &parameters, Value sinks,
                          Value output, Value lse, TileConfigAttr config = {});
OnlineOp createOnline(OpBuilder &builder, Location loc,
                      const AttentionParts &parts, ValueRange state);
PartialOp createPartial(OpBuilder &builder, Location loc,
                        const AttentionParts &parts, Value output, Value lse);
SparqOp createSparq(OpBuilder &builder, Location loc, Type output,
                    const AttentionParts &parts,
                    const SparqParameters &parameters);
/// The dense attention that `op` approximates.
SdpaOp createDense(OpBuilder &builder, SparqOp op);
/// The same of Star Attention; its keys must all be in key.
SdpaOp createDense(OpBuilder &builder, StarOp op);
/// `parameters` cut to a tile of `op`.
StarParameters sliceStar(OpBuilder &builder, Location loc, StarOp op,
                         const AttentionTile &tile);
/// `parameters` cut to a tile of `op`: the prefixes of the tile's blocks.
BlockLocalParameters sliceBlockLocal(OpBuilder &builder, Location loc,
                                     BlockLocalOp op,
                                     const AttentionTile &tile);
/// `sparq` with `parts` in place of its own; `splits` may be null.
SparqStepOp createSparqStep(OpBuilder &builder, Location loc,
                            const AttentionParts &parts, SparqOp sparq,
                            Value splits, Value output);
/// `lse` and `sinks` may be null.
BlockLocalStepOp createBlockLocalStep(OpBuilder &builder, Location loc,
                                      const AttentionParts &parts,
                                      const BlockLocalParameters &parameters,
                                      Value sinks, Value output, Value lse);
/// `parts.value` and its scale are not looked at; absent operands are null.
ScoresOp createScores(OpBuilder &builder, Location loc,
                      const AttentionParts &parts, Value channels, Value factor,
                      Value keyT, Value scores);

} // namespace mlir::attn

#endif // ATTN_DIALECT_ATTN_IR_ATTNTILES_H
