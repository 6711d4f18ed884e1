//===- DecodeKernel.cpp - The kernel of few query rows --------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// The walk over blocks of keys, the softmax with keys in lanes, and the state
// in and out. Running maxima and sums are in scratch: a maximum rarely grows
// once some keys have been seen, and only then are sums rescaled.
//
//===----------------------------------------------------------------------===//

#include "DecodeKernel.h"

#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <numeric>

using namespace mlir;
using namespace mlir::attn;
using arith::CmpFPredicate;
using arith::CmpIPredicate;

static constexpr double kLn2 = 0.693147180559945309417;
static constexpr double kLog2e = 1.442695040888963407360;

/// What scratch may take of one thread's stack.
static constexpr int64_t kMaxScratchBytes = 1 << 19;

/// Keys or values as the kernel reads them: in their own type, which loads
/// widen, or made in scratch where that is not one it computes with.
static KeySpec getSpec(AttentionInterface op, bool isValue, int64_t block) {
  KeySpec spec{op, isValue, op.getAccumulatorType(), block,
               /*needsContiguousRows=*/true};
  Type type = getElementTypeOrSelf(spec.getOperand().getType());
  if (!spec.getScale() && (type.isF16() || type.isBF16()))
    spec.type = type;
  return spec;
}

std::optional<DecodeShape> DecodeShape::get(AttentionInterface op,
                                            const VectorTarget &target) {
  int64_t seqLenQ = op.getQuery().getType().getDimSize(op.getSeqAxis());
  std::optional<int64_t> group = getStaticGroupSize(op);
  bool isStatic = group && !ShapedType::isDynamic(seqLenQ);
  if (isStatic && *group * seqLenQ > kMaxRows)
    return std::nullopt;

  DecodeShape shape;
  shape.isCertain = isStatic;
  shape.rows = group.value_or(4) * (isStatic ? seqLenQ : 1);
  FloatType type = op.getAccumulatorType();
  shape.lanes = target.vectorBits / type.getWidth();
  // Half of the registers hold sums; a tile fills at least one vector of
  // scores.
  shape.accumulators =
      std::max<int64_t>(target.numRegisters >= 32 ? 16 : 8, shape.lanes);
  shape.hasDot = target.bf16Dot && target.vectorBits == 512 &&
                 getSpec(op, /*isValue=*/false, 0).type.isBF16() &&
                 getSpec(op, /*isValue=*/true, 0).type.isBF16();
  // Whether products may take longer than reading what they are of: more than
  // 8 for a cache line, or more rows than one tile has.
  Type key = getSpec(op, /*isValue=*/false, 0).type;
  int64_t lineElements = 64 * 8 / key.getIntOrFloatBitWidth();
  int64_t products =
      shape.rows * lineElements / shape.lanes / (shape.hasDot ? 2 : 1);
  shape.isComputing = shape.rows > 4 || products > 8;
  // The keys of one block and the values of another, which are asked for ahead,
  // must leave room in a cache of the first level. Long blocks have less
  // overhead, short ones wait less.
  bool isNarrow = key.getIntOrFloatBitWidth() < type.getWidth();
  bool isLong = isNarrow && (shape.isComputing || !shape.hasDot);
  shape.block = std::max<int64_t>(isLong ? 64 : 32, shape.lanes);
  // Blocks that lie in one page are read in place.
  if (op.isPaged())
    while (getPageSize(op) % shape.block != 0 && shape.block > shape.lanes)
      shape.block /= 2;
  shape.rowTile = isStatic ? 4 : std::gcd<int64_t>(group.value_or(4), 4);
  // Even of no rows: views of scratch are made before anyone asks.
  shape.capacity = llvm::alignTo(
      isStatic ? std::max<int64_t>(*group * seqLenQ, 1) : kMaxRows, 4);
  // Too much for a stack; the panel kernel says so or has a smaller block.
  int64_t columns = op.getHeadDim() + op.getHeadDimV();
  int64_t elements = (shape.capacity + shape.block) * columns;
  if (elements * type.getWidth() / 8 > kMaxScratchBytes)
    return std::nullopt;
  return shape;
}

