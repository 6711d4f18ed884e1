//===- AttnToVector.cpp - Attention on memrefs to vector loops ------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// The pass convert-attn-to-vector: what is refused, the shape of the kernel,
// and where its scratch lies.
//
//===----------------------------------------------------------------------===//

#include "attn/Conversion/AttnToVector/AttnToVector.h"
#include "KernelReport.h"
#include "LocalKernel.h"
#include "SparqKernel.h"
#include "attn/Conversion/Passes.h"

#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Dialect/X86Vector/X86VectorDialect.h"
#include "mlir/Interfaces/DataLayoutInterfaces.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

namespace mlir::attn {
#define GEN_PASS_DEF_CONVERTATTNTOVECTORPASS
#include "attn/Conversion/Passes.h.inc"
} // namespace mlir::attn

using namespace mlir;
using namespace mlir::attn;

VectorTarget VectorTarget::get(Operation *op) {
  VectorTarget target;
  auto module = op->getParentOfType<ModuleOp>();
  if (!module)
    return target;
  auto attr = module->getAttrOfType<TargetAttr>("attn.target");
  if (!attr || attr.getKind() != TargetKind::cpu)
    return target;
  target.vectorBits = attr.getVectorBits();
  target.numRegisters = attr.getNumVectorRegisters();
  target.bf16Dot = attr.getBf16Dot();
  target.scalef = attr.getScalef();
  return target;
}

//===----------------------------------------------------------------------===//
// Scratch
//===----------------------------------------------------------------------===//

/// The block whose execution owns the scratch of `op`.
static Block *getScratchBlock(Operation *op) {
  Block *block = op->getBlock();
  while (true) {
    Operation *parent = block->getParentOp();
    if (!parent || isa<FunctionOpInterface>(parent) ||
        parent->hasTrait<OpTrait::IsIsolatedFromAbove>())
      return &block->getParent()->front();
    // The outermost parallel loop: nested ones become sequential.
    if (isa<scf::ParallelOp, scf::ForallOp>(parent) &&
        !parent->getParentOfType<scf::ParallelOp>() &&
        !parent->getParentOfType<scf::ForallOp>())
      return block;
    block = parent->getBlock();
  }
}

/// What scratch may take of a thread's stack; the rest comes from the heap.
static constexpr int64_t kMaxStackBytes = 256 << 10;

Value ScratchPool::get(Operation *op, StringRef role, ArrayRef<int64_t> shape,
                       Type elementType) {
  Block *block = getScratchBlock(op);
  auto type = MemRefType::get(shape, elementType);
  Value &buffer = buffers[{block, type, role}];
  if (buffer)
    return buffer;
  OpBuilder builder = OpBuilder::atBlockBegin(block);
  IntegerAttr alignment = builder.getI64IntegerAttr(64);
  int64_t bytes =
      type.getNumElements() *
      DataLayout::closest(op).getTypeSize(elementType).getFixedValue();
  int64_t &taken = stackBytes[block];
  if (bytes <= kMaxStackBytes - taken) {
    taken += bytes;
    buffer = memref::AllocaOp::create(builder, op->getLoc(), type, alignment);
    return buffer;
  }
  buffer = memref::AllocOp::create(builder, op->getLoc(), type, alignment);
  // A function may have several blocks, and so ends.
  for (Block &other : *block->getParent()) {
    Operation *end = other.getTerminator();
    if (end->getNumSuccessors() != 0)
      continue;
    builder.setInsertionPoint(end);
    memref::DeallocOp::create(builder, op->getLoc(), buffer);
  }
  return buffer;
}

//===----------------------------------------------------------------------===//
// Kernel shape
//===----------------------------------------------------------------------===//

/// Scratch that a block of keys should not exceed, so as to stay in L2.
static constexpr int64_t kMaxScratchBytes = 1 << 20;
/// Most panels that take turns at a block, and what their queries and sums may
/// take together.
static constexpr int64_t kMaxPanels = 4;
static constexpr int64_t kMaxPanelBytes = 128 << 10;
/// Beyond this, sizes of scratch are not worth their overflow checks.
static constexpr int64_t kMaxHeadDim = 1 << 20;

