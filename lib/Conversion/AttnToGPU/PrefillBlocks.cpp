//===- PrefillBlocks.cpp - Rows of several blocks in one tile -------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// attn.block_local_step: a tile of rows has the keys of all its blocks, and
// those of their prefixes. A warp leaves out the tiles that none of its rows
// sees, and what one block holds does not reach another.
//
//===----------------------------------------------------------------------===//

#include "PrefillKernel.h"

#include "attn/Dialect/Attn/IR/AttnBlockLocal.h"
#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "attn/Dialect/Attn/IR/IndexMath.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

using namespace mlir;
using namespace mlir::attn;
using arith::CmpIPredicate;

//===----------------------------------------------------------------------===//
// Prefixes
//===----------------------------------------------------------------------===//

/// Positions of keys begin behind those of all extra ones, with a tile.
void PrefillKernel::placeExtraKeys() {
  if (!extra.key)
    return;
  OpFoldResult count = getDim(b, b.getLoc(), extra.key, op.getSeqAxis());
  numExtra = f->toInt(b.idx(count));
  extraTiles = b.div(b.add(numExtra, f->integer(shape.blockKv - 1)),
                     f->integer(shape.blockKv));
  firstOwn = b.mul(extraTiles, f->integer(shape.blockKv));
}

/// Where a key of key, an index or a constant, is.
Value PrefillKernel::positionOf(OpFoldResult key) {
  Value position = f->toInt(b.idx(key));
  return extra.key ? b.add(firstOwn, position) : position;
}

/// The prefixes of the blocks that queries [qLo, qHi) before q_len are in.
std::pair<Value, Value> PrefillKernel::prefixOf(OpFoldResult qLo,
                                                OpFoldResult qHi) {
  BlockStructure blocks(cast<BlockLocalStepOp>(op.getOperation()));
  IndexMath math{b, b.getLoc()};
  Value isUsed;
  if (OpFoldResult qLen = getQLenAt(op, b, b.getLoc(), OpFoldResult(batch))) {
    OpFoldResult end = math.sub(qLen, getOffset(op, b, 2));
    isUsed = b.compare(CmpIPredicate::slt, b.idx(qLo), b.idx(end));
    qHi = math.max(math.add(qLo, 1), math.min(qHi, end));
  }
  KeyRange range = computePrefixKeys(blocks, b, b.getLoc(), qLo, qHi);
  Value lo = f->toInt(b.idx(range.lo)), hi = f->toInt(b.idx(range.hi));
  return {lo, isUsed ? b.select(isUsed, hi, lo) : hi};
}

//===----------------------------------------------------------------------===//
// Warps
//===----------------------------------------------------------------------===//

/// What the rows of this warp have in common.
void PrefillKernel::findWarpKeys() {
  warpKeys.clear();
  isMixed = Value();
  auto local = dyn_cast<BlockLocalStepOp>(op.getOperation());
  if (!local)
    return;
  // Told so, the compiler knows that lanes go the same way.
  Value warp = shape.keyWarps > 1 ? f->integer(0) : f->first(f->warp);
  Value lastOfAll = b.sub(f->toInt(numRows), f->integer(1));
  Value first =
      b.add(f->toInt(firstRow), b.mul(warp, f->integer(shape.warpRows())));
  Value last = b.add(first, f->integer(shape.warpRows() - 1));
  Value perQuery = f->toInt(packed);
  auto queryOf = [&](Value row) -> OpFoldResult {
    return f->toIndex(b.div(b.min(row, lastOfAll), perQuery));
  };
  IndexMath math{b, b.getLoc()};
  OpFoldResult qLo = queryOf(first), qLast = queryOf(last);
  OpFoldResult qHi = math.add(qLast, 1);

  if (extra.key)
    warpKeys.push_back(prefixOf(qLo, qHi));
  SmallVector<KeyRange> keys =
      local.getKeyRanges(b, b.getLoc(), batch, firstHead, qLo, qHi);
  warpKeys.push_back({positionOf(keys.front().lo), positionOf(keys.back().hi)});

  auto blockOf = [&](OpFoldResult query) {
    OpFoldResult row = math.add(query, getOffset(op, b, 2));
    return math.value(
        math.apply(math.d(0).floorDiv(local.getNumBlockRows()), {row}));
  };
  isMixed = b.compare(CmpIPredicate::ne, blockOf(qLo), blockOf(qLast));
}

