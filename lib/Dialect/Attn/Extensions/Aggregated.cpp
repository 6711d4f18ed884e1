//===- Aggregated.cpp - Decomposition of attn ops to linalg ---------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// The models of linalg's AggregatedOpInterface: which pieces each op is made
// of.
//
//===----------------------------------------------------------------------===//

#include "Decompose.h"
#include "attn/Dialect/Attn/Extensions/Extensions.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/IR/LinalgInterfaces.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::decompose;
using linalg::AggregatedOpInterface;

/// An op with sinks and, if it is wanted, an lse: the score matrix, masked as
/// its key ranges say, and the softmax of its rows.
template <typename OpTy>
static FailureOr<SmallVector<Value>> decomposeWhole(OpTy sdpa,
                                                    OpBuilder &builder) {
  auto op = cast<AttentionInterface>(sdpa.getOperation());
  Location loc = op->getLoc();
  ReifiedRankedShapedTypeDims sizes;
  if (failed(sdpa.reifyResultShapes(builder, sizes)))
    return failure();
  auto createEmpty = [&](unsigned result) -> Value {
    Type type = getElementTypeOrSelf(sdpa->getResultTypes()[result]);
    return tensor::EmptyOp::create(builder, loc, sizes[result], type);
  };
  Value output = createEmpty(0);
  Value lse = sdpa.getLse() ? createEmpty(1) : Value();
  SoftmaxState state = createState(builder, op, /*init=*/std::nullopt);
  // Rows beyond q_len give (0, -inf), not (0, sink).
  auto isRowInUse = [&](OpBuilder &nested, Location nestedLoc, Value b,
                        Value i) -> Value {
    auto toValue = [&](OpFoldResult x) {
      return getValueOrCreateConstantIndexOp(nested, nestedLoc, x);
    };
    OpFoldResult offset = getOffset(op, nested, 2);
    if (!isZeroInteger(offset))
      i = arith::AddIOp::create(nested, nestedLoc, i, toValue(offset));
    return arith::CmpIOp::create(nested, nestedLoc, arith::CmpIPredicate::slt,
                                 i,
                                 toValue(getQLenAt(op, nested, nestedLoc, b)));
  };
  RowPredicate rowExists;
  if (op.getQLen())
    rowExists = isRowInUse;
  return createFinalize(builder, loc, state, sdpa.getSinks(), rowExists, output,
                        lse, op.getLayout());
}

