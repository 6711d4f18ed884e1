//===- Scores.cpp - The kernels of attn.scores ----------------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// A block of threads has a range of keys and a few rows, which are the queries
// of the heads that read them. Lanes share rows of key as in attention. Where
// there are channels of key_t, a thread has a few keys that follow each other
// instead, and adds channel by channel what it reads of them in one access.
//
//===----------------------------------------------------------------------===//

#include "Kernels.h"
#include "KeyRows.h"
#include "ScoreElement.h"

#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::attn;
using arith::CmpIPredicate;

static constexpr int64_t kWarps = 4;
static constexpr int64_t kThreads = kWarps * kWarpSize;
/// Rows of queries of a block of threads, at most.
static constexpr int64_t kMaxRows = 8;
/// Keys of a block of threads that reads rows of key.
static constexpr int64_t kKeyRows = 256;
/// Numbers of queries, or scores, that a thread has in registers at most.
static constexpr int64_t kMaxNumbers = 64;
/// Channels whose keys a thread asks for at a time.
static constexpr int64_t kChannelsAtOnce = 8;

/// Keys of a channel that a thread reads at a time.
static int64_t getKeyTWidth(ScoresOp op) {
  auto type = cast<MemRefType>(op.getKeyT().getType());
  if (!hasContiguousRows(op.getKeyT()))
    return 1;
  int64_t most = kMaxAccessBytes * 8 / type.getElementTypeBitWidth();
  int64_t tile = type.getDimSize(4);
  return std::min(tile & -tile, most);
}

namespace {
class ScoresKernel {
public:
  ScoresKernel(GpuBuilder &b, ScoresOp op);

  int64_t getSharedBytes();
  void emit();

private:
  /// What is known in one block of threads.
  struct Tile {
    Value batch, kvHead, firstRow;
    Value firstKey, endKey; ///< The block's.
    Value lo, hi;           ///< Keys that some row may see.
    bool needsMask = false; ///< Whether rows may not see all of these.
    Value thread, lane, warp;
    SmallVector<Value> heads, queries; ///< Of each row.
    SmallVector<Value> exists; ///< Of each row, or null if all of them do.
  };

  void fillTile(Tile &tile);
  void emitTile(const Tile &tile);
  void fillUnseen(const Tile &tile);
  Value getFactor(const Tile &tile, Value head, Value query);
  SmallVector<Value> indexOfQuery(const Tile &tile, Value head, Value query);
  /// Channel number `i` of those that are multiplied.
  Value loadChannel(const Tile &tile, Value i);
  void markChannels(const Tile &tile);
  void emitRows(const Tile &tile);
  void emitRowStep(const Tile &tile, ArrayRef<SmallVector<Value>> queries,
                   ArrayRef<Value> masks, Value first, int64_t unroll);
  void emitWeights(const Tile &tile);
  void emitKeyT(const Tile &tile);
  /// A vector of the scales of a few keys' `channel`.
  Value loadScales(const Tile &tile, Value first, Value channel);
  /// The key to read for `key`, which some row may see.
  Value clampKey(const Tile &tile, Value key) {
    return b.max(tile.lo, b.min(key, b.sub(tile.hi, b.idx(1))));
  }
  /// What becomes of a product of row `r` and `key`.
  Value finish(const Tile &tile, int64_t r, Value product, Value key);
  /// Writes a score if there are its row and its key, and `writes`, unless
  /// that is null.
  void store(const Tile &tile, int64_t r, Value score, Value key,
             Value writes = {});

  GpuBuilder &b;
  ScoresOp scores;
  AttentionInterface op;
  ScoreElement element;
  KeyRows rows;
  FloatType type;
  int64_t headDim, numRows, keysPerBlock;
  Value seqLenQ, seqLenKv, numKvHeads, group, allRows, numChannels;
  Value marks;    ///< [head_dim]: whether a channel is multiplied.
  Value channels; ///< [head_dim]: those that are.
  Value weights;  ///< [row][head_dim]: of these, times the row's factor.
};
} // namespace

