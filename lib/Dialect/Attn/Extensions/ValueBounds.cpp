//===- ValueBounds.cpp - Sizes of results ---------------------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// ValueBoundsOpInterface of layer A and B.
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Attn/Extensions/Extensions.h"
#include "attn/Dialect/Attn/IR/Attn.h"
#include "mlir/Interfaces/ValueBoundsOpInterface.h"

using namespace mlir;
using namespace mlir::attn;

namespace {
template <typename OpTy>
struct DestinationModel
    : ValueBoundsOpInterface::ExternalModel<DestinationModel<OpTy>, OpTy> {
  void populateBoundsForShapedValueDim(Operation *op, Value value, int64_t dim,
                                       ValueBoundsConstraintSet &set) const {
    auto dst = cast<DestinationStyleOpInterface>(op);
    Value init = dst.getTiedOpOperand(cast<OpResult>(value))->get();
    set.bound(value)[dim] == set.getExpr(init, dim);
  }
};

template <typename OpTy>
struct LayerAModel
    : ValueBoundsOpInterface::ExternalModel<LayerAModel<OpTy>, OpTy> {
  void populateBoundsForShapedValueDim(Operation *op, Value value, int64_t dim,
                                       ValueBoundsConstraintSet &set) const {
    auto attention = cast<AttentionInterface>(op);
    if (dim == 3) { // head_dim_v, static by the verifier.
      set.bound(value)[dim] == attention.getHeadDimV();
      return;
    }
    // lse is [batch, num_heads, seq_len_q] whatever the layout.
    int64_t axes[] = {0, attention.getHeadAxis(), attention.getSeqAxis()};
    bool isLse = cast<ShapedType>(value.getType()).getRank() == 3;
    set.bound(value)[dim] ==
        set.getExpr(attention.getQuery(), isLse ? axes[dim] : dim);
  }
};
} // namespace

void attn::registerValueBoundsOpInterfaceExternalModels(
    DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, AttnDialect *) {
    SdpaOp::attachInterface<LayerAModel<SdpaOp>>(*context);
    StarOp::attachInterface<LayerAModel<StarOp>>(*context);
    BlockLocalOp::attachInterface<LayerAModel<BlockLocalOp>>(*context);
    SparqOp::attachInterface<LayerAModel<SparqOp>>(*context);
    OnlineOp::attachInterface<DestinationModel<OnlineOp>>(*context);
    PartialOp::attachInterface<DestinationModel<PartialOp>>(*context);
    FinalizeOp::attachInterface<DestinationModel<FinalizeOp>>(*context);
    MergeOp::attachInterface<DestinationModel<MergeOp>>(*context);
    ScoresOp::attachInterface<DestinationModel<ScoresOp>>(*context);
    TopKOp::attachInterface<DestinationModel<TopKOp>>(*context);
    GatherKvOp::attachInterface<DestinationModel<GatherKvOp>>(*context);
    KvAppendOp::attachInterface<DestinationModel<KvAppendOp>>(*context);
    RunningMeanOp::attachInterface<DestinationModel<RunningMeanOp>>(*context);
  });
}