DecodeKernel::DecodeKernel(VectorBuilder &b, AttentionInterface op,
                           const DecodeShape &shape, const Scratch &scratch)
    : b(b), op(op), shape(shape), rowsShape{/*lanes=*/shape.capacity,
                                            /*groups=*/1,
                                            /*panels=*/1,
                                            0,
                                            0,
                                            0},
      scratch(scratch), headDim(op.getHeadDim()), headDimV(op.getHeadDimV()),
      step(shape.hasDot ? 2 * shape.lanes : shape.lanes),
      keys(b, getSpec(op, /*isValue=*/false, shape.block), scratch),
      values(b, getSpec(op, /*isValue=*/true, shape.block), scratch),
      modifiers(b, op, shape, scratch), zero(b.idx(0)) {
  int64_t capacity = shape.capacity, lanes = shape.lanes;
  Type queryType = shape.hasDot ? Type(b.getBF16Type()) : b.floatType;
  auto buffer = [&](StringRef role, int64_t columns, Type type) {
    return scratch.get(role, {capacity, columns}, type);
  };
  queries = buffer("queries", alignedColumns(headDim), queryType);
  // The last tile of keys may reach beyond the block.
  int64_t columns =
      llvm::alignTo(shape.block, std::max<int64_t>(shape.accumulators, lanes));
  scores = buffer("scores", columns, b.floatType);
  parts = scratch.get("parts", {shape.accumulators, lanes}, b.floatType);
  powers = shape.hasDot ? buffer("powers", columns, b.getBF16Type()) : scores;
  sums = buffer("sums", alignedColumns(headDimV), b.floatType);
  rowSums = buffer("row sums", lanes, b.floatType);
  maxima = scratch.get("maxima", {2, capacity}, b.floatType);
  if (modifiers.mayExclude()) {
    seen = scratch.get("seen", {1, shape.block}, b.floatType);
    kept = scratch.get("kept", {shape.block}, b.getIndexType());
  }
}

void DecodeKernel::emit() {
  AttentionSizes sizes = getSizes(b, b.getLoc(), op);
  Value numKvHeads = b.idx(sizes.numKvHeads), seqLenQ = b.idx(sizes.seqLenQ);
  b.loop(zero, b.idx(sizes.batch), 1, [&](Value batchIndex) {
    batch = batchIndex;
    auto ranged = cast<AttnKeyRangesInterface>(op.getOperation());
    SmallVector<KeyRange> ranges =
        ranged.getKeyRanges(b, b.getLoc(), batch, zero, zero, seqLenQ);
    hasLimits =
        llvm::any_of(ranges, [](const KeyRange &r) { return r.needsMask; });
    rows.emplace(b, ranged, rowsShape, scratch, hasLimits);
    rows->minLower = b.idx(ranges.front().lo);
    rows->maxUpper = b.idx(ranges.back().hi);
    b.loop(zero, numKvHeads, 1, [&](Value kvHeadIndex) {
      kvHead = kvHeadIndex;
      keys.beginHead(batch, kvHead);
      values.beginHead(batch, kvHead);
      Value group = b.div(b.idx(sizes.numHeads), numKvHeads);
      emitRows(b.mul(group, seqLenQ), seqLenQ, b.mul(kvHead, group));
    });
  });
}

void DecodeKernel::emitRows(Value count, Value seqLenQ, Value firstHead) {
  numRows = count;
  rows->begin(zero, batch, firstHead, zero, numRows, seqLenQ);
  upper = rows->maxUpper;
  lastKey = b.sub(upper, b.idx(1));
  auto body = [&] {
    packQueries();
    readState();
    b.loop(rows->minLower, upper, shape.block,
           [&](Value firstKey) { emitBlock(firstKey); });
    if (isa<PartialOp>(op))
      writePartial();
    else
      writeState();
  };
  if (isa<PartialOp>(op))
    return body();
  // Rows that see none of the keys keep their state.
  b.ifThen(b.compare(CmpIPredicate::slt, rows->minLower, upper), body);
}

//===----------------------------------------------------------------------===//
// Rows in and out
//===----------------------------------------------------------------------===//

void DecodeKernel::copyRow(Value from, SmallVector<Value> fromRow, Value to,
                           SmallVector<Value> toRow, int64_t columns,
                           function_ref<Value(Value)> convert) {
  int64_t whole = 0;
  auto index = [](SmallVector<Value> row, Value column) {
    row.push_back(column);
    return row;
  };
  if (hasContiguousRows(from) && hasContiguousRows(to))
    whole = columns / shape.lanes * shape.lanes;
  b.loop(zero, b.idx(whole), shape.lanes, [&](Value column) {
    Value vector = b.loadVector(from, index(fromRow, column));
    b.storeVector(convert(vector), to, index(toRow, column));
  });
  b.loop(b.idx(whole), b.idx(columns), 1, [&](Value column) {
    Value element = b.load(from, index(fromRow, column));
    b.store(convert(element), to, index(toRow, column));
  });
}

