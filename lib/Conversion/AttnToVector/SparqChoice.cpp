//===- SparqChoice.cpp - Which keys are attended to -----------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// The k largest of all candidates, without sorting them. Candidates become
// integers in the same order. Divide them into sets, of which the largest
// elements are kept: the k-th largest of those is a lower bound, as k sets have
// an element that reaches it, and fewer than k sets have elements above it. So
// few candidates are left to find the k-th largest of; a last pass lists, in
// ascending order, what is above it, and as many of its equals as are wanted.
// The sets are the lanes of a few pieces of the keys, which takes no work
// across lanes, and all passes but the first skip the pieces that have nothing
// for them.
//
//===----------------------------------------------------------------------===//

#include "SparqKernel.h"

#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::attn;
using arith::CmpFPredicate;
using arith::CmpIPredicate;

/// Sets for each key that is chosen: more make the bound tighter and cost more.
static constexpr int64_t kSetsPerChoice = 8;

Value SparqKernel::toOrder(Value x) {
  // -0.0 becomes 0.0: they are equal.
  x = b.fadd(x, b.number(0.0, x.getType()));
  Type type = isa<VectorType>(x.getType()) ? Type(integers) : integer;
  unsigned width = integer.getIntOrFloatBitWidth();
  APInt largest = APInt::getSignedMaxValue(width);
  Value bits = arith::BitcastOp::create(b, type, x);
  Value sign = arith::ShRSIOp::create(b, bits, b.integer(width - 1, type));
  Value flip =
      arith::AndIOp::create(b, sign, b.integer(largest.getSExtValue(), type));
  Value order = arith::XOrIOp::create(b, bits, flip);
  // Above the order of infinity, with one number left above it.
  Value isNaN = b.fcompare(CmpFPredicate::UNO, x, x);
  return b.select(isNaN, b.integer((largest - 1).getSExtValue(), type), order);
}

/// What to shift approximate scores by and multiply their powers with, for
/// each head; where powers are kept, the maxima of tiles become the factor of
/// each tile.
void SparqKernel::mergeTiles(const Scores &from) {
  if (!needsSoftmax)
    return;
  shifts = scratch->get("shifts", {group}, b.floatType);
  inverses = scratch->get("inverses", {group}, b.floatType);
  Value first = b.mul(b.div(at.firstTile, b.idx(lanes)), b.idx(lanes));
  Value end = b.mul(ceilDiv(at.tiles, lanes), b.idx(lanes));
  for (int64_t h = 0; h < group; ++h) {
    auto index = [&](Value t) {
      return SmallVector<Value>{at.slot, b.idx(h), t};
    };
    auto pad = [&](Value from_, Value to_) {
      b.loop(from_, to_, 1, [&](Value t) {
        b.store(b.negInf(b.floatType), from.maxima, index(t));
        b.store(b.number(0.0, b.floatType), from.sums, index(t));
      });
    };
    pad(first, at.firstTile);
    pad(at.tiles, end);
    Value maximum =
        b.loop(first, end, lanes, b.negInf(), [&](Value t, ValueRange in) {
           return SmallVector<Value>{
               b.maxOrSecond(b.loadVector(from.maxima, index(t)), in[0])};
         }).front();
    maximum =
        reduce(maximum, [&](Value x, Value y) { return b.maxOrSecond(x, y); });
    Value shift = b.safeShift(maximum);
    Value sum =
        b.loop(first, end, lanes, b.number(0.0), [&](Value t, ValueRange in) {
           Value m = b.loadVector(from.maxima, index(t));
           // Powers of a tile without maximum are relative to 0, and are 0 or
           // NaN.
           Value weight = b.exp2(b.fsub(m, shift));
           if (sumsPowers)
             b.storeVector(weight, from.maxima, index(t));
           return SmallVector<Value>{
               b.fma(b.loadVector(from.sums, index(t)), weight, in[0])};
         }).front();
    sum = reduce(sum, [&](Value x, Value y) { return b.fadd(x, y); });
    Value isEmpty = b.fcompare(CmpFPredicate::OEQ, sum, b.number(0.0));
    Value inverse =
        b.select(isEmpty, b.number(0.0), b.fdiv(b.number(1.0), sum));
    if (sumsPowers)
      b.loop(first, end, lanes, [&](Value t) {
        Value weight = b.loadVector(from.maxima, index(t));
        b.storeVector(b.fmul(weight, inverse), from.maxima, index(t));
      });
    auto scalar = [&](Value vector) {
      return vector::ExtractOp::create(b, vector, ArrayRef<int64_t>{0});
    };
    b.store(scalar(shift), shifts, b.idx(h));
    b.store(scalar(inverse), inverses, b.idx(h));
  }
}

