//===- AttnOps.cpp - Operations of the attn dialect -----------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Effects, speculation and result shapes of the ops. Their assembly is in
// AttnAssembly.cpp, verifiers in AttnVerify.cpp, canonicalisations in
// AttnCanonicalize.cpp, key ranges in AttnPositions.cpp.
//
//===----------------------------------------------------------------------===//

#include "AttnAssembly.h"
#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"

using namespace mlir;
using namespace mlir::attn;

//===----------------------------------------------------------------------===//
// Shared behaviour
//===----------------------------------------------------------------------===//

/// Shapes that disagree at run time make an op undefined, so an op may be
/// speculated only when its verifier has seen every shape, and its score region
/// allows it.
static Speculation::Speculatability getStaticSpeculatability(Operation *op) {
  for (Type type : op->getOperandTypes())
    if (auto shaped = dyn_cast<ShapedType>(type))
      if (!shaped.hasStaticShape())
        return Speculation::NotSpeculatable;
  return Speculation::RecursivelySpeculatable;
}

/// Memref inputs are read; memref destinations are written, and read too when
/// `readsInits` (attn.online adds to its state).
static void getDestinationStyleEffects(
    Operation *operation, bool readsInits,
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  auto op = cast<DestinationStyleOpInterface>(operation);
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<MemRefType>(operand.get().getType()))
      continue;
    bool isInit = op.isDpsInit(&operand);
    if (!isInit || readsInits)
      effects.emplace_back(MemoryEffects::Read::get(), &operand);
    if (isInit)
      effects.emplace_back(MemoryEffects::Write::get(), &operand);
  }
}

/// The shape of a destination-style result is that of its destination.
static LogicalResult reifyFromInits(OpBuilder &builder, Operation *operation,
                                    ReifiedRankedShapedTypeDims &reified) {
  auto op = cast<DestinationStyleOpInterface>(operation);
  for (Value init : op.getDpsInits()) {
    SmallVector<OpFoldResult> dims;
    auto type = cast<ShapedType>(init.getType());
    for (int64_t d = 0, e = type.getRank(); d < e; ++d)
      dims.push_back(getDim(builder, op.getLoc(), init, d));
    reified.push_back(std::move(dims));
  }
  return success();
}

#define GET_OP_CLASSES
#include "attn/Dialect/Attn/IR/AttnOps.cpp.inc"

//===----------------------------------------------------------------------===//
// Layer A
//===----------------------------------------------------------------------===//

/// Adds `dims` of `result`. The interface promises an attribute where the
/// result type is static and a value where it is not, whatever the operands
/// know.
static void addRefined(OpBuilder &builder, SmallVector<OpFoldResult> dims,
                       Value result, ReifiedRankedShapedTypeDims &reified) {
  auto type = cast<RankedTensorType>(result.getType());
  for (auto [d, dim] : llvm::enumerate(dims)) {
    if (!type.isDynamicDim(d))
      dim = builder.getIndexAttr(type.getDimSize(d));
    else
      dim = getValueOrCreateConstantIndexOp(builder, result.getLoc(), dim);
  }
  reified.push_back(std::move(dims));
}

/// The sizes of an output: query's, with value's width.
static SmallVector<OpFoldResult> getOutputSizes(OpBuilder &builder,
                                                AttentionInterface op) {
  SmallVector<OpFoldResult> sizes;
  for (int64_t d = 0; d < 3; ++d)
    sizes.push_back(getDim(builder, op->getLoc(), op.getQuery(), d));
  sizes.push_back(builder.getIndexAttr(op.getHeadDimV()));
  return sizes;
}

static SmallVector<Value> createEmptyTensors(OpBuilder &builder,
                                             Operation *op) {
  ReifiedRankedShapedTypeDims sizes;
  LogicalResult reified = reifyResultShapes(builder, op, sizes);
  assert(succeeded(reified) && "sizes of results follow from the operands");
  (void)reified;
  SmallVector<Value> results;
  for (auto [result, dims] : llvm::zip_equal(op->getResults(), sizes)) {
    auto type = cast<RankedTensorType>(result.getType());
    Value empty = tensor::EmptyOp::create(builder, op->getLoc(), dims,
                                          type.getElementType());
    results.push_back(
        empty.getType() == type
            ? empty
            : tensor::CastOp::create(builder, op->getLoc(), type, empty));
  }
  return results;
}

