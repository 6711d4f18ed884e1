//===- SparqScores.cpp - Scores of all keys by a few channels -------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// A thread has a few keys that follow each other and adds, channel by channel,
// what it reads of key_t in one access. Without key_t, lanes share rows of key
// as in attention: a few components of a row lie in as many sectors of memory
// as all of them. Every block of threads chooses the channels for itself.
//
//===----------------------------------------------------------------------===//

#include "RadixBlock.h"
#include "Sparq.h"

#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::sparq;
using arith::CmpFPredicate;
using arith::CmpIPredicate;

/// Channels, their keys, and rows of keys, that a thread asks for at a time.
static constexpr int64_t kChannelsAtOnce = 8;
static constexpr int64_t kRowsAtOnce = 4;
/// Scores that a thread has in registers.
static constexpr int64_t kMaxScores = 64;

namespace {
class ScoresKernel {
public:
  ScoresKernel(GpuBuilder &b, Plan &plan, const Scratch &scratch)
      : b(b), plan(plan), op(plan.op), type(plan.type),
        order(plan.getOrderType()), scratch(scratch),
        element(b, cast<AttnKeyRangesInterface>(op.getOperation())),
        rows(b, op), zero(b.number(0.0, type)), none(b.negInf(type)) {}

  void emitBlock(const Place &place, Value block);

private:
  /// A maximum, and the sum of powers relative to it, of each head.
  struct State {
    SmallVector<Value> maxima, sums;
  };

  Value shared(Type type, int64_t count);
  Value loadQuery(Value head, Value channel);
  void chooseChannels();
  void emitFactors();
  void emitWeights();
  void emitChannels(int64_t firstHead, int64_t heads);
  void emitRows(int64_t firstHead, int64_t heads);
  void emitRowStep(int64_t firstHead, ArrayRef<SmallVector<Value>> queries,
                   ArrayRef<Value> masks, Value first, State &state);
  Value finish(Value score, Value head, Value key);
  void writeState(const State &state, int64_t firstHead);
  void joinStates();
  void emitValueSums();
  Value maximum(Value x, Value y) { return arith::MaxNumFOp::create(b, x, y); }

  GpuBuilder &b;
  Plan &plan;
  AttentionInterface op;
  FloatType type;
  IntegerType order;
  const Scratch &scratch;
  ScoreElement element;
  KeyRows rows;
  Place at;
  Value block, firstKey;
  int64_t sharedBytes = 0;
  Value zero, none;
  Value isChosen;     ///< [head_dim].
  Value channels;     ///< [rank].
  Value factors;      ///< [head]: what products are multiplied by.
  Value weights;      ///< [head][rank]: chosen components times factors.
  Value maxima, sums; ///< [head][warp]: states, or null.
};
} // namespace

Value ScoresKernel::shared(Type type, int64_t count) {
  Value memory = b.shared(type, count, sharedBytes);
  sharedBytes += count * plan.bytes();
  return memory;
}

//===----------------------------------------------------------------------===//
// Channels
//===----------------------------------------------------------------------===//

Value ScoresKernel::loadQuery(Value head, Value channel) {
  SmallVector<Value> index = {at.batch, b.add(at.firstHead, head), b.idx(0),
                              channel};
  if (op.getLayout() == Layout::bshd)
    std::swap(index[1], index[2]);
  return b.cast(b.load(op.getQuery(), index), type);
}