ScoresKernel::ScoresKernel(GpuBuilder &b, ScoresOp scores)
    : b(b), scores(scores), op(cast<AttentionInterface>(scores.getOperation())),
      element(b, cast<AttnKeyRangesInterface>(scores.getOperation()),
              /*isNatural=*/true),
      rows(b, op), type(b.floatType), headDim(op.getHeadDim()) {
  int64_t queries = op.getQuery().getType().getDimSize(op.getSeqAxis());
  // Of unknown numbers there may be more than one.
  auto atLeast = [](int64_t size) {
    return ShapedType::isDynamic(size) ? 4 : std::max<int64_t>(size, 1);
  };
  numRows = atLeast(getStaticGroupSize(op).value_or(1)) * atLeast(queries);
  int64_t perRow =
      scores.getKeyT() ? b.lanes : rows.shape.width * rows.shape.keyChunks;
  numRows = std::clamp<int64_t>(
      std::min(numRows, kMaxNumbers / std::max<int64_t>(perRow, 1)), 1,
      kMaxRows);
  keysPerBlock = scores.getKeyT() ? kThreads * b.lanes : kKeyRows;
}

int64_t ScoresKernel::getSharedBytes() {
  int64_t ofList = scores.getChannels() ? 4 * headDim : 0;
  if (!scores.getKeyT())
    return ofList;
  return numRows * headDim * type.getWidth() / 8 + ofList;
}

//===----------------------------------------------------------------------===//
// Scores
//===----------------------------------------------------------------------===//

Value ScoresKernel::getFactor(const Tile &tile, Value head, Value query) {
  Value factor = element.getFactor();
  if (Value more = scores.getFactor())
    factor = b.fmul(factor, b.load(more, {tile.batch, head, query}));
  return factor;
}

Value ScoresKernel::finish(const Tile &tile, int64_t r, Value product,
                           Value key) {
  Value place = clampKey(tile, key);
  Value head = tile.heads[r], query = tile.queries[r];
  Value score = element.modify(product, tile.batch, head, query, place);
  Value isSeen = b.both(b.compare(CmpIPredicate::sge, key, tile.lo),
                        b.compare(CmpIPredicate::slt, key, tile.hi));
  if (tile.needsMask)
    if (Value visible = element.isVisible(tile.batch, head, query, place))
      isSeen = b.both(isSeen, visible);
  return b.select(isSeen, score, b.negInf(type));
}

void ScoresKernel::store(const Tile &tile, int64_t r, Value score, Value key,
                         Value writes) {
  Value exists = b.compare(CmpIPredicate::slt, key, tile.endKey);
  if (writes)
    exists = b.both(exists, writes);
  if (tile.exists[r])
    exists = b.both(exists, tile.exists[r]);
  b.ifThen(exists, [&] {
    b.store(score, scores.getScores(),
            {tile.batch, tile.heads[r], tile.queries[r], key});
  });
}

/// Keys of a block that no row sees are not read.
void ScoresKernel::fillUnseen(const Tile &tile) {
  b.loop(b.add(tile.firstKey, tile.thread), tile.endKey, kThreads,
         [&](Value key) {
           for (int64_t r = 0; r < numRows; ++r)
             store(tile, r, b.negInf(type), key);
         });
}

//===----------------------------------------------------------------------===//
// Channels
//===----------------------------------------------------------------------===//

SmallVector<Value> ScoresKernel::indexOfQuery(const Tile &tile, Value head,
                                              Value query) {
  if (op.getLayout() == Layout::bshd)
    return {tile.batch, query, head};
  return {tile.batch, head, query};
}

Value ScoresKernel::loadChannel(const Tile &tile, Value i) {
  Value channel = b.createOrFold<arith::IndexCastOp>(
      b.getIndexType(),
      b.load(scores.getChannels(), {tile.batch, tile.kvHead, i}));
  // The host cannot look at it: at worst, a wrong one is read.
  return b.max(b.idx(0), b.min(channel, b.idx(headDim - 1)));
}

void ScoresKernel::markChannels(const Tile &tile) {
  marks = b.shared(b.getI32Type(), headDim, 0);
  auto mark = [&](int64_t value, Value channel) {
    b.store(b.integer(value, b.getI32Type()), marks, channel);
  };
  b.loop(tile.thread, b.idx(headDim), kThreads,
         [&](Value channel) { mark(0, channel); });
  b.barrier();
  b.loop(tile.thread, numChannels, kThreads,
         [&](Value i) { mark(1, loadChannel(tile, i)); });
  b.barrier();
}

