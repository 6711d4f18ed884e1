//===- AttnVerifyLayerA.cpp - Verifiers of attention on tensors -----------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// attn.sdpa and attn.star; attn.sparq is in AttnVerifySparq.cpp. The label in a
// comment is the label in the op's description.
//
//===----------------------------------------------------------------------===//

#include "AttnVerify.h"

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::verify;

/// What attn.sdpa asks of all its operands and results.
template <typename OpTy>
static LogicalResult verifySdpa(OpTy sdpa) {
  if (failed(verifyAttention(sdpa)))
    return failure();
  auto op = cast<AttentionInterface>(sdpa.getOperation());
  StaticSizes sizes = getStaticSizes(op);
  Type type = op.getAccumulatorType();
  // sdpa_c4
  if (failed(verifyOutput(sdpa, sdpa.getOutput(), op.getLayout(), sizes.batch,
                          sizes.numHeads, sizes.seqLenQ, sizes.headDimV)) ||
      failed(verifyShape(sdpa, "lse", sdpa.getLse(),
                         {sizes.batch, sizes.numHeads, sizes.seqLenQ},
                         ArrayRef(kStateDims).take_front(3))))
    return failure();
  // sdpa_c6
  if (failed(verifyElementType(sdpa, "lse", sdpa.getLse(), type)))
    return failure();
  // sdpa_c15
  if (failed(verifyShape(sdpa, "sinks", sdpa.getSinks(), {sizes.numHeads},
                         {"num_heads"})))
    return failure();
  return verifyElementType(sdpa, "sinks", sdpa.getSinks(), type);
}

LogicalResult SdpaOp::verify() { return verifySdpa(*this); }

/// star_c5 and star_c6
static LogicalResult verifyAnchors(StarOp star) {
  Value anchorKey = star.getAnchorKey(), anchorValue = star.getAnchorValue();
  if (!anchorKey != !anchorValue)
    return star.emitOpError("expects anchors of key and of value, or neither");
  if (!anchorKey)
    return success();
  auto op = cast<AttentionInterface>(star.getOperation());
  if (star.getAnchor() != StarAnchor::first)
    return star.emitOpError("expects no anchors with anchor(previous): those "
                            "of a block are in key");
  if (op.isPaged() || op.getMask() || op.getBias() || op.isQuantized())
    return star.emitOpError("expects no page_table, mask, bias, key_scale or "
                            "value_scale with anchors: they speak of keys in "
                            "key; a score region may speak of any");
  StaticSizes sizes = getStaticSizes(op);
  auto verifyAnchor = [&](StringRef name, Value anchor,
                          int64_t headDim) -> LogicalResult {
    auto shape = getShaped(anchor).getShape();
    int64_t axis = op.getSeqAxis(), count = shape[axis];
    if (failed(verifyElementType(star, name, anchor,
                                 op.getKey().getType().getElementType())) ||
        failed(verifyDim(star, name, "batch", shape[0], sizes.batch)) ||
        failed(verifyDim(star, name, "num_kv_heads", shape[op.getHeadAxis()],
                         sizes.numKvHeads)))
      return failure();
    if (shape[3] != headDim) // Static, as in sdpa_c1.
      return star.emitOpError("expects ")
             << name << " to have head dimension " << headDim << ", but got "
             << dimToString(shape[3]);
    if (!ShapedType::isDynamic(count) && count < star.getClampedAnchorSize())
      return star.emitOpError("expects ")
             << name << " to hold anchor_size " << star.getClampedAnchorSize()
             << ", but got " << count;
    return success();
  };
  if (failed(verifyAnchor("anchor_key", anchorKey, sizes.headDim)) ||
      failed(verifyAnchor("anchor_value", anchorValue, sizes.headDimV)))
    return failure();
  int64_t axis = op.getSeqAxis();
  return verifyDim(star, "anchor_value", "anchors",
                   getShaped(anchorValue).getDimSize(axis),
                   getShaped(anchorKey).getDimSize(axis));
}

LogicalResult StarOp::verify() {
  // star_c1
  if (failed(verifySdpa(*this)))
    return failure();
  auto op = cast<AttentionInterface>(getOperation());
  // star_c2
  if (!op.isCausal())
    return emitOpError("expects to be causal, but got window(")
           << op.getWindowLeft() << ", " << op.getWindowRight() << ")";
  if (op.getCausalOffset() || op.getBottomRight())
    return emitOpError("expects a diagonal at 0, without causal_offset and "
                       "bottom_right; offsets place a tile");
  // star_c3
  constexpr int64_t max = std::numeric_limits<int32_t>::max();
  int64_t blockSize = getBlockSize(), anchorSize = getAnchorSize();
  if (blockSize < 1 || blockSize > max)
    return emitOpError("expects block_size of 1 to ")
           << max << ", but got " << blockSize;
  if (anchorSize < 0 || anchorSize > max)
    return emitOpError("expects anchor_size of 0 to ")
           << max << ", but got " << anchorSize;
  // star_c4
  if (failed(verifyPerBatch(*this, "context_len", getContextLen(),
                            getStaticSizes(op).batch)))
    return failure();
  return verifyAnchors(*this);
}