/// The `rank` channels of largest sum of |q|: those that fewer others come
/// before.
void ScoresKernel::chooseChannels() {
  Value orders = shared(order, plan.headDim);
  isChosen = shared(b.getI32Type(), plan.headDim);
  channels = shared(b.getI32Type(), plan.rank);
  int64_t threads = Plan::kScoreWarps * kWarpSize;
  Value width = b.idx(plan.headDim);
  b.loop(at.thread, width, threads, [&](Value channel) {
    Value sum = b.loop(b.idx(0), b.idx(plan.group), 1, zero,
                       [&](Value h, ValueRange in) {
                         Value size =
                             math::AbsFOp::create(b, loadQuery(h, channel));
                         return SmallVector<Value>{b.fadd(in[0], size)};
                       })
                    .front();
    b.store(toOrder(b, sum), orders, channel);
  });
  b.barrier();
  b.loop(at.thread, width, threads, [&](Value channel) {
    Value own = b.load(orders, channel);
    auto countBefore = [&](Value from, int64_t count, Value before) {
      SmallVector<Value> others;
      for (int64_t i = 0; i < count; ++i)
        others.push_back(b.load(orders, b.add(from, i)));
      for (auto [i, other] : llvm::enumerate(others)) {
        Value isFirst =
            b.both(b.compare(CmpIPredicate::eq, other, own),
                   b.compare(CmpIPredicate::slt, b.add(from, i), channel));
        Value isBefore =
            b.either(b.compare(CmpIPredicate::ugt, other, own), isFirst);
        before = b.select(isBefore, b.add(before, 1), before);
      }
      return before;
    };
    int64_t whole = plan.headDim / kChannelsAtOnce * kChannelsAtOnce;
    Value before = b.loop(b.idx(0), b.idx(whole), kChannelsAtOnce, b.idx(0),
                          [&](Value from, ValueRange in) {
                            return SmallVector<Value>{
                                countBefore(from, kChannelsAtOnce, in[0])};
                          })
                       .front();
    before = countBefore(b.idx(whole), plan.headDim - whole, before);
    Value chosen = b.compare(CmpIPredicate::slt, before, b.idx(plan.rank));
    b.store(arith::ExtUIOp::create(b, b.getI32Type(), chosen), isChosen,
            channel);
    b.ifThen(chosen, [&] {
      b.store(arith::IndexCastOp::create(b, b.getI32Type(), channel), channels,
              before);
    });
  });
  b.barrier();
}

/// A warp has a head.
void ScoresKernel::emitFactors() {
  factors = shared(type, plan.group);
  Value scale = element.getFactor();
  b.loop(at.warp, b.idx(plan.group), Plan::kScoreWarps, [&](Value h) {
    auto sumOf = [&](int64_t count, function_ref<Value(Value)> channelAt) {
      Value sum = b.loop(at.lane, b.idx(count), kWarpSize, zero,
                         [&](Value i, ValueRange in) {
                           Value q = loadQuery(h, channelAt(i));
                           return SmallVector<Value>{
                               b.fadd(in[0], math::AbsFOp::create(b, q))};
                         })
                      .front();
      return b.allReduce(sum, kWarpSize,
                         [&](Value x, Value y) { return b.fadd(x, y); });
    };
    Value all = sumOf(plan.headDim, [](Value i) { return i; });
    Value some = sumOf(plan.rank, [&](Value i) {
      return b.createOrFold<arith::IndexCastOp>(b.getIndexType(),
                                                b.load(channels, i));
    });
    // A query of zeros among the chosen channels weighs all keys alike.
    Value factor = math::SqrtOp::create(b, b.fdiv(all, some));
    factor = b.select(b.fcompare(CmpFPredicate::OEQ, some, zero), zero, factor);
    b.ifThen(b.compare(CmpIPredicate::eq, at.lane, b.idx(0)),
             [&] { b.store(b.fmul(factor, scale), factors, h); });
  });
  b.barrier();
}

void ScoresKernel::emitWeights() {
  weights = shared(type, plan.group * plan.rank);
  int64_t threads = Plan::kScoreWarps * kWarpSize;
  b.loop(at.thread, b.idx(plan.group * plan.rank), threads, [&](Value i) {
    Value head = b.div(i, b.idx(plan.rank));
    Value channel = b.createOrFold<arith::IndexCastOp>(
        b.getIndexType(), b.load(channels, b.rem(i, b.idx(plan.rank))));
    b.store(b.fmul(loadQuery(head, channel), b.load(factors, head)), weights,
            i);
  });
  b.barrier();
}

//===----------------------------------------------------------------------===//
// Scores
//===----------------------------------------------------------------------===//

/// The score of a key of this block that may not exist, -inf if not seen.
Value ScoresKernel::finish(Value score, Value head, Value key) {
  Value position = b.min(key, b.sub(at.hi, b.idx(1)));
  Value query = b.idx(0);
  score = element.modify(score, at.batch, head, query, position);
  Value isSeen = b.both(b.compare(CmpIPredicate::sge, key, at.lo),
                        b.compare(CmpIPredicate::slt, key, at.hi));
  if (at.needsMask)
    if (Value visible = element.isVisible(at.batch, head, query, position))
      isSeen = b.both(isSeen, visible);
  return b.select(isSeen, score, none);
}