Speculation::Speculatability SdpaOp::getSpeculatability() {
  return getStaticSpeculatability(*this);
}

/// The sizes of output and, if there is one, lse.
template <typename OpTy>
static void reifyAttention(OpBuilder &builder, OpTy result,
                           ReifiedRankedShapedTypeDims &reified) {
  auto op = cast<AttentionInterface>(result.getOperation());
  SmallVector<OpFoldResult> output = getOutputSizes(builder, op);
  SmallVector<OpFoldResult> lse = {output[0], output[op.getHeadAxis()],
                                   output[op.getSeqAxis()]};
  addRefined(builder, output, result.getOutput(), reified);
  if (result.getLse())
    addRefined(builder, lse, result.getLse(), reified);
}

LogicalResult SdpaOp::reifyResultShapes(OpBuilder &builder,
                                        ReifiedRankedShapedTypeDims &reified) {
  reifyAttention(builder, *this, reified);
  return success();
}

SmallVector<Value> SdpaOp::createEmptyResults(OpBuilder &builder) {
  return createEmptyTensors(builder, *this);
}

Speculation::Speculatability StarOp::getSpeculatability() {
  return getStaticSpeculatability(*this);
}

LogicalResult StarOp::reifyResultShapes(OpBuilder &builder,
                                        ReifiedRankedShapedTypeDims &reified) {
  reifyAttention(builder, *this, reified);
  return success();
}

SmallVector<Value> StarOp::createEmptyResults(OpBuilder &builder) {
  return createEmptyTensors(builder, *this);
}

Speculation::Speculatability BlockLocalOp::getSpeculatability() {
  return getStaticSpeculatability(*this);
}

LogicalResult
BlockLocalOp::reifyResultShapes(OpBuilder &builder,
                                ReifiedRankedShapedTypeDims &reified) {
  reifyAttention(builder, *this, reified);
  return success();
}

SmallVector<Value> BlockLocalOp::createEmptyResults(OpBuilder &builder) {
  return createEmptyTensors(builder, *this);
}

Speculation::Speculatability SparqOp::getSpeculatability() {
  return getStaticSpeculatability(*this);
}

LogicalResult SparqOp::reifyResultShapes(OpBuilder &builder,
                                         ReifiedRankedShapedTypeDims &reified) {
  auto op = cast<AttentionInterface>(getOperation());
  addRefined(builder, getOutputSizes(builder, op), getOutput(), reified);
  return success();
}

SmallVector<Value> SparqOp::createEmptyResults(OpBuilder &builder) {
  return createEmptyTensors(builder, *this);
}

int64_t SparqOp::getClampedRank() {
  int64_t headDim = cast<AttentionInterface>(getOperation()).getHeadDim();
  return std::min<int64_t>(getRank(), headDim);
}

int64_t SparqOp::getClampedLocalWindow() {
  return std::min<int64_t>(getLocalWindow(), getTopK());
}

//===----------------------------------------------------------------------===//
// Several ranks
//===----------------------------------------------------------------------===//

MutableOperandRange DistMergeOp::getDpsInitsMutable() {
  return MutableOperandRange(getOperation(),
                             getOutputMutable().getOperandNumber(),
                             /*length=*/2);
}

void DistMergeOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  getDestinationStyleEffects(getOperation(), /*readsInits=*/true, effects);
  effects.emplace_back(MemoryEffects::Write::get(), CollectiveResource::get());
}

LogicalResult
DistMergeOp::reifyResultShapes(OpBuilder &builder,
                               ReifiedRankedShapedTypeDims &reified) {
  return reifyFromInits(builder, getOperation(), reified);
}
