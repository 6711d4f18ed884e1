//===- PrefillSteps.cpp - A tile of keys ----------------------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Scores, powers and sums of a warp's rows for one tile of keys, all in its
// registers.
//
//===----------------------------------------------------------------------===//

#include "PrefillKernel.h"

#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::attn;
using arith::CmpFPredicate;
using arith::CmpIPredicate;

SmallVector<Value> PrefillState::flat() const {
  SmallVector<Value> all;
  for (const SmallVector<Sums> &tile : outputs)
    for (const Sums &four : tile)
      all.append(four.begin(), four.end());
  for (const auto &pairs : {maxima, sums})
    for (const std::array<Value, 2> &pair : pairs)
      all.append(pair.begin(), pair.end());
  return all;
}

PrefillState PrefillState::from(ValueRange values, const PrefillShape &shape) {
  PrefillState state;
  int64_t next = 0;
  for (int64_t m = 0; m < shape.rowTiles; ++m) {
    auto &tile = state.outputs.emplace_back();
    for (int64_t i = 0; i < shape.headDimV / 8; ++i) {
      Sums &four = tile.emplace_back();
      for (Value &x : four)
        x = values[next++];
    }
  }
  for (auto *pairs : {&state.maxima, &state.sums})
    for (int64_t m = 0; m < shape.rowTiles; ++m) {
      std::array<Value, 2> &pair = pairs->emplace_back();
      for (Value &x : pair)
        x = values[next++];
    }
  return state;
}

//===----------------------------------------------------------------------===//
// Scores
//===----------------------------------------------------------------------===//

/// Products of the warp's rows and the tile's keys.
SmallVector<SmallVector<Sums>> PrefillKernel::scores(const MatrixRows &keys) {
  SmallVector<SmallVector<Sums>> products(
      shape.rowTiles, SmallVector<Sums>(shape.blockKv / 8, f->zeros()));
  for (int64_t k = 0; k < shape.headDim / 16; ++k) {
    SmallVector<std::array<Value, 4>> a;
    for (int64_t m = 0; m < shape.rowTiles; ++m)
      a.push_back(shape.keepsQuery() ? queries[m][k]
                                     : f->loadMatrices(queryRows->at(16 * m, k),
                                                       /*isTransposed=*/false));
    for (int64_t j = 0; j < shape.blockKv / 16; ++j) {
      std::array<Value, 4> words =
          f->loadMatrices(keys.at(16 * j, k), /*isTransposed=*/false);
      for (int64_t m = 0; m < shape.rowTiles; ++m)
        for (int64_t half = 0; half < 2; ++half) {
          Sums &sums = products[m][2 * j + half];
          sums = f->multiply(a[m], words[2 * half], words[2 * half + 1], sums);
        }
    }
  }
  return products;
}

Value PrefillKernel::score(Value product, const Row &row, Value position,
                           Value isSeen) {
  Value score = product;
  if (!isScaledLate)
    score = b.fmul(score, factor);
  if (element.changesScores() || element.mayExclude())
    score =
        element.modify(score, batch, row.head, row.query, f->toIndex(position));
  if (isSeen)
    score = b.select(isSeen, score, b.negInf(b.floatType));
  return score;
}

Value PrefillKernel::seenKeys(const SmallVector<SmallVector<Sums>> &scores) {
  Value none = b.negInf(b.floatType), bits = f->integer(0);
  for (int64_t j = 0; j < shape.blockKv / 8; ++j)
    for (int64_t c = 0; c < 2; ++c) {
      Value isSeen;
      for (int64_t m = 0; m < shape.rowTiles; ++m)
        for (int64_t half = 0; half < 2; ++half) {
          // A NaN is seen.
          Value seen =
              b.fcompare(CmpFPredicate::UNE, scores[m][j][2 * half + c], none);
          isSeen = isSeen ? b.either(isSeen, seen) : seen;
        }
      int32_t bit = static_cast<int32_t>(1u << (2 * j + c));
      bits = b.createOrFold<arith::OrIOp>(
          bits, b.select(isSeen, f->integer(bit), f->integer(0)));
    }
  // The lanes that have the same keys of other rows.
  for (int64_t mask : {4, 8, 16})
    bits = b.createOrFold<arith::OrIOp>(bits, b.shuffleXor(bits, mask));
  return bits;
}

//===----------------------------------------------------------------------===//
// Softmax
//===----------------------------------------------------------------------===//