/// Leaves the state of a warp for joinStates.
void ScoresKernel::writeState(const State &state, int64_t firstHead) {
  b.ifThen(b.compare(CmpIPredicate::eq, at.lane, b.idx(0)), [&] {
    for (auto [h, most, sum] : llvm::enumerate(state.maxima, state.sums)) {
      Value place = b.add(at.warp, (firstHead + h) * Plan::kScoreWarps);
      b.store(most, maxima, place);
      b.store(sum, sums, place);
    }
  });
}

/// Joins the states of the warps: a thread has a head.
void ScoresKernel::joinStates() {
  b.barrier();
  b.loop(at.thread, b.idx(plan.group), Plan::kScoreWarps * kWarpSize,
         [&](Value head) {
           Value first = b.mul(head, b.idx(Plan::kScoreWarps));
           SmallVector<Value> ofWarps;
           Value most = none, sum = zero;
           for (int64_t w = 0; w < Plan::kScoreWarps; ++w) {
             ofWarps.push_back(b.load(maxima, b.add(first, w)));
             most = maximum(most, ofWarps.back());
           }
           Value shift = b.safeShift(most);
           for (auto [w, ofWarp] : llvm::enumerate(ofWarps))
             sum = b.fma(b.load(sums, b.add(first, w)),
                         b.exp2(b.fsub(ofWarp, shift)), sum);
           b.store(most, scratch.maxima, {at.slot, head, block});
           b.store(sum, scratch.sums, {at.slot, head, block});
         });
}

void ScoresKernel::emitChannels(int64_t firstHead, int64_t heads) {
  Value keyT = plan.step.getKeyT();
  Value tile = b.idx(cast<MemRefType>(keyT.getType()).getDimSize(4));
  int64_t width = plan.width;
  Value first = b.add(firstKey, b.mul(at.thread, b.idx(width)));
  // Keys that nobody sees are those before the end.
  Value last = b.roundDown(b.sub(at.hi, b.idx(1)), width);
  Value start = b.min(first, last);
  Value keyTile = b.div(start, tile), column = b.rem(start, tile);

  auto addChannels = [&](Value from, int64_t count, ValueRange in) {
    SmallVector<Value> keys, result(in);
    for (int64_t c = 0; c < count; ++c) {
      Value channel = b.createOrFold<arith::IndexCastOp>(
          b.getIndexType(), b.load(channels, b.add(from, c)));
      keys.push_back(b.loadRow(
          keyT, {at.batch, at.kvHead, keyTile, channel, column}, width));
    }
    for (int64_t c = 0; c < count; ++c) {
      Value numbers = b.toFloat(keys[c]);
      for (int64_t h = 0; h < heads; ++h) {
        Value at = b.add(b.add(from, c), (firstHead + h) * plan.rank);
        result[h] = b.fma(numbers, b.splat(b.load(weights, at)), result[h]);
      }
    }
    return result;
  };
  int64_t count = std::min(kChannelsAtOnce, plan.rank);
  int64_t whole = plan.rank / count * count;
  SmallVector<Value> sums = b.loop(
      b.idx(0), b.idx(whole), count, SmallVector<Value>(heads, b.number(0.0)),
      [&](Value from, ValueRange in) { return addChannels(from, count, in); });
  if (whole < plan.rank)
    sums = addChannels(b.idx(whole), plan.rank - whole, sums);

  State state;
  for (int64_t h = 0; h < heads; ++h) {
    Value head = b.idx(firstHead + h), most;
    SmallVector<Value> scores;
    for (int64_t i = 0; i < width; ++i) {
      Value score = vector::ExtractOp::create(b, sums[h], ArrayRef<int64_t>{i});
      score = finish(score, b.add(at.firstHead, head), b.add(first, i));
      scores.push_back(score);
      most = most ? maximum(most, score) : score;
    }
    b.storeRow(vector::FromElementsOp::create(b, b.floats, scores),
               scratch.scores, {at.slot, head, first});
    if (!plan.needsSoftmax)
      continue;
    most = b.allReduce(most, kWarpSize,
                       [&](Value x, Value y) { return maximum(x, y); });
    Value shift = b.safeShift(most), sum = zero;
    for (Value score : scores)
      sum = b.fadd(sum, b.exp2(b.fsub(score, shift)));
    sum = b.allReduce(sum, kWarpSize,
                      [&](Value x, Value y) { return b.fadd(x, y); });
    state.maxima.push_back(most);
    state.sums.push_back(sum);
  }
  if (plan.needsSoftmax)
    writeState(state, firstHead);
}

