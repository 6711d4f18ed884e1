//===- lib/ExecutionEngine/ConvertAttnToReference.cpp - Reference calls ---===//
//
// Part of attn-mlir.
//
// Replaces attn ops by calls to the f64 reference, or checks them with it.
//
//===----------------------------------------------------------------------===//

#include "ConvertAttnToReference.h"

#include "attn/Dialect/Attn/IR/Attn.h"
#include "attn/Dialect/Attn/IR/AttnPositions.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace mlir::attn;
namespace ref = ::attn::reference;

namespace {
/// Emits the calls for one op.
class Emitter {
public:
  Emitter(Operation *op, ReferenceTable &table, bool check);

  LogicalResult emit();

private:
  void call(StringRef name, ValueRange arguments);
  void pass(Slot slot, Value value, int64_t plus = 0);
  void passAttention(AttentionInterface attention);
  void passScores(AttentionInterface attention, Slot slot, StringRef compute);
  void passStar(StarOp star);
  template <typename OpTy>
  void passBlockLocal(OpTy local);
  void passSparq(SparqOp sparq);
  void applyScoreRegion(AttentionInterface attention, Value scores,
                        Value seqLenKv);
  Value constant(int64_t value);
  Value toMemRef(Value value);
  LogicalResult emitOp();
  LogicalResult finishResults(ValueRange destinations);

  Operation *op;
  ModuleOp module;
  IRRewriter rewriter;
  Location loc;
  ReferenceOp &host;
  bool check;
};
} // namespace

Emitter::Emitter(Operation *op, ReferenceTable &table, bool check)
    : op(op), module(op->getParentOfType<ModuleOp>()),
      rewriter(op->getContext()), loc(op->getLoc()), host(table.add(loc)),
      check(check) {
  host.name = op->getName().getStringRef().str();
  host.check = check;
  if (check)
    rewriter.setInsertionPointAfter(op);
  else
    rewriter.setInsertionPoint(op);
}

Value Emitter::constant(int64_t value) {
  return arith::ConstantIntOp::create(rewriter, loc, value, 64);
}

/// Calls the host with `arguments` after the op's address.
void Emitter::call(StringRef name, ValueRange arguments) {
  SmallVector<Value> all = {
      constant(static_cast<int64_t>(reinterpret_cast<intptr_t>(&host)))};
  llvm::append_range(all, arguments);
  auto type = rewriter.getFunctionType(ValueRange(all).getTypes(), {});
  if (!module.lookupSymbol(name)) {
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPointToStart(module.getBody());
    auto decl = func::FuncOp::create(rewriter, module.getLoc(), name, type);
    decl.setPrivate();
  }
  func::CallOp::create(rewriter, loc, name, TypeRange{}, all);
}

Value Emitter::toMemRef(Value value) {
  auto tensor = dyn_cast<RankedTensorType>(value.getType());
  if (!tensor)
    return value;
  auto type = MemRefType::get(tensor.getShape(), tensor.getElementType());
  return bufferization::ToBufferOp::create(rewriter, loc, type, value,
                                           /*read_only=*/true);
}

void Emitter::pass(Slot slot, Value value, int64_t plus) {
  if (!value)
    return;
  Value place = constant(static_cast<int64_t>(slot) + plus);
  Type type = value.getType();
  if (isa<IndexType>(type)) {
    value =
        arith::IndexCastOp::create(rewriter, loc, rewriter.getI64Type(), value);
    return call("attn_ref_index", {place, value});
  }
  if (isa<FloatType>(type)) {
    if (!type.isF64())
      value =
          arith::ExtFOp::create(rewriter, loc, rewriter.getF64Type(), value);
    return call("attn_ref_float", {place, value});
  }
  Value memref = toMemRef(value);
  auto ranked = cast<MemRefType>(memref.getType());
  std::string name;
  llvm::raw_string_ostream(name)
      << "attn_ref_memref_" << ranked.getElementType();
  auto unranked =
      UnrankedMemRefType::get(ranked.getElementType(), ranked.getMemorySpace());
  memref = memref::CastOp::create(rewriter, loc, unranked, memref);
  call(name, {place, memref});
}

