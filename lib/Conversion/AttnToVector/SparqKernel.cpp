//===- SparqKernel.cpp - The kernel of SparQ attention --------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// What the steps have in common, and their order. A thread that has a key head
// to itself does all steps at once, with the scores in its cache. Where there
// are fewer key heads than threads, several threads first share its keys.
//
//===----------------------------------------------------------------------===//

#include "SparqKernel.h"
#include "KernelReport.h"

#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::attn;
using arith::CmpIPredicate;

/// Keys of a tile where memory has no say in it.
static constexpr int64_t kTile = 256;
/// Of a channel's row, at most: more, and scores leave the first cache.
static constexpr int64_t kRowBytes = 2048;
/// Of the rows of channels that are read together. More of shorter rows hide
/// what it takes to find them; of long ones, few are read fastest.
static constexpr int64_t kBytesAtOnce = 8192;
/// Keys that modifiers are applied to at a time, in vectors.
static constexpr int64_t kModifiedVectors = 4;

/// Whether a row of `operand` is read as it lies.
bool SparqKernel::isPlain(Value operand) const {
  auto type = cast<MemRefType>(operand.getType());
  auto element = dyn_cast<FloatType>(type.getElementType());
  bool isFloat = element && (element.isF16() || element.isBF16() ||
                             element.isF32() || element.isF64());
  return isFloat && hasContiguousRows(operand);
}

SparqKernel::SparqKernel(VectorBuilder &b, SparqStepOp step,
                         const VectorTarget &target, ScratchPool &pool)
    : b(b), step(step), op(cast<AttentionInterface>(step.getOperation())),
      target(target), pool(pool), lanes(b.lanes),
      group(*getStaticGroupSize(op)), headDim(op.getHeadDim()),
      headDimV(op.getHeadDimV()),
      rank(std::min<int64_t>(step.getRank(), headDim)), topK(step.getTopK()),
      localWindow(std::min<int64_t>(step.getLocalWindow(), topK)),
      accumulators(target.numRegisters >= 32 ? 16 : 8), tile(kTile),
      piece(kModifiedVectors * lanes),
      integer(b.getIntegerType(b.floatType.getWidth())),
      integers(VectorType::get(lanes, integer)) {
  mayExclude = op.getBias() || op.getMask() || op.hasScore();
  hasModifiers = mayExclude || op.getSoftcapAttr();
  sumsPowers = group > 1 && step.getGroupReduce() == GroupReduce::prob;
  hasRealloc = step.getRealloc() == Realloc::on ||
               (step.getRealloc() == Realloc::automatic && group == 1);
  needsSoftmax = sumsPowers || hasRealloc || group > 1;
  readsChannels = false;
  int64_t bytes = std::max<int64_t>(
      1,
      getElementTypeOrSelf(op.getKey().getType()).getIntOrFloatBitWidth() / 8);
  if (Value keyT = step.getKeyT()) {
    int64_t given = cast<MemRefType>(keyT.getType()).getDimSize(4);
    readsChannels = isPlain(keyT) && !op.getKeyScale() &&
                    given % (kModifiedVectors * lanes) == 0 && given <= 4096;
    // Of a longer tile a part at a time, whose scores fit in the first cache.
    if (readsChannels) {
      int64_t most = kRowBytes / bytes;
      tile = given % most == 0 ? most : given;
    }
  }
  channelsAtOnce = std::clamp<int64_t>(kBytesAtOnce / (tile * bytes), 2, 8);
  channelsAtOnce = std::min(channelsAtOnce, rank);
  // The numbers in the order of floats, of -inf.
  APFloat infinity =
      APFloat::getInf(b.floatType.getFloatSemantics(), /*Negative=*/true);
  APInt bits = infinity.bitcastToAPInt();
  never = (bits ^ APInt::getSignedMaxValue(bits.getBitWidth())).getSExtValue();
  blockShape = DecodeShape();
  blockShape.lanes = lanes;
  blockShape.block = kModifiedVectors * lanes;
}

void SparqKernel::emit() {
  zero = b.idx(0);
  AttentionSizes sizes = getSizes(b, b.getLoc(), op);
  Value allTiles = ceilDiv(b.idx(sizes.seqLenKv), tile);
  auto alone = [&] {
    parallel(Value(), [&](Value) {
      Scores buffers = allocate(b.idx(1), b.idx(1));
      at.slot = zero;
      packQueries();
      chooseChannels();
      packChannels();
      emitScores(buffers, at.firstTile, at.tiles, allTiles);
      mergeTiles(buffers);
      emitCandidates(buffers);
      choose();
      attend(buffers);
      free();
    });
  };
  auto together = [&] {
    Value slots = b.mul(b.idx(sizes.batch), b.idx(sizes.numKvHeads));
    Scores buffers = allocate(slots, step.getSplits());
    SmallVector<Value> outer = std::move(owned);
    owned.clear();
    Value splits = step.getSplits();
    parallel(splits, [&](Value split) {
      packQueries();
      chooseChannels();
      packChannels();
      Value count = b.sub(at.tiles, at.firstTile);
      auto edge = [&](Value n) {
        return b.add(at.firstTile, b.div(b.mul(count, n), splits));
      };
      emitScores(buffers, edge(split), edge(b.add(split, 1)),
                 b.add(allTiles, split));
    });
    parallel(Value(), [&](Value) {
      packQueries();
      mergeTiles(buffers);
      emitCandidates(buffers);
      choose();
      attend(buffers);
      free();
    });
    owned = std::move(outer);
    free();
  };
  reportSparqKernel(step, lanes, tile, readsChannels);
  if (!step.getSplits())
    return alone();
  Value isAlone = b.compare(CmpIPredicate::sle, step.getSplits(), b.idx(1));
  b.ifElse(
      TypeRange(), isAlone,
      [&] {
        alone();
        return SmallVector<Value>();
      },
      [&] {
        together();
        return SmallVector<Value>();
      });
}

