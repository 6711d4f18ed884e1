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

struct SdpaModel : ValueBoundsOpInterface::ExternalModel<SdpaModel, SdpaOp> {
  void populateBoundsForShapedValueDim(Operation *op, Value value, int64_t dim,
                                       ValueBoundsConstraintSet &set) const {
    auto sdpa = cast<SdpaOp>(op);
    auto attention = cast<AttentionInterface>(op);
    if (dim == 3) { // head_dim_v, static by the verifier.
      set.bound(value)[dim] == attention.getHeadDimV();
      return;
    }
    // lse is [batch, num_heads, seq_len_q] whatever the layout.
    int64_t axes[] = {0, attention.getHeadAxis(), attention.getSeqAxis()};
    int64_t queryDim = value == sdpa.getLse() ? axes[dim] : dim;
    set.bound(value)[dim] == set.getExpr(sdpa.getQuery(), queryDim);
  }
};
} // namespace

void attn::registerValueBoundsOpInterfaceExternalModels(
    DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, AttnDialect *) {
    SdpaOp::attachInterface<SdpaModel>(*context);
    OnlineOp::attachInterface<DestinationModel<OnlineOp>>(*context);
    PartialOp::attachInterface<DestinationModel<PartialOp>>(*context);
    FinalizeOp::attachInterface<DestinationModel<FinalizeOp>>(*context);
    MergeOp::attachInterface<DestinationModel<MergeOp>>(*context);
  });
}
