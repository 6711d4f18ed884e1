//===- NumSplits.cpp - How many ranges keys are split in ------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// The rule of NumSplits.h, as far as types decide it and as code.
//
//===----------------------------------------------------------------------===//

#include "NumSplits.h"
#include "attn/Dialect/Attn/IR/IndexMath.h"
#include "attn/Dialect/Attn/Transforms/Transforms.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::attn;
using arith::CmpIPredicate;

static constexpr StringLiteral kNumThreads = "attn_rt_num_threads";

static constexpr int64_t kTasksPerThread = 8;
static constexpr int64_t kMinKeys = 512;
/// Larger tiles count as several: they were made because there is enough to do.
static constexpr int64_t kTileRows = 32;

/// Tiles that keep the pools maySplit thinks of busy without splits.
static constexpr int64_t kManyTiles = kTasksPerThread * 32;

static func::FuncOp findNumThreads(Operation *from) {
  auto func =
      dyn_cast_if_present<func::FuncOp>(SymbolTable::lookupNearestSymbolFrom(
          from, StringAttr::get(from->getContext(), kNumThreads)));
  if (!func || func.getNumArguments() != 0 || func.getNumResults() != 1 ||
      !func.getResultTypes().front().isInteger(64))
    return {};
  return func;
}

bool attn::knowsNumThreads(Operation *op) {
  return static_cast<bool>(findNumThreads(op));
}

void attn::declareNumThreads(ModuleOp module) {
  if (module.lookupSymbol(kNumThreads))
    return;
  OpBuilder builder = OpBuilder::atBlockBegin(module.getBody());
  auto func =
      func::FuncOp::create(builder, module.getLoc(), kNumThreads,
                           builder.getFunctionType({}, {builder.getI64Type()}));
  func.setPrivate();
}

/// Keys that the queries of a tile can see between them, if a window says so.
static std::optional<int64_t> getWindowSpan(AttentionInterface op,
                                            int64_t blockSizeQ) {
  if (op.getWindowLeft() < 0 || op.getWindowRight() < 0)
    return std::nullopt;
  return op.getWindowLeft() + op.getWindowRight() + blockSizeQ;
}

bool attn::maySplit(AttentionInterface op, int64_t blockSizeQ) {
  int64_t keys =
      op.isPaged() ? cast<ShapedType>(op.getPageTable().getType()).getDimSize(1)
                   : op.getKey().getType().getDimSize(op.getSeqAxis());
  if (op.isPaged() && !ShapedType::isDynamic(keys))
    keys *= getPageSize(op);
  std::optional<int64_t> span = getWindowSpan(op, blockSizeQ);
  if ((!ShapedType::isDynamic(keys) && keys < 2 * kMinKeys) ||
      (span && *span < 2 * kMinKeys))
    return false;

  // A dynamic size can be 1.
  uint64_t tiles = 1;
  auto count = [&](int64_t size, int64_t step) {
    if (!ShapedType::isDynamic(size))
      tiles = llvm::SaturatingMultiply<uint64_t>(tiles,
                                                 llvm::divideCeil(size, step));
  };
  ShapedType query = op.getQuery().getType();
  count(query.getDimSize(0), 1);
  count(op.getKey().getType().getDimSize(op.getHeadAxis()), 1);
  count(query.getDimSize(op.getSeqAxis()), std::min(blockSizeQ, kTileRows));
  return tiles < kManyTiles;
}

Value attn::createNumThreads(OpBuilder &builder, Operation *op) {
  Location loc = op->getLoc();
  Value count =
      func::CallOp::create(builder, loc, findNumThreads(op), ValueRange())
          .getResult(0);
  return arith::IndexCastOp::create(builder, loc, builder.getIndexType(),
                                    count);
}

OpFoldResult attn::createNumSplits(OpBuilder &builder, AttentionInterface op,
                                   const AttentionSizes &dims,
                                   int64_t blockSizeQ) {
  Location loc = op.getLoc();
  IndexMath math{builder, loc};
  Value threads = createNumThreads(builder, op);
  OpFoldResult one = math.constant(1);
  OpFoldResult queryTiles = math.apply(
      math.d(0).ceilDiv(std::min(blockSizeQ, kTileRows)), {dims.seqLenQ});
  OpFoldResult tiles = math.max(
      one, math.mul(math.mul(dims.batch, dims.numKvHeads), queryTiles));
  OpFoldResult keys = dims.seqLenKv;
  if (std::optional<int64_t> span = getWindowSpan(op, blockSizeQ))
    keys = math.min(keys, math.constant(*span));

  OpFoldResult wanted = math.ceilDiv(math.mul(threads, kTasksPerThread), tiles);
  OpFoldResult most =
      math.max(one, math.apply(math.d(0).floorDiv(kMinKeys), {keys}));
  Value isAlone = arith::CmpIOp::create(builder, loc, CmpIPredicate::sle,
                                        threads, math.value(one));
  return math.select(isAlone, one, math.min(wanted, most));
}