void ScoresKernel::emitRows(int64_t firstHead, int64_t heads) {
  const RowShape &shape = rows.shape;
  // Components that were not chosen are not multiplied: they may be infinite.
  SmallVector<Value> masks;
  SmallVector<SmallVector<Value>> queries(heads);
  for (int64_t c = 0; c < shape.keyChunks; ++c) {
    Value first = rows.column(at.lane, c);
    SmallVector<Value> bits;
    for (int64_t i = 0; i < shape.width; ++i) {
      Value channel = b.add(first, i);
      Value inRow = b.compare(CmpIPredicate::slt, channel, b.idx(plan.headDim));
      Value flag = b.load(isChosen, b.min(channel, b.idx(plan.headDim - 1)));
      bits.push_back(b.both(inRow, b.compare(CmpIPredicate::ne, flag,
                                             b.integer(0, flag.getType()))));
    }
    auto type = VectorType::get(shape.width, b.getI1Type());
    masks.push_back(vector::FromElementsOp::create(b, type, bits));
  }
  for (int64_t h = 0; h < heads; ++h) {
    Value head = b.idx(firstHead + h);
    SmallVector<Value> index = {at.batch, b.add(at.firstHead, head), b.idx(0)};
    if (op.getLayout() == Layout::bshd)
      std::swap(index[1], index[2]);
    SmallVector<Value> chunks = rows.loadRow(at.lane, op.getQuery(), index,
                                             plan.headDim, shape.keyChunks);
    Value factor = b.splat(b.load(factors, head));
    for (auto [chunk, mask] : llvm::zip_equal(chunks, masks))
      queries[h].push_back(
          b.select(mask, b.fmul(b.toFloat(chunk), factor), b.number(0.0)));
  }

  State state;
  int64_t states = plan.needsSoftmax ? heads : 0;
  SmallVector<Value> inits(states, none);
  inits.append(states, zero);
  Value end = b.min(b.add(firstKey, plan.keysPerBlock), at.hi);
  int64_t step = Plan::kScoreWarps * shape.numGroups() * kRowsAtOnce;
  SmallVector<Value> results =
      b.loop(firstKey, end, step, inits, [&](Value first, ValueRange in) {
        State next{in.take_front(states), in.drop_front(states)};
        emitRowStep(firstHead, queries, masks, first, next);
        SmallVector<Value> all(next.maxima);
        all.append(next.sums);
        return all;
      });
  if (!plan.needsSoftmax)
    return;
  state.maxima.assign(results.begin(), results.begin() + states);
  state.sums.assign(results.begin() + states, results.end());
  for (int64_t mask = shape.lanes; mask < kWarpSize; mask *= 2)
    for (int64_t h = 0; h < heads; ++h) {
      Value &most = state.maxima[h], &sum = state.sums[h];
      Value other = b.shuffleXor(most, mask), joined = maximum(most, other);
      Value shift = b.safeShift(joined);
      Value theirs = b.exp2(b.fsub(other, shift));
      sum = b.fma(sum, b.exp2(b.fsub(most, shift)),
                  b.fmul(b.shuffleXor(sum, mask), theirs));
      most = joined;
    }
  writeState(state, firstHead);
}

