//===- TileOps.cpp - attn ops at a tile of their domain -------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// From offsets and sizes of an iteration domain to ranges of operands.
//
//===----------------------------------------------------------------------===//

#include "TileOps.h"
#include "attn/Dialect/Attn/IR/IndexMath.h"
#include "mlir/Interfaces/ValueBoundsOpInterface.h"

#include <numeric>

using namespace mlir;
using namespace mlir::attn;

/// The largest number known to divide every result of `map`.
static int64_t getMapDivisor(AffineMap map, ValueRange operands) {
  // d = k * d' for an operand that k divides.
  MLIRContext *context = map.getContext();
  SmallVector<AffineExpr> dims, symbols;
  auto scale = [](AffineExpr expr, Value operand) {
    int64_t divisor = getKnownDivisor(operand);
    return divisor == 0 ? getAffineConstantExpr(0, expr.getContext())
                        : expr * divisor;
  };
  for (unsigned d = 0; d < map.getNumDims(); ++d)
    dims.push_back(scale(getAffineDimExpr(d, context), operands[d]));
  for (unsigned s = 0; s < map.getNumSymbols(); ++s)
    symbols.push_back(
        scale(getAffineSymbolExpr(s, context), operands[map.getNumDims() + s]));
  int64_t divisor = 0;
  for (AffineExpr expr : map.getResults()) {
    AffineExpr scaled =
        simplifyAffineExpr(expr.replaceDimsAndSymbols(dims, symbols),
                           map.getNumDims(), map.getNumSymbols());
    auto constant = dyn_cast<AffineConstantExpr>(scaled);
    divisor = std::gcd(divisor, constant ? constant.getValue()
                                         : scaled.getLargestKnownDivisor());
  }
  return divisor;
}

int64_t attn::getKnownDivisor(OpFoldResult index) {
  if (std::optional<int64_t> constant = getConstantIntValue(index))
    return std::abs(*constant);
  auto value = cast<Value>(index);
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    Operation *loop = argument.getOwner()->getParentOp();
    if (auto forOp = dyn_cast_if_present<scf::ForOp>(loop))
      if (argument == forOp.getInductionVar())
        return std::gcd(getKnownDivisor(forOp.getLowerBound()),
                        getKnownDivisor(forOp.getStep()));
    if (auto forall = dyn_cast_if_present<scf::ForallOp>(loop))
      if (argument.getArgNumber() < forall.getRank())
        return std::gcd(
            getKnownDivisor(
                forall.getMixedLowerBound()[argument.getArgNumber()]),
            getKnownDivisor(forall.getMixedStep()[argument.getArgNumber()]));
    return 1;
  }
  Operation *op = value.getDefiningOp();
  if (auto apply = dyn_cast<affine::AffineApplyOp>(op))
    return getMapDivisor(apply.getAffineMap(), apply.getMapOperands());
  if (auto min = dyn_cast<affine::AffineMinOp>(op))
    return getMapDivisor(min.getAffineMap(), min.getMapOperands());
  if (auto max = dyn_cast<affine::AffineMaxOp>(op))
    return getMapDivisor(max.getAffineMap(), max.getMapOperands());
  if (auto mul = dyn_cast<arith::MulIOp>(op)) {
    int64_t product;
    if (!llvm::MulOverflow(getKnownDivisor(mul.getLhs()),
                           getKnownDivisor(mul.getRhs()), product))
      return product;
  }
  return 1;
}

/// True if k, which may be 0 (no k at all), divides what `divisor` divides.
static bool divides(int64_t k, int64_t divisor) {
  return k > 0 && divisor % k == 0;
}

DimRange attn::getDimRange(OpFoldResult offset, OpFoldResult size, Value shaped,
                           int64_t dim) {
  if (isConstantIntValue(offset, 0)) {
    using Set = ValueBoundsConstraintSet;
    FailureOr<bool> whole =
        Set::areEqual(Set::Variable(size), Set::Variable(shaped, dim));
    if (succeeded(whole) && *whole)
      return {};
  }
  return {offset, size};
}