/// Whether some row of the warp sees a key of the tile that begins at
/// `firstKey`.
Value PrefillKernel::isTileSeen(Value firstKey) {
  Value end = b.add(firstKey, f->integer(shape.blockKv)), isSeen;
  for (auto [lo, hi] : warpKeys) {
    Value isHere = b.both(b.compare(CmpIPredicate::slt, firstKey, hi),
                          b.compare(CmpIPredicate::slt, lo, end));
    // A range without keys may lie inside of the tile.
    isHere = b.both(isHere, b.compare(CmpIPredicate::slt, lo, hi));
    isSeen = isSeen ? b.either(isSeen, isHere) : isHere;
  }
  return isSeen;
}

/// Whether the tile that begins at `firstKey` may have keys of blocks, or of
/// prefixes, that are not those of all rows of the warp.
Value PrefillKernel::isTileShared(Value firstKey) {
  Value end = b.add(firstKey, f->integer(shape.blockKv)), isOwn;
  for (auto [lo, hi] : warpKeys) {
    Value isWithin = b.both(b.compare(CmpIPredicate::sle, lo, firstKey),
                            b.compare(CmpIPredicate::sle, end, hi));
    isOwn = isOwn ? b.either(isOwn, isWithin) : isWithin;
  }
  return b.either(isMixed,
                  b.compare(CmpIPredicate::eq, isOwn, b.boolean(false)));
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

/// Whether a value of the tile is not finite, in all lanes.
Value PrefillKernel::hasOddValues(const MatrixRows &values) {
  // The sum's sign bits are set where all bits of an exponent are.
  int64_t exponent = type.isF16() ? 0x7C007C00 : 0x7F807F80;
  int64_t lowest = type.isF16() ? 0x04000400 : 0x00800080;
  Value found = f->integer(0);
  for (int64_t j = 0; j < shape.blockKv / 16; ++j)
    for (int64_t i = 0; i < shape.headDimV / 16; ++i)
      for (Value word :
           f->loadMatrices(values.at(16 * j, i), /*isTransposed=*/true))
        found = b.either(found, b.add(b.both(word, f->integer(exponent)),
                                      f->integer(lowest)));
  Value signs = b.both(found, f->integer(static_cast<int32_t>(0x80008000u)));
  Value isOdd = b.compare(CmpIPredicate::ne, signs, f->integer(0));
  return NVVM::VoteSyncOp::create(b, b.getI1Type(), f->integer(-1), isOdd,
                                  NVVM::VoteSyncKind::any);
}

/// What `addValues` does, row by row, where the values that a row does not see
/// are zeros: 0 times NaN is NaN. The sums of finite values have the same bits.
void PrefillKernel::addValuesApart(const SmallVector<SmallVector<Sums>> &powers,
                                   const MatrixRows &values, Value seen,
                                   Value firstKey, PrefillState &state) {
  int64_t columns = shape.headDimV / 8;
  auto flatten = [&](const SmallVector<SmallVector<Sums>> &outputs) {
    SmallVector<Value> flat;
    for (const SmallVector<Sums> &tile : outputs)
      for (const Sums &four : tile)
        flat.append(four.begin(), four.end());
    return flat;
  };
  auto unflatten = [&](ValueRange flat) {
    SmallVector<SmallVector<Sums>> outputs;
    for (int64_t m = 0; m < shape.rowTiles; ++m) {
      auto &tile = outputs.emplace_back();
      for (int64_t i = 0; i < columns; ++i)
        llvm::copy(flat.slice(4 * (m * columns + i), 4),
                   tile.emplace_back().begin());
    }
    return outputs;
  };
  Value mine = b.add(firstKey, b.mul(f->inGroup, f->integer(2)));
  SmallVector<Value> sums = b.loop(
      f->integer(0), f->integer(shape.warpRows()), f->integer(1),
      flatten(state.outputs), [&](Value row, ValueRange carried) {
        // The row's keys, of the lanes that have it.
        Value pair = b.div(row, f->integer(8));
        Value lane = b.mul(b.rem(row, f->integer(8)), f->integer(4));
        auto ofRow = [&](function_ref<Value(const Row &)> get) {
          Value x;
          for (int64_t m = 0; m < shape.rowTiles; ++m)
            for (int64_t half = 0; half < 2; ++half) {
              Value isHere =
                  b.compare(CmpIPredicate::eq, pair, f->integer(2 * m + half));
              Value here = get(rows[m][half]);
              x = x ? b.select(isHere, here, x) : here;
            }
          return f->ofLane(x, lane);
        };
        SmallVector<std::pair<Value, Value>> keys;
        for (size_t k = 0; k < rows[0][0].keys.size(); ++k) {
          Value lo = ofRow([&](const Row &from) {
            Value first = from.keys[k].first;
            return first ? first : f->integer(0);
          });
          Value hi =
              ofRow([&](const Row &from) { return from.keys[k].second; });
          keys.push_back({b.sub(lo, mine), b.sub(hi, mine)});
        }
        SmallVector<SmallVector<Sums>> before = unflatten(carried);
        SmallVector<SmallVector<Sums>> after = before;
        for (int64_t j = 0; j < shape.blockKv / 16; ++j) {
          std::array<Value, 2> kept;
          for (int64_t half = 0; half < 2; ++half)
            for (int64_t c = 0; c < 2; ++c) {
              Value number = f->integer(16 * j + 8 * half + c), isSeen;
              for (auto [lo, hi] : keys) {
                Value isHere =
                    b.both(b.compare(CmpIPredicate::sge, number, lo),
                           b.compare(CmpIPredicate::slt, number, hi));
                isSeen = isSeen ? b.either(isSeen, isHere) : isHere;
              }
              if (seen) {
                int32_t bit =
                    static_cast<int32_t>(1u << (4 * j + 2 * half + c));
                isSeen = b.both(isSeen, b.compare(CmpIPredicate::ne,
                                                  b.both(seen, f->integer(bit)),
                                                  f->integer(0)));
              }
              Value word = b.select(isSeen, f->integer(c ? -65536 : 65535),
                                    f->integer(0));
              kept[half] = kept[half] ? b.either(kept[half], word) : word;
            }
          for (int64_t i = 0; i < shape.headDimV / 16; ++i) {
            std::array<Value, 4> words =
                f->loadMatrices(values.at(16 * j, i), /*isTransposed=*/true);
            for (int64_t w = 0; w < 4; ++w)
              words[w] = b.both(words[w], kept[w % 2]);
            for (int64_t m = 0; m < shape.rowTiles; ++m)
              for (int64_t half = 0; half < 2; ++half) {
                Sums &four = after[m][2 * i + half];
                four = f->multiply(packPowers(powers[m], j), words[2 * half],
                                   words[2 * half + 1], four);
              }
          }
        }
        for (int64_t m = 0; m < shape.rowTiles; ++m)
          for (int64_t half = 0; half < 2; ++half) {
            Value number = b.add(f->group, f->integer(16 * m + 8 * half));
            Value isMine = b.compare(CmpIPredicate::eq, number, row);
            for (int64_t i = 0; i < columns; ++i)
              for (int64_t c = 0; c < 2; ++c) {
                Value &x = before[m][i][2 * half + c];
                x = b.select(isMine, after[m][i][2 * half + c], x);
              }
          }
        return flatten(before);
      });
  state.outputs = unflatten(sums);
}

void PrefillKernel::addValuesOfBlocks(
    const SmallVector<SmallVector<Sums>> &powers, const MatrixRows &values,
    Value seen, Value firstKey, PrefillState &state) {
  Value isOdd = b.ifElse(
                     TypeRange{b.getI1Type()}, isTileShared(firstKey),
                     [&] { return SmallVector<Value>{hasOddValues(values)}; },
                     [&] { return SmallVector<Value>{b.boolean(false)}; })
                    .front();
  PrefillState before = state;
  SmallVector<Value> flat = state.flat();
  SmallVector<Type> types(flat.size(), b.floatType);
  flat = b.ifElse(
      types, isOdd,
      [&] {
        PrefillState next = before;
        addValuesApart(powers, values, seen, firstKey, next);
        return next.flat();
      },
      [&] {
        PrefillState next = before;
        addValues(powers, values, seen, next);
        return next.flat();
      });
  state = PrefillState::from(flat, shape);
}