namespace {
struct SdpaDecomposition
    : AggregatedOpInterface::ExternalModel<SdpaDecomposition, SdpaOp> {
  FailureOr<SmallVector<Value>> decomposeOperation(Operation *operation,
                                                   OpBuilder &builder) const {
    auto sdpa = cast<SdpaOp>(operation);
    // What was asked for is not what this would compute.
    if (sdpa.getStrategyAttr() && !sdpa.getStrategyAttr().isExact())
      return failure();
    return decomposeWhole(sdpa, builder);
  }
};

struct StarDecomposition
    : AggregatedOpInterface::ExternalModel<StarDecomposition, StarOp> {
  FailureOr<SmallVector<Value>> decomposeOperation(Operation *operation,
                                                   OpBuilder &builder) const {
    auto star = cast<StarOp>(operation);
    // Scores of keys in two places are two matrices; tiles chain them.
    if (star.hasAnchorOperands())
      return failure();
    return decomposeWhole(star, builder);
  }
};

struct BlockLocalDecomposition
    : AggregatedOpInterface::ExternalModel<BlockLocalDecomposition,
                                           BlockLocalOp> {
  FailureOr<SmallVector<Value>> decomposeOperation(Operation *operation,
                                                   OpBuilder &builder) const {
    auto local = cast<BlockLocalOp>(operation);
    if (local.hasPrefix()) // As with anchors.
      return failure();
    return decomposeWhole(local, builder);
  }
};

struct SparqDecomposition
    : AggregatedOpInterface::ExternalModel<SparqDecomposition, SparqOp> {
  FailureOr<SmallVector<Value>> decomposeOperation(Operation *operation,
                                                   OpBuilder &builder) const {
    return SmallVector<Value>{
        createSparqSteps(builder, cast<SparqOp>(operation))};
  }
};

/// A layer B op that one function decomposes, given on tensors.
template <typename OpTy, auto create>
struct LayerBDecomposition
    : AggregatedOpInterface::ExternalModel<LayerBDecomposition<OpTy, create>,
                                           OpTy> {
  FailureOr<SmallVector<Value>> decomposeOperation(Operation *operation,
                                                   OpBuilder &builder) const {
    auto op = cast<OpTy>(operation);
    if (!op.hasPureTensorSemantics())
      return failure();
    if constexpr (std::is_same_v<decltype(create(builder, op)), Value>)
      return SmallVector<Value>{create(builder, op)};
    else
      return create(builder, op);
  }
};

struct PartialDecomposition
    : AggregatedOpInterface::ExternalModel<PartialDecomposition, PartialOp> {
  FailureOr<SmallVector<Value>> decomposeOperation(Operation *operation,
                                                   OpBuilder &builder) const {
    auto op = cast<PartialOp>(operation);
    if (!op.hasPureTensorSemantics())
      return failure();
    SoftmaxState state = createState(
        builder, cast<AttentionInterface>(operation), /*init=*/std::nullopt);
    return createFinalize(builder, op.getLoc(), state, /*sinks=*/{},
                          /*rowExists=*/{}, op.getOutput(), op.getLse(),
                          Layout::bhsd);
  }
};

struct OnlineDecomposition
    : AggregatedOpInterface::ExternalModel<OnlineDecomposition, OnlineOp> {
  FailureOr<SmallVector<Value>> decomposeOperation(Operation *operation,
                                                   OpBuilder &builder) const {
    auto op = cast<OnlineOp>(operation);
    if (!op.hasPureTensorSemantics())
      return failure();
    SoftmaxState init = {op.getAcc(), op.getRowMax(), op.getRowSum()};
    SoftmaxState state =
        createState(builder, cast<AttentionInterface>(operation), init);
    return SmallVector<Value>{state.acc, state.rowMax, state.rowSum};
  }
};

struct FinalizeDecomposition
    : AggregatedOpInterface::ExternalModel<FinalizeDecomposition, FinalizeOp> {
  FailureOr<SmallVector<Value>> decomposeOperation(Operation *operation,
                                                   OpBuilder &builder) const {
    auto op = cast<FinalizeOp>(operation);
    if (!op.hasPureTensorSemantics())
      return failure();
    SoftmaxState state = {op.getAcc(), op.getRowMax(), op.getRowSum()};
    return createFinalize(builder, op.getLoc(), state, op.getSinks(),
                          /*rowExists=*/{}, op.getOutput(), op.getLse(),
                          op.getLayout().value_or(Layout::bhsd));
  }
};
} // namespace

void attn::registerAggregatedOpInterfaceExternalModels(
    DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, AttnDialect *) {
    SdpaOp::attachInterface<SdpaDecomposition>(*context);
    StarOp::attachInterface<StarDecomposition>(*context);
    BlockLocalOp::attachInterface<BlockLocalDecomposition>(*context);
    PartialOp::attachInterface<PartialDecomposition>(*context);
    OnlineOp::attachInterface<OnlineDecomposition>(*context);
    FinalizeOp::attachInterface<FinalizeDecomposition>(*context);
    MergeOp::attachInterface<LayerBDecomposition<MergeOp, createMerge>>(
        *context);
    SparqOp::attachInterface<SparqDecomposition>(*context);
    ScoresOp::attachInterface<
        LayerBDecomposition<ScoresOp, decompose::createScores>>(*context);
    TopKOp::attachInterface<LayerBDecomposition<TopKOp, createTopK>>(*context);
    GatherKvOp::attachInterface<LayerBDecomposition<GatherKvOp, createGather>>(
        *context);
    KvAppendOp::attachInterface<LayerBDecomposition<KvAppendOp, createAppend>>(
        *context);
    RunningMeanOp::attachInterface<
        LayerBDecomposition<RunningMeanOp, createRunningMean>>(*context);
    // What decomposing creates; its callers cannot be expected to know.
    context->loadDialect<affine::AffineDialect, arith::ArithDialect,
                         linalg::LinalgDialect, math::MathDialect,
                         scf::SCFDialect, tensor::TensorDialect>();
  });
}