void ScoresKernel::emitWeights(const Tile &tile) {
  weights = b.shared(type, numRows * headDim, 0);
  if (scores.getChannels()) {
    channels = b.shared(b.getI32Type(), headDim,
                        numRows * headDim * type.getWidth() / 8);
    b.loop(tile.thread, numChannels, kThreads, [&](Value i) {
      b.store(b.createOrFold<arith::IndexCastOp>(b.getI32Type(),
                                                 loadChannel(tile, i)),
              channels, i);
    });
    b.barrier();
  }
  for (int64_t r = 0; r < numRows; ++r) {
    Value factor = getFactor(tile, tile.heads[r], tile.queries[r]);
    b.loop(tile.thread, numChannels, kThreads, [&](Value i) {
      SmallVector<Value> at =
          indexOfQuery(tile, tile.heads[r], tile.queries[r]);
      at.push_back(channels ? b.createOrFold<arith::IndexCastOp>(
                                  b.getIndexType(), b.load(channels, i))
                            : i);
      Value x = b.cast(b.load(op.getQuery(), at), type);
      b.store(b.fmul(x, factor), weights, b.add(i, r * headDim));
    });
  }
  b.barrier();
}

//===----------------------------------------------------------------------===//
// Rows of key
//===----------------------------------------------------------------------===//

void ScoresKernel::emitRows(const Tile &tile) {
  const RowShape &shape = rows.shape;
  // Components that were not chosen are not multiplied: they may be infinite.
  SmallVector<Value> masks;
  if (scores.getChannels()) {
    markChannels(tile);
    for (int64_t c = 0; c < shape.keyChunks; ++c) {
      SmallVector<Value> bits;
      for (int64_t i = 0; i < shape.width; ++i) {
        Value channel = b.add(rows.column(tile.lane, c), i);
        Value mark = b.load(marks, b.min(channel, b.idx(headDim - 1)));
        bits.push_back(
            b.compare(CmpIPredicate::ne, mark, b.integer(0, mark.getType())));
      }
      masks.push_back(vector::FromElementsOp::create(
          b, VectorType::get(shape.width, b.getI1Type()), bits));
    }
  }
  SmallVector<SmallVector<Value>> queries;
  for (int64_t r = 0; r < numRows; ++r) {
    Value factor = b.splat(getFactor(tile, tile.heads[r], tile.queries[r]));
    queries.push_back(
        rows.loadRow(tile.lane, op.getQuery(),
                     indexOfQuery(tile, tile.heads[r], tile.queries[r]),
                     headDim, shape.keyChunks));
    for (auto [c, chunk] : llvm::enumerate(queries.back())) {
      chunk = b.fmul(b.toFloat(chunk), factor);
      if (!masks.empty())
        chunk = b.select(masks[c], chunk, b.number(0.0));
    }
  }
  int64_t unroll = shape.width * shape.keyChunks > 32 ? 2 : 4;
  b.loop(tile.firstKey, tile.endKey, kWarps * shape.numGroups() * unroll,
         [&](Value first) {
           // Keys beside each other in the groups of lanes of a warp, so that
           // their scores are written together.
           first = b.add(first,
                         b.mul(tile.warp, b.idx(shape.numGroups() * unroll)));
           emitRowStep(tile, queries, masks, first, unroll);
         });
}

void ScoresKernel::emitRowStep(const Tile &tile,
                               ArrayRef<SmallVector<Value>> queries,
                               ArrayRef<Value> masks, Value first,
                               int64_t unroll) {
  const RowShape &shape = rows.shape;
  KeyLane in{tile.batch, tile.kvHead, tile.lane};
  Value inWarp = b.div(tile.lane, b.idx(shape.lanes));
  Value isFirst = b.compare(CmpIPredicate::eq,
                            b.rem(tile.lane, b.idx(shape.lanes)), b.idx(0));
  // All memory is asked for before any of it is used.
  SmallVector<Value> keys, places;
  SmallVector<SmallVector<Value>> elements;
  for (int64_t u = 0; u < unroll; ++u) {
    keys.push_back(b.add(b.add(first, inWarp), u * shape.numGroups()));
    places.push_back(clampKey(tile, keys[u]));
    elements.push_back(rows.load(in, /*isValue=*/false, places[u]));
  }
  for (int64_t u = 0; u < unroll; ++u) {
    SmallVector<Value> row;
    for (auto [c, chunk] : llvm::enumerate(elements[u])) {
      row.push_back(rows.dequantize(in, chunk, op.getKeyScale(), places[u],
                                    rows.column(tile.lane, c)));
      if (!masks.empty())
        row[c] = b.select(masks[c], row[c], b.number(0.0));
    }
    SmallVector<Value> products;
    for (const SmallVector<Value> &query : queries)
      products.push_back(rows.multiply(row, query));
    for (auto [r, score] : llvm::enumerate(products))
      store(tile, r, finish(tile, r, score, keys[u]), keys[u], isFirst);
  }
}