/// Adds the keys of one step, of which each group of lanes has a few.
void ScoresKernel::emitRowStep(int64_t firstHead,
                               ArrayRef<SmallVector<Value>> queries,
                               ArrayRef<Value> masks, Value first,
                               State &state) {
  const RowShape &shape = rows.shape;
  KeyLane in{at.batch, at.kvHead, at.lane};
  int64_t perWarp = shape.numGroups();
  Value mine = b.add(first, b.add(b.mul(at.warp, b.idx(perWarp)),
                                  b.div(at.lane, b.idx(shape.lanes))));
  Value last = b.sub(at.hi, b.idx(1));
  SmallVector<Value> keys;
  SmallVector<SmallVector<Value>> elements;
  for (int64_t u = 0; u < kRowsAtOnce; ++u) {
    keys.push_back(b.add(mine, u * Plan::kScoreWarps * perWarp));
    elements.push_back(rows.load(in, /*isValue=*/false, b.min(keys[u], last)));
  }
  Value isFirst = b.compare(CmpIPredicate::eq,
                            b.rem(at.lane, b.idx(shape.lanes)), b.idx(0));
  SmallVector<SmallVector<Value>> scores(queries.size());
  for (int64_t u = 0; u < kRowsAtOnce; ++u) {
    SmallVector<Value> row;
    for (auto [c, chunk] : llvm::enumerate(elements[u])) {
      Value numbers =
          rows.dequantize(in, chunk, op.getKeyScale(), b.min(keys[u], last),
                          rows.column(at.lane, c));
      row.push_back(b.select(masks[c], numbers, b.number(0.0)));
    }
    for (auto [h, query] : llvm::enumerate(queries)) {
      Value score = rows.multiply(row, query);
      Value head = b.idx(firstHead + h);
      score = finish(score, b.add(at.firstHead, head), keys[u]);
      scores[h].push_back(score);
      Value writes =
          b.both(isFirst, b.compare(CmpIPredicate::slt, keys[u], at.hi));
      b.ifThen(writes, [&] {
        b.store(score, scratch.scores, {at.slot, head, keys[u]});
      });
    }
  }
  for (size_t h = 0; h < state.maxima.size(); ++h) {
    Value most = state.maxima[h];
    for (Value score : scores[h])
      most = maximum(most, score);
    Value shift = b.safeShift(most);
    Value sum = b.fmul(state.sums[h], b.exp2(b.fsub(state.maxima[h], shift)));
    for (Value score : scores[h])
      sum = b.fadd(sum, b.exp2(b.fsub(score, shift)));
    state.maxima[h] = most;
    state.sums[h] = sum;
  }
}

//===----------------------------------------------------------------------===//
// Mean values
//===----------------------------------------------------------------------===//

/// Sums of the values of this block's keys that are seen, and their number.
void ScoresKernel::emitValueSums() {
  GpuBuilder v(b.getLoc(), b, type, rows.shape.width);
  KeyRows values(v, op);
  const RowShape &shape = values.shape;
  KeyLane in{at.batch, at.kvHead, at.lane};
  int64_t rowSize = plan.headDimV + 1, perWarp = shape.numGroups();
  Value memory = shared(type, Plan::kScoreWarps * rowSize);
  Value end = v.min(v.add(firstKey, plan.keysPerBlock), at.hi);
  Value last = v.sub(at.hi, v.idx(1));
  // Of the scores by other threads.
  v.barrier();
  v.loop(v.idx(0), v.idx(plan.means), 1, [&](Value m) {
    SmallVector<Value> inits(shape.valueChunks, v.number(0.0));
    inits.push_back(zero);
    SmallVector<Value> sums = v.loop(
        firstKey, end, Plan::kScoreWarps * perWarp * kRowsAtOnce, inits,
        [&](Value first, ValueRange carried) {
          Value mine = v.add(first, v.add(v.mul(at.warp, v.idx(perWarp)),
                                          v.div(at.lane, v.idx(shape.lanes))));
          SmallVector<Value> next(carried), keys;
          SmallVector<SmallVector<Value>> chunks;
          for (int64_t u = 0; u < kRowsAtOnce; ++u) {
            keys.push_back(v.add(mine, u * Plan::kScoreWarps * perWarp));
            chunks.push_back(
                values.load(in, /*isValue=*/true, v.min(keys[u], last)));
          }
          for (int64_t u = 0; u < kRowsAtOnce; ++u) {
            Value position = v.min(keys[u], last);
            Value isSeen =
                v.both(v.compare(CmpIPredicate::sge, keys[u], at.lo),
                       v.compare(CmpIPredicate::slt, keys[u], at.hi));
            if (plan.mayExclude) {
              Value score = v.load(scratch.scores, {at.slot, m, position});
              isSeen =
                  v.both(isSeen, v.fcompare(CmpFPredicate::UNE, score, none));
            }
            for (int64_t c = 0; c < shape.valueChunks; ++c) {
              Value numbers =
                  values.dequantize(in, chunks[u][c], op.getValueScale(),
                                    position, values.column(at.lane, c));
              next[c] =
                  v.fadd(next[c], v.select(isSeen, numbers, v.number(0.0)));
            }
            next.back() = v.fadd(next.back(),
                                 v.select(isSeen, v.number(1.0, type), zero));
          }
          return next;
        });
    for (int64_t mask = shape.lanes; mask < kWarpSize; mask *= 2)
      for (Value &sum : sums)
        sum = v.fadd(sum, v.shuffleXor(sum, mask));
    Value row = v.mul(at.warp, v.idx(rowSize));
    Value isWriter = v.compare(CmpIPredicate::slt, at.lane, v.idx(shape.lanes));
    for (int64_t c = 0; c < shape.valueChunks; ++c)
      for (int64_t i = 0; i < shape.width; ++i) {
        Value column = v.add(values.column(at.lane, c), i);
        Value inRow =
            v.compare(CmpIPredicate::slt, column, v.idx(plan.headDimV));
        v.ifThen(v.both(isWriter, inRow), [&] {
          v.store(vector::ExtractOp::create(v, sums[c], ArrayRef<int64_t>{i}),
                  memory, v.add(row, column));
        });
      }
    v.ifThen(v.compare(CmpIPredicate::eq, at.lane, v.idx(0)),
             [&] { v.store(sums.back(), memory, v.add(row, plan.headDimV)); });
    v.barrier();
    v.loop(at.thread, v.idx(rowSize), Plan::kScoreWarps * kWarpSize,
           [&](Value column) {
             Value sum = zero;
             for (int64_t w = 0; w < Plan::kScoreWarps; ++w)
               sum = v.fadd(sum, v.load(memory, v.add(column, w * rowSize)));
             v.store(sum, scratch.valueSums, {at.slot, m, block, column});
           });
    v.barrier();
  });
}

