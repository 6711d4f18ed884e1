//===- FinalizeMerge.cpp - The ends of a softmax state --------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Finalize and merge, row by row, with vectors along head_dim_v.
//
//===----------------------------------------------------------------------===//

#include "Kernel.h"

#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::attn;
using arith::CmpFPredicate;

/// Sums, vectors or scalars, that a merge carries through a walk over the
/// parts: as many as registers hold.
static constexpr int64_t kColumnsAtOnce = 8;

/// Walks that are written out; wider rows take a loop of them.
static constexpr int64_t kMaxWalks = 8;

/// Calls `body(column, vectors)` in loops that cover `columns`, with as many
/// vectors at a time as a loop has; 0 vectors means one scalar.
static void forEachColumns(VectorBuilder &b, Value columns, bool isContiguous,
                           ArrayRef<int64_t> widths,
                           function_ref<void(Value, int64_t)> body) {
  Value begin = b.idx(0);
  if (isContiguous)
    for (int64_t vectors : widths) {
      Value end = b.roundDown(columns, vectors * b.lanes);
      b.loop(begin, end, vectors * b.lanes,
             [&](Value column) { body(column, vectors); });
      begin = end;
    }
  b.loop(begin, columns, 1, [&](Value column) { body(column, 0); });
}

/// Calls `body(batch, head, row)` for every row of a [batch, num_heads,
/// seq_len_q, ...] state.
static void forEachRow(VectorBuilder &b, ArrayRef<Value> sizes,
                       function_ref<void(Value, Value, Value)> body) {
  Value zero = b.idx(0);
  b.loop(zero, sizes[0], 1, [&](Value batch) {
    b.loop(zero, sizes[1], 1, [&](Value head) {
      b.loop(zero, sizes[2], 1, [&](Value row) { body(batch, head, row); });
    });
  });
}

static SmallVector<Value> sizesOf(VectorBuilder &b, Value memref,
                                  unsigned first) {
  SmallVector<Value> sizes;
  int64_t rank = cast<MemRefType>(memref.getType()).getRank();
  for (int64_t i = first; i < rank; ++i)
    sizes.push_back(b.idx(getDim(b, b.getLoc(), memref, i)));
  return sizes;
}

/// Writes one row of output, whose dimensions are in `layout`.
static void storeOutput(VectorBuilder &b, Value sum, Value output,
                        std::optional<Layout> layout, Value batch, Value head,
                        Value row, Value column) {
  SmallVector<Value> at{batch, head, row, column};
  if (layout == Layout::bshd)
    std::swap(at[1], at[2]);
  sum = b.cast(sum, cast<MemRefType>(output.getType()).getElementType());
  if (isa<VectorType>(sum.getType()))
    b.storeVector(sum, output, at);
  else
    b.store(sum, output, at);
}

void attn::emitFinalize(VectorBuilder &b, FinalizeOp op) {
  Value acc = op.getAcc(), output = op.getOutput();
  Type scalar = b.floatType;
  SmallVector<Value> sizes = sizesOf(b, acc, 0);
  bool isContiguous = hasContiguousRows(acc) && hasContiguousRows(output);
  forEachRow(b, sizes, [&](Value batch, Value head, Value row) {
    Value maximum = b.load(op.getRowMax(), {batch, head, row});
    Value sum = b.load(op.getRowSum(), {batch, head, row});
    Value shift = b.safeShift(maximum);
    Value weight = b.number(1.0, scalar);
    if (op.getSinks()) {
      Value sink = b.load(op.getSinks(), {head});
      shift = b.safeShift(arith::MaximumFOp::create(b, maximum, sink));
      weight = b.exp(b.fsub(maximum, shift));
      sum = b.fadd(b.fmul(weight, sum), b.exp(b.fsub(sink, shift)));
    }
    // Not "not above zero": a NaN stays.
    Value isDead = b.fcompare(CmpFPredicate::OEQ, sum, b.number(0.0, scalar));
    if (op.getLse()) {
      Value lse = b.fadd(shift, b.log(sum));
      b.store(b.select(isDead, b.negInf(scalar), lse), op.getLse(),
              {batch, head, row});
    }
    Value factor = b.fdiv(weight, sum);
    forEachColumns(
        b, sizes[3], isContiguous, {1}, [&](Value column, int64_t vectors) {
          SmallVector<Value> at{batch, head, row, column};
          Value x = vectors ? b.loadVector(acc, at) : b.load(acc, at);
          Value y = b.fmul(x, vectors ? b.splat(factor) : factor);
          y = b.select(isDead, b.number(0.0, y.getType()), y);
          storeOutput(b, y, output, op.getLayout(), batch, head, row, column);
        });
  });
}

namespace {
/// The parts of a merge: separate operands, or one with a dimension of parts.
struct Parts {
  VectorBuilder &b;
  MergeOp op;
  bool isStacked;
  Value count; ///< Of stacked parts.

  Parts(VectorBuilder &b, MergeOp op)
      : b(b), op(op), isStacked(op.getAlong().has_value()) {
    if (isStacked)
      count = b.idx(getDim(b, b.getLoc(), op.getPartOutputs()[0], 0));
  }

  /// Element `at` of part `part` of `operands`.
  Value load(ValueRange operands, Value part, int64_t number, ValueRange at,
             bool isVector) {
    SmallVector<Value> indices(at);
    if (isStacked)
      indices.insert(indices.begin(), part);
    Value memref = operands[isStacked ? 0 : number];
    return isVector ? b.loadVector(memref, indices) : b.load(memref, indices);
  }