/// Whether the products of `op` are made with the dot instruction for bf16.
static bool usesDot(AttentionInterface op, const VectorTarget &target) {
  if (!target.bf16Dot || target.vectorBits < 128 || target.vectorBits > 512 ||
      op.getKeyScale() || op.getValueScale())
    return false;
  return llvm::all_of(
      ArrayRef<Value>{op.getQuery(), op.getKey(), op.getValue()},
      [](Value v) { return getElementTypeOrSelf(v.getType()).isBF16(); });
}

KeySpec KernelShape::getSpec(AttentionInterface op, bool isValue) const {
  if (word == 1)
    return {op, isValue, op.getAccumulatorType(), block};
  return {op, isValue, FloatType(BFloat16Type::get(op->getContext())), block,
          /*needsContiguousRows=*/true};
}

FailureOr<KernelShape> KernelShape::get(AttentionInterface op,
                                        const VectorTarget &target) {
  KernelShape shape;
  int64_t bytes = op.getAccumulatorType().getWidth() / 8;
  shape.lanes = target.vectorBits / 8 / bytes;
  shape.groups = 2;
  shape.tile = 8;
  if (target.numRegisters < 16) {
    shape.tile = 2;
  } else if (target.numRegisters < 32) {
    // 12 sums, 2 vectors of queries and 2 splats fill 16 registers; 8 sums
    // would be too few for two multiply-adds a cycle.
    shape.tile = 6;
  } else if (shape.lanes <= 4) {
    // As many sums from half as many splats, and half as many panels to read
    // the keys for.
    shape.tile = shape.groups = 4;
  }
  shape.block = shape.getFullBlock();
  shape.word = usesDot(op, target) ? 2 : 1;
  // One vector is enough for the few rows of a decoding step.
  int64_t rows = op.getQuery().getType().getDimSize(op.getSeqAxis());
  std::optional<int64_t> group = getStaticGroupSize(op);
  if (group && !ShapedType::isDynamic(rows) && rows * *group <= shape.lanes)
    shape.groups = 1;

  // Panels that share a block, as long as their own scratch stays well within
  // L2.
  shape.panels = kMaxPanels;
  if (group && !ShapedType::isDynamic(rows))
    shape.panels = std::min(
        shape.panels,
        std::max<int64_t>(1, llvm::divideCeil(rows * *group, shape.panel())));
  int64_t headDim = op.getHeadDim(), headDimV = op.getHeadDimV();
  if (headDim > kMaxHeadDim || headDimV > kMaxHeadDim)
    return op->emitOpError("expects head_dim and head_dim_v of at most ")
           << kMaxHeadDim << ", but got " << headDim << " and " << headDimV;
  auto panelBytes = [&] {
    return shape.panels * shape.panel() * bytes *
           (headDim / shape.word + headDimV);
  };
  while (panelBytes() > kMaxPanelBytes && shape.panels > 1)
    shape.panels /= 2;
  auto scratchBytes = [&] {
    int64_t rows = shape.block;
    if (op.getMask())
      rows += shape.block;
    int64_t elements = rows * shape.panel();
    for (bool isValue : {false, true}) {
      KeySpec spec = shape.getSpec(op, isValue);
      if (spec.needsScratch())
        elements += shape.block * spec.getColumns() / shape.word;
    }
    if (shape.word > 1)
      elements += shape.block * headDimV;
    return elements * bytes + panelBytes();
  };
  while (scratchBytes() > kMaxScratchBytes && shape.block > 16)
    shape.block = shape.block / 2 / shape.tile * shape.tile;
  if (scratchBytes() > kMaxScratchBytes)
    shape.groups = 1;
  return shape;
}

//===----------------------------------------------------------------------===//
// Ops
//===----------------------------------------------------------------------===//

bool attn::isLoweredToVectors(Operation *op) {
  return isa<OnlineOp, PartialOp, FinalizeOp, MergeOp, SparqStepOp,
             BlockLocalStepOp>(op);
}

