//===- LocalWhole.cpp - Short blocks without loops ------------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Blocks of so few products that all are written out: those a row does not see
// by structure are never computed, and scores stay in registers. As many units
// as their rows fit a vector go through one softmax.
//
//===----------------------------------------------------------------------===//

#include "LaneSums.h"
#include "LocalKernel.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::attn;
using arith::CmpFPredicate;
using arith::CmpIPredicate;

static constexpr double kLn2 = 0.693147180559945309417;
/// Multiply-adds that are written out at most: beyond it, code is fetched more
/// slowly than it runs, and compiling takes its time.
static constexpr int64_t kMostProducts = 1536;
/// How far ahead of their use operands are asked for: it takes a third off the
/// time of a thread in bf16; 2.5 to 10 KB make no difference
/// (docs/Performance.md).
static constexpr int64_t kBytesAhead = 5 << 10;
static constexpr int64_t kLineBytes = 64;

void LocalKernel::planWhole() {
  bool isContiguous =
      hasContiguousRows(op.getQuery()) && hasContiguousRows(op.getKey()) &&
      hasContiguousRows(op.getValue()) && hasContiguousRows(step.getOutput());
  if (prefixKeys)
    isContiguous &= hasContiguousRows(step.getPrefixKey()) &&
                    hasContiguousRows(step.getPrefixValue());
  if (!isContiguous || mayExclude)
    return;
  // A diagonal that is known only when the op runs hides nothing here.
  diagonal = 0;
  if (Value offset = op.getCausalOffset())
    diagonal = getConstantIntValue(offset);
  int64_t pairs = 0;
  for (int64_t row = 0; row < blockRows; ++row)
    for (int64_t key = 0; key < prefixKeys + blockKeys; ++key)
      pairs += maySee(row, key);
  int64_t products =
      group * pairs *
      (llvm::divideCeil(headDim, lanes) + llvm::divideCeil(headDimV, lanes));
  if (products > kMostProducts)
    return;
  // Units that go through one softmax; of one block, if that is most of them.
  members = std::max<int64_t>(1, lanes / unitRows);
  while (members > 1 && members * products > kMostProducts)
    --members;
  if (hasOneBlock || op.getLayout() == Layout::bshd) {
    int64_t heads = op.getKey().getType().getDimSize(op.getHeadAxis());
    int64_t inBlock = members;
    while (heads % inBlock)
      --inBlock;
    sharesBlock = 2 * inBlock > members;
    if (sharesBlock)
      members = inBlock;
  }
  isWhole = true;
}

bool LocalKernel::maySee(int64_t row, int64_t key) {
  if (key < prefixKeys || !diagonal)
    return true;
  int64_t distance = key - prefixKeys - row - *diagonal;
  int64_t left = op.getWindowLeft(), right = op.getWindowRight();
  return (right < 0 || distance <= right) && (left < 0 || distance >= -left);
}

/// The units from `index` on, before `end`; the last one as often as there are
/// too few.
SmallVector<LocalKernel::Unit> LocalKernel::getMembers(Value index, Value end) {
  SmallVector<Unit> units;
  for (int64_t m = 0; m < members; ++m) {
    if (sharesBlock && m > 0) {
      units.push_back(units.front());
      units.back().kvHead = b.add(units.front().kvHead, m);
    } else {
      units.push_back(
          getUnit(m ? b.min(b.add(index, m), b.sub(end, b.idx(1))) : index));
    }
  }
  return units;
}

/// Whether a unit lacks rows or keys that the code below takes for granted, or
/// null if none can. Those that no row sees may hold anything.
Value LocalKernel::lacksAny(ArrayRef<Unit> units) {
  Value lacks;
  auto require = [&](CmpIPredicate predicate, Value x, Value y) {
    Value holds = b.compare(predicate, x, y);
    lacks = lacks ? arith::OrIOp::create(b, lacks, holds) : holds;
  };
  for (const Unit &unit : sharesBlock ? units.take_front(1) : units) {
    if (isRaggedQ)
      require(CmpIPredicate::ne, unit.rows, b.idx(blockRows));
    if (isRaggedKv)
      require(CmpIPredicate::ne, unit.allKeys, b.idx(blockKeys));
    auto [lo, hi] = getUnitKeys(unit);
    if (!getConstantIntValue(hi) || !getConstantIntValue(lo))
      require(CmpIPredicate::sle, hi, lo);
    if (unit.used)
      require(CmpIPredicate::sle, unit.used, zero);
  }
  return lacks;
}

/// The keys [lo, hi) that some row of the unit sees, but for what is known
/// here to be hidden.
std::pair<Value, Value> LocalKernel::getUnitKeys(const Unit &unit) {
  Value lo = zero, hi = unit.keys;
  if (diagonal)
    return {lo, hi};
  if (unit.toHi)
    hi = clamp(b.add(unit.toHi, blockRows - 1), zero, hi);
  if (unit.toLo)
    lo = clamp(unit.toLo, zero, hi);
  return {lo, hi};
}