//===----------------------------------------------------------------------===//
// Channels of key_t
//===----------------------------------------------------------------------===//

Value ScoresKernel::loadScales(const Tile &tile, Value first, Value channel) {
  Value scale = op.getKeyScale();
  SmallVector<Value> factors;
  for (int64_t i = 0; i < b.lanes; ++i) {
    Value key = clampKey(tile, b.add(first, i));
    factors.push_back(b.cast(
        b.load(scale, broadcastIndex(b, scale,
                                     {tile.batch, tile.kvHead, key, channel})),
        type));
  }
  return vector::FromElementsOp::create(b, b.floats, factors);
}

void ScoresKernel::emitKeyT(const Tile &tile) {
  emitWeights(tile);
  Value keyT = scores.getKeyT(), scale = op.getKeyScale();
  Value size = b.idx(cast<MemRefType>(keyT.getType()).getDimSize(4));
  Value first = b.add(tile.firstKey, b.mul(tile.thread, b.idx(b.lanes)));
  // Keys that nobody sees are those before the end.
  Value last = b.roundDown(b.sub(tile.hi, b.idx(1)), b.lanes);
  Value start = b.min(first, last);
  Value keyTile = b.div(start, size), column = b.rem(start, size);
  Value perKey;
  if (scale && cast<MemRefType>(scale.getType()).getDimSize(3) == 1)
    perKey = loadScales(tile, start, b.idx(0));

  auto addChannels = [&](Value from, int64_t count, ValueRange in) {
    SmallVector<Value> keys, numbers, result(in);
    for (int64_t c = 0; c < count; ++c) {
      Value i = b.add(from, c);
      numbers.push_back(channels ? b.createOrFold<arith::IndexCastOp>(
                                       b.getIndexType(), b.load(channels, i))
                                 : i);
      keys.push_back(b.loadRow(
          keyT, {tile.batch, tile.kvHead, keyTile, numbers[c], column},
          b.lanes));
    }
    for (int64_t c = 0; c < count; ++c) {
      Value key = b.toFloat(keys[c]);
      if (scale)
        key =
            b.fmul(key, perKey ? perKey : loadScales(tile, start, numbers[c]));
      for (int64_t r = 0; r < numRows; ++r) {
        Value weight = b.load(weights, b.add(b.add(from, c), r * headDim));
        result[r] = b.fma(key, b.splat(weight), result[r]);
      }
    }
    return result;
  };
  SmallVector<Value> sums(numRows, b.number(0.0));
  Value whole = b.roundDown(numChannels, kChannelsAtOnce);
  sums = b.loop(b.idx(0), whole, kChannelsAtOnce, sums,
                [&](Value from, ValueRange in) {
                  return addChannels(from, kChannelsAtOnce, in);
                });
  sums = b.loop(whole, numChannels, 1, sums, [&](Value from, ValueRange in) {
    return addChannels(from, 1, in);
  });
  for (int64_t r = 0; r < numRows; ++r)
    for (int64_t i = 0; i < b.lanes; ++i) {
      Value sum = vector::ExtractOp::create(b, sums[r], ArrayRef<int64_t>{i});
      Value key = b.add(first, i);
      store(tile, r, finish(tile, r, sum, key), key);
    }
}

//===----------------------------------------------------------------------===//
// Blocks
//===----------------------------------------------------------------------===//

