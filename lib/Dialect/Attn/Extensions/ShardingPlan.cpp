//===- ShardingPlan.cpp - How an op is cut over a grid --------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// What the annotations around an op ask for, and why that cannot be.
//
//===----------------------------------------------------------------------===//

#include "ShardingPlan.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::attn;
using mlir::shard::GridAxis;
using mlir::shard::GridOp;
using mlir::shard::Sharding;

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

/// [batch, heads, sequence, width] in `layout`.
static SmallVector<unsigned, 4> inLayout(Layout layout, unsigned batch,
                                         unsigned heads, unsigned sequence,
                                         unsigned width) {
  if (layout == Layout::bshd)
    std::swap(heads, sequence);
  return {batch, heads, sequence, width};
}

/// `loops`, but `kShardWhole` where `type` has one element for all.
static SmallVector<unsigned, 4> broadcast(Type type, ArrayRef<unsigned> loops) {
  auto shaped = dyn_cast<ShapedType>(type);
  if (!shaped)
    return {};
  SmallVector<unsigned, 4> result;
  for (auto [size, loop] : llvm::zip_equal(shaped.getShape(), loops))
    result.push_back(size == 1 ? unsigned(kShardWhole) : loop);
  return result;
}

template <typename OpTy>
static SmallVector<ShardedValue> getValues(OpTy op) {
  auto attention = cast<AttentionInterface>(op.getOperation());
  Layout layout = attention.getLayout();
  bool isPaged = attention.isPaged();
  auto sizeOfHeads = [&](Value value) {
    return cast<ShapedType>(value.getType())
        .getDimSize(attention.getHeadAxis());
  };
  // One key head serves all query heads.
  unsigned kvHeads =
      sizeOfHeads(op.getKey()) == 1 && sizeOfHeads(op.getQuery()) != 1
          ? kShardWhole
          : kShardHeads;
  unsigned kvBatch = isPaged ? kShardWhole : kShardBatch;
  unsigned kvKeys = isPaged ? kShardWhole : kShardKeys;
  SmallVector<unsigned, 4> scores = {kShardBatch, kShardHeads, kShardQueries,
                                     kShardKeys};
  SmallVector<unsigned, 4> rows = {kShardBatch, kShardHeads, kShardQueries};
  SmallVector<unsigned, 4> output = inLayout(
      Layout::bhsd, kShardBatch, kShardHeads, kShardQueries, kShardWidthV);

  SmallVector<ShardedValue> values;
  auto add = [&](unsigned group, StringRef name, ArrayRef<unsigned> loops,
                 bool isBroadcast = false) {
    auto [start, length] = op.getODSOperandIndexAndLength(group);
    for (unsigned i = 0; i < length; ++i) {
      Type type = op->getOperand(start + i).getType();
      values.push_back({name, isBroadcast ? broadcast(type, loops)
                                          : SmallVector<unsigned, 4>(loops)});
    }
  };
  add(0, "query",
      inLayout(layout, kShardBatch, kShardHeads, kShardQueries, kShardWidth));
  add(1, "key", inLayout(layout, kvBatch, kvHeads, kvKeys, kShardWidth));
  add(2, "value", inLayout(layout, kvBatch, kvHeads, kvKeys, kShardWidthV));
  add(3, "dynamic_scale", {});
  add(4, "causal_offset", kShardBatch, /*isBroadcast=*/true);
  add(5, "kv_len", kShardBatch, /*isBroadcast=*/true);
  add(6, "q_len", kShardBatch, /*isBroadcast=*/true);
  add(7, "mask", scores, /*isBroadcast=*/true);
  add(8, "bias", scores, /*isBroadcast=*/true);
  SmallVector<unsigned, 4> scales = {kShardBatch, kvHeads, kShardKeys,
                                     kShardWidth};
  add(9, "key_scale", scales, /*isBroadcast=*/true);
  scales.back() = kShardWidthV;
  add(10, "value_scale", scales, /*isBroadcast=*/true);
  add(11, "page_table", {kShardBatch, kShardKeys});
  add(12, "offsets", {});
  if constexpr (std::is_same_v<OpTy, PartialOp>) {
    add(13, "output", output);
    add(14, "lse", rows);
  } else {
    output =
        inLayout(layout, kShardBatch, kShardHeads, kShardQueries, kShardWidthV);
  }
  if constexpr (std::is_same_v<OpTy, SdpaOp> || std::is_same_v<OpTy, StarOp> ||
                std::is_same_v<OpTy, BlockLocalOp>)
    add(13, "sinks", kShardHeads);
  if constexpr (std::is_same_v<OpTy, StarOp>) {
    add(14, "context_len", kShardBatch, /*isBroadcast=*/true);
    add(15, "anchor_key",
        inLayout(layout, kShardBatch, kvHeads, kShardWhole, kShardWidth));
    add(16, "anchor_value",
        inLayout(layout, kShardBatch, kvHeads, kShardWhole, kShardWidthV));
  }
  if constexpr (std::is_same_v<OpTy, BlockLocalOp>) {
    add(14, "prefix_key",
        inLayout(layout, kShardBatch, kvHeads, kShardWhole, kShardWidth));
    add(15, "prefix_value",
        inLayout(layout, kShardBatch, kvHeads, kShardWhole, kShardWidthV));
  }
  if constexpr (std::is_same_v<OpTy, SparqOp>) {
    add(13, "key_t",
        {kShardBatch, kvHeads, kShardWhole, kShardWidth, kShardWhole});
    add(14, "value_mean", {kShardBatch, kvHeads, kShardWidthV});
  }
  values.push_back({"the output", output});
  if (op->getNumResults() > 1)
    values.push_back({"the lse", rows});
  return values;
}