void DecodeKernel::packQueries() {
  // The scale goes into the queries where they are in the type of sums; where
  // scores must be natural for the modifiers, log2(e) is multiplied in after
  // them.
  factor = getScaleValue(op, b, b.getLoc());
  if (!modifiers.any())
    factor = b.fmul(factor, b.number(kLog2e, b.floatType));
  auto convert = [&](Value query) -> Value {
    if (shape.hasDot)
      return query;
    bool isVector = isa<VectorType>(query.getType());
    return b.fmul(b.cast(query, b.floatType),
                  isVector ? b.splat(factor) : factor);
  };
  Type type = cast<MemRefType>(queries.getType()).getElementType();
  Value none = arith::ConstantOp::create(b, b.getZeroAttr(type));
  int64_t padded = cast<MemRefType>(queries.getType()).getDimSize(1);
  // Rows beyond the last repeat it, so that no product reads what nobody wrote.
  b.loop(zero, b.idx(shape.capacity), 1, [&](Value row) {
    SmallVector<Value> at{batch, rows->head(row), rows->query(row)};
    if (op.getHeadAxis() == 2)
      std::swap(at[1], at[2]);
    copyRow(op.getQuery(), at, queries, {row}, headDim, convert);
    b.loop(b.idx(headDim), b.idx(padded), 1,
           [&](Value column) { b.store(none, queries, {row, column}); });
  });
}

void DecodeKernel::readState() {
  auto online = dyn_cast<OnlineOp>(op.getOperation());
  int64_t padded = cast<MemRefType>(sums.getType()).getDimSize(1);
  Value none = b.number(0.0), one = b.idx(1);
  b.loop(zero, b.idx(shape.capacity), 1, [&](Value row) {
    b.loop(zero, b.idx(padded), shape.lanes,
           [&](Value column) { b.storeVector(none, sums, {row, column}); });
    b.storeVector(none, rowSums, {row, zero});
    if (!online)
      b.store(b.negInf(b.floatType), maxima, {zero, row});
  });
  if (!online)
    return;
  rows->forEachRow([&](Value row, Value head, Value query) {
    Value maximum = b.load(online.getRowMax(), {batch, head, query});
    b.store(maximum, maxima, {one, row});
    b.store(b.fmul(maximum, b.number(kLog2e, b.floatType)), maxima,
            {zero, row});
    b.store(b.load(online.getRowSum(), {batch, head, query}), rowSums,
            {row, zero});
    copyRow(online.getAcc(), {batch, head, query}, sums, {row}, headDimV,
            [](Value v) { return v; });
    reorder(row, /*isRead=*/true);
  });
}

void DecodeKernel::writeState() {
  auto online = cast<OnlineOp>(op.getOperation());
  rows->forEachRow([&](Value row, Value head, Value query) {
    SmallVector<Value> at{batch, head, query};
    // A maximum that did not change is written back as it was read: changing
    // units twice may not give it back.
    Value maximum = b.load(maxima, {zero, row});
    Value before = b.load(maxima, {b.idx(1), row});
    Value isSame = b.fcompare(CmpFPredicate::OEQ, maximum,
                              b.fmul(before, b.number(kLog2e, b.floatType)));
    Value natural = b.fmul(maximum, b.number(kLn2, b.floatType));
    b.store(b.select(isSame, before, natural), online.getRowMax(), at);
    b.store(sumOf(row), online.getRowSum(), at);
    reorder(row, /*isRead=*/false);
    copyRow(sums, {row}, online.getAcc(), at, headDimV,
            [](Value v) { return v; });
  });
}

void DecodeKernel::writePartial() {
  auto partial = cast<PartialOp>(op.getOperation());
  rows->forEachRow([&](Value row, Value head, Value query) {
    Value sum = sumOf(row), none = b.number(0.0, b.floatType);
    Value isDead = b.fcompare(CmpFPredicate::OEQ, sum, none);
    Value inverse = b.fdiv(b.number(1.0, b.floatType), sum);
    Value maximum = b.safeShift(b.load(maxima, {zero, row}));
    Value natural = b.fmul(maximum, b.number(kLn2, b.floatType));
    Value lse = b.fadd(natural, b.log(sum));
    b.store(b.select(isDead, b.negInf(b.floatType), lse), partial.getLse(),
            {batch, head, query});
    reorder(row, /*isRead=*/false);
    copyRow(sums, {row}, partial.getOutput(), {batch, head, query}, headDimV,
            [&](Value v) -> Value {
              bool isVector = isa<VectorType>(v.getType());
              Value scaled = b.fmul(v, isVector ? b.splat(inverse) : inverse);
              return b.select(isDead, b.number(0.0, v.getType()), scaled);
            });
  });
}