void ScoresKernel::fillTile(Tile &tile) {
  Value lastRow = b.sub(allRows, b.idx(1));
  std::optional<int64_t> known = getConstantIntValue(allRows);
  bool hasAll = known && *known % numRows == 0;
  for (int64_t r = 0; r < numRows; ++r) {
    // Rows that do not exist are the last one. Those of one query follow each
    // other, so that a tile has few queries.
    Value number = b.add(tile.firstRow, r), row = b.min(number, lastRow);
    tile.heads.push_back(b.add(b.mul(tile.kvHead, group), b.rem(row, group)));
    tile.queries.push_back(b.div(row, group));
    tile.exists.push_back(
        hasAll ? Value() : b.compare(CmpIPredicate::slt, number, allRows));
  }
  SmallVector<KeyRange> ranges =
      cast<AttnKeyRangesInterface>(op.getOperation())
          .getKeyRanges(b, b.getLoc(), tile.batch, tile.heads.front(),
                        tile.queries.front(), b.add(tile.queries.back(), 1));
  tile.needsMask = ranges.size() > 1;
  for (const KeyRange &range : ranges)
    tile.needsMask |= range.needsMask;
  tile.lo = b.idx(ranges.front().lo);
  tile.hi = b.idx(ranges.back().hi);
}

void ScoresKernel::emitTile(const Tile &tile) {
  Value isSeen = b.compare(CmpIPredicate::slt, tile.lo, tile.hi);
  isSeen =
      b.both(isSeen, b.compare(CmpIPredicate::slt, tile.firstKey, tile.hi));
  isSeen = b.both(isSeen, b.compare(CmpIPredicate::sgt, tile.endKey, tile.lo));
  b.ifElse(
      TypeRange(), isSeen,
      [&] {
        if (scores.getKeyT())
          emitKeyT(tile);
        else
          emitRows(tile);
        return SmallVector<Value>();
      },
      [&] {
        fillUnseen(tile);
        return SmallVector<Value>();
      });
}

void ScoresKernel::emit() {
  AttentionSizes sizes = getSizes(b, b.getLoc(), op);
  seqLenQ = b.idx(sizes.seqLenQ);
  seqLenKv = b.idx(sizes.seqLenKv);
  numKvHeads = b.idx(sizes.numKvHeads);
  if (std::optional<int64_t> known = getStaticGroupSize(op))
    group = b.idx(*known);
  else
    group = b.div(b.idx(sizes.numHeads), b.max(numKvHeads, b.idx(1)));
  allRows = b.mul(group, seqLenQ);
  numChannels = scores.getChannels()
                    ? b.idx(getDim(b, b.getLoc(), scores.getChannels(), 2))
                    : b.idx(headDim);
  auto ceilDiv = [&](Value x, int64_t y) {
    return b.div(b.add(x, y - 1), b.idx(y));
  };
  Value rowTiles = ceilDiv(allRows, numRows);
  Value keyTiles = ceilDiv(seqLenKv, keysPerBlock);
  Value blocks =
      b.mul(b.mul(b.idx(sizes.batch), numKvHeads), b.mul(rowTiles, keyTiles));
  b.launch(blocks, kThreads, getSharedBytes(), [&](GpuThread id) {
    Tile tile;
    // Blocks that read the same keys are beside each other.
    Value number = b.div(id.block, rowTiles);
    tile.firstRow = b.mul(b.rem(id.block, rowTiles), b.idx(numRows));
    tile.firstKey = b.mul(b.rem(number, keyTiles), b.idx(keysPerBlock));
    tile.endKey = b.min(seqLenKv, b.add(tile.firstKey, keysPerBlock));
    number = b.div(number, keyTiles);
    tile.kvHead = b.rem(number, numKvHeads);
    tile.batch = b.div(number, numKvHeads);
    tile.thread = id.thread;
    tile.warp = b.div(id.thread, b.idx(kWarpSize));
    tile.lane = b.rem(id.thread, b.idx(kWarpSize));
    fillTile(tile);
    emitTile(tile);
  });
}

LogicalResult attn::emitScores(OpBuilder &builder, ScoresOp op,
                               const GpuTarget &target) {
  auto attention = cast<AttentionInterface>(op.getOperation());
  int64_t lanes = op.getKeyT() ? getKeyTWidth(op) : RowShape(attention).width;
  GpuBuilder b(op.getLoc(), builder, attention.getAccumulatorType(), lanes);
  ScoresKernel kernel(b, op);
  int64_t shared = kernel.getSharedBytes();
  if (shared > target.sharedBytes)
    return op.emitOpError("expects to need at most ")
           << target.sharedBytes << " bytes of shared memory, but head_dim "
           << attention.getHeadDim() << " needs " << shared
           << "; use a smaller head_dim";
  kernel.emit();
  return success();
}
