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
static constexpr int64_t kCacheLineBytes = 64;

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
  if (mask && mask.perKey)
    dense = std::make_unique<PanelMask>(b, mask, shape, scratch, rows);
  if (op.hasScore())
    region.emplace(b, op, shape.groups, ScoreRegion::Lanes::Rows);
  isInTile = region && region->isVector() && region->isSmall();
}

ScoreModifiers::~ScoreModifiers() = default;

double ScoreModifiers::entryFactor() {
  if (FloatAttr cap = op.getSoftcapAttr())
    return 1.0 / cap.getValueAsDouble();
  return changesScores() ? 1.0 : kLog2e;
}

double ScoreModifiers::exitFactor() {
  if (bias || region)
    return kLog2e;
  // The cap itself can wait where nothing is added to it.
  if (FloatAttr cap = op.getSoftcapAttr())
    return cap.getValueAsDouble() * kLog2e;
  return 1.0;
}

bool ScoreModifiers::mayExcludeInTile() {
  return !isLate() && (bias || region || !maskRows.empty());
}

bool ScoreModifiers::beginsWithBias() {
  return bias && !op.getSoftcapAttr() && shape.word == 1;
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

/// A bias that differs by row and key is transposed a block at a time, into the
/// place of the scores.
void ScoreModifiers::packBias(Value scores, Value firstKey, Value numKeys) {
  auto convert = [&](Value v) { return b.cast(v, b.floatType); };
  Value zero = b.idx(0);
  auto everyRow = [&] {
    auto at = [&](Value head, Value row, Value column) {
      return bias.index(b, batch, head, row, column);
    };
    rows.pack(bias.memref, at, firstKey, numKeys, convert, scores);
  };
  auto oneRow = [&] {
    b.loop(zero, numKeys, 1, [&](Value column) {
      Value element = convert(b.load(
          bias.memref, bias.index(b, batch, rows.head(zero), rows.query(zero),
                                  b.add(firstKey, column))));
      for (int64_t g = 0; g < shape.groups; ++g)
        rows.storeGroup(b.splat(element), scores, column, g);
    });
  };
  auto oneKey = [&] {
    // Once, copied to all columns.
    SmallVector<Value> elements = gatherRows(bias, "bias-row", convert);
    b.loop(zero, numKeys, 1, [&](Value column) {
      for (int64_t g = 0; g < shape.groups; ++g)
        rows.storeGroup(elements[g], scores, column, g);
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

void ScoreModifiers::prefetchInTile(Value firstKey, Value key) {
  if (!bias || !bias.perLane || !bias.perKey)
    return;
  // All of the next block of a few rows, or after the last block the first one
  // of the rows that come next. An address beyond the bias does no harm.
  int64_t share = llvm::divideCeil(shape.panel() * shape.tile, shape.block);
  int64_t bytes =
      getElementTypeOrSelf(bias.memref.getType()).getIntOrFloatBitWidth() / 8;
  Value first = b.mul(b.div(key, b.idx(shape.tile)), b.idx(share));
  Value next = b.add(firstKey, shape.block);
  Value isLast = b.compare(CmpIPredicate::sge, next, rows.maxUpper);
  Value ahead = b.select(isLast, rows.minLower, next);
  Value set = b.idx(shape.panel() * shape.panels);
  Value down = b.select(isLast, set, b.idx(0));
  for (int64_t i = 0; i < share; ++i) {
    Value lane = b.min(b.add(first, i), b.idx(shape.panel() - 1));
    Value head = rows.head(lane), row = b.add(rows.query(lane), down);
    for (int64_t column = 0; column < shape.block;
         column += kCacheLineBytes / bytes)
      b.prefetch(bias.memref,
                 bias.index(b, batch, head, row, b.add(ahead, column)));
  }
}

void ScoreModifiers::beginBlock(Value scores, Value firstKey, Value numKeys) {
  if (bias && bias.perLane && bias.perKey)
    packBias(scores, firstKey, numKeys);
}

Value ScoreModifiers::biasAt(Value scores, Value firstKey, Value key,
                             int64_t group) {
  if (bias.perLane && bias.perKey)
    return rows.loadGroup(scores, key, group);
  if (bias.perLane)
    return biasRows[group];
  Value zero = b.idx(0);
  Value element = b.load(
      bias.memref, bias.index(b, batch, zero, zero, b.add(firstKey, key)));
  return b.splat(b.cast(element, b.floatType));
}

//===----------------------------------------------------------------------===//
// Scores
//===----------------------------------------------------------------------===//

SmallVector<Value> ScoreModifiers::applyRegion(ArrayRef<Value> scores,
                                               Value firstKey, Value key) {
  Value position = b.add(b.add(firstKey, key), b.idx(getOffset(op, b, 3)));
  return region->apply(scores, position);
}

SmallVector<Value> ScoreModifiers::applyMaskRows(ArrayRef<Value> scores) {
  SmallVector<Value> next(scores);
  // A selection and not a sum: the score may be NaN.
  if (!maskRows.empty())
    for (auto [score, row] : llvm::zip_equal(next, maskRows))
      score = b.select(row, score, b.negInf());
  return next;
}

SmallVector<Value> ScoreModifiers::applyInTile(ArrayRef<Value> products,
                                               Value entry, Value scores,
                                               Value firstKey, Value key) {
  SmallVector<Value> next(products);
  FloatAttr cap = op.getSoftcapAttr();
  for (auto [g, score] : llvm::enumerate(next)) {
    Value added, factor = entry;
    if (bias && !beginsWithBias())
      added = biasAt(scores, firstKey, key, g);
    if (cap) {
      if (factor)
        score = b.fmul(score, factor);
      score = b.tanh(score);
      factor = bias || region ? b.number(cap.getValueAsDouble()) : Value();
    }
    if (factor)
      score = added ? b.fma(score, factor, added) : b.fmul(score, factor);
    else if (added)
      score = b.fadd(score, added);
  }
  if (isLate())
    return next;
  if (region)
    next = applyRegion(next, firstKey, key);
  return applyMaskRows(next);
}

/// A region without a form for vectors is computed one score at a time.
void ScoreModifiers::beginLate(Value scores, Value firstKey, Value numKeys) {
  if (!region || region->isVector())
    return;
  auto absolute = [&](Value local, unsigned axis) {
    return b.add(local, b.idx(getOffset(op, b, axis)));
  };
  Value zero = b.idx(0);
  b.loop(zero, numKeys, 1, [&](Value key) {
    b.loop(zero, b.idx(shape.panel()), 1, [&](Value lane) {
      Value score = region->applyScalar(
          b.load(scores, {key, lane}), absolute(batch, 0),
          absolute(rows.head(lane), 1), absolute(rows.query(lane), 2),
          absolute(b.add(firstKey, key), 3));
      b.store(score, scores, {key, lane});
    });
  });
}

SmallVector<Value> ScoreModifiers::applyLate(ArrayRef<Value> scores,
                                             Value firstKey, Value key,
                                             bool isMasked) {
  SmallVector<Value> next(scores);
  if (isLate()) {
    if (region->isVector())
      next = applyRegion(next, firstKey, key);
    next = applyMaskRows(next);
  }
  if (isMasked)
    for (auto [g, score] : llvm::enumerate(next))
      score = b.select(dense->visible(firstKey, key, g), score, b.negInf());
  return next;
}
