//===- ScoreModifiers.cpp - Softcap, bias, region and mask ----------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// What happens to scores between the product and the softmax, except for
// structural visibility.
//
//===----------------------------------------------------------------------===//

#include "PanelMask.h"

#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::attn;
using arith::CmpIPredicate;

static constexpr double kLog2e = 1.442695040888963407360;

//===----------------------------------------------------------------------===//
// BroadcastOperand
//===----------------------------------------------------------------------===//

BroadcastOperand::BroadcastOperand(VectorBuilder &b, Value memref)
    : memref(memref) {
  if (!memref)
    return;
  ArrayRef<int64_t> sizes = cast<MemRefType>(memref.getType()).getShape();
  perLane = sizes[1] != 1 || sizes[2] != 1;
  perKey = sizes[3] != 1;
  for (int64_t i = 0; i < 4; ++i)
    if (ShapedType::isDynamic(sizes[i]))
      isUnit[i] = b.compare(CmpIPredicate::eq,
                            b.idx(getDim(b, b.getLoc(), memref, i)), b.idx(1));
}

SmallVector<Value> BroadcastOperand::index(VectorBuilder &b, Value batch,
                                           Value head, Value row,
                                           Value key) const {
  SmallVector<Value> at{batch, head, row, key};
  ArrayRef<int64_t> sizes = cast<MemRefType>(memref.getType()).getShape();
  for (int64_t i = 0; i < 4; ++i) {
    if (sizes[i] == 1)
      at[i] = b.idx(0);
    else if (isUnit[i])
      at[i] = b.select(isUnit[i], b.idx(0), at[i]);
  }
  return at;
}

Value BroadcastOperand::isUniform(VectorBuilder &b, PanelRows &rows) const {
  ArrayRef<int64_t> sizes = cast<MemRefType>(memref.getType()).getShape();
  if (sizes[2] != 1 && !isUnit[2])
    return {};
  Value result = isUnit[2];
  if (sizes[1] != 1) {
    // Rows are in order of their heads, so that the ends speak for all.
    Value isOneHead = b.compare(CmpIPredicate::eq, rows.head(b.idx(0)),
                                rows.head(b.sub(rows.count, b.idx(1))));
    if (isUnit[1])
      isOneHead = arith::OrIOp::create(b, isOneHead, isUnit[1]);
    result = result ? arith::AndIOp::create(b, result, isOneHead) : isOneHead;
  }
  return result;
}

//===----------------------------------------------------------------------===//
// ScoreModifiers
//===----------------------------------------------------------------------===//

ScoreModifiers::ScoreModifiers(VectorBuilder &b, AttentionInterface op,
                               const KernelShape &shape, const Scratch &scratch,
                               PanelRows &rows)
    : b(b), op(op), shape(shape), rows(rows), bias(b, op.getBias()),
      mask(b, op.getMask()) {
  if (bias && bias.perLane && bias.perKey)
    biasChunk = scratch.get("bias", {chunk(), shape.panel()}, b.floatType);
  if (mask && mask.perKey)
    dense = std::make_unique<PanelMask>(b, mask, shape, scratch, rows);
  if (op.hasScore())
    region.emplace(b, op, shape.groups, ScoreRegion::Lanes::Rows);
}

ScoreModifiers::~ScoreModifiers() = default;

/// A bias of every row and key is transposed in square blocks just before it is
/// added; a whole block of keys of it would not stay in the L1 cache.
int64_t ScoreModifiers::chunk() const {
  return bias && bias.perLane && bias.perKey ? b.lanes : shape.block;
}

double ScoreModifiers::unit() { return region ? 1.0 : kLog2e; }

double ScoreModifiers::entryFactor() {
  if (FloatAttr cap = op.getSoftcapAttr())
    return 1.0 / cap.getValueAsDouble();
  return unit();
}