//===----------------------------------------------------------------------===//
// Loops and memory
//===----------------------------------------------------------------------===//

void SparqKernel::parallel(Value splits, function_ref<void(Value split)> body) {
  AttentionSizes sizes = getSizes(b, b.getLoc(), op);
  SmallVector<Value> upper{b.idx(sizes.batch), b.idx(sizes.numKvHeads)};
  Value numKvHeads = upper[1];
  if (splits)
    upper.push_back(splits);
  SmallVector<Value> lower(upper.size(), zero), steps(upper.size(), b.idx(1));
  auto loop = scf::ParallelOp::create(b, lower, upper, steps);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  // Scratch of the loop's body. What does not fit on the stack is freed right
  // before the terminator, at the time it is asked for: all of the body must
  // come before that, which it does before an op that is taken out again.
  auto end = arith::ConstantIndexOp::create(b, 0);
  b.setInsertionPoint(end);
  scratch.emplace(Scratch{pool, end});
  SmallVector<Value> ivs = llvm::to_vector_of<Value>(loop.getInductionVars());
  Value slot = b.add(b.mul(ivs[0], numKvHeads), ivs[1]);
  beginGroup(ivs[0], ivs[1], slot);
  body(splits ? ivs[2] : Value());
  scratch.reset();
  end.erase();
}

void SparqKernel::beginGroup(Value batch, Value kvHead, Value slot) {
  at.batch = batch;
  at.kvHead = kvHead;
  at.slot = slot;
  at.firstHead = b.mul(kvHead, b.idx(group));
  auto ranged = cast<AttnKeyRangesInterface>(op.getOperation());
  SmallVector<KeyRange> ranges =
      ranged.getKeyRanges(b, b.getLoc(), batch, b.getIndexAttr(0),
                          b.getIndexAttr(0), b.getIndexAttr(1));
  at.lo = b.idx(ranges.front().lo);
  at.hi = b.max(at.lo, b.idx(ranges.back().hi));
  at.firstTile = b.div(at.lo, b.idx(tile));
  at.tiles = b.max(at.firstTile, ceilDiv(at.hi, tile));
}

Value SparqKernel::ceilDiv(Value x, int64_t divisor) {
  return b.div(b.add(x, divisor - 1), b.idx(divisor));
}

Value SparqKernel::allocate(ArrayRef<Value> sizes, Type type) {
  auto buffer = memref::AllocOp::create(b, getAsOpFoldResult(sizes), type,
                                        /*memorySpace=*/Attribute());
  buffer.setAlignment(64);
  owned.push_back(buffer);
  return buffer;
}

void SparqKernel::free() {
  for (Value buffer : llvm::reverse(owned))
    memref::DeallocOp::create(b, buffer);
  owned.clear();
}

SparqKernel::Scores SparqKernel::allocate(Value slots, Value spare) {
  Value keys = b.idx(getSizes(b, b.getLoc(), op).seqLenKv);
  Value tiles = ceilDiv(keys, tile), heads = b.idx(group);
  if (needsSoftmax)
    tiles = b.add(tiles, spare);
  Scores result;
  result.scores =
      allocate({slots, heads, b.mul(tiles, b.idx(tile))}, b.floatType);
  if (!needsSoftmax)
    return result;
  Value padded = b.mul(ceilDiv(tiles, lanes), b.idx(lanes));
  result.maxima = allocate({slots, heads, padded}, b.floatType);
  result.sums = allocate({slots, heads, padded}, b.floatType);
  return result;
}

void SparqKernel::forEachHeadTile(
    function_ref<void(int64_t first, int64_t count)> body) {
  int64_t most = std::min<int64_t>(4, lanes);
  for (int64_t first = 0; first < group;) {
    int64_t count = std::min(most, group - first);
    count = llvm::bit_floor(static_cast<uint64_t>(count));
    body(first, count);
    first += count;
  }
}

Value SparqKernel::reduce(Value vector,
                          function_ref<Value(Value, Value)> combine) {
  for (int64_t distance = lanes / 2; distance > 0; distance /= 2) {
    SmallVector<int64_t> mask;
    for (int64_t i = 0; i < lanes; ++i)
      mask.push_back((i + distance) % lanes);
    Value other = vector::ShuffleOp::create(b, vector, vector, mask);
    vector = combine(vector, other);
  }
  return vector;
}