void SparqKernel::emitCandidates(const Scores &from) {
  Value allPieces = ceilDiv(b.idx(getSizes(b, b.getLoc(), op).seqLenKv), piece);
  orders = allocate({b.mul(allPieces, b.idx(piece))}, integer);
  pieceBest = allocate({b.mul(allPieces, b.idx(lanes))}, integer);
  bestOf = allocate({b.mul(allPieces, b.idx(lanes))}, integer);
  firstPiece = b.div(at.lo, b.idx(piece));
  pieces = b.max(firstPiece, ceilDiv(at.hi, piece));
  // As many pieces to a set as leave enough sets.
  Value numPieces = b.sub(pieces, firstPiece);
  fold = b.max(
      b.idx(1),
      b.div(numPieces, b.idx(llvm::divideCeil(kSetsPerChoice * topK, lanes))));
  folds = b.div(b.add(numPieces, b.sub(fold, b.idx(1))), fold);

  bool isWide = integer.getIntOrFloatBitWidth() == 64;
  Value least = b.integer(isWide ? std::numeric_limits<int64_t>::min()
                                 : std::numeric_limits<int32_t>::min(),
                          integers);
  Value none = b.integer(never, integers), one = b.integer(1, integers);
  auto emitPiece = [&](Value p, ValueRange in) {
    Value firstKey = b.mul(p, b.idx(piece));
    SmallVector<Value> factors;
    for (int64_t h = 0; sumsPowers && h < group; ++h)
      factors.push_back(b.splat(b.load(
          from.maxima, {at.slot, b.idx(h), b.div(firstKey, b.idx(tile))})));
    Value best, count = in[1];
    for (int64_t i = 0; i < piece; i += lanes) {
      Value key = b.add(firstKey, i);
      Value order = toCandidate(from, key, factors);
      b.storeVector(order, orders, key);
      Value isVisible = b.compare(CmpIPredicate::ne, order, none);
      Value more = arith::AddIOp::create(b, count, one);
      count = b.select(isVisible, more, count);
      best = best ? arith::MaxSIOp::create(b, order, best) : order;
    }
    b.storeVector(best, pieceBest, b.mul(p, b.idx(lanes)));
    return SmallVector<Value>{arith::MaxSIOp::create(b, best, in[0]), count};
  };
  Value count =
      b.loop(zero, folds, 1, b.integer(0, integers),
             [&](Value set, ValueRange total) {
               Value first = b.add(firstPiece, b.mul(set, fold));
               Value end = b.min(b.add(first, fold), pieces);
               SmallVector<Value> best =
                   b.loop(first, end, 1, {least, total[0]}, emitPiece);
               b.storeVector(best[0], bestOf, b.mul(set, b.idx(lanes)));
               return SmallVector<Value>{best[1]};
             })
          .front();
  count = vector::ReductionOp::create(b, vector::CombiningKind::ADD, count);
  numVisible = b.createOrFold<arith::IndexCastOp>(b.getIndexType(), count);
  forceLocal();
}

/// The order of the keys from `key` on: of the sum over the heads that see them
/// of scores, or of `factors` times powers.
Value SparqKernel::toCandidate(const Scores &from, Value key,
                               ArrayRef<Value> factors) {
  Value sum, isNever;
  for (int64_t h = 0; h < group; ++h) {
    Value term = b.loadVector(from.scores, {at.slot, b.idx(h), key});
    Value isOut;
    if (sumsPowers) {
      // The power of what is not visible is -0.0, all of its bits but one 0.
      Value bits = arith::BitcastOp::create(b, integers, term);
      unsigned width = integer.getIntOrFloatBitWidth();
      APInt minimum = APInt::getSignedMinValue(width);
      isOut = b.compare(CmpIPredicate::eq, bits,
                        b.integer(minimum.getSExtValue(), integers));
      term = b.fmul(term, factors[h]);
    } else {
      isOut = b.fcompare(CmpFPredicate::OEQ, term, b.negInf());
    }
    if (!sum) {
      sum = group > 1 ? b.select(isOut, b.number(0.0), term) : term;
      isNever = isOut;
      continue;
    }
    sum = b.select(isOut, sum, b.fadd(sum, term));
    isNever = arith::AndIOp::create(b, isNever, isOut);
  }
  return toOrder(b.select(isNever, b.negInf(), sum));
}