/// Vectors of the element each lane's row has at every key.
SmallVector<Value>
ScoreModifiers::gatherRows(const BroadcastOperand &operand, StringRef role,
                           function_ref<Value(Value)> convert) {
  auto at = [&](Value head, Value row, Value key) {
    return operand.index(b, batch, head, row, key);
  };
  return rows.gather(operand.memref, at, convert, role);
}

void ScoreModifiers::beginPanel(Value batchIndex) {
  batch = batchIndex;
  if (bias && bias.perLane && !bias.perKey)
    biasRows = gatherRows(bias, "bias",
                          [&](Value v) { return b.cast(v, b.floatType); });
  if (mask && !mask.perKey) {
    // As numbers, so that it moves between lanes as scores do.
    auto convert = [&](Value byte) {
      Value isVisible =
          b.compare(CmpIPredicate::ne, byte, b.integer(0, byte.getType()));
      return b.select(isVisible, b.number(1.0, b.floatType),
                      b.number(0.0, b.floatType));
    };
    maskRows = gatherRows(mask, "mask", convert);
    for (Value &row : maskRows)
      row = b.fcompare(arith::CmpFPredicate::ONE, row, b.number(0.0));
  }
  if (dense)
    dense->beginPanel(batch);
  if (!region || !region->isVector())
    return;
  auto absolute = [&](Value local, unsigned axis) -> Value {
    OpFoldResult offset = getOffset(op, b, axis);
    if (isConstantIntValue(offset, 0))
      return local;
    return arith::AddIOp::create(b, local, b.splat(b.idx(offset)));
  };
  SmallVector<Value> heads, queries;
  for (int64_t g = 0; g < shape.groups; ++g) {
    heads.push_back(absolute(rows.heads(g), 1));
    queries.push_back(absolute(rows.queries(g), 2));
  }
  Value absoluteBatch = b.add(batch, b.idx(getOffset(op, b, 0)));
  region->beginPanel(absoluteBatch, heads, queries);
}

//===----------------------------------------------------------------------===//
// Keys
//===----------------------------------------------------------------------===//

void ScoreModifiers::packBias(Value firstKey, Value key, Value numKeys) {
  auto convert = [&](Value v) { return b.cast(v, b.floatType); };
  Value first = b.add(firstKey, key), zero = b.idx(0);
  auto everyRow = [&] {
    auto at = [&](Value head, Value row, Value column) {
      return bias.index(b, batch, head, row, column);
    };
    // The next block, which is far enough ahead; an address beyond the row
    // does no harm.
    Value ahead = b.add(first, shape.block);
    b.loop(zero, rows.count, 1, [&](Value lane) {
      memref::PrefetchOp::create(b, bias.memref,
                                 at(rows.head(lane), rows.query(lane), ahead),
                                 /*isWrite=*/false, /*localityHint=*/2,
                                 /*isDataCache=*/true);
    });
    rows.pack(bias.memref, at, first, numKeys, convert, biasChunk);
  };
  auto oneRow = [&] {
    b.loop(zero, numKeys, 1, [&](Value column) {
      Value element = convert(b.load(
          bias.memref, bias.index(b, batch, rows.head(zero), rows.query(zero),
                                  b.add(first, column))));
      for (int64_t g = 0; g < shape.groups; ++g)
        rows.storeGroup(b.splat(element), biasChunk, column, g);
    });
  };
  auto oneKey = [&] {
    // Once, copied to all columns.
    SmallVector<Value> elements = gatherRows(bias, "bias-row", convert);
    b.loop(zero, numKeys, 1, [&](Value column) {
      for (int64_t g = 0; g < shape.groups; ++g)
        rows.storeGroup(elements[g], biasChunk, column, g);
    });
  };
  auto choose = [&](Value condition, function_ref<void()> then,
                    function_ref<void()> otherwise) {
    if (!condition)
      return otherwise();
    b.ifElse(
        TypeRange(), condition,
        [&] {
          then();
          return SmallVector<Value>();
        },
        [&] {
          otherwise();
          return SmallVector<Value>();
        });
  };
  choose(bias.isUniform(b, rows), oneRow,
         [&] { choose(bias.isUnit[3], oneKey, everyRow); });
}

