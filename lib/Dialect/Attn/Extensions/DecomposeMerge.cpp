//===- DecomposeMerge.cpp - From softmax states to outputs ----------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// The linalg form of attn.finalize and attn.merge.
//
//===----------------------------------------------------------------------===//

#include "Decompose.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

#include <limits>

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::decompose;

static constexpr double kMinusInf = -std::numeric_limits<double>::infinity();

static AffineMap getMap(OpBuilder &builder, unsigned numLoops,
                        ArrayRef<unsigned> dims) {
  return AffineMap::getMultiDimMapWithTargets(numLoops, dims,
                                              builder.getContext());
}

static FloatType getFloatElement(Value tensor) {
  return cast<FloatType>(getElementTypeOrSelf(tensor.getType()));
}

/// exp(x - shift).
static Value createExp(OpBuilder &builder, Location loc, Value x, Value shift) {
  Value shifted = arith::SubFOp::create(builder, loc, x, shift);
  return math::ExpOp::create(builder, loc, shifted);
}

/// `row_max + ln(row_sum)`, -inf where the sum is 0. A sum that is NaN is not
/// 0.
static Value createLse(OpBuilder &builder, Location loc, Value max, Value sum) {
  Value none = equals(builder, loc, sum, 0.0);
  Value log = math::LogOp::create(builder, loc, sum);
  Value lse = arith::AddFOp::create(builder, loc, max, log);
  Value minusInf =
      createFloat(builder, loc, cast<FloatType>(sum.getType()), kMinusInf);
  return arith::SelectOp::create(builder, loc, none, minusInf, lse);
}

//===----------------------------------------------------------------------===//
// Finalize
//===----------------------------------------------------------------------===//

namespace {
/// The denominator of each row, and what acc is multiplied by before it is
/// divided, if by anything.
struct RowScale {
  Value sum, weight, lse;
};
} // namespace

/// Adds the sink of each head to the sum of its rows.
static RowScale createSinkRows(OpBuilder &builder, Location loc,
                               const SoftmaxState &state, Value sinks,
                               RowPredicate rowExists, Value lse) {
  FloatType type = getFloatElement(state.acc);
  AffineMap rows = builder.getMultiDimIdentityMap(3);
  SmallVector<OpFoldResult> sizes =
      tensor::getMixedSizes(builder, loc, state.rowMax);
  Value empty = tensor::EmptyOp::create(builder, loc, sizes, type);
  SmallVector<Value> outputs = {empty, empty};
  SmallVector<AffineMap> maps = {rows, rows, getMap(builder, 3, {1}), rows,
                                 rows};
  if (lse) {
    outputs.push_back(lse);
    maps.push_back(rows);
  }
  auto body = [&](OpBuilder &nested, Location nestedLoc, ValueRange in) {
    Value sink = toFloat(nested, nestedLoc, in[2], type);
    if (rowExists) {
      Value b = linalg::IndexOp::create(nested, nestedLoc, 0);
      Value i = linalg::IndexOp::create(nested, nestedLoc, 2);
      Value exists = rowExists(nested, nestedLoc, b, i);
      Value none = createFloat(nested, nestedLoc, type, kMinusInf);
      sink = arith::SelectOp::create(nested, nestedLoc, exists, sink, none);
    }
    Value max = arith::MaximumFOp::create(nested, nestedLoc, in[0], sink);
    Value shift = getSafeShift(nested, nestedLoc, max);
    Value weight = createExp(nested, nestedLoc, in[0], shift);
    Value sum = arith::MulFOp::create(nested, nestedLoc, weight, in[1]);
    Value sinkWeight = createExp(nested, nestedLoc, sink, shift);
    sum = arith::AddFOp::create(nested, nestedLoc, sum, sinkWeight);
    SmallVector<Value> results = {sum, weight};
    if (lse)
      results.push_back(createLse(nested, nestedLoc, shift, sum));
    return results;
  };
  SmallVector<Value> results =
      createGeneric(builder, loc, {state.rowMax, state.rowSum, sinks}, outputs,
                    maps, /*numParallel=*/3, /*numReduction=*/0, body);
  return {results[0], results[1], lse ? results[2] : Value()};
}

