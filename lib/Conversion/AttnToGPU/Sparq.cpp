//===- Sparq.cpp - The kernels of SparQ attention -------------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// What the launches have in common, their order, and the last one.
//
//===----------------------------------------------------------------------===//

#include "Sparq.h"
#include "RadixBlock.h"

#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::sparq;
using arith::CmpFPredicate;

/// Keys of a block of threads that reads rows.
static constexpr int64_t kRowsPerBlock = 256;
/// Chosen keys that there is always room for.
static constexpr int64_t kFewKeys = 1024;

Plan::Plan(SparqStepOp step)
    : step(step), op(cast<AttentionInterface>(step.getOperation())),
      type(op.getAccumulatorType()), group(*getStaticGroupSize(op)),
      headDim(op.getHeadDim()), headDimV(op.getHeadDimV()),
      rank(std::min<int64_t>(step.getRank(), headDim)),
      topK(std::min<int64_t>(step.getTopK(),
                             std::numeric_limits<int32_t>::max())),
      localWindow(std::min<int64_t>(step.getLocalWindow(), topK)) {
  mayExclude = op.getBias() || op.getMask() || op.hasScore();
  sumsPowers = group > 1 && step.getGroupReduce() == GroupReduce::prob;
  hasRealloc = step.getRealloc() == Realloc::on ||
               (step.getRealloc() == Realloc::automatic && group == 1);
  needsSoftmax = sumsPowers || hasRealloc || group > 1;
  means = 0;
  if (hasRealloc && !step.getValueMean())
    means = mayExclude ? group : 1;
  readsChannels = false;
  width = 1;
  if (Value keyT = step.getKeyT()) {
    auto given = cast<MemRefType>(keyT.getType());
    int64_t bits = given.getElementTypeBitWidth();
    readsChannels = !op.getKeyScale() && bits >= 16;
    int64_t most = hasContiguousRows(keyT) ? kMaxAccessBytes * 8 / bits : 1;
    while (width < most && given.getDimSize(4) % (2 * width) == 0)
      width *= 2;
  }
  keysPerBlock =
      readsChannels ? kScoreWarps * kWarpSize * width : kRowsPerBlock;
}

static Value countBlocks(GpuBuilder &b, AttentionInterface op, int64_t keys) {
  Value all = b.idx(getSizes(b, b.getLoc(), op).seqLenKv);
  return b.max(b.idx(1), b.div(b.add(all, keys - 1), b.idx(keys)));
}

Value Plan::getNumSlots(GpuBuilder &b) {
  AttentionSizes sizes = getSizes(b, b.getLoc(), op);
  return b.mul(b.idx(sizes.batch), b.idx(sizes.numKvHeads));
}

Value Plan::getNumBlocks(GpuBuilder &b) {
  return countBlocks(b, op, keysPerBlock);
}

Value Plan::getNumChunks(GpuBuilder &b) {
  return countBlocks(b, op, kKeysPerChunk);
}

int64_t Plan::getScoreBytes() {
  int64_t weights = readsChannels ? group * rank : 0;
  int64_t states = needsSoftmax ? 2 * group * kScoreWarps : 0;
  int64_t sums = means ? kScoreWarps * (headDimV + 1) : 0;
  return bytes() * (2 * headDim + rank + group + weights + states + sums);
}

Place Place::get(GpuBuilder &b, Plan &plan, Value slot, Value thread) {
  Place at;
  AttentionSizes sizes = getSizes(b, b.getLoc(), plan.op);
  Value numKvHeads = b.idx(sizes.numKvHeads);
  at.slot = slot;
  at.batch = b.div(slot, numKvHeads);
  at.kvHead = b.rem(slot, numKvHeads);
  at.firstHead = b.mul(at.kvHead, b.idx(plan.group));
  auto ranged = cast<AttnKeyRangesInterface>(plan.op.getOperation());
  SmallVector<KeyRange> ranges =
      ranged.getKeyRanges(b, b.getLoc(), at.batch, at.firstHead,
                          b.getIndexAttr(0), b.getIndexAttr(1));
  at.lo = b.idx(ranges.front().lo);
  at.hi = b.max(at.lo, b.idx(ranges.back().hi));
  for (const KeyRange &range : ranges)
    at.needsMask |= range.needsMask;
  at.thread = thread;
  at.lane = b.rem(thread, b.idx(kWarpSize));
  at.warp = b.div(thread, b.idx(kWarpSize));
  return at;
}

//===----------------------------------------------------------------------===//
// Launches
//===----------------------------------------------------------------------===//

static Value allocate(GpuBuilder &b, ArrayRef<Value> sizes, Type type) {
  auto memory = memref::AllocOp::create(b, getAsOpFoldResult(sizes), type,
                                        /*memorySpace=*/Attribute());
  memory.setAlignment(64);
  return memory;
}