/// Softcap and bias, then the region one score at a time.
void ScoreModifiers::applyRegionByLane(Value scores, Value firstKey, Value key,
                                       Value numKeys) {
  auto absolute = [&](Value local, unsigned axis) {
    return b.add(local, b.idx(getOffset(op, b, axis)));
  };
  b.loop(key, b.add(key, numKeys), 1, [&](Value at) {
    if (op.getSoftcapAttr() || bias) {
      SmallVector<Value> vectors;
      for (int64_t g = 0; g < shape.groups; ++g)
        vectors.push_back(rows.loadGroup(scores, at, g));
      vectors = capAndBias(vectors, firstKey, at);
      for (int64_t g = 0; g < shape.groups; ++g)
        rows.storeGroup(vectors[g], scores, at, g);
    }
    b.loop(b.idx(0), b.idx(shape.panel()), 1, [&](Value lane) {
      Value score = region->applyScalar(
          b.load(scores, {at, lane}), absolute(batch, 0),
          absolute(rows.head(lane), 1), absolute(rows.query(lane), 2),
          absolute(b.add(firstKey, at), 3));
      b.store(score, scores, {at, lane});
    });
  });
}

void ScoreModifiers::beginChunk(Value scores, Value firstKey, Value key,
                                Value numKeys) {
  if (biasChunk)
    packBias(firstKey, key, numKeys);
  if (region && !region->isVector())
    applyRegionByLane(scores, firstKey, key, numKeys);
}

/// The bias of one key of the chunk.
Value ScoreModifiers::biasAt(Value firstKey, Value key, int64_t group) {
  if (biasChunk) {
    // Chunks begin at multiples of their size.
    Value column = b.sub(key, b.roundDown(key, chunk()));
    return rows.loadGroup(biasChunk, column, group);
  }
  if (bias.perLane)
    return biasRows[group];
  Value zero = b.idx(0);
  Value element = b.load(
      bias.memref, bias.index(b, batch, zero, zero, b.add(firstKey, key)));
  return b.splat(b.cast(element, b.floatType));
}

SmallVector<Value> ScoreModifiers::capAndBias(ArrayRef<Value> scores,
                                              Value firstKey, Value key) {
  SmallVector<Value> next(scores);
  if (FloatAttr cap = op.getSoftcapAttr()) {
    Value limit = b.number(cap.getValueAsDouble() * unit());
    for (Value &score : next)
      score = b.fmul(b.tanh(score), limit);
  }
  if (bias)
    for (auto [g, score] : llvm::enumerate(next)) {
      Value x = biasAt(firstKey, key, g);
      score =
          unit() == 1.0 ? b.fadd(score, x) : b.fma(x, b.number(unit()), score);
    }
  return next;
}

SmallVector<Value> ScoreModifiers::apply(ArrayRef<Value> scores, Value firstKey,
                                         Value key, bool isMasked) {
  SmallVector<Value> next(scores);
  if (!region || region->isVector())
    next = capAndBias(next, firstKey, key);
  if (region) {
    if (region->isVector()) {
      Value position = b.add(b.add(firstKey, key), b.idx(getOffset(op, b, 3)));
      next = region->apply(next, position);
    }
    for (Value &score : next)
      score = b.fmul(score, b.number(kLog2e));
  }
  // A selection and not a sum: the score may be NaN.
  for (auto [g, score] : llvm::enumerate(next)) {
    if (!maskRows.empty())
      score = b.select(maskRows[g], score, b.negInf());
    if (dense && isMasked)
      score = b.select(dense->visible(firstKey, key, g), score, b.negInf());
  }
  return next;
}