/// Reports what the kernels do not take.
static LogicalResult checkSupported(Operation *op) {
  for (Value operand : op->getOperands())
    if (isa<TensorType>(operand.getType()))
      return op->emitOpError("expects memrefs, but got ")
             << operand.getType() << "; bufferize first";
  return success();
}

/// An online or partial op becomes the kernel for its number of rows, or both
/// kernels where that is known only at run time.
static LogicalResult lowerAttention(RewriterBase &rewriter,
                                    AttentionInterface op,
                                    const VectorTarget &target,
                                    ScratchPool &pool) {
  Scratch scratch{pool, op};
  int64_t lanes = target.vectorBits / op.getAccumulatorType().getWidth();
  VectorBuilder b(op->getLoc(), rewriter, op.getAccumulatorType(), lanes);
  b.hasScalef = target.scalef;
  b.hasBF16 = target.bf16Dot;
  std::optional<DecodeShape> few = DecodeShape::get(op, target);
  auto emitDecode = [&] { DecodeKernel(b, op, *few, scratch).emit(); };
  if (few && few->isCertain) {
    reportKernel(op, nullptr, &*few);
    emitDecode();
    rewriter.eraseOp(op);
    return success();
  }
  FailureOr<KernelShape> shape = KernelShape::get(op, target);
  if (failed(shape))
    return failure();
  reportKernel(op, &*shape, few ? &*few : nullptr);
  auto emitPanels = [&] { emitAttentionKernel(b, op, *shape, scratch); };
  if (few) {
    // Without a division, whose divisor may be 0 where there is nothing to do.
    AttentionSizes sizes = getSizes(b, op->getLoc(), op);
    Value allRows = b.mul(b.idx(sizes.numHeads), b.idx(sizes.seqLenQ));
    Value most = b.mul(b.idx(sizes.numKvHeads), b.idx(DecodeShape::kMaxRows));
    Value isFew = b.compare(arith::CmpIPredicate::sle, allRows, most);
    b.ifElse(
        TypeRange(), isFew,
        [&] {
          emitDecode();
          return SmallVector<Value>();
        },
        [&] {
          emitPanels();
          return SmallVector<Value>();
        });
  } else {
    emitPanels();
  }
  rewriter.eraseOp(op);
  return success();
}

static LogicalResult lowerSparq(RewriterBase &rewriter, SparqStepOp op,
                                const VectorTarget &target, ScratchPool &pool) {
  auto attention = cast<AttentionInterface>(op.getOperation());
  FloatType type = attention.getAccumulatorType();
  VectorBuilder b(op->getLoc(), rewriter, type,
                  target.vectorBits / type.getWidth());
  b.hasScalef = target.scalef;
  SparqKernel(b, op, target, pool).emit();
  rewriter.eraseOp(op);
  return success();
}

/// The kernel has a block on its stack, and takes what
/// attn-fuse-block-local chooses.
static LogicalResult checkBlockLocal(BlockLocalStepOp op) {
  constexpr int64_t kMaxBlockLen = 64;
  std::pair<StringRef, int64_t> lengths[] = {
      {"block_len", op.getBlockLen()},
      {"block_len_q", op.getNumBlockRows()},
      {"prefix_len", op.getNumPrefixKeys()}};
  for (auto [name, length] : lengths)
    if (length > kMaxBlockLen)
      return op.emitOpError("expects ")
             << name << " of at most " << kMaxBlockLen << ", but got " << length
             << "; use attn.block_local";
  auto attention = cast<AttentionInterface>(op.getOperation());
  if (attention.hasScore() || attention.isPaged() || attention.isQuantized() ||
      op.getSinks() || !attention.getOffsets().empty())
    return op.emitOpError("expects no score region, page_table, key_scale, "
                          "value_scale, sinks or offsets; use "
                          "attn.block_local");
  Type type = attention.getQuery().getType().getElementType();
  Type keyType = attention.getKey().getType().getElementType();
  if (keyType != type)
    return op.emitOpError("expects key to have element type ")
           << type << ", but got " << keyType << "; use attn.block_local";
  if (getStaticGroupSize(attention).value_or(0) == 0)
    return op.emitOpError("expects static num_heads and num_kv_heads; use "
                          "attn.block_local");
  int64_t axis = attention.getSeqAxis();
  int64_t rows = attention.getQuery().getType().getDimSize(axis);
  int64_t keys = attention.getKey().getType().getDimSize(axis);
  if (!ShapedType::isDynamic(rows) && !ShapedType::isDynamic(keys)) {
    int64_t blocksQ = llvm::divideCeil(rows, op.getNumBlockRows());
    int64_t blocks = llvm::divideCeil(keys, op.getBlockLen());
    if (blocksQ != blocks)
      return op.emitOpError("expects query and key to have the same number of "
                            "blocks, but got ")
             << blocksQ << " and " << blocks << "; use attn.block_local";
  }
  return success();
}