/// Visible keys of the local window come before all but NaN.
void SparqKernel::forceLocal() {
  if (localWindow == 0)
    return;
  Value first = b.max(at.lo, b.sub(at.hi, b.idx(localWindow)));
  APFloat infinity = APFloat::getInf(b.floatType.getFloatSemantics());
  Value most = b.integer(infinity.bitcastToAPInt().getSExtValue(), integer);
  Value none = b.integer(never, integer);
  b.loop(first, at.hi, 1, [&](Value key) {
    Value order = b.load(orders, key);
    Value isVisible = b.compare(CmpIPredicate::ne, order, none);
    b.ifThen(isVisible, [&] {
      b.store(most, orders, key);
      Value p = b.div(key, b.idx(piece)), lane = b.rem(key, b.idx(lanes));
      Value set = b.div(b.sub(p, firstPiece), fold);
      for (auto [buffer, row] : {std::pair{pieceBest, p}, {bestOf, set}}) {
        Value index = b.add(b.mul(row, b.idx(lanes)), lane);
        Value best = b.load(buffer, index);
        b.store(arith::MaxSIOp::create(b, best, most), buffer, index);
      }
    });
  });
}

/// How many of the numbers are above `bound`, or reach it.
Value SparqKernel::countAbove(Value numbers, Value size, Value bound,
                              CmpIPredicate predicate) {
  Value one = b.integer(1, integers), limit = b.splat(bound);
  Value count =
      b.loop(zero, size, lanes, b.integer(0, integers),
             [&](Value i, ValueRange in) {
               Value isAbove =
                   b.compare(predicate, b.loadVector(numbers, i), limit);
               Value more = arith::AddIOp::create(b, in[0], one);
               return SmallVector<Value>{b.select(isAbove, more, in[0])};
             })
          .front();
  count = vector::ReductionOp::create(b, vector::CombiningKind::ADD, count);
  return b.createOrFold<arith::IndexCastOp>(b.getIndexType(), count);
}

/// Bit by bit from the top: the greatest number that `count` of them reach. The
/// least number there is, if there are not as many.
Value SparqKernel::findLargest(Value numbers, Value size, Value count) {
  unsigned width = integer.getIntOrFloatBitWidth();
  APInt least = APInt::getSignedMinValue(width);
  Value bits = b.integer(least.getSExtValue(), integer);
  return b
      .loop(zero, b.idx(width), 1, bits,
            [&](Value i, ValueRange in) {
              Value shift = b.createOrFold<arith::IndexCastOp>(integer, i);
              Value bit = arith::ShRUIOp::create(
                  b, b.integer(least.getSExtValue(), integer), shift);
              // The top bit counts the other way round.
              Value next = arith::XOrIOp::create(b, in[0], bit);
              Value reached =
                  countAbove(numbers, size, next, CmpIPredicate::sge);
              Value isReached = b.compare(CmpIPredicate::sge, reached, count);
              return SmallVector<Value>{b.select(isReached, next, in[0])};
            })
      .front();
}