//===----------------------------------------------------------------------===//
// Blocks
//===----------------------------------------------------------------------===//

void ScoresKernel::emitBlock(const Place &place, Value number) {
  at = place;
  block = number;
  firstKey = b.mul(block, b.idx(plan.keysPerBlock));
  // What the launches behind this one count in.
  b.ifThen(b.compare(CmpIPredicate::eq, block, b.idx(0)), [&] {
    Value nothing = b.integer(0, b.getI32Type());
    b.loop(at.thread, b.idx(RadixBlock::kBins), Plan::kScoreWarps * kWarpSize,
           [&](Value bin) { b.store(nothing, scratch.bins, {at.slot, bin}); });
    b.ifThen(b.compare(CmpIPredicate::slt, at.thread, b.idx(2)),
             [&] { b.store(nothing, scratch.tickets, {at.slot, at.thread}); });
  });
  Value isSeen = b.both(
      b.compare(CmpIPredicate::slt, firstKey, at.hi),
      b.compare(CmpIPredicate::sgt, b.add(firstKey, plan.keysPerBlock), at.lo));
  b.ifThen(isSeen, [&] {
    chooseChannels();
    emitFactors();
    if (plan.readsChannels)
      emitWeights();
    if (plan.needsSoftmax) {
      maxima = shared(type, plan.group * Plan::kScoreWarps);
      sums = shared(type, plan.group * Plan::kScoreWarps);
    }
    int64_t perHead =
        plan.readsChannels
            ? plan.width
            : rows.shape.width * rows.shape.keyChunks + kRowsAtOnce;
    int64_t most = std::clamp<int64_t>(kMaxScores / perHead, 1, plan.group);
    for (int64_t head = 0; head < plan.group; head += most) {
      int64_t heads = std::min(most, plan.group - head);
      if (plan.readsChannels)
        emitChannels(head, heads);
      else
        emitRows(head, heads);
    }
    if (plan.needsSoftmax)
      joinStates();
    if (plan.means)
      emitValueSums();
  });
}

void sparq::emitScores(OpBuilder &builder, Plan &plan, const Scratch &scratch) {
  int64_t lanes = plan.readsChannels ? plan.width : RowShape(plan.op).width;
  GpuBuilder b(plan.op.getLoc(), builder, plan.type, lanes);
  Value slots = plan.getNumSlots(b), blocks = plan.getNumBlocks(b);
  b.launch(
      b.mul(slots, blocks), Plan::kScoreWarps * kWarpSize, plan.getScoreBytes(),
      [&](GpuThread id) {
        Place at = Place::get(b, plan, b.div(id.block, blocks), id.thread);
        ScoresKernel(b, plan, scratch).emitBlock(at, b.rem(id.block, blocks));
      });
}