Value DecodeKernel::sumOf(Value row) {
  return vector::ReductionOp::create(b, vector::CombiningKind::ADD,
                                     b.loadVector(rowSums, {row, zero}));
}

/// Products of pairs leave sums in the order their operands were interleaved
/// in: in each 128 bits of 16-bit elements, the lower half, then the upper.
void DecodeKernel::reorder(Value row, bool isRead) {
  if (!shape.hasDot)
    return;
  int64_t lanes = shape.lanes;
  SmallVector<int64_t> masks[2];
  for (int64_t half = 0; half < 2; ++half)
    for (int64_t i = 0; i < lanes; ++i) {
      int64_t piece = i / 4, offset = i % 4;
      int64_t from = isRead ? 8 * piece + 4 * half + offset
                            : (piece % 2) * lanes + 4 * (piece / 2) + offset +
                                  half * lanes / 2;
      masks[half].push_back(from);
    }
  int64_t padded = cast<MemRefType>(sums.getType()).getDimSize(1);
  b.loop(zero, b.idx(padded), 2 * lanes, [&](Value column) {
    Value next = b.add(column, lanes);
    Value x = b.loadVector(sums, {row, column});
    Value y = b.loadVector(sums, {row, next});
    b.storeVector(vector::ShuffleOp::create(b, x, y, masks[0]), sums,
                  {row, column});
    b.storeVector(vector::ShuffleOp::create(b, x, y, masks[1]), sums,
                  {row, next});
  });
}

//===----------------------------------------------------------------------===//
// Blocks of keys
//===----------------------------------------------------------------------===//

void DecodeKernel::emitBlock(Value firstKey) {
  Value numKeys = b.min(b.sub(upper, firstKey), b.idx(shape.block));
  keys.beginBlock(firstKey, numKeys);
  emitScores(firstKey, numKeys);
  if (seen)
    for (int64_t i = 0; i < shape.block; i += shape.lanes)
      b.storeVector(b.number(0.0), seen, {zero, b.idx(i)});
  b.loop(zero, numRows, 1,
         [&](Value row) { emitSoftmax(row, firstKey, numKeys); });
  values.beginBlock(firstKey, numKeys);
  emitSums(firstKey, seen ? dropUnseen(numKeys) : numKeys);
}

/// Lists the keys that some row sees and moves their powers together, so that
/// the values of the others are not read. Returns how many there are.
Value DecodeKernel::dropUnseen(Value numKeys) {
  Value isAll;
  for (int64_t i = 0; i < shape.block; i += shape.lanes) {
    Value some =
        b.fcompare(CmpFPredicate::ONE, b.loadVector(seen, {zero, b.idx(i)}),
                   b.number(0.0));
    isAll = isAll ? arith::AndIOp::create(b, isAll, some) : some;
  }
  isAll = vector::ReductionOp::create(b, vector::CombiningKind::AND, isAll);
  auto all = [&] {
    Value steps = vector::StepOp::create(b, b.indices);
    for (int64_t i = 0; i < shape.block; i += shape.lanes)
      b.storeVector(arith::AddIOp::create(b, steps, b.splat(b.idx(i))), kept,
                    b.idx(i));
    return SmallVector<Value>{numKeys};
  };
  auto some = [&] {
    return b.loop(zero, numKeys, 1, zero, [&](Value key, ValueRange carried) {
      Value target = carried.front();
      b.store(key, kept, target);
      b.loop(zero, numRows, 1, [&](Value row) {
        b.store(b.load(powers, {row, key}), powers, {row, target});
      });
      Value isSeen = b.fcompare(CmpFPredicate::ONE, b.load(seen, {zero, key}),
                                b.number(0.0, b.floatType));
      return SmallVector<Value>{b.select(isSeen, b.add(target, 1), target)};
    });
  };
  return b.ifElse(b.getIndexType(), isAll, all, some).front();
}

