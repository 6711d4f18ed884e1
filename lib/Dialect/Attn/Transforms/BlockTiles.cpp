//===- BlockTiles.cpp - Tiles that end where blocks do --------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Every block of rows, of the context or behind it, is cut into the same number
// of tiles; the tile in which the context ends is cut once more.
//
//===----------------------------------------------------------------------===//

#include "BlockTiles.h"
#include "attn/Dialect/Attn/IR/AttnStar.h"

using namespace mlir;
using namespace mlir::attn;

std::optional<BlockTiles>
BlockTiles::create(OpBuilder &builder, AttentionInterface op, int64_t rows) {
  if (auto star = dyn_cast<StarOp>(*op))
    return BlockTiles(builder, op, star.getBlockSize(), rows);
  if (auto local = dyn_cast<BlockLocalOp>(*op))
    return BlockTiles(builder, op, local.getBlockLen(), rows);
  return std::nullopt;
}

/// Whether that is known.
static bool isMultiple(OpFoldResult value, int64_t divisor) {
  std::optional<int64_t> number = getConstantIntValue(value);
  return number && *number % divisor == 0;
}

BlockTiles::BlockTiles(OpBuilder &builder, AttentionInterface op,
                       int64_t blockSize, int64_t rows)
    : op(op), star(dyn_cast<StarOp>(*op)), blockSize(blockSize),
      rows(std::min(rows, blockSize)),
      tilesPerBlock(llvm::divideCeil(blockSize, this->rows)) {
  IndexMath math{builder, op.getLoc()};
  seqLen = getSizes(builder, op.getLoc(), op).seqLenQ;
  offset = getOffset(op, builder, 2);
  firstBlock = math.apply(math.d(0).floorDiv(blockSize), {offset});
  // The last block may be short.
  OpFoldResult end = math.add(offset, seqLen);
  OpFoldResult whole =
      math.sub(math.apply(math.d(0).floorDiv(blockSize), {end}), firstBlock);
  OpFoldResult rest =
      math.apply((math.d(0) % blockSize).ceilDiv(this->rows), {end});
  numTiles = math.add(math.mul(whole, tilesPerBlock), rest);
  // No rows have no tile, also in the middle of a block, which has no prefix.
  if (!isMultiple(offset, blockSize))
    numTiles = math.min(numTiles, math.mul(seqLen, tilesPerBlock));
  if (mayCut())
    numTiles = math.add(numTiles, 1);
}

bool BlockTiles::mayCut() {
  Value contextLen = star ? star.getContextLen() : Value();
  if (!contextLen)
    return false;
  if (isa<ShapedType>(contextLen.getType()))
    return true;
  std::optional<int64_t> length = getConstantIntValue(contextLen);
  return !length || (*length > 0 && *length % blockSize % rows != 0);
}

std::pair<OpFoldResult, OpFoldResult>
BlockTiles::getBlockRows(IndexMath &math, OpFoldResult number) {
  OpFoldResult origin = math.mul(firstBlock, blockSize);
  if (blockSize % rows == 0) {
    OpFoldResult first = math.add(origin, math.mul(number, rows));
    return {first, math.add(first, rows)};
  }
  OpFoldResult block =
      math.add(origin, math.apply(math.d(0).floorDiv(tilesPerBlock) * blockSize,
                                  {number}));
  OpFoldResult first =
      math.add(block, math.apply((math.d(0) % tilesPerBlock) * rows, {number}));
  return {first, math.min(math.add(first, rows), math.add(block, blockSize))};
}

std::pair<OpFoldResult, OpFoldResult>
BlockTiles::getRows(OpBuilder &builder, OpFoldResult b, OpFoldResult number) {
  IndexMath math{builder, op.getLoc()};
  // Later rows of a block, and query rows more so, see more keys: they go
  // first, so that threads that wait at the end wait for little.
  if (!getConstantIntValue(number))
    number = math.add(math.sub(numTiles, number), -1);
  OpFoldResult end = math.add(offset, seqLen);
  OpFoldResult first, last;
  if (!mayCut()) {
    std::tie(first, last) = getBlockRows(math, number);
    // With whole blocks before the rows and whole tiles of them, nothing needs
    // to be clipped.
    bool startsWithBlock = isMultiple(offset, blockSize);
    if (startsWithBlock && isMultiple(end, rows) && blockSize % rows == 0)
      return {math.sub(first, offset), math.constant(rows)};
    if (!startsWithBlock)
      first = math.max(first, offset);
    last = math.min(last, end);
  } else {
    // The context ends in, or before, tile `cut` of those that blocks make: up
    // to there, tiles end with it, and from there on they begin behind it.
    Location loc = op.getLoc();
    OpFoldResult context = getContextLenAt(star, builder, loc, b);
    context = math.min(math.max(context, offset), end);
    OpFoldResult cut = math.add(
        math.mul(math.sub(math.apply(math.d(0).floorDiv(blockSize), {context}),
                          firstBlock),
                 tilesPerBlock),
        math.apply((math.d(0) % blockSize).floorDiv(rows), {context}));
    Value isBehind =
        arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sgt,
                              math.value(number), math.value(cut));
    number = math.select(isBehind, math.add(number, -1), number);
    std::tie(first, last) = getBlockRows(math, number);
    first = math.max(first, math.select(isBehind, context, math.value(offset)));
    last = math.min(last, math.select(isBehind, end, context));
  }
  // An empty tile may lie behind the end, but a slice may not begin there.
  OpFoldResult size = math.max(math.constant(0), math.sub(last, first));
  first = math.min(math.sub(first, offset), math.add(seqLen, -1));
  first = math.max(first, math.constant(0)); // No row, but a tile to cut.
  return {first, size};
}