void Emitter::passAttention(AttentionInterface attention) {
  auto number = [](FloatAttr attr) -> std::optional<double> {
    if (!attr)
      return std::nullopt;
    return attr.getValueAsDouble();
  };
  host.scale = number(attention.getScaleAttr());
  host.softcap = number(attention.getSoftcapAttr());
  host.windowLeft = attention.getWindowLeft();
  host.windowRight = attention.getWindowRight();
  host.bottomRight = attention.getBottomRight();
  host.transposed = attention.getLayout() == Layout::bshd;
  pass(Slot::Query, attention.getQuery());
  pass(Slot::Key, attention.getKey());
  pass(Slot::Value, attention.getValue());
  pass(Slot::DynamicScale, attention.getDynamicScale());
  pass(Slot::CausalOffset, attention.getCausalOffset());
  pass(Slot::KvLen, attention.getKvLen());
  pass(Slot::QLen, attention.getQLen());
  pass(Slot::Mask, attention.getMask());
  pass(Slot::Bias, attention.getBias());
  pass(Slot::KeyScale, attention.getKeyScale());
  pass(Slot::ValueScale, attention.getValueScale());
  pass(Slot::PageTable, attention.getPageTable());
  for (auto [axis, offset] : llvm::enumerate(attention.getOffsets()))
    pass(Slot::BatchOffset, offset, axis);
}

/// Clones `block` with f64 in place of narrower floats; `map` holds f64 values
/// for its arguments. Values from outside are widened where they enter.
static void cloneWidened(OpBuilder &builder, Block &block, IRMapping &map) {
  Type f64 = builder.getF64Type();
  auto isNarrow = [](Type type) {
    return isa<FloatType>(type) && !type.isF64();
  };
  for (Operation &op : block.without_terminator()) {
    Location loc = op.getLoc();
    if (isa<arith::ExtFOp, arith::TruncFOp>(op) &&
        map.contains(op.getOperand(0)) &&
        isa<FloatType>(op.getOperand(0).getType())) {
      map.map(op.getResult(0), map.lookup(op.getOperand(0)));
      continue;
    }
    for (Value operand : op.getOperands())
      if (!map.contains(operand) && isNarrow(operand.getType()))
        map.map(operand,
                arith::ExtFOp::create(builder, loc, f64, operand).getResult());
    Operation *copy = builder.clone(op, map);
    // Regions were cloned as they are; write them again, widened.
    for (auto [from, to] :
         llvm::zip_equal(op.getRegions(), copy->getRegions())) {
      for (auto [oldBlock, newBlock] : llvm::zip_equal(from, to)) {
        Operation *terminator = newBlock.getTerminator();
        while (&newBlock.front() != terminator) {
          Operation *last = terminator->getPrevNode();
          last->dropAllUses();
          last->erase();
        }
        for (auto [oldArg, newArg] : llvm::zip_equal(oldBlock.getArguments(),
                                                     newBlock.getArguments())) {
          if (isNarrow(newArg.getType()))
            newArg.setType(f64);
          map.map(oldArg, newArg);
        }
        OpBuilder inner(terminator);
        cloneWidened(inner, oldBlock, map);
        for (auto [i, operand] :
             llvm::enumerate(oldBlock.getTerminator()->getOperands())) {
          Value mapped = map.lookupOrDefault(operand);
          if (isNarrow(mapped.getType()))
            mapped = arith::ExtFOp::create(inner, loc, f64, mapped);
          terminator->setOperand(i, mapped);
        }
      }
    }
    bool reads = isa<tensor::ExtractOp, memref::LoadOp>(op);
    for (auto [from, to] :
         llvm::zip_equal(op.getResults(), copy->getResults())) {
      if (!isNarrow(to.getType()))
        continue;
      if (reads) {
        map.map(from, arith::ExtFOp::create(builder, loc, f64, to).getResult());
        continue;
      }
      to.setType(f64);
    }
    if (auto constant = dyn_cast<arith::ConstantOp>(copy))
      if (auto value = dyn_cast<FloatAttr>(constant.getValue())) {
        double wide = value.getValueAsDouble();
        constant.setValueAttr(builder.getF64FloatAttr(wide));
      }
  }
}