/// The keys of a tile; whole if `size` is all of them.
static DimRange getKeyRange(AttentionInterface op, OpFoldResult offset,
                            OpFoldResult size) {
  if (!op.isPaged())
    return getDimRange(offset, size, op.getKey(), op.getSeqAxis());
  if (isConstantIntValue(offset, 0)) {
    using Set = ValueBoundsConstraintSet;
    AffineExpr pages = getAffineDimExpr(0, op.getContext());
    FailureOr<bool> whole = Set::areEqual(
        Set::Variable(size),
        Set::Variable(AffineMap::get(1, 0, pages * getPageSize(op)),
                      {Set::Variable(op.getPageTable(), 1)}));
    if (succeeded(whole) && *whole)
      return {};
  }
  return {offset, size};
}

/// The key heads that a range of query heads reads.
static FailureOr<DimRange> getKvHeads(OpBuilder &builder, AttentionInterface op,
                                      DimRange heads, std::string &why) {
  int64_t numKvHeads = op.getKey().getType().getDimSize(op.getHeadAxis());
  if (heads.isAll() || numKvHeads == 1)
    return DimRange();
  std::optional<int64_t> group = getStaticGroupSize(op);
  if (!group) {
    why = "expects all heads in one tile where num_heads or num_kv_heads is "
          "dynamic: which key heads a tile reads is not known";
    return failure();
  }
  IndexMath math{builder, op.getLoc()};
  int64_t offset = getKnownDivisor(heads.offset);
  int64_t size = getKnownDivisor(heads.size);
  auto toGroups = [&](OpFoldResult index) {
    return math.apply(math.d(0).floorDiv(*group), index);
  };
  // Whole groups.
  if (divides(*group, offset) && divides(*group, size))
    return DimRange{toGroups(heads.offset), toGroups(heads.size)};
  // A part of one group: parts of this size never straddle two.
  std::optional<int64_t> part = getConstantIntValue(heads.size);
  if (part && *part > 0 && *group % *part == 0 && divides(*part, offset))
    return DimRange{toGroups(heads.offset), math.constant(1)};
  why =
      "expects tiles of num_heads to be whole groups or to divide a group of " +
      std::to_string(*group) + " heads";
  if (part)
    why += ", but got " + std::to_string(*part);
  return failure();
}

FailureOr<AttentionTile> attn::getAttentionTile(OpBuilder &builder,
                                                AttentionInterface op,
                                                ArrayRef<OpFoldResult> offsets,
                                                ArrayRef<OpFoldResult> sizes,
                                                std::string &why) {
  AttentionTile tile;
  Value query = op.getQuery();
  tile.batch = getDimRange(offsets[0], sizes[0], query, 0);
  tile.heads = getDimRange(offsets[1], sizes[1], query, op.getHeadAxis());
  tile.queries = getDimRange(offsets[2], sizes[2], query, op.getSeqAxis());
  if (offsets.size() > 3)
    tile.keys = getKeyRange(op, offsets[3], sizes[3]);
  if (op.isPaged() && !tile.keys.isAll()) {
    int64_t pageSize = getPageSize(op);
    if (!divides(pageSize, getKnownDivisor(tile.keys.offset)) ||
        !divides(pageSize, getKnownDivisor(tile.keys.size))) {
      why = "expects tiles of seq_len_kv to be whole pages of " +
            std::to_string(pageSize) + " keys";
      return failure();
    }
  }
  FailureOr<DimRange> kvHeads = getKvHeads(builder, op, tile.heads, why);
  if (failed(kvHeads))
    return failure();
  tile.kvHeads = *kvHeads;
  return tile;
}

SmallVector<DimRange> attn::getOutputRanges(const AttentionTile &tile,
                                            int64_t rank, Layout layout) {
  if (rank == 3)
    return {tile.batch, tile.heads, tile.queries};
  return inLayout(layout, tile.batch, tile.heads, tile.queries);
}

TilingResult attn::makeTilingResult(Operation *op) {
  TilingResult result;
  result.tiledOps.push_back(op);
  llvm::append_range(result.tiledValues, op->getResults());
  for (Value operand : op->getOperands())
    if (auto slice = operand.getDefiningOp<tensor::ExtractSliceOp>())
      result.generatedSlices.push_back(slice);
  return result;
}
