//===- SplitKvTile.cpp - A tile of rows and its keys ----------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// What a block of threads does: rows of queries, steps over keys, states.
//
//===----------------------------------------------------------------------===//

#include "SplitKv.h"

#include "attn/Dialect/Attn/IR/AttnBlockLocal.h"
#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "attn/Dialect/Attn/IR/AttnStar.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::split_kv;
using arith::CmpFPredicate;
using arith::CmpIPredicate;

SmallVector<Value> State::flat() const {
  SmallVector<Value> all(maxima);
  all.append(sums);
  for (const SmallVector<Value> &acc : accs)
    all.append(acc);
  return all;
}

State State::from(ValueRange values, int64_t rows, int64_t chunks) {
  State state;
  state.maxima = values.take_front(rows);
  state.sums = values.slice(rows, rows);
  for (int64_t r = 0; r < rows; ++r)
    state.accs.push_back(
        SmallVector<Value>(values.slice(2 * rows + r * chunks, chunks)));
  return state;
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

/// The head of its group, and the query, of a row: those of one query follow
/// each other, so that a tile has few queries.
Value SplitKvKernel::rowAt(Value row, Value &query) {
  query = b.div(row, group);
  return b.rem(row, group);
}

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

void SplitKvKernel::emitTile(Tile &tile, Value split, Value numSplits,
                             Value output, Value lse, bool isSplit) {
  Location loc = b.getLoc();
  std::optional<int64_t> knownQueries = getConstantIntValue(seqLenQ);
  bool isOneQuery = knownQueries && *knownQueries == 1;
  Value lastRow = b.sub(allRows, b.idx(1)), query;
  for (int64_t r = 0; r < numRows; ++r) {
    // Rows that do not exist are the last one.
    Value row = b.min(b.add(tile.firstRow, r), lastRow);
    Value head = isOneQuery ? row : rowAt(row, query);
    tile.queries.push_back(isOneQuery ? b.idx(0) : query);
    tile.heads.push_back(b.add(b.mul(tile.kvHead, group), head));
    SmallVector<Value> at = {tile.batch, tile.heads[r], tile.queries[r]};
    if (op.getLayout() == Layout::bshd)
      std::swap(at[1], at[2]);
    SmallVector<Value> chunks =
        rows.loadRow(tile.lane, op.getQuery(), at, headDim, shape.keyChunks);
    for (Value &chunk : chunks)
      chunk = b.fmul(b.toFloat(chunk), b.splat(factor));
    tile.rows.push_back(chunks);
  }

  // The keys of this block.
  OpFoldResult qLo = b.getIndexAttr(0), qHi = b.getIndexAttr(1);
  if (!isOneQuery) {
    qLo = tile.queries.front();
    qHi = b.add(tile.queries.back(), 1);
  }
  auto ranges = cast<AttnKeyRangesInterface>(op.getOperation());
  SmallVector<KeyRange> keys =
      ranges.getKeyRanges(b, loc, tile.batch, tile.heads.front(), qLo, qHi);
  auto [lo, hi] = getPositions(tile, keys);
  if (step.chosen) {
    // Of those that are seen.
    tile.needsMask = false;
    tile.slot = b.add(b.mul(tile.batch, numKvHeads), tile.kvHead);
    lo = b.idx(0);
    hi = b.createOrFold<arith::IndexCastOp>(b.getIndexType(),
                                            b.load(step.numChosen, tile.slot));
  }
  Value extraLo, extraHi;
  if (extra.key)
    std::tie(extraLo, extraHi) = getExtraKeys(tile);
  if (isSplit) {
    // The extra keys come first.
    Value numExtra = extra.key ? b.sub(extraHi, extraLo) : b.idx(0);
    Value perStep = b.idx(numWarps * shape.numGroups() * unroll);
    Value unit = b.mul(numSplits, perStep);
    Value all = b.add(numExtra, b.max(b.idx(0), b.sub(hi, lo)));
    Value share =
        b.mul(b.div(b.sub(b.add(all, unit), b.idx(1)), unit), perStep);
    Value begin = b.mul(split, share), end = b.add(begin, share);
    if (extra.key) {
      extraHi = b.min(extraHi, b.add(extraLo, end));
      extraLo = b.min(extraHi, b.add(extraLo, begin));
      begin = b.max(b.idx(0), b.sub(begin, numExtra));
      end = b.max(b.idx(0), b.sub(end, numExtra));
    }
    hi = b.min(hi, b.add(lo, end));
    lo = b.min(hi, b.add(lo, begin));
  }

  State state;
  state.maxima.assign(numRows, b.negInf(type));
  state.sums.assign(numRows, b.number(0.0, type));
  state.accs.assign(numRows,
                    SmallVector<Value>(shape.valueChunks, b.number(0.0)));
  if (extra.key)
    state = emitKeys(tile, extraLo, extraHi, state, /*isExtra=*/true);
  state = emitKeys(tile, lo, hi, state, /*isExtra=*/false);
  joinLanes(state);
  writeTile(tile, state, split, output, lse, isSplit);
}

std::pair<Value, Value> SplitKvKernel::getPositions(Tile &tile,
                                                    ArrayRef<KeyRange> ranges) {
  for (const KeyRange &range : ranges) {
    tile.needsMask |= range.needsMask;
    if (!tile.segments.empty() && tile.segments.back().hi == range.lo)
      tile.segments.back().hi = range.hi;
    else
      tile.segments.push_back({range.lo, range.hi, Value()});
  }
  if (tile.segments.size() == 1)
    return {b.idx(tile.segments[0].lo), b.idx(tile.segments[0].hi)};
  Value zero = b.idx(0), all = zero;
  for (Segment &segment : tile.segments) {
    segment.begin = all;
    all = b.add(all, b.max(zero, b.sub(b.idx(segment.hi), b.idx(segment.lo))));
  }
  return {zero, all};
}

Value SplitKvKernel::keyAt(const Tile &tile, Value position) {
  if (step.chosen)
    return b.createOrFold<arith::IndexCastOp>(
        b.getIndexType(), b.load(step.chosen, {tile.slot, position}));
  if (tile.segments.size() == 1)
    return position;
  Value key;
  for (const Segment &segment : tile.segments) {
    Value here = b.add(b.idx(segment.lo), b.sub(position, segment.begin));
    if (key)
      here = b.select(b.compare(CmpIPredicate::sge, position, segment.begin),
                      here, key);
    key = here;
  }
  return key;
}

std::pair<Value, Value> SplitKvKernel::getExtraKeys(Tile &tile) {
  Location loc = b.getLoc();
  for (Value query : tile.queries) {
    Value lo, hi;
    if (auto star = dyn_cast<StarStepOp>(op.getOperation())) {
      SmallVector<KeyRange> anchor =
          computeStarKeys(star, b, loc, tile.batch, query, b.add(query, 1),
                          /*isOneBlock=*/true)
              .anchor;
      lo = b.idx(anchor.front().lo);
      hi = b.max(lo, b.idx(anchor.back().hi));
    } else {
      KeyRange prefix =
          computePrefixKeys(cast<BlockLocalStepOp>(op.getOperation()), b, loc,
                            query, b.add(query, 1));
      lo = b.idx(prefix.lo);
      hi = b.idx(prefix.hi);
      if (Value isUsed = isInUse(b, op, tile.batch, query))
        hi = b.select(isUsed, hi, lo);
    }
    tile.extraLo.push_back(lo);
    tile.extraHi.push_back(hi);
  }
  // Queries ascend.
  Value lo = tile.extraLo.front(), hi = lo;
  for (Value end : tile.extraHi)
    hi = b.max(hi, end);
  return {lo, hi};
}

SmallVector<Value> SplitKvKernel::getVisible(const Tile &tile, Value key,
                                             Value isKey, bool isExtra) {
  SmallVector<Value> visible;
  for (int64_t r = 0; r < numRows; ++r) {
    Value isSeen = isKey;
    if (isExtra) {
      isSeen = b.both(
          isSeen, b.both(b.compare(CmpIPredicate::sge, key, tile.extraLo[r]),
                         b.compare(CmpIPredicate::slt, key, tile.extraHi[r])));
    } else if (tile.needsMask) {
      if (Value other = element.isVisible(tile.batch, tile.heads[r],
                                          tile.queries[r], key))
        isSeen = b.both(isSeen, other);
    }
    visible.push_back(isSeen);
  }
  return visible;
}

State SplitKvKernel::emitKeys(const Tile &tile, Value lo, Value hi, State state,
                              bool isExtra) {
  SmallVector<Value> results =
      b.loop(lo, hi, numWarps * shape.numGroups() * unroll, state.flat(),
             [&](Value first, ValueRange carried) {
               State before = State::from(carried, numRows, shape.valueChunks);
               return emitStep(tile, first, hi, before, isExtra).flat();
             });
  return State::from(results, numRows, shape.valueChunks);
}

/// Adds the keys of one step, of which each group of lanes has `unroll`.
State SplitKvKernel::emitStep(const Tile &tile, Value first, Value end,
                              const State &state, bool isExtra) {
  bool needsMask = tile.needsMask || isExtra;
  Value last = b.sub(end, b.idx(1));
  Value inWarp = b.div(tile.lane, b.idx(shape.lanes));
  Value mine =
      b.add(first, b.add(b.mul(tile.warp, b.idx(shape.numGroups())), inWarp));
  // All memory is asked for before any of it is used.
  SmallVector<Value> keyNumbers, isKey;
  SmallVector<SmallVector<Value>> keys, values;
  for (int64_t u = 0; u < unroll; ++u) {
    Value position = b.add(mine, u * numWarps * shape.numGroups());
    isKey.push_back(b.compare(CmpIPredicate::slt, position, end));
    position = b.min(position, last);
    if (isExtra) {
      keyNumbers.push_back(position);
      keys.push_back(rows.loadExtra(tile.in, /*isValue=*/false, position));
      values.push_back(rows.loadExtra(tile.in, /*isValue=*/true, position));
      continue;
    }
    keyNumbers.push_back(keyAt(tile, position));
    keys.push_back(rows.load(tile.in, /*isValue=*/false, keyNumbers[u]));
    values.push_back(rows.load(tile.in, /*isValue=*/true, keyNumbers[u]));
  }

  SmallVector<SmallVector<Value>> scores(numRows), sees(numRows);
  for (int64_t u = 0; u < unroll; ++u) {
    SmallVector<Value> row;
    for (auto [c, chunk] : llvm::enumerate(keys[u]))
      row.push_back(rows.dequantize(tile.in, chunk, op.getKeyScale(),
                                    keyNumbers[u], rows.column(tile.lane, c)));
    // Extra keys are at their positions in the whole.
    Value place = keyNumbers[u];
    if (isExtra)
      place = b.sub(place, b.idx(getOffset(op, b, 3)));
    SmallVector<Value> visible =
        getVisible(tile, keyNumbers[u], isKey[u], isExtra);
    Value seen;
    for (int64_t r = 0; r < numRows; ++r) {
      Value score = rows.multiply(row, tile.rows[r]);
      score = element.modify(score, tile.batch, tile.heads[r], tile.queries[r],
                             place);
      Value isSeen = visible[r];
      score = b.select(isSeen, score, b.negInf(type));
      // A NaN is seen.
      if (needsMask || element.mayExclude())
        isSeen = b.fcompare(CmpFPredicate::UNE, score, b.negInf(type));
      seen = seen ? b.either(seen, isSeen) : isSeen;
      scores[r].push_back(score);
      sees[r].push_back(isSeen);
    }
    // What no row sees may hold anything.
    for (auto [c, chunk] : llvm::enumerate(values[u]))
      chunk =
          b.select(seen,
                   rows.dequantize(tile.in, chunk, op.getValueScale(),
                                   keyNumbers[u], rows.column(tile.lane, c)),
                   b.number(0.0));
  }

  State next;
  for (int64_t r = 0; r < numRows; ++r) {
    Value most = state.maxima[r];
    for (Value score : scores[r])
      most = maximum(most, score);
    Value shift = b.safeShift(most);
    Value decay = b.exp2(b.fsub(state.maxima[r], shift));
    Value sum = b.fmul(state.sums[r], decay);
    SmallVector<Value> acc(state.accs[r]);
    for (Value &chunk : acc)
      chunk = b.fmul(chunk, b.splat(decay));
    for (int64_t u = 0; u < unroll; ++u) {
      Value power = b.exp2(b.fsub(scores[r][u], shift));
      sum = b.fadd(sum, power);
      for (auto [chunk, value] : llvm::zip_equal(acc, values[u])) {
        // What this row does not see may hold anything, where others see it.
        Value mine = needsMask && numRows > 1
                         ? b.select(sees[r][u], value, b.number(0.0))
                         : value;
        chunk = b.fma(b.splat(power), mine, chunk);
      }
    }
    next.maxima.push_back(most);
    next.sums.push_back(sum);
    next.accs.push_back(acc);
  }
  return next;
}

/// Joins the states of the groups of lanes of a warp, in all of them.
void SplitKvKernel::joinLanes(State &state) {
  for (int64_t mask = shape.lanes; mask < kWarpSize; mask *= 2)
    for (int64_t r = 0; r < numRows; ++r) {
      Value &most = state.maxima[r], &sum = state.sums[r];
      Value other = b.shuffleXor(most, mask);
      Value joined = maximum(most, other);
      Value shift = b.safeShift(joined);
      Value mine = b.exp2(b.fsub(most, shift));
      Value theirs = b.exp2(b.fsub(other, shift));
      auto join = [&](Value x, Value a, Value c) {
        return b.fma(x, a, b.fmul(b.shuffleXor(x, mask), c));
      };
      sum = join(sum, mine, theirs);
      for (Value &chunk : state.accs[r])
        chunk = join(chunk, b.splat(mine), b.splat(theirs));
      most = joined;
    }
}

/// Joins the states of the warps in shared memory and writes the rows.
void SplitKvKernel::writeTile(const Tile &tile, const State &state, Value split,
                              Value output, Value lse, bool isSplit) {
  int64_t bytes = type.getWidth() / 8;
  Value accs = b.shared(type, numWarps * numRows * headDimV, 0);
  int64_t offset = numWarps * numRows * headDimV * bytes;
  Value maxima = b.shared(type, numWarps * numRows, offset);
  Value sums =
      b.shared(type, numWarps * numRows, offset + numWarps * numRows * bytes);
  Value isWriter = b.compare(CmpIPredicate::slt, tile.lane, b.idx(shape.lanes));
  Value isFirst = b.compare(CmpIPredicate::eq, tile.lane, b.idx(0));
  Value warpRow = b.mul(tile.warp, b.idx(numRows));
  for (int64_t r = 0; r < numRows; ++r) {
    Value place = b.add(warpRow, r);
    for (int64_t c = 0; c < shape.valueChunks; ++c) {
      Value chunk = state.accs[r][c], first = rows.column(tile.lane, c),
            writes = isWriter;
      if ((c + 1) * shape.lanes * shape.width > headDimV)
        writes = b.both(writes,
                        b.compare(CmpIPredicate::slt, first, b.idx(headDimV)));
      b.ifThen(writes, [&] {
        b.storeRow(chunk, accs, b.add(b.mul(place, b.idx(headDimV)), first));
      });
    }
    b.ifThen(isFirst, [&] {
      b.store(state.maxima[r], maxima, place);
      b.store(state.sums[r], sums, place);
    });
  }
  b.barrier();

  // A thread for each element.
  constexpr double kLog2E = 1.44269504088896340736;
  Value zero = b.number(0.0, type);
  Value elements = b.idx(numRows * std::max<int64_t>(headDimV, 1));
  Value width = b.idx(std::max<int64_t>(headDimV, 1));
  Value thread = b.add(b.mul(tile.warp, b.idx(kWarpSize)), tile.lane);
  b.loop(thread, elements, numWarps * kWarpSize, [&](Value number) {
    Value r = b.div(number, width), at = b.rem(number, width);
    Value row = b.add(tile.firstRow, r), query = b.idx(0);
    Value exists = b.compare(CmpIPredicate::slt, row, allRows);
    b.ifThen(exists, [&] {
      std::optional<int64_t> queries = getConstantIntValue(seqLenQ);
      Value head = queries && *queries == 1 ? row : rowAt(row, query);
      head = b.add(b.mul(tile.kvHead, group), head);
      Value most = b.negInf(type), sink;
      SmallVector<Value> warpMaxima;
      for (int64_t w = 0; w < numWarps; ++w) {
        warpMaxima.push_back(b.load(maxima, b.add(r, w * numRows)));
        most = maximum(most, warpMaxima.back());
      }
      if (!isSplit && step.sinks) {
        sink = b.fmul(b.cast(b.load(step.sinks, head), type),
                      b.number(kLog2E, type));
        if (Value isUsed = isInUse(b, op, tile.batch, query))
          sink = b.select(isUsed, sink, b.negInf(type));
        most = maximum(most, sink);
      }
      Value shift = b.safeShift(most);
      Value sum = sink ? b.exp2(b.fsub(sink, shift)) : zero, acc = zero;
      for (int64_t w = 0; w < numWarps; ++w) {
        Value weight = b.exp2(b.fsub(warpMaxima[w], shift));
        Value place = b.add(r, w * numRows);
        sum = b.fma(weight, b.load(sums, place), sum);
        if (headDimV)
          acc = b.fma(weight,
                      b.load(accs, b.add(b.mul(place, b.idx(headDimV)), at)),
                      acc);
      }
      Value isDead = b.fcompare(CmpFPredicate::OEQ, sum, zero);
      auto outputType = cast<MemRefType>(output.getType());
      SmallVector<Value> part;
      if (isSplit)
        part.push_back(split);
      if (headDimV) {
        Value x = rawMaxima ? acc : b.select(isDead, zero, b.fdiv(acc, sum));
        if (!isSplit && step.finish)
          x = step.finish(b, tile.batch, head, at, x);
        SmallVector<Value> index(part);
        index.append(indexIn(isSplit ? Layout::bhsd : step.layout, tile.batch,
                             head, query, at));
        b.store(b.cast(x, outputType.getElementType()), output, index);
      }
      if (!lse)
        return;
      Value isLse = b.compare(CmpIPredicate::eq, at, b.idx(0));
      b.ifThen(isLse, [&] {
        SmallVector<Value> index(part);
        index.append({tile.batch, head, query});
        if (rawMaxima) {
          b.store(b.fmul(most, b.number(1.0 / kLog2E, type)), rawMaxima, index);
          b.store(sum, lse, index);
          return;
        }
        Value natural =
            b.fadd(b.fmul(shift, b.number(1.0 / kLog2E, type)), b.log(sum));
        b.store(b.select(isDead, b.negInf(type), natural), lse, index);
      });
    });
  });
}