static Scratch allocateScratch(GpuBuilder &b, Plan &plan) {
  AttentionSizes sizes = getSizes(b, b.getLoc(), plan.op);
  Value slots = plan.getNumSlots(b), blocks = plan.getNumBlocks(b);
  Value keys = b.mul(blocks, b.idx(plan.keysPerBlock));
  Value chunks = plan.getNumChunks(b), heads = b.idx(plan.group);
  Value inChunks = b.mul(chunks, b.idx(Plan::kKeysPerChunk));
  Scratch scratch;
  scratch.scores = allocate(b, {slots, heads, keys}, plan.type);
  scratch.orders = allocate(b, {slots, inChunks}, plan.getOrderType());
  Type i32 = b.getI32Type();
  Value digits = b.idx(RadixBlock::kBins);
  scratch.bins = allocate(b, {slots, digits}, i32);
  scratch.tickets = allocate(b, {slots, b.idx(2)}, i32);
  scratch.numbers = allocate(b, {slots, chunks, digits}, b.getI16Type());
  scratch.found = allocate(b, {slots, b.idx(3)}, i32);
  scratch.candidates = allocate(b, {slots, inChunks}, i32);
  // Not more than there are, if it may be many.
  Value chosen = b.idx(plan.topK);
  if (plan.topK > kFewKeys)
    chosen = b.min(chosen, b.idx(sizes.seqLenKv));
  scratch.chosen = allocate(b, {slots, chosen}, i32);
  scratch.numChosen = allocate(b, slots, i32);
  if (plan.needsSoftmax) {
    scratch.maxima = allocate(b, {slots, heads, blocks}, plan.type);
    scratch.sums = allocate(b, {slots, heads, blocks}, plan.type);
    scratch.shifts = allocate(b, {slots, heads}, plan.type);
    scratch.inverses = allocate(b, {slots, heads}, plan.type);
  }
  if (plan.hasRealloc)
    scratch.shares = allocate(b, {slots, heads}, plan.type);
  if (plan.means) {
    Value means = b.idx(plan.means);
    scratch.valueSums = allocate(
        b, {slots, means, blocks, b.idx(plan.headDimV + 1)}, plan.type);
    scratch.means =
        allocate(b, {slots, means, b.idx(plan.headDimV)}, plan.type);
  }
  return scratch;
}

/// What becomes of a number of the attention to the chosen keys.
static Value mixMean(GpuBuilder &b, Plan &plan, const Scratch &scratch,
                     Value batch, Value head, Value column, Value y) {
  AttentionSizes sizes = getSizes(b, b.getLoc(), plan.op);
  Value kvHead = b.div(head, b.idx(plan.group));
  Value h = b.rem(head, b.idx(plan.group));
  Value slot = b.add(b.mul(batch, b.idx(sizes.numKvHeads)), kvHead);
  Value none = b.number(0.0, plan.type), one = b.number(1.0, plan.type);
  if (plan.hasRealloc) {
    Value share = b.load(scratch.shares, {slot, h});
    Value mean =
        plan.means ? b.load(scratch.means,
                            {slot, plan.mayExclude ? h : b.idx(0), column})
                   : b.load(plan.step.getValueMean(), {batch, kvHead, column});
    Value mixed = b.fma(y, share, b.fmul(mean, b.fsub(one, share)));
    y = b.select(b.fcompare(CmpFPredicate::OEQ, share, one), y, mixed);
  }
  if (plan.needsSoftmax) {
    // A NaN among the scores may not have been chosen; a head that sees nothing
    // gives 0, whatever the mean.
    Value inverse = b.load(scratch.inverses, {slot, h});
    Value isNaN = b.fcompare(CmpFPredicate::UNO, inverse, inverse);
    y = b.select(isNaN, inverse, y);
    y = b.select(b.fcompare(CmpFPredicate::OEQ, inverse, none), none, y);
  }
  return y;
}

LogicalResult attn::emitSparq(OpBuilder &builder, SparqStepOp op,
                              const GpuTarget &target) {
  Plan plan(op);
  int64_t shared = std::max(plan.getScoreBytes(), plan.getChoiceBytes());
  if (shared > target.sharedBytes)
    return op.emitOpError("expects to need at most ")
           << target.sharedBytes << " bytes of shared memory, but head_dim "
           << plan.headDim << ", rank " << plan.rank << " and " << plan.group
           << " heads of a group need " << shared << "; use a smaller rank";
  AttentionStep step{plan.op, op.getOutput(), Value(), Value(),
                     plan.op.getLayout()};
  // One block of threads has all chosen keys of a key head, unless they are
  // many: as many warps as make it short.
  TileConfigAttr config = chooseSplitKvConfig(plan.op);
  config = TileConfigAttr::get(op.getContext(), config.getKernel(),
                               config.getBlockQ(), 2 * config.getBlockKv(),
                               2 * config.getWarps(), config.getStages());
  GpuBuilder b(op.getLoc(), builder, plan.type, /*lanes=*/1);
  // Nothing may be emitted when this is refused.
  if (failed(checkSplitKv(step, config, target)))
    return failure();
  Scratch scratch = allocateScratch(b, plan);
  emitScores(b, plan, scratch);
  emitOrders(b, plan, scratch);
  emitChoice(b, plan, scratch);
  step.chosen = scratch.chosen;
  step.numChosen = scratch.numChosen;
  step.finish = [&](GpuBuilder &b, Value batch, Value head, Value column,
                    Value y) {
    return mixMean(b, plan, scratch, batch, head, column, y);
  };
  return emitSplitKv(b, step, config, target);
}