void DecodeKernel::emitSoftmax(Value row, Value firstKey, Value numKeys) {
  int64_t lanes = shape.lanes;
  SmallVector<Value> natural;
  for (int64_t i = 0; i < shape.block; i += lanes) {
    Value score = b.loadVector(scores, {row, b.idx(i)});
    if (shape.hasDot)
      score = b.fmul(score, b.splat(factor));
    natural.push_back(score);
  }
  if (modifiers.any()) {
    natural = modifiers.apply(natural, batch, rows->head(row), rows->query(row),
                              firstKey, numKeys);
    for (Value &score : natural)
      score = b.fmul(score, b.number(kLog2e));
  }
  natural = limit(natural, row, firstKey);
  if (seen)
    for (auto [i, score] : llvm::enumerate(natural)) {
      // Unordered: a NaN is seen.
      Value isSeen = b.fcompare(CmpFPredicate::UNE, score, b.negInf());
      SmallVector<Value> at{zero, b.idx(i * lanes)};
      b.storeVector(b.select(isSeen, b.number(1.0), b.loadVector(seen, at)),
                    seen, at);
    }

  // A NaN does not become the maximum: its power, and so the sum, is NaN all
  // the same.
  Value old = b.load(maxima, {zero, row});
  Value oldVector = b.splat(old), maximum = oldVector;
  for (Value score : natural)
    maximum = b.maxOrSecond(score, maximum);
  Value grown = b.fcompare(CmpFPredicate::OGT, maximum, oldVector);
  Value isGrown =
      vector::ReductionOp::create(b, vector::CombiningKind::OR, grown);
  b.ifThen(isGrown, [&] { grow(row, old, maximum); });

  Value shift = b.safeShift(b.splat(b.load(maxima, {zero, row})));
  Value sum = b.loadVector(rowSums, {row, zero});
  for (auto [i, score] : llvm::enumerate(natural)) {
    Value power = b.exp2(b.fsub(score, shift));
    sum = b.fadd(sum, power);
    if (shape.hasDot)
      power = b.cast(power, b.getBF16Type());
    b.storeVector(power, powers, {row, b.idx(i * lanes)});
  }
  b.storeVector(sum, rowSums, {row, zero});
}

/// Scores of keys that the row does not see, or that lie beyond the last key,
/// become -inf.
SmallVector<Value> DecodeKernel::limit(ArrayRef<Value> natural, Value row,
                                       Value firstKey) {
  Value end = b.add(firstKey, shape.block), rowUpper = upper;
  Value isWhole = b.compare(CmpIPredicate::sle, end, upper), rowLower;
  if (hasLimits) {
    rowLower = rows->lower(row);
    rowUpper = rows->upper(row);
    isWhole = arith::AndIOp::create(
        b, b.compare(CmpIPredicate::sge, firstKey, rowLower),
        b.compare(CmpIPredicate::sle, end, rowUpper));
  }
  auto masked = [&] {
    SmallVector<Value> result;
    Value steps = vector::StepOp::create(b, b.indices);
    for (auto [i, score] : llvm::enumerate(natural)) {
      Value first = b.add(firstKey, i * shape.lanes);
      Value keys = arith::AddIOp::create(b, steps, b.splat(first));
      Value isSeen = b.compare(CmpIPredicate::slt, keys, b.splat(rowUpper));
      if (hasLimits)
        isSeen = arith::AndIOp::create(
            b, isSeen, b.compare(CmpIPredicate::sge, keys, b.splat(rowLower)));
      result.push_back(b.select(isSeen, score, b.negInf()));
    }
    return result;
  };
  SmallVector<Type> types(natural.size(), b.floats);
  return b.ifElse(
      types, isWhole, [&] { return SmallVector<Value>(natural); }, masked);
}

/// Takes over the lanes' greatest as the row's maximum, and rescales.
void DecodeKernel::grow(Value row, Value old, Value maximum) {
  for (int64_t distance = shape.lanes / 2; distance > 0; distance /= 2) {
    SmallVector<int64_t> mask;
    for (int64_t i = 0; i < shape.lanes; ++i)
      mask.push_back((i + distance) % shape.lanes);
    Value other = vector::ShuffleOp::create(b, maximum, maximum, mask);
    maximum = b.maxOrSecond(maximum, other);
  }
  b.store(vector::ExtractOp::create(b, maximum, ArrayRef<int64_t>{0}), maxima,
          {zero, row});
  Value alpha = b.exp2(b.fsub(b.splat(old), maximum));
  auto rescale = [&](Value buffer, Value column) {
    Value sum = b.loadVector(buffer, {row, column});
    b.storeVector(b.fmul(sum, alpha), buffer, {row, column});
  };
  rescale(rowSums, zero);
  int64_t padded = cast<MemRefType>(sums.getType()).getDimSize(1);
  b.loop(zero, b.idx(padded), shape.lanes,
         [&](Value column) { rescale(sums, column); });
}