/// `combine` of all `values` in a tree: chains would wait for each other.
static Value reduce(SmallVector<Value> values,
                    function_ref<Value(Value, Value)> combine) {
  while (values.size() > 1) {
    size_t half = values.size() / 2;
    for (size_t i = 0; i < half; ++i)
      values[i] = combine(values[2 * i], values[2 * i + 1]);
    if (values.size() % 2)
      values[half++] = values.back();
    values.resize(half);
  }
  return values.front();
}

void PrefillKernel::softmax(SmallVector<SmallVector<Sums>> &scores,
                            PrefillState &state, Value firstKey,
                            bool isMasked) {
  // The lane's first key of the tile.
  Value mine = b.add(firstKey, b.mul(f->inGroup, f->integer(2)));
  bool needsPosition = element.changesScores() || element.mayExclude();
  for (int64_t m = 0; m < shape.rowTiles; ++m)
    for (int64_t half = 0; half < 2; ++half) {
      const Row &row = rows[m][half];
      // The keys it sees, from the lane's first one on.
      SmallVector<std::pair<Value, Value>> seen;
      if (isMasked)
        for (auto [lo, hi] : row.keys)
          seen.push_back({lo ? b.sub(lo, mine) : Value(), b.sub(hi, mine)});
      for (int64_t j = 0; j < shape.blockKv / 8; ++j)
        for (int64_t c = 0; c < 2; ++c) {
          Value number = f->integer(8 * j + c), isSeen, position;
          for (auto [below, above] : seen) {
            Value isHere = b.compare(CmpIPredicate::slt, number, above);
            if (below)
              isHere =
                  b.both(isHere, b.compare(CmpIPredicate::sge, number, below));
            isSeen = isSeen ? b.either(isSeen, isHere) : isHere;
          }
          if (needsPosition) {
            position = b.add(mine, number);
            if (isMasked)
              position = b.min(b.max(position, tiles.lo),
                               b.sub(tiles.hi, f->integer(1)));
          }
          Value &x = scores[m][j][2 * half + c];
          x = score(x, row, position, isSeen);
        }
    }
}

Value attn::addPowers(Fragments &f, GpuBuilder &b, SmallVector<Sums> &scores,
                      int64_t half, Value &maximum, Value &sum, Value factor,
                      Value negFactor) {
  SmallVector<Value> mine;
  for (Sums &four : scores)
    mine.append({four[2 * half], four[2 * half + 1]});
  auto maximumOf = [&](Value x, Value y) { return f.maximum(x, y); };
  Value next = f.maximum(maximum, f.rowMax(reduce(mine, maximumOf)));
  // A row that has seen no key yet is not shifted: -inf - -inf is NaN.
  Value shift = b.safeShift(next);
  auto power = [&](Value x) {
    return factor ? b.exp2(b.fma(x, factor, shift)) : b.exp2(b.fsub(x, shift));
  };
  if (factor)
    shift = b.fmul(shift, negFactor);
  Value decay = power(maximum);
  for (Sums &four : scores)
    for (int64_t c = 0; c < 2; ++c)
      four[2 * half + c] = power(four[2 * half + c]);
  SmallVector<Value> powers;
  for (Sums &four : scores)
    powers.append({four[2 * half], four[2 * half + 1]});
  Value added = reduce(powers, [&](Value x, Value y) { return b.fadd(x, y); });
  sum = b.fma(sum, decay, added);
  maximum = next;
  return decay;
}

void attn::rescale(GpuBuilder &b, SmallVector<Sums> &sums, int64_t half,
                   Value decay) {
  for (Sums &four : sums)
    for (int64_t c = 0; c < 2; ++c)
      four[2 * half + c] = b.fmul(four[2 * half + c], decay);
}

/// Powers of 16 keys, from the `j`th 16 on, as a left operand.
std::array<Value, 4> PrefillKernel::packPowers(const SmallVector<Sums> &powers,
                                               int64_t j) {
  const Sums &left = powers[2 * j], &right = powers[2 * j + 1];
  return {f->pack(left[0], left[1]), f->pack(left[2], left[3]),
          f->pack(right[0], right[1]), f->pack(right[2], right[3])};
}