/// One number for each lane, from its member.
Value LocalKernel::perMember(ArrayRef<Value> numbers) {
  auto toFloat = [&](Value index) -> Value {
    Value bits = arith::IndexCastOp::create(b, b.getI32Type(), index);
    return arith::SIToFPOp::create(b, b.floatType, bits);
  };
  if (llvm::all_equal(numbers))
    return b.splat(toFloat(numbers.front()));
  SmallVector<Value> floats, elements;
  for (Value number : numbers)
    floats.push_back(toFloat(number));
  for (int64_t lane = 0; lane < lanes; ++lane)
    elements.push_back(
        floats[std::min<int64_t>(lane / unitRows, numbers.size() - 1)]);
  return vector::FromElementsOp::create(b, b.floats, elements);
}

/// Asks for the lines `bytesAhead` of a row: blocks follow each other in
/// memory. What lies beyond the operand is asked for in vain.
void LocalKernel::prefetchRow(Value operand, ArrayRef<Value> at, int64_t width,
                              int64_t bytesAhead, bool isWrite) {
  auto type = cast<MemRefType>(operand.getType());
  int64_t elementBytes = type.getElementTypeBitWidth() / 8;
  for (int64_t column = 0; column < width;
       column += kLineBytes / elementBytes) {
    SmallVector<Value> line(at);
    line.back() = b.add(line.back(), column + bytesAhead / elementBytes);
    b.prefetch(operand, line, isWrite);
  }
}

void LocalKernel::emitWhole(ArrayRef<Unit> units) {
  for (int64_t first = 0; first < unitRows; first += lanes)
    emitWholeRows(units, first);
}