  /// A reduction over the parts: a loop, or unrolled.
  SmallVector<Value>
  reduce(ArrayRef<Value> inits,
         function_ref<SmallVector<Value>(Value, int64_t, ValueRange)> step) {
    if (isStacked)
      return b.loop(b.idx(0), count, 1, inits,
                    [&](Value part, ValueRange carried) {
                      return step(part, 0, carried);
                    });
    SmallVector<Value> carried(inits);
    for (int64_t i = 0, e = op.getPartOutputs().size(); i < e; ++i)
      carried = step({}, i, carried);
    return carried;
  }
};
} // namespace

/// The first columns of the vectors, or of the scalars, that cover `columns` in
/// order. The last vector ends with the row: columns that are in two vectors
/// are computed twice, to the same numbers.
static SmallVector<int64_t> coverColumns(int64_t columns, int64_t step) {
  SmallVector<int64_t> starts;
  for (int64_t column = 0; column < columns; column += step)
    starts.push_back(std::min(column, columns - step));
  return starts;
}

void attn::emitMerge(VectorBuilder &b, MergeOp op) {
  Parts parts(b, op);
  Value output = op.getOutput();
  Type scalar = b.floatType;
  SmallVector<Value> sizes = sizesOf(b, output, 0);
  if (op.getLayout() == Layout::bshd)
    std::swap(sizes[1], sizes[2]);
  int64_t columns = cast<MemRefType>(output.getType()).getDimSize(3);
  bool isStatic = !ShapedType::isDynamic(columns);
  bool isContiguous = hasContiguousRows(output) &&
                      llvm::all_of(op.getPartOutputs(), hasContiguousRows);
  bool isVector = isContiguous && isStatic && columns >= b.lanes;
  SmallVector<int64_t> starts;
  if (isStatic)
    starts = coverColumns(columns, isVector ? b.lanes : 1);
  bool isWrittenOut =
      isStatic && columns != 0 &&
      starts.size() <= static_cast<size_t>(kColumnsAtOnce * kMaxWalks);

  forEachRow(b, sizes, [&](Value batch, Value head, Value row) {
    SmallVector<Value> at{batch, head, row};
    auto partLse = [&](Value part, int64_t number) {
      return parts.load(op.getPartLses(), part, number, at,
                        /*isVector=*/false);
    };
    Value maximum =
        parts.reduce({b.negInf(scalar)}, [&](Value part, int64_t number,
                                             ValueRange carried) {
          Value next =
              arith::MaximumFOp::create(b, carried[0], partLse(part, number));
          return SmallVector<Value>{next};
        })[0];
    Value shift = b.safeShift(maximum);
    Value zero = b.number(0.0, scalar);

    // The sum of the weights, after output columns were written.
    auto mergeColumns = [&](ArrayRef<Value> first, bool inVectors) {
      SmallVector<Value> inits{zero};
      inits.append(first.size(), inVectors ? b.number(0.0) : zero);
      SmallVector<Value> sums = parts.reduce(
          inits, [&](Value part, int64_t number, ValueRange carried) {
            Value weight = b.exp(b.fsub(partLse(part, number), shift));
            SmallVector<Value> next{b.fadd(carried[0], weight)};
            Value factor = inVectors ? b.splat(weight) : weight;
            for (auto [i, column] : llvm::enumerate(first)) {
              Value x = parts.load(op.getPartOutputs(), part, number,
                                   {batch, head, row, column}, inVectors);
              next.push_back(b.fma(factor, x, carried[i + 1]));
            }
            return next;
          });
      Value isDead = b.fcompare(CmpFPredicate::OEQ, sums[0], zero);
      Value factor = b.fdiv(b.number(1.0, scalar), sums[0]);
      if (inVectors)
        factor = b.splat(factor);
      for (auto [column, sum] :
           llvm::zip_equal(first, ArrayRef(sums).drop_front())) {
        Value y = b.fmul(sum, factor);
        y = b.select(isDead, b.number(0.0, y.getType()), y);
        storeOutput(b, y, output, op.getLayout(), batch, head, row, column);
      }
      return sums[0];
    };

    Value weights;
    if (isWrittenOut) {
      // From the back, so that overlapping vectors are loaded before one of
      // them is stored: the output may be one of the parts.
      for (ArrayRef<int64_t> rest = starts; !rest.empty();) {
        SmallVector<Value> first;
        for (int64_t start : rest.take_back(kColumnsAtOnce))
          first.push_back(b.idx(start));
        rest = rest.drop_back(first.size());
        weights = mergeColumns(first, isVector);
      }
    } else {
      forEachColumns(b, sizes[3], isContiguous, {kColumnsAtOnce, 1},
                     [&](Value column, int64_t vectors) {
                       SmallVector<Value> first{column};
                       for (int64_t i = 1; i < vectors; ++i)
                         first.push_back(b.add(column, i * b.lanes));
                       mergeColumns(first, vectors != 0);
                     });
    }
    if (!op.getLse())
      return;
    if (!weights)
      weights = mergeColumns({}, /*inVectors=*/false);
    Value isDead = b.fcompare(CmpFPredicate::OEQ, weights, zero);
    Value lse = b.fadd(shift, b.log(weights));
    b.store(b.select(isDead, b.negInf(scalar), lse), op.getLse(), at);
  });
}