/// outputs += powers * values. The sums of a product are, rounded, the left
/// operand of the next one: they stay in their lanes.
void PrefillKernel::addValues(const SmallVector<SmallVector<Sums>> &powers,
                              const MatrixRows &values, Value seen,
                              PrefillState &state) {
  for (int64_t j = 0; j < shape.blockKv / 16; ++j) {
    SmallVector<std::array<Value, 4>> a;
    for (int64_t m = 0; m < shape.rowTiles; ++m)
      a.push_back(packPowers(powers[m], j));
    // What no row sees may hold anything, and 0 times that be NaN.
    std::array<Value, 2> kept;
    if (seen)
      for (int64_t half = 0; half < 2; ++half)
        for (int64_t c = 0; c < 2; ++c) {
          int64_t bit = 4 * j + 2 * half + c;
          Value isSeen = b.compare(
              CmpIPredicate::ne,
              b.both(seen, f->integer(static_cast<int32_t>(1u << bit))),
              f->integer(0));
          Value word =
              b.select(isSeen, f->integer(c ? -65536 : 65535), f->integer(0));
          kept[half] = kept[half] ? b.either(kept[half], word) : word;
        }
    for (int64_t i = 0; i < shape.headDimV / 16; ++i) {
      std::array<Value, 4> words =
          f->loadMatrices(values.at(16 * j, i), /*isTransposed=*/true);
      if (seen)
        for (int64_t w = 0; w < 4; ++w)
          words[w] = b.both(words[w], kept[w % 2]);
      for (int64_t m = 0; m < shape.rowTiles; ++m)
        for (int64_t half = 0; half < 2; ++half) {
          Sums &sums = state.outputs[m][2 * i + half];
          sums = f->multiply(a[m], words[2 * half], words[2 * half + 1], sums);
        }
    }
  }
}

void PrefillKernel::syncStep() {
  if (shape.keyWarps > 1)
    f->syncWarp();
  else
    b.barrier();
}

void PrefillKernel::takeTile(Value tile, Value offset, PrefillState &state,
                             bool isMasked) {
  SmallVector<SmallVector<Sums>> tileScores = scores(keyRows->shifted(offset));
  Value firstKey = b.mul(tile, f->integer(shape.blockKv));
  softmax(tileScores, state, firstKey, isMasked);
  Value seen = element.mayExclude() ? seenKeys(tileScores) : Value();
  for (int64_t m = 0; m < shape.rowTiles; ++m)
    for (int64_t half = 0; half < 2; ++half) {
      Value decay = addPowers(*f, b, tileScores[m], half, state.maxima[m][half],
                              state.sums[m][half],
                              isScaledLate ? factor : Value(), negFactor);
      rescale(b, state.outputs[m], half, decay);
    }
  MatrixRows values = valueRows->shifted(offset);
  if (isMasked && isMixed)
    addValuesOfBlocks(tileScores, values, seen, firstKey, state);
  else
    addValues(tileScores, values, seen, state);
}

SmallVector<Value> PrefillKernel::emitStep(Value index, ValueRange carried,
                                           bool isMasked) {
  Value stage = carried.back();
  PrefillState state = PrefillState::from(carried.drop_back(), shape);
  Value tile = tileAt(index);
  if (!isMasked)
    tile = fullTileAt(index);

  // This tile is there for all its threads, and all are done with the one
  // before it, in whose place the next comes.
  f->waitForCopies(shape.stages - 2);
  syncStep();
  Value one = f->integer(1), last = f->integer(shape.stages - 1);
  Value ahead = b.add(index, f->integer((shape.stages - 1) * shape.keyWarps));
  b.ifThen(b.compare(CmpIPredicate::slt, ahead, tiles.end), [&] {
    Value isFirst = b.compare(CmpIPredicate::eq, stage, f->integer(0));
    Value free = b.select(isFirst, last, b.sub(stage, one));
    Value next = isMasked ? tileAt(ahead) : fullTileAt(ahead);
    fetch(next, free, /*isFull=*/!isMasked);
  });
  f->commitCopies();

  Value offset = b.mul(stage, f->integer(shape.stageBytes()));
  if (isMasked && !warpKeys.empty() && shape.keyWarps == 1) {
    Value firstKey = b.mul(tile, f->integer(shape.blockKv));
    SmallVector<Value> flat = state.flat();
    SmallVector<Type> types(flat.size(), b.floatType);
    SmallVector<Value> taken = b.ifElse(
        types, isTileSeen(firstKey),
        [&] {
          PrefillState next = state;
          takeTile(tile, offset, next, isMasked);
          return next.flat();
        },
        [&] { return flat; });
    state = PrefillState::from(taken, shape);
  } else {
    takeTile(tile, offset, state, isMasked);
  }

  SmallVector<Value> next = state.flat();
  Value isLast = b.compare(CmpIPredicate::eq, stage, last);
  next.push_back(b.select(isLast, f->integer(0), b.add(stage, one)));
  return next;
}