/// Rewrites the matrix in place, one element at a time, where structure lets a
/// key be seen: what the region answers elsewhere does not matter. Columns from
/// `seqLenKv` on are of anchors of their own.
void Emitter::applyScoreRegion(AttentionInterface attention, Value scores,
                               Value seqLenKv) {
  OpBuilder::InsertionGuard guard(rewriter);
  Value zero = arith::ConstantIndexOp::create(rewriter, loc, 0);
  Value one = arith::ConstantIndexOp::create(rewriter, loc, 1);
  SmallVector<Value> lower(4, zero), step(4, one), upper;
  for (int64_t d = 0; d < 4; ++d)
    upper.push_back(memref::DimOp::create(rewriter, loc, scores, d));
  scf::LoopNest nest = scf::buildLoopNest(rewriter, loc, lower, upper, step);
  rewriter.setInsertionPoint(nest.loops.back().getBody()->getTerminator());
  SmallVector<Value> ivs;
  for (scf::ForOp loop : nest.loops)
    ivs.push_back(loop.getInductionVar());
  SmallVector<Value> positions;
  for (unsigned axis = 0; axis < 4; ++axis) {
    Value offset = getValueOrCreateConstantIndexOp(
        rewriter, loc, getOffset(attention, rewriter, axis));
    positions.push_back(
        arith::AddIOp::create(rewriter, loc, ivs[axis], offset));
  }
  auto ranges = cast<AttnKeyRangesInterface>(attention.getOperation());
  Value visible =
      ranges.isVisible(rewriter, loc, ivs[0], ivs[1], ivs[2], ivs[3]);
  auto star = dyn_cast<StarOp>(attention.getOperation());
  if (star && star.hasAnchorOperands()) {
    Value isAnchor = arith::CmpIOp::create(
        rewriter, loc, arith::CmpIPredicate::sge, ivs[3], seqLenKv);
    Value position = arith::SubIOp::create(rewriter, loc, ivs[3], seqLenKv);
    Value size = arith::ConstantIndexOp::create(rewriter, loc,
                                                star.getClampedAnchorSize());
    // Some row may see it.
    Value isUsed = arith::CmpIOp::create(
        rewriter, loc, arith::CmpIPredicate::slt, position, size);
    visible = arith::SelectOp::create(rewriter, loc, isAnchor, isUsed, visible);
    positions[3] = arith::SelectOp::create(rewriter, loc, isAnchor, position,
                                           positions[3]);
  }
  if (visible) {
    auto branch = scf::IfOp::create(rewriter, loc, visible,
                                    /*withElseRegion=*/false);
    rewriter.setInsertionPointToStart(branch.thenBlock());
  }
  Block &region = attention.getScore().front();
  IRMapping map;
  map.map(region.getArgument(0),
          memref::LoadOp::create(rewriter, loc, scores, ivs).getResult());
  map.map(region.getArguments().drop_front(), positions);
  cloneWidened(rewriter, region, map);
  Value result = map.lookupOrDefault(region.getTerminator()->getOperand(0));
  if (!result.getType().isF64())
    result =
        arith::ExtFOp::create(rewriter, loc, rewriter.getF64Type(), result);
  memref::StoreOp::create(rewriter, loc, result, scores, ivs);
}

/// Has the host fill a score matrix and applies the score region to it.
void Emitter::passScores(AttentionInterface attention, Slot slot,
                         StringRef compute) {
  if (!attention.hasScore())
    return;
  host.hasScore = true;
  AttentionSizes sizes = getSizes(rewriter, loc, attention);
  Value seqLenKv =
      getValueOrCreateConstantIndexOp(rewriter, loc, sizes.seqLenKv);
  SmallVector<OpFoldResult> shape = {sizes.batch, sizes.numHeads, sizes.seqLenQ,
                                     sizes.seqLenKv};
  auto star = dyn_cast<StarOp>(op);
  if (star && star.hasAnchorOperands()) {
    Value anchors = getValueOrCreateConstantIndexOp(
        rewriter, loc,
        getDim(rewriter, loc, star.getAnchorKey(), attention.getSeqAxis()));
    shape.back() =
        arith::AddIOp::create(rewriter, loc, seqLenKv, anchors).getResult();
  }
  SmallVector<int64_t> staticShape;
  SmallVector<Value> dynamic;
  dispatchIndexOpFoldResults(shape, dynamic, staticShape);
  Value scores = memref::AllocOp::create(
      rewriter, loc, MemRefType::get(staticShape, rewriter.getF64Type()),
      dynamic);
  pass(slot, scores);
  call(compute, {});
  applyScoreRegion(attention, scores, seqLenKv);
}

