//===- Bufferizable.cpp - attn ops on buffers -----------------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Destination-style bufferization of layer B. A score region moves along as it
// is: what it captures is bufferized by the ops inside.
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Attn/Extensions/Extensions.h"
#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/DstBufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Utils/StructuredOpsUtils.h"

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::bufferization;

/// The i1 buffer `mask` as i8, which is what layer B wants on memrefs: in
/// memory it is a byte an element, so this is no copy. Both types lower to the
/// same descriptor, which makes the cast vanish.
static Value asBytes(RewriterBase &rewriter, Location loc, Value mask) {
  auto type = cast<MemRefType>(mask.getType());
  auto bytes = MemRefType::get(type.getShape(), rewriter.getI8Type(),
                               type.getLayout(), type.getMemorySpace());
  return UnrealizedConversionCastOp::create(rewriter, loc, bytes, mask)
      .getResult(0);
}

namespace {
template <typename OpTy>
struct LayerBModel
    : DstBufferizableOpInterfaceExternalModel<LayerBModel<OpTy>, OpTy> {
  bool bufferizesToMemoryRead(Operation *op, OpOperand &operand,
                              const AnalysisState &) const {
    // The running state of attn.online and this rank's part of a merge are read
    // before they are written, and of a cache or a mean most stays.
    return isa<OnlineOp, KvAppendOp, RunningMeanOp, DistMergeOp>(op) ||
           !cast<DestinationStyleOpInterface>(op).isDpsInit(&operand);
  }

  LogicalResult bufferize(Operation *op, RewriterBase &rewriter,
                          const BufferizationOptions &options,
                          BufferizationState &state) const {
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPoint(op);
    auto attention = dyn_cast<AttentionInterface>(op);
    Value mask = attention ? attention.getMask() : Value();
    SmallVector<Value> operands;
    for (OpOperand &operand : op->getOpOperands()) {
      if (!isa<TensorType>(operand.get().getType())) {
        operands.push_back(operand.get());
        continue;
      }
      FailureOr<Value> buffer =
          getBuffer(rewriter, operand.get(), options, state);
      if (failed(buffer))
        return failure();
      if (operand.get() == mask &&
          getElementTypeOrSelf(mask.getType()).isInteger(1))
        buffer = asBytes(rewriter, op->getLoc(), *buffer);
      operands.push_back(*buffer);
    }
    auto dst = cast<DestinationStyleOpInterface>(op);
    SmallVector<Value> results;
    for (OpOperand &init : dst.getDpsInitsMutable())
      results.push_back(operands[init.getOperandNumber()]);
    Operation *newOp =
        cloneWithoutRegions(rewriter, op, /*newResultTypes=*/{}, operands);
    for (auto [from, to] : llvm::zip(op->getRegions(), newOp->getRegions()))
      rewriter.inlineRegionBefore(from, to, to.begin());
    replaceOpWithBufferizedValues(rewriter, op, results);
    return success();
  }
};

/// Layer A has no destination: a lowering to layer B must choose one first.
template <typename OpTy>
struct LayerAModel
    : BufferizableOpInterface::ExternalModel<LayerAModel<OpTy>, OpTy> {
  bool bufferizesToMemoryRead(Operation *, OpOperand &,
                              const AnalysisState &) const {
    return true;
  }
  bool bufferizesToMemoryWrite(Operation *, OpOperand &,
                               const AnalysisState &) const {
    return false;
  }
  AliasingValueList getAliasingValues(Operation *, OpOperand &,
                                      const AnalysisState &) const {
    return {};
  }
  bool bufferizesToAllocation(Operation *, Value) const { return true; }

  LogicalResult bufferize(Operation *op, RewriterBase &,
                          const BufferizationOptions &,
                          BufferizationState &) const {
    return op->emitOpError("expects to be lowered before bufferization; run ")
           << (isa<SparqOp>(op) ? "--attn-decompose-sparq"
                                : "--attn-tile-blockwise")
           << " or --convert-attn-to-linalg first";
  }
};
} // namespace

void attn::registerBufferizableOpInterfaceExternalModels(
    DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, AttnDialect *) {
    context->loadDialect<linalg::LinalgDialect>();
    SdpaOp::attachInterface<LayerAModel<SdpaOp>>(*context);
    StarOp::attachInterface<LayerAModel<StarOp>>(*context);
    BlockLocalOp::attachInterface<LayerAModel<BlockLocalOp>>(*context);
    SparqOp::attachInterface<LayerAModel<SparqOp>>(*context);
    OnlineOp::attachInterface<LayerBModel<OnlineOp>>(*context);
    PartialOp::attachInterface<LayerBModel<PartialOp>>(*context);
    FinalizeOp::attachInterface<LayerBModel<FinalizeOp>>(*context);
    MergeOp::attachInterface<LayerBModel<MergeOp>>(*context);
    DistMergeOp::attachInterface<LayerBModel<DistMergeOp>>(*context);
    SdpaStepOp::attachInterface<LayerBModel<SdpaStepOp>>(*context);
    StarStepOp::attachInterface<LayerBModel<StarStepOp>>(*context);
    BlockLocalStepOp::attachInterface<LayerBModel<BlockLocalStepOp>>(*context);
    SparqStepOp::attachInterface<LayerBModel<SparqStepOp>>(*context);
    ScoresOp::attachInterface<LayerBModel<ScoresOp>>(*context);
    TopKOp::attachInterface<LayerBModel<TopKOp>>(*context);
    GatherKvOp::attachInterface<LayerBModel<GatherKvOp>>(*context);
    KvAppendOp::attachInterface<LayerBModel<KvAppendOp>>(*context);
    RunningMeanOp::attachInterface<LayerBModel<RunningMeanOp>>(*context);
  });
}