SmallVector<ShardedValue> attn::getShardedValues(Operation *op) {
  return TypeSwitch<Operation *, SmallVector<ShardedValue>>(op)
      .Case<SdpaOp, PartialOp, StarOp, BlockLocalOp, SparqOp>(
          [](auto op) { return getValues(op); });
}

//===----------------------------------------------------------------------===//
// Annotations
//===----------------------------------------------------------------------===//

SmallVector<Sharding, 0> attn::getShardings(Operation *op) {
  SmallVector<Sharding, 0> shardings;
  for (Value operand : op->getOperands()) {
    auto annotation = operand.getDefiningOp<shard::ShardOp>();
    shardings.push_back(annotation ? Sharding(annotation.getSharding())
                                   : Sharding());
  }
  for (Value result : op->getResults()) {
    auto annotation = result.hasOneUse()
                          ? dyn_cast<shard::ShardOp>(*result.getUsers().begin())
                          : shard::ShardOp();
    shardings.push_back(annotation ? Sharding(annotation.getSharding())
                                   : Sharding());
  }
  return shardings;
}

LogicalResult attn::verifyCaptures(Operation *op) {
  llvm::SetVector<Value> captures;
  getUsedValuesDefinedAbove(op->getRegions(), captures);
  for (Value value : captures) {
    if (!isa<ShapedType>(value.getType()) || matchPattern(value, m_Constant()))
      continue;
    auto annotation = value.getDefiningOp<shard::ShardOp>();
    if (annotation &&
        shard::isFullReplication(Sharding(annotation.getSharding())))
      continue;
    auto diag = op->emitOpError(
        "expects what its region reads to be whole on every process; annotate "
        "it with a shard.shard that splits nothing, and read that one's "
        "result");
    diag.attachNote(value.getLoc()) << "read in the region";
    return diag;
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Plans
//===----------------------------------------------------------------------===//

int64_t ShardingPlan::getNumShares(unsigned loop) const {
  int64_t shares = 1;
  for (GridAxis axis : axes[loop])
    shares *= grid.getShape()[axis];
  return shares;
}

static constexpr StringRef kLoopNames[] = {
    "batch",    "num_heads",  "seq_len_q",      "seq_len_kv",
    "head_dim", "head_dim_v", "what is not cut"};

/// What dimension `dim` of `value` is called.
static StringRef getSizeName(const ShardedValue &value, unsigned dim) {
  unsigned loop = value.loops[dim];
  bool isKv = value.name.contains("key") || value.name.contains("value");
  if (loop == kShardHeads && isKv)
    return "num_kv_heads";
  if (loop == kShardKeys && value.name == "page_table")
    return "the number of pages";
  return kLoopNames[loop];
}

namespace {
/// Reads shardings into a plan.
class Planner {
public:
  Planner(Operation *op, ArrayRef<Sharding> shardings)
      : op(op), values(getShardedValues(op)), shardings(shardings) {}

  FailureOr<ShardingPlan> run();

private:
  Type getType(unsigned index) {
    unsigned operands = op->getNumOperands();
    return index < operands ? op->getOperand(index).getType()
                            : op->getResult(index - operands).getType();
  }
  /// Whether a sharding is missing.
  bool isMissing(unsigned index) {
    return !shardings[index] && index < op->getNumOperands() &&
           !values[index].loops.empty();
  }
  LogicalResult readGrid(unsigned index);
  LogicalResult readAxes(unsigned index);
  LogicalResult checkAxes();
  LogicalResult checkSizes(unsigned index);
  LogicalResult checkKeys();

  Operation *op;
  SmallVector<ShardedValue> values;
  ArrayRef<Sharding> shardings;
  SymbolTableCollection symbols;
  ShardingPlan plan;
  /// The first operand or result that says how a loop is shared.
  std::array<std::optional<unsigned>, kNumShardLoops> source;
};
} // namespace

static void print(Diagnostic &diag, ArrayRef<GridAxis> axes) {
  diag << "[";
  llvm::interleave(
      axes, [&](GridAxis axis) { diag << int64_t(axis); },
      [&] { diag << ", "; });
  diag << "]";
}

LogicalResult Planner::readGrid(unsigned index) {
  const Sharding &sharding = shardings[index];
  auto grid =
      symbols.lookupNearestSymbolFrom<GridOp>(op, sharding.getGridAttr());
  if (!grid)
    return op->emitOpError("expects @")
           << sharding.getGrid() << " to be a shard.grid";
  if (plan.grid && plan.grid != grid)
    return op->emitOpError("expects shardings over one grid, but ")
           << values[index].name << " is over @" << grid.getSymName()
           << " and others are over @" << plan.grid.getSymName();
  plan.grid = grid;
  if (!sharding.getStaticHaloSizes().empty() ||
      !sharding.getStaticShardedDimsOffsets().empty())
    return op->emitOpError("expects shards of equal sizes, but ")
           << values[index].name
           << " has halo_sizes or sharded_dims_offsets; pad it and give kv_len "
              "or q_len instead";
  return success();
}

LogicalResult Planner::readAxes(unsigned index) {
  const ShardedValue &value = values[index];
  auto split = shardings[index].getSplitAxes();
  for (auto [dim, loop] : llvm::enumerate(value.loops)) {
    ArrayRef<GridAxis> axes;
    if (dim < split.size())
      axes = split[dim].asArrayRef();
    for (GridAxis axis : axes)
      if (ShapedType::isDynamic(plan.grid.getShape()[axis]))
        return op->emitOpError("expects a static size of grid axis ")
               << int64_t(axis) << " of @" << plan.grid.getSymName()
               << ", along which " << value.name
               << " is cut; attn-star-distribute makes programs for any number "
                  "of ranks";
    if (loop == kShardWhole) {
      if (axes.empty())
        continue;
      return op->emitOpError("expects dimension ")
             << dim << " of " << value.name
             << " to stay whole on every process: "
             << (cast<ShapedType>(getType(index)).getDimSize(dim) == 1
                     ? "its one element serves all"
                     : "every process needs all of it");
    }
    if (!source[loop]) {
      source[loop] = index;
      plan.axes[loop].assign(axes.begin(), axes.end());
      continue;
    }
    if (ArrayRef<GridAxis>(plan.axes[loop]) == axes)
      continue;
    auto diag = op->emitOpError("expects every operand and result to be cut "
                                "alike along ");
    diag << kLoopNames[loop] << ", but " << values[*source[loop]].name
         << " is cut over grid axes ";
    print(*diag.getUnderlyingDiagnostic(), plan.axes[loop]);
    diag << " and " << value.name << " over ";
    print(*diag.getUnderlyingDiagnostic(), axes);
    return diag;
  }
  return success();
}

LogicalResult Planner::checkAxes() {
  llvm::SmallDenseMap<int64_t, unsigned> loops;
  for (unsigned loop = 0; loop < kNumShardLoops; ++loop)
    for (GridAxis axis : plan.axes[loop]) {
      auto [entry, isNew] = loops.try_emplace(axis, loop);
      if (!isNew)
        return op->emitOpError(
                   "expects a grid axis to cut one thing, but axis ")
               << int64_t(axis) << " cuts " << kLoopNames[entry->second]
               << " and " << kLoopNames[loop]
               << "; use a grid with an axis for each, or leave one whole";
    }
  if (plan.isShared(kShardWidth))
    return op->emitOpError(
        "expects head_dim to stay whole: softmax needs sums over all of it; "
        "cut batch, heads, queries or keys instead");
  return success();
}

LogicalResult Planner::checkSizes(unsigned index) {
  const ShardedValue &value = values[index];
  if (value.loops.empty() || (!shardings[index] && !isMissing(index)))
    return success();
  auto attention = cast<AttentionInterface>(op);
  auto type = cast<ShapedType>(getType(index));
  bool isMain = value.name == "query" || value.name == "key" ||
                value.name == "value" || index >= op->getNumOperands() ||
                value.name == "output" || value.name == "lse";
  for (auto [dim, loop] : llvm::enumerate(value.loops)) {
    int64_t shares = plan.getNumShares(loop), size = type.getDimSize(dim);
    if (shares == 1)
      continue;
    StringRef name = getSizeName(value, dim);
    if (ShapedType::isDynamic(size)) {
      // Equal shares cannot be told from others, and need not be where no
      // position is asked for.
      AttentionParts parts(attention);
      bool needsPositions =
          loop == kShardBatch ? parts.hasScore() : parts.usesPositions();
      if (isMain && loop != kShardHeads && !needsPositions)
        continue;
      auto diag = op->emitOpError("expects a static ")
                  << name << " of " << value.name << ", which is cut over "
                  << shares << " processes: ";
      if (isMain && loop != kShardHeads)
        diag << "positions depend on it";
      else
        diag << "it may be 1, or not a multiple of them";
      if (loop == kShardKeys)
        diag << "; attn-star-distribute cuts keys of any number";
      return diag;
    }
    if (size % shares == 0)
      continue;
    auto diag = op->emitOpError("expects ")
                << name << " of " << value.name << " to be a multiple of the "
                << shares << " processes it is cut over, but got " << size;
    if (loop == kShardKeys)
      diag << "; pad key and value and give kv_len";
    else if (name == "num_kv_heads")
      diag << "; a process needs whole groups of query heads: cut over fewer "
              "processes, or cut batch, queries or keys";
    return diag;
  }
  return success();
}

LogicalResult Planner::checkKeys() {
  bool cutsKeys = plan.isShared(kShardKeys);
  if (cutsKeys) {
    int64_t processes = 1;
    bool isStatic = true;
    for (int64_t size : plan.grid.getShape()) {
      isStatic &= !ShapedType::isDynamic(size);
      processes *= size;
    }
    if (!isStatic || processes != plan.getNumShares(kShardKeys)) {
      auto diag = op->emitOpError("expects keys to be cut over all of grid @")
                  << plan.grid.getSymName() << ", but it has axes beside ";
      print(*diag.getUnderlyingDiagnostic(), plan.axes[kShardKeys]);
      diag << ": partial results are merged over all processes";
      return diag;
    }
  }
  if (!cutsKeys && !plan.isShared(kShardQueries))
    return success();
  if (isa<StarOp, SparqOp>(op))
    return op->emitOpError("expects all queries and keys on every process: it "
                           "chooses among them; cut batch or heads")
           << (isa<StarOp>(op) ? ", or run attn-star-distribute instead" : "");
  if (isa<BlockLocalOp>(op))
    return op->emitOpError("expects all queries and keys on every process: a "
                           "block may lie anywhere among them; cut batch or "
                           "heads");
  auto sdpa = dyn_cast<SdpaOp>(op);
  StrategyAttrInterface strategy = sdpa ? sdpa.getStrategyAttr() : nullptr;
  if (strategy && !isa<DenseAttr, BlockwiseAttr>(strategy))
    return op->emitOpError("expects all queries and keys on every process "
                           "where an approximation chooses among them, but "
                           "its strategy is ")
           << strategy << "; cut batch or heads, or remove the strategy";
  return success();
}

FailureOr<ShardingPlan> Planner::run() {
  for (unsigned index = 0; index < values.size(); ++index) {
    if (!shardings[index] || values[index].loops.empty())
      continue;
    if (failed(readGrid(index)) || failed(readAxes(index)))
      return failure();
  }
  if (!plan.grid)
    return op->emitOpError("expects operands annotated with shard.shard; run "
                           "sharding-propagation{traversal=forward-backward}");
  if (failed(checkAxes()))
    return failure();
  for (unsigned index = 0; index < values.size(); ++index)
    if (failed(checkSizes(index)))
      return failure();
  if (failed(checkKeys()) || failed(verifyCaptures(op)))
    return failure();
  // Last: what is wrong above is why propagation gave up.
  for (unsigned index = 0; index < values.size(); ++index)
    if (isMissing(index))
      return op->emitOpError("expects a sharding of ")
             << values[index].name
             << "; run sharding-propagation{traversal=forward-backward}";
  return plan;
}

FailureOr<ShardingPlan> attn::planSharding(Operation *op,
                                           ArrayRef<Sharding> shardings) {
  return Planner(op, shardings).run();
}

LogicalResult attn::verifySharding(Operation *op,
                                   ArrayRef<Sharding> shardings) {
  return success(succeeded(planSharding(op, shardings)));
}