void Emitter::passStar(StarOp star) {
  host.star.emplace();
  host.star->blockSize = star.getBlockSize();
  host.star->anchorSize = star.getAnchorSize();
  host.star->anchor = star.getAnchor() == StarAnchor::first
                          ? ref::StarPattern::Anchor::First
                          : ref::StarPattern::Anchor::Previous;
  pass(Slot::ContextLen, star.getContextLen());
  pass(Slot::AnchorKey, star.getAnchorKey());
  pass(Slot::AnchorValue, star.getAnchorValue());
}

template <typename OpTy>
void Emitter::passBlockLocal(OpTy local) {
  host.kind = ReferenceOp::BlockLocal;
  host.blockLocal.emplace();
  host.blockLocal->blockLen = local.getBlockLen();
  host.blockLocal->prefixLen = local.getPrefixLen().value_or(0);
  pass(Slot::PrefixKey, local.getPrefixKey());
  pass(Slot::PrefixValue, local.getPrefixValue());
}

void Emitter::passSparq(SparqOp sparq) {
  using Options = ref::SparqOptions;
  host.sparq.rank = sparq.getRank();
  host.sparq.topK = sparq.getTopK();
  host.sparq.localWindow = sparq.getLocalWindow();
  switch (sparq.getRealloc()) {
  case Realloc::automatic:
    host.sparq.realloc = Options::Realloc::Auto;
    break;
  case Realloc::on:
    host.sparq.realloc = Options::Realloc::On;
    break;
  case Realloc::off:
    host.sparq.realloc = Options::Realloc::Off;
    break;
  }
  host.sparq.groupReduce = sparq.getGroupReduce() == GroupReduce::prob
                               ? Options::GroupReduce::Prob
                               : Options::GroupReduce::Logit;
  pass(Slot::KeyT, sparq.getKeyT());
  pass(Slot::ValueMean, sparq.getValueMean());
  passScores(cast<AttentionInterface>(sparq.getOperation()),
             Slot::ApproximateScores, "attn_ref_approximate_scores");
}

/// Passes the results, or memory for them, runs the op and takes them over.
LogicalResult Emitter::finishResults(ValueRange destinations) {
  if (check) {
    for (auto [i, result] : llvm::enumerate(op->getResults()))
      pass(Slot::Result0, result, i);
    call("attn_ref_run", {});
    return success();
  }
  SmallVector<Value> replacements, memory;
  ReifiedRankedShapedTypeDims shapes;
  if (op->getNumResults() != 0 &&
      failed(reifyResultShapes(rewriter, op, shapes)))
    return op->emitOpError("has results whose shape cannot be computed");
  for (auto [i, result] : llvm::enumerate(op->getResults())) {
    SmallVector<int64_t> staticShape;
    SmallVector<Value> dynamic;
    auto type = cast<RankedTensorType>(result.getType());
    for (auto [size, dim] : llvm::zip_equal(type.getShape(), shapes[i])) {
      staticShape.push_back(size);
      if (ShapedType::isDynamic(size))
        dynamic.push_back(getValueOrCreateConstantIndexOp(rewriter, loc, dim));
    }
    memory.push_back(memref::AllocOp::create(
        rewriter, loc, MemRefType::get(staticShape, type.getElementType()),
        dynamic));
  }
  if (op->getNumResults() == 0) // On memrefs.
    llvm::append_range(memory, destinations);
  for (auto [i, memref] : llvm::enumerate(memory))
    pass(Slot::Result0, memref, i);
  call("attn_ref_run", {});
  for (auto [result, memref] : llvm::zip(op->getResults(), memory))
    replacements.push_back(bufferization::ToTensorOp::create(
        rewriter, loc, result.getType(), memref, /*restrict=*/true,
        /*writable=*/true));
  rewriter.replaceOp(op, replacements);
  return success();
}