SmallVector<Value> decompose::createFinalize(
    OpBuilder &builder, Location loc, const SoftmaxState &state, Value sinks,
    RowPredicate rowExists, Value output, Value lse, Layout layout) {
  RowScale rows = {state.rowSum, {}, {}};
  AffineMap rowMap = builder.getMultiDimIdentityMap(3);
  if (sinks) {
    rows = createSinkRows(builder, loc, state, sinks, rowExists, lse);
  } else if (lse) {
    rows.lse =
        createGeneric(builder, loc, {state.rowMax, state.rowSum}, lse,
                      {rowMap, rowMap, rowMap}, /*numParallel=*/3,
                      /*numReduction=*/0,
                      [](OpBuilder &nested, Location nestedLoc, ValueRange in) {
                        return SmallVector<Value>{
                            createLse(nested, nestedLoc, in[0], in[1])};
                      })
            .front();
  }

  AffineMap accMap = builder.getMultiDimIdentityMap(4);
  AffineMap rowOfAcc = getMap(builder, 4, {0, 1, 2});
  SmallVector<Value> inputs = {state.acc, rows.sum};
  SmallVector<AffineMap> maps = {accMap, rowOfAcc};
  if (rows.weight) {
    inputs.push_back(rows.weight);
    maps.push_back(rowOfAcc);
  }
  maps.push_back(layout == Layout::bshd ? getMap(builder, 4, {0, 2, 1, 3})
                                        : accMap);
  auto body = [&](OpBuilder &nested, Location nestedLoc, ValueRange in) {
    Value x = in[0];
    if (rows.weight)
      x = arith::MulFOp::create(nested, nestedLoc, in[2], x);
    x = arith::DivFOp::create(nested, nestedLoc, x, in[1]);
    // Tested for 0, not for > 0: a NaN sum leaves the row NaN.
    Value none = equals(nested, nestedLoc, in[1], 0.0);
    Value zero = createFloat(nested, nestedLoc, getFloatElement(state.acc), 0);
    x = arith::SelectOp::create(nested, nestedLoc, none, zero, x);
    return SmallVector<Value>{
        toFloat(nested, nestedLoc, x, getElementTypeOrSelf(output.getType()))};
  };
  SmallVector<Value> results =
      createGeneric(builder, loc, inputs, output, maps, /*numParallel=*/4,
                    /*numReduction=*/0, body);
  if (lse)
    results.push_back(rows.lse);
  return results;
}

//===----------------------------------------------------------------------===//
// Merge
//===----------------------------------------------------------------------===//

/// The joined state of separate parts; a row's weights are computed once.
static SoftmaxState createJoinedState(OpBuilder &builder, Location loc,
                                      ValueRange outputs, ValueRange lses) {
  unsigned numParts = outputs.size();
  FloatType type = getFloatElement(lses.front());
  SmallVector<OpFoldResult> rowSizes =
      tensor::getMixedSizes(builder, loc, lses.front());
  Value emptyRows = tensor::EmptyOp::create(builder, loc, rowSizes, type);
  AffineMap rowMap = builder.getMultiDimIdentityMap(3);
  SmallVector<Value> rows = createGeneric(
      builder, loc, lses, SmallVector<Value>(numParts + 2, emptyRows),
      SmallVector<AffineMap>(2 * numParts + 2, rowMap), /*numParallel=*/3,
      /*numReduction=*/0,
      [&](OpBuilder &nested, Location nestedLoc, ValueRange in) {
        in = in.take_front(numParts);
        Value max = in.front();
        for (Value lse : in.drop_front())
          max = arith::MaximumFOp::create(nested, nestedLoc, max, lse);
        Value shift = getSafeShift(nested, nestedLoc, max);
        SmallVector<Value> results;
        Value sum;
        for (Value lse : in) {
          results.push_back(createExp(nested, nestedLoc, lse, shift));
          sum = sum ? arith::AddFOp::create(nested, nestedLoc, sum,
                                            results.back())
                    : results.back();
        }
        results.push_back(shift);
        results.push_back(sum);
        return results;
      });

  SmallVector<Value> inputs(outputs);
  llvm::append_range(inputs, ArrayRef(rows).take_front(numParts));
  AffineMap accMap = builder.getMultiDimIdentityMap(4);
  SmallVector<AffineMap> maps(numParts, accMap);
  maps.append(numParts, getMap(builder, 4, {0, 1, 2}));
  maps.push_back(accMap);
  Value emptyAcc = tensor::EmptyOp::create(
      builder, loc, tensor::getMixedSizes(builder, loc, outputs.front()), type);
  Value acc =
      createGeneric(builder, loc, inputs, emptyAcc, maps, /*numParallel=*/4,
                    /*numReduction=*/0,
                    [&](OpBuilder &nested, Location nestedLoc, ValueRange in) {
                      Value sum;
                      for (unsigned part = 0; part < numParts; ++part) {
                        Value term = arith::MulFOp::create(
                            nested, nestedLoc, in[numParts + part], in[part]);
                        sum = sum ? arith::AddFOp::create(nested, nestedLoc,
                                                          sum, term)
                                  : term;
                      }
                      return SmallVector<Value>{sum};
                    })
          .front();
  return {acc, rows[numParts], rows[numParts + 1]};
}