/// Rows [first, first + lanes) of each unit.
void LocalKernel::emitWholeRows(ArrayRef<Unit> units, int64_t first) {
  int64_t numKeys = prefixKeys + blockKeys;
  int64_t numRows = std::min(unitRows - first, lanes);
  int64_t used = numRows * units.size();
  // Position of a lane's row in its block.
  auto position = [&](int64_t lane) {
    return (first + lane % numRows) % blockRows;
  };
  auto sees = [&](int64_t lane, int64_t key) {
    return lane < used && maySee(position(lane), key);
  };
  auto headOf = [&](const Unit &unit, int64_t row) {
    return b.add(b.mul(unit.kvHead, b.idx(group)), (first + row) / blockRows);
  };
  auto rowOf = [&](const Unit &unit, int64_t row) {
    return b.add(unit.firstRow, (first + row) % blockRows);
  };
  // Keys that are not there are another that is: the numbers of both are taken
  // for what is hidden.
  auto keyRow = [&](const Unit &unit, int64_t key) {
    if (key < prefixKeys)
      return b.add(unit.firstPrefix, key);
    auto [lo, hi] = getUnitKeys(unit);
    Value own = b.idx(key - prefixKeys);
    if (!getConstantIntValue(hi))
      own = b.min(own, b.sub(hi, b.idx(1)));
    if (!getConstantIntValue(lo))
      own = b.max(own, lo);
    return b.add(unit.firstKey, own);
  };
  auto loadRow = [&](Value operand, const Unit &unit, Value head, Value row,
                     int64_t width) {
    prefetchRow(operand, indexOf(unit.batch, head, row, zero), width,
                kBytesAhead, /*isWrite=*/false);
    SmallVector<Value> columns;
    for (int64_t column = 0; column < width; column += lanes)
      columns.push_back(
          loadColumns(operand, indexOf(unit.batch, head, row, b.idx(column)),
                      width - column));
    return columns;
  };

  // Products. Those of one unit follow each other, so that its keys stay in
  // registers.
  SmallVector<LaneSums> sums;
  for (int64_t key = 0; key < numKeys; ++key)
    sums.emplace_back(b, [&](int64_t lane) { return sees(lane, key); });
  for (auto [m, unit] : llvm::enumerate(units)) {
    SmallVector<SmallVector<Value>> keys(numKeys);
    for (int64_t row = 0; row < numRows; ++row) {
      int64_t lane = m * numRows + row;
      SmallVector<Value> query = loadRow(op.getQuery(), unit, headOf(unit, row),
                                         rowOf(unit, row), headDim);
      // Before the softmax, so that no store waits for its line.
      prefetchRow(
          step.getOutput(),
          indexOf(unit.batch, headOf(unit, row), rowOf(unit, row), zero),
          headDimV, /*bytesAhead=*/0, /*isWrite=*/true);
      for (int64_t key = 0; key < numKeys; ++key) {
        if (!sees(lane, key))
          continue;
        if (keys[key].empty())
          keys[key] = loadRow(key < prefixKeys ? step.getPrefixKey()
                                               : Value(op.getKey()),
                              unit, unit.kvHead, keyRow(unit, key), headDim);
        Value product;
        for (auto [x, y] : llvm::zip_equal(query, keys[key]))
          product = product ? b.fma(x, y, product) : b.fmul(x, y);
        sums[key].add(lane, product);
      }
    }
  }

  // What is hidden by more than structure.
  auto collect = [&](function_ref<Value(const Unit &)> get) {
    SmallVector<Value> numbers;
    for (const Unit &unit : units)
      numbers.push_back(get(unit));
    return perMember(numbers);
  };
  Chunk chunk;
  SmallVector<double> positions;
  for (int64_t lane = 0; lane < lanes; ++lane)
    positions.push_back(position(lane));
  auto getPositions = [&]() -> Value {
    SmallVector<Attribute> elements;
    for (double at : positions)
      elements.push_back(b.getFloatAttr(b.floatType, at));
    return arith::ConstantOp::create(
        b, DenseElementsAttr::get(b.floats, elements));
  };
  const Unit &unit = units.front();
  if (!diagonal && unit.toHi)
    chunk.hi = b.fadd(getPositions(),
                      collect([](const Unit &unit) { return unit.toHi; }));
  if (!diagonal && unit.toLo)
    chunk.lo = b.fadd(getPositions(),
                      collect([](const Unit &unit) { return unit.toLo; }));
  if (!getConstantIntValue(unit.keys)) {
    Value keys = collect([](const Unit &unit) { return unit.keys; });
    chunk.hi = chunk.hi ? b.minOrSecond(chunk.hi, keys) : keys;
  }
  if (unit.used)
    chunk.isUsed =
        b.fcompare(CmpFPredicate::OLT, getPositions(),
                   collect([](const Unit &unit) { return unit.used; }));

  // Softmax.
  SmallVector<Value> powers;
  Value maximum;
  for (int64_t key = 0; key < numKeys; ++key) {
    bool seesAll = true, seesNone = true;
    SmallVector<bool> seen(lanes, true);
    for (int64_t lane = 0; lane < used; ++lane) {
      seen[lane] = sees(lane, key);
      seesAll &= seen[lane];
      seesNone &= !seen[lane];
    }
    if (seesNone) {
      powers.push_back(Value());
      continue;
    }
    Value score = limit(toScore(sums[key].get()), chunk, key < prefixKeys,
                        b.number(key - prefixKeys));
    if (!seesAll) {
      Value mask = arith::ConstantOp::create(
          b,
          DenseElementsAttr::get(VectorType::get(lanes, b.getI1Type()), seen));
      score = arith::SelectOp::create(b, mask, score, b.negInf());
    }
    maximum = maximum ? b.maxOrSecond(maximum, score) : score;
    powers.push_back(score);
  }
  if (!maximum)
    maximum = b.negInf();
  // A NaN that the maximum passes over stays in its power.
  Value shift = b.safeShift(maximum), sum;
  for (Value &power : powers) {
    if (!power)
      continue;
    power = b.exp2(b.fsub(power, shift));
    sum = sum ? b.fadd(sum, power) : power;
  }
  if (!sum)
    sum = b.number(0.0);
  Value isEmpty = b.fcompare(CmpFPredicate::OEQ, sum, b.number(0.0));
  Value norm = b.select(isEmpty, b.number(0.0), b.fdiv(b.number(1.0), sum));
  for (Value &power : powers)
    if (power)
      power = b.fmul(power, norm);
  if (step.getLse()) {
    Value lse = b.fma(shift, b.number(kLn2), b.log(sum));
    for (auto [m, unit] : llvm::enumerate(units))
      for (int64_t row = 0; row < numRows; ++row)
        b.store(vector::ExtractOp::create(
                    b, lse, ArrayRef<int64_t>{int64_t(m) * numRows + row}),
                step.getLse(),
                {unit.batch, headOf(unit, row), rowOf(unit, row)});
  }

  // Sums.
  for (auto [m, unit] : llvm::enumerate(units)) {
    SmallVector<SmallVector<Value>> values(numKeys);
    for (int64_t row = 0; row < numRows; ++row) {
      int64_t lane = m * numRows + row;
      SmallVector<Value> columns(llvm::divideCeil(headDimV, lanes));
      for (int64_t key = 0; key < numKeys; ++key) {
        if (!sees(lane, key))
          continue;
        if (values[key].empty())
          values[key] = loadRow(key < prefixKeys ? step.getPrefixValue()
                                                 : Value(op.getValue()),
                                unit, unit.kvHead, keyRow(unit, key), headDimV);
        Value power = b.splat(
            vector::ExtractOp::create(b, powers[key], ArrayRef<int64_t>{lane}));
        for (auto [column, value] : llvm::zip_equal(columns, values[key]))
          column = column ? b.fma(value, power, column) : b.fmul(value, power);
      }
      for (auto [i, column] : llvm::enumerate(columns))
        storeColumns(column ? column : b.number(0.0), step.getOutput(),
                     indexOf(unit.batch, headOf(unit, row), rowOf(unit, row),
                             b.idx(i * lanes)),
                     headDimV - i * lanes);
    }
  }
}