LogicalResult Emitter::emitOp() {
  call("attn_ref_begin", {});
  auto star = dyn_cast<StarOp>(op);
  if (star)
    passStar(star);
  auto local = dyn_cast<BlockLocalOp>(op);
  if (local)
    passBlockLocal(local);
  auto step = dyn_cast<BlockLocalStepOp>(op);
  if (step) {
    passBlockLocal(step);
    host.blockLocal->blockLenQ = step.getNumBlockRows();
  }
  if (auto attention = dyn_cast<AttentionInterface>(op)) {
    passAttention(attention);
    passScores(attention, Slot::Scores, "attn_ref_scores");
  }
  if (auto sdpa = dyn_cast<SdpaOp>(op)) {
    host.kind = ReferenceOp::Sdpa;
    pass(Slot::Sinks, sdpa.getSinks());
    return finishResults({});
  }
  if (star) {
    host.kind = ReferenceOp::Star;
    pass(Slot::Sinks, star.getSinks());
    return finishResults({});
  }
  if (local) {
    pass(Slot::Sinks, local.getSinks());
    return finishResults({});
  }
  if (step) {
    pass(Slot::Sinks, step.getSinks());
    SmallVector<Value> destinations = {step.getOutput()};
    if (step.getLse())
      destinations.push_back(step.getLse());
    return finishResults(destinations);
  }
  if (auto sparq = dyn_cast<SparqOp>(op)) {
    host.kind = ReferenceOp::Sparq;
    passSparq(sparq);
    return finishResults({});
  }
  if (auto online = dyn_cast<OnlineOp>(op)) {
    host.kind = ReferenceOp::Online;
    pass(Slot::AccIn, online.getAcc());
    pass(Slot::RowMaxIn, online.getRowMax());
    pass(Slot::RowSumIn, online.getRowSum());
    return finishResults(
        {online.getAcc(), online.getRowMax(), online.getRowSum()});
  }
  if (auto partial = dyn_cast<PartialOp>(op)) {
    host.kind = ReferenceOp::Partial;
    return finishResults({partial.getOutput(), partial.getLse()});
  }
  if (auto finalize = dyn_cast<FinalizeOp>(op)) {
    host.kind = ReferenceOp::Finalize;
    host.transposed = finalize.getLayout() == Layout::bshd;
    pass(Slot::AccIn, finalize.getAcc());
    pass(Slot::RowMaxIn, finalize.getRowMax());
    pass(Slot::RowSumIn, finalize.getRowSum());
    pass(Slot::Sinks, finalize.getSinks());
    SmallVector<Value> destinations = {finalize.getOutput()};
    if (finalize.getLse())
      destinations.push_back(finalize.getLse());
    return finishResults(destinations);
  }
  if (auto merge = dyn_cast<MergeOp>(op)) {
    host.kind = ReferenceOp::Merge;
    host.transposed = merge.getLayout() == Layout::bshd;
    host.numParts = merge.getPartOutputs().size();
    for (auto [i, part] : llvm::enumerate(merge.getPartOutputs()))
      pass(Slot::FirstPart, part, 2 * i);
    for (auto [i, part] : llvm::enumerate(merge.getPartLses()))
      pass(Slot::FirstPart, part, 2 * i + 1);
    SmallVector<Value> destinations = {merge.getOutput()};
    if (merge.getLse())
      destinations.push_back(merge.getLse());
    return finishResults(destinations);
  }
  return op->emitOpError("has no reference to verify it with");
}

LogicalResult Emitter::emit() { return emitOp(); }

static LogicalResult emitAll(ModuleOp module, ReferenceTable &table,
                             bool check) {
  module.getContext()
      ->loadDialect<arith::ArithDialect, bufferization::BufferizationDialect,
                    func::FuncDialect, memref::MemRefDialect,
                    scf::SCFDialect>();
  SmallVector<Operation *> ops;
  module.walk([&](Operation *op) {
    // The pieces of SparQ and the ops on caches move and choose; they are run
    // as they are, on f64 in a reference. So is a merge over ranks: nobody has
    // the parts of all.
    bool isRunAsIs =
        isa<YieldOp, ScoresOp, TopKOp, GatherKvOp, KvAppendOp, RunningMeanOp,
            DistMergeOp, CommRankOp, CommSizeOp>(op);
    if (isa_and_nonnull<AttnDialect>(op->getDialect()) && !isRunAsIs)
      ops.push_back(op);
  });
  for (Operation *op : ops) {
    // A check compares values; a destination in memory is overwritten.
    if (check && op->getNumResults() == 0)
      continue;
    if (failed(Emitter(op, table, check).emit()))
      return failure();
  }
  return success();
}

LogicalResult mlir::attn::convertAttnToReference(ModuleOp module,
                                                 ReferenceTable &table) {
  return emitAll(module, table, /*check=*/false);
}

LogicalResult mlir::attn::insertReferenceChecks(ModuleOp module,
                                                ReferenceTable &table) {
  return emitAll(module, table, /*check=*/true);
}