/// The joined state of parts stacked along dimension 0.
static SoftmaxState createJoinedState(OpBuilder &builder, Location loc,
                                      Value outputs, Value lses) {
  FloatType type = getFloatElement(lses);
  SmallVector<OpFoldResult> stackedRows =
      tensor::getMixedSizes(builder, loc, lses);
  auto rowSizes = ArrayRef(stackedRows).drop_front();
  SmallVector<OpFoldResult> accSizes(rowSizes);
  accSizes.push_back(getDim(builder, loc, outputs, 4));

  // Loops (batch, head, query, part).
  AffineMap stackedMap = getMap(builder, 4, {3, 0, 1, 2});
  AffineMap rowMap = getMap(builder, 4, {0, 1, 2});
  Value max =
      createGeneric(builder, loc, lses,
                    createFilled(builder, loc, rowSizes, type, kMinusInf),
                    {stackedMap, rowMap}, /*numParallel=*/3, /*numReduction=*/1,
                    [](OpBuilder &nested, Location nestedLoc, ValueRange in) {
                      return SmallVector<Value>{arith::MaximumFOp::create(
                          nested, nestedLoc, in[0], in[1])};
                    })
          .front();
  Value empty = tensor::EmptyOp::create(builder, loc, stackedRows, type);
  Value weights =
      createGeneric(builder, loc, {lses, max}, empty,
                    {stackedMap, rowMap, stackedMap}, /*numParallel=*/4,
                    /*numReduction=*/0,
                    [](OpBuilder &nested, Location nestedLoc, ValueRange in) {
                      Value shift = getSafeShift(nested, nestedLoc, in[1]);
                      return SmallVector<Value>{
                          createExp(nested, nestedLoc, in[0], shift)};
                    })
          .front();
  Value sum =
      createGeneric(builder, loc, weights,
                    createFilled(builder, loc, rowSizes, type, 0.0),
                    {stackedMap, rowMap}, /*numParallel=*/3, /*numReduction=*/1,
                    [](OpBuilder &nested, Location nestedLoc, ValueRange in) {
                      return SmallVector<Value>{arith::AddFOp::create(
                          nested, nestedLoc, in[1], in[0])};
                    })
          .front();
  // Loops (batch, head, query, head_dim_v, part).
  Value acc = createGeneric(
                  builder, loc, {weights, outputs},
                  createFilled(builder, loc, accSizes, type, 0.0),
                  {getMap(builder, 5, {4, 0, 1, 2}),
                   getMap(builder, 5, {4, 0, 1, 2, 3}),
                   getMap(builder, 5, {0, 1, 2, 3})},
                  /*numParallel=*/4, /*numReduction=*/1,
                  [](OpBuilder &nested, Location nestedLoc, ValueRange in) {
                    Value term =
                        arith::MulFOp::create(nested, nestedLoc, in[0], in[1]);
                    return SmallVector<Value>{
                        arith::AddFOp::create(nested, nestedLoc, in[2], term)};
                  })
                  .front();
  return {acc, max, sum};
}

SmallVector<Value> decompose::createMerge(OpBuilder &builder, MergeOp op) {
  Location loc = op.getLoc();
  if (op.getPartOutputs().empty()) {
    // The identity.
    auto fill = [&](Value tensor, double value) -> Value {
      Value scalar = createFloat(builder, loc, getFloatElement(tensor), value);
      return linalg::FillOp::create(builder, loc, scalar, tensor).getResult(0);
    };
    SmallVector<Value> results = {fill(op.getOutput(), 0.0)};
    if (op.getLse())
      results.push_back(fill(op.getLse(), kMinusInf));
    return results;
  }
  SoftmaxState state =
      op.getAlong()
          ? createJoinedState(builder, loc, op.getPartOutputs().front(),
                              op.getPartLses().front())
          : createJoinedState(builder, loc, op.getPartOutputs(),
                              op.getPartLses());
  return createFinalize(builder, loc, state, /*sinks=*/{}, /*rowExists=*/{},
                        op.getOutput(), op.getLse(),
                        op.getLayout().value_or(Layout::bhsd));
}