static LogicalResult lowerBlockLocal(RewriterBase &rewriter,
                                     BlockLocalStepOp op,
                                     const VectorTarget &target,
                                     ScratchPool &pool) {
  if (failed(checkBlockLocal(op)))
    return failure();
  auto attention = cast<AttentionInterface>(op.getOperation());
  FloatType type = attention.getAccumulatorType();
  VectorBuilder b(op->getLoc(), rewriter, type,
                  target.vectorBits / type.getWidth());
  b.hasScalef = target.scalef;
  b.hasBF16 = target.bf16Dot;
  LocalKernel(b, op, target, pool).emit();
  rewriter.eraseOp(op);
  return success();
}

LogicalResult attn::lowerToVectors(RewriterBase &rewriter, Operation *op,
                                   const VectorTarget &target,
                                   ScratchPool &scratch) {
  if (failed(checkSupported(op)))
    return failure();
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(op);
  auto lanes = [&](FloatType type) {
    return target.vectorBits / type.getWidth();
  };
  if (auto step = dyn_cast<SparqStepOp>(op))
    return lowerSparq(rewriter, step, target, scratch);
  if (auto step = dyn_cast<BlockLocalStepOp>(op))
    return lowerBlockLocal(rewriter, step, target, scratch);
  if (auto attention = dyn_cast<AttentionInterface>(op))
    return lowerAttention(rewriter, attention, target, scratch);
  if (auto finalize = dyn_cast<FinalizeOp>(op)) {
    auto type = cast<FloatType>(
        cast<MemRefType>(finalize.getAcc().getType()).getElementType());
    VectorBuilder b(op->getLoc(), rewriter, type, lanes(type));
    b.hasScalef = target.scalef;
    b.hasBF16 = target.bf16Dot;
    emitFinalize(b, finalize);
  } else {
    auto merge = cast<MergeOp>(op);
    // Without parts nothing says the type of the sums but the destinations.
    Value state = merge.getPartOutputs().empty() ? Value(merge.getOutput())
                                                 : merge.getPartOutputs()[0];
    FloatType type =
        getAccumulatorType(cast<MemRefType>(state.getType()).getElementType());
    if (merge.getLse())
      type = cast<FloatType>(
          cast<MemRefType>(merge.getLse().getType()).getElementType());
    VectorBuilder b(op->getLoc(), rewriter, type, lanes(type));
    b.hasScalef = target.scalef;
    b.hasBF16 = target.bf16Dot;
    emitMerge(b, merge);
  }
  rewriter.eraseOp(op);
  return success();
}

namespace {
struct ConvertAttnToVector
    : attn::impl::ConvertAttnToVectorPassBase<ConvertAttnToVector> {
  void runOnOperation() override {
    SmallVector<Operation *> ops;
    getOperation()->walk([&](Operation *op) {
      if (isLoweredToVectors(op))
        ops.push_back(op);
    });
    VectorTarget target = VectorTarget::get(getOperation());
    ScratchPool scratch;
    IRRewriter rewriter(&getContext());
    bool hasFailed = false;
    for (Operation *op : ops)
      hasFailed |= failed(lowerToVectors(rewriter, op, target, scratch));
    if (hasFailed)
      signalPassFailure();
  }
};
} // namespace