/// Calls `body` with the key of each lane of the vectors of candidates that
/// reach the bound, which `body` returns anew with the other values it carries.
SmallVector<Value> SparqKernel::forEachAbove(
    ValueRange inits,
    function_ref<SmallVector<Value>(Value key, ValueRange carried)> body) {
  SmallVector<Type> types(ValueRange(inits).getTypes());
  auto reaches = [&](Value vector, Value bound) -> Value {
    Value some = b.compare(CmpIPredicate::sge, vector, b.splat(bound));
    return vector::ReductionOp::create(b, vector::CombiningKind::OR, some);
  };
  auto keep = [](ValueRange in) { return SmallVector<Value>(in); };
  return b.loop(firstPiece, pieces, 1, inits, [&](Value p, ValueRange in) {
    Value best = b.loadVector(pieceBest, b.mul(p, b.idx(lanes)));
    return b.ifElse(
        types, reaches(best, in[0]),
        [&] {
          Value first = b.mul(p, b.idx(piece));
          return b.loop(
              first, b.add(first, piece), lanes, in,
              [&](Value key, ValueRange inner) {
                return b.ifElse(
                    types, reaches(b.loadVector(orders, key), inner[0]),
                    [&] {
                      return b.loop(key, b.add(key, lanes), 1, inner, body);
                    },
                    [&] { return keep(inner); });
              });
        },
        [&] { return keep(in); });
  });
}

void SparqKernel::choose() {
  Value none = b.integer(never, integer), one = b.integer(1, integer);
  Value wanted = b.min(b.idx(topK), numVisible);
  Value isAll = b.compare(CmpIPredicate::sle, numVisible, b.idx(topK));

  // The bound. Fewer sets than keys wanted: all that is visible.
  Value sets = b.mul(folds, b.idx(lanes));
  Value bound =
      b.ifElse(
           TypeRange{integer}, isAll, [&] { return SmallVector<Value>{none}; },
           [&] {
             Value bound = findLargest(bestOf, sets, wanted);
             return SmallVector<Value>{arith::MaxSIOp::create(b, bound, none)};
           })
          .front();
  // What is above it: of fewer than top_k sets.
  Value most =
      b.add(b.mul(ceilDiv(b.idx(getSizes(b, b.getLoc(), op).seqLenKv), piece),
                  b.idx(llvm::divideCeil(piece, kSetsPerChoice))),
            b.idx(piece / lanes * topK + 2 * lanes));
  survivors = allocate({most}, integer);
  auto search = [&] {
    Value above = arith::AddIOp::create(b, bound, one);
    Value count = forEachAbove({above, zero}, [&](Value key, ValueRange in) {
      Value order = b.load(orders, key);
      b.store(order, survivors, in[1]);
      Value isAbove = b.compare(CmpIPredicate::sge, order, in[0]);
      return SmallVector<Value>{in[0],
                                b.select(isAbove, b.add(in[1], 1), in[1])};
    })[1];
    b.storeVector(b.integer(never, integers), survivors, count);
    Value isEnough = b.compare(CmpIPredicate::sge, count, wanted);
    Value padded = b.mul(ceilDiv(count, lanes), b.idx(lanes));
    Value last = b.ifElse(
                      TypeRange{integer}, isEnough,
                      [&] {
                        return SmallVector<Value>{
                            findLargest(survivors, padded, wanted)};
                      },
                      [&] { return SmallVector<Value>{bound}; })
                     .front();
    Value more = countAbove(survivors, padded, last, CmpIPredicate::sgt);
    return SmallVector<Value>{last, b.sub(wanted, more)};
  };
  SmallVector<Value> limit = b.ifElse(
      TypeRange{integer, b.getIndexType()}, isAll,
      [&] { return SmallVector<Value>{none, zero}; }, search);

  // Those above the last one, and the first of its equals.
  Value last = limit[0];
  chosen = scratch->get("chosen", {topK + lanes}, b.getIndexType());
  Value above = arith::AddIOp::create(b, last, one);
  auto boundFor = [&](Value equals) {
    return b.select(b.compare(CmpIPredicate::sgt, equals, zero), last, above);
  };
  numChosen = forEachAbove(
      {boundFor(limit[1]), zero, limit[1]}, [&](Value key, ValueRange in) {
        Value order = b.load(orders, key);
        b.store(key, chosen, in[1]);
        Value isAbove = b.compare(CmpIPredicate::sge, order, in[0]);
        Value isLast = arith::AndIOp::create(
            b, isAbove, b.compare(CmpIPredicate::eq, order, last));
        Value equals = b.select(isLast, b.sub(in[2], b.idx(1)), in[2]);
        return SmallVector<Value>{boundFor(equals),
                                  b.select(isAbove, b.add(in[1], 1), in[1]),
                                  equals};
      })[1];
}
