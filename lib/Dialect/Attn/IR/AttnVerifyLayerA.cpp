//===- AttnVerifyLayerA.cpp - Verifiers of attention on tensors -----------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// attn.sdpa, attn.star and attn.block_local, and what the last two become with
// destinations; attn.sparq is in AttnVerifySparq.cpp. The label in a comment is
// the label in the op's description.
//
//===----------------------------------------------------------------------===//

#include "AttnVerify.h"
#include "attn/Dialect/Attn/IR/AttnStar.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::verify;

LogicalResult verify::verifySdpa(AttentionInterface op, Value output, Value lse,
                                 Value sinks) {
  if (failed(verifyAttention(op)))
    return failure();
  StaticSizes sizes = getStaticSizes(op);
  Type type = op.getAccumulatorType();
  // sdpa_c4
  if (failed(verifyOutput(op, output, op.getLayout(), sizes.batch,
                          sizes.numHeads, sizes.seqLenQ, sizes.headDimV)) ||
      failed(verifyShape(op, "lse", lse,
                         {sizes.batch, sizes.numHeads, sizes.seqLenQ},
                         ArrayRef(kStateDims).take_front(3))))
    return failure();
  // sdpa_c6
  if (failed(verifyElementType(op, "lse", lse, type)))
    return failure();
  // sdpa_c15
  if (failed(verifyShape(op, "sinks", sinks, {sizes.numHeads}, {"num_heads"})))
    return failure();
  return verifyElementType(op, "sinks", sinks, type);
}

/// What attn.sdpa asks of all its operands and results.
template <typename OpTy>
static LogicalResult verifySdpa(OpTy sdpa) {
  return verifySdpa(cast<AttentionInterface>(sdpa.getOperation()),
                    sdpa.getOutput(), sdpa.getLse(), sdpa.getSinks());
}

LogicalResult SdpaOp::verify() { return verifySdpa(*this); }

/// Sequence lengths that blocks may have.
static constexpr int64_t kMaxBlock = std::numeric_limits<int32_t>::max();

LogicalResult verify::verifyOtherKeys(AttentionInterface op, StringRef name,
                                      Value key, Value value) {
  StaticSizes sizes = getStaticSizes(op);
  std::string names[] = {(name + "_key").str(), (name + "_value").str()};
  std::pair<Value, int64_t> operands[] = {{key, sizes.headDim},
                                          {value, sizes.headDimV}};
  for (auto [name, operand] : llvm::zip_equal(names, operands)) {
    auto shape = getShaped(operand.first).getShape();
    if (failed(verifyElementType(op, name, operand.first,
                                 op.getKey().getType().getElementType())) ||
        failed(verifyDim(op, name, "batch", shape[0], sizes.batch)) ||
        failed(verifyDim(op, name, "num_kv_heads", shape[op.getHeadAxis()],
                         sizes.numKvHeads)))
      return failure();
    if (shape[3] != operand.second) // Static, as in sdpa_c1.
      return op->emitOpError("expects ")
             << name << " to have head dimension " << operand.second
             << ", but got " << dimToString(shape[3]);
  }
  int64_t axis = op.getSeqAxis();
  return verifyDim(op, names[1], "keys", getShaped(value).getDimSize(axis),
                   getShaped(key).getDimSize(axis));
}

/// star_c5 and star_c6
template <typename OpTy>
static LogicalResult verifyAnchors(OpTy star) {
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
  if (failed(verifyOtherKeys(op, "anchor", anchorKey, anchorValue)))
    return failure();
  int64_t count = getShaped(anchorKey).getDimSize(op.getSeqAxis());
  if (!ShapedType::isDynamic(count) && count < StarStructure(star).anchorSize)
    return star.emitOpError("expects anchor_key to hold anchor_size ")
           << StarStructure(star).anchorSize << ", but got " << count;
  return success();
}

/// star_c2 and block_local_c2
static LogicalResult verifyDiagonalAt0(AttentionInterface op) {
  if (op.getCausalOffset() || op.getBottomRight())
    return op->emitOpError("expects a diagonal at 0, without causal_offset and "
                           "bottom_right; offsets place a tile");
  return success();
}

/// What attn.star asks of all its operands and results.
template <typename OpTy>
static LogicalResult verifyStar(OpTy star) {
  // star_c1
  if (failed(verifySdpa(star)))
    return failure();
  auto op = cast<AttentionInterface>(star.getOperation());
  // star_c2
  if (!op.isCausal())
    return star.emitOpError("expects to be causal, but got window(")
           << op.getWindowLeft() << ", " << op.getWindowRight() << ")";
  if (failed(verifyDiagonalAt0(op)))
    return failure();
  // star_c3
  int64_t blockSize = star.getBlockSize(), anchorSize = star.getAnchorSize();
  if (blockSize < 1 || blockSize > kMaxBlock)
    return star.emitOpError("expects block_size of 1 to ")
           << kMaxBlock << ", but got " << blockSize;
  if (anchorSize < 0 || anchorSize > kMaxBlock)
    return star.emitOpError("expects anchor_size of 0 to ")
           << kMaxBlock << ", but got " << anchorSize;
  // star_c4
  if (failed(verifyPerBatch(star, "context_len", star.getContextLen(),
                            getStaticSizes(op).batch)))
    return failure();
  return verifyAnchors(star);
}

LogicalResult StarOp::verify() { return verifyStar(*this); }

LogicalResult StarStepOp::verify() {
  // star_step_c1
  if (failed(verifyStar(*this)))
    return failure();
  // star_step_c2
  if (failed(verifyBufferMask(cast<AttentionInterface>(getOperation()))))
    return failure();
  // star_step_c3
  return verifyDestinationStyle(*this);
}

/// block_local_c3
static LogicalResult verifyBlockLength(Operation *op, StringRef name,
                                       int64_t length) {
  if (length < 1 || length > kMaxBlock)
    return op->emitOpError("expects ")
           << name << " of 1 to " << kMaxBlock << ", but got " << length;
  return success();
}

/// block_local_c4 and block_local_c5; `blockRows` is the query rows of a block.
template <typename OpTy>
static LogicalResult verifyPrefix(OpTy local, int64_t blockRows) {
  Value key = local.getPrefixKey(), value = local.getPrefixValue();
  if (!key != !value || !key != !local.getPrefixLenAttr())
    return local.emitOpError("expects prefix_len and a prefix of key and of "
                             "value together, or neither");
  if (!key)
    return success();
  auto op = cast<AttentionInterface>(local.getOperation());
  int64_t length = *local.getPrefixLen();
  if (failed(verifyBlockLength(local, "prefix_len", length)))
    return failure();
  if (op.isPaged() || op.getMask() || op.getBias() || op.isQuantized() ||
      op.hasScore())
    return local.emitOpError("expects no page_table, mask, bias, key_scale, "
                             "value_scale or score region with a prefix: they "
                             "speak of keys in key");
  if (failed(verifyOtherKeys(op, "prefix", key, value)))
    return failure();
  int64_t count = getShaped(key).getDimSize(op.getSeqAxis());
  int64_t rows = getStaticSizes(op).seqLenQ;
  bool isWhole = llvm::all_of(op.getOffsets(), [](Value offset) {
    return matchPattern(offset, m_Zero());
  });
  if (ShapedType::isDynamic(count) || ShapedType::isDynamic(rows) || !isWhole)
    return success();
  int64_t blocks = llvm::divideCeil(rows, blockRows);
  // Not by their product, which may overflow.
  if (count % length != 0 || count / length != blocks)
    return local.emitOpError("expects prefix_key to hold prefix_len ")
           << length << " keys for each of " << blocks << " blocks, but got "
           << count;
  return success();
}

LogicalResult BlockLocalOp::verify() {
  // block_local_c1
  if (failed(verifySdpa(*this)))
    return failure();
  auto op = cast<AttentionInterface>(getOperation());
  // block_local_c2
  if (op.hasWindow() && !op.isCausal())
    return emitOpError(
               "expects to be causal or without window, but got window(")
           << op.getWindowLeft() << ", " << op.getWindowRight() << ")";
  if (failed(verifyDiagonalAt0(op)))
    return failure();
  // block_local_c3
  if (failed(verifyBlockLength(*this, "block_len", getBlockLen())))
    return failure();
  return verifyPrefix(*this, getBlockLen());
}

LogicalResult BlockLocalStepOp::verify() {
  // block_local_step_c1
  if (failed(verifySdpa(*this)))
    return failure();
  auto op = cast<AttentionInterface>(getOperation());
  // block_local_step_c2
  int64_t rows = getNumBlockRows(), keys = getBlockLen();
  if (failed(verifyBlockLength(*this, "block_len", keys)) ||
      failed(verifyBlockLength(*this, "block_len_q", rows)))
    return failure();
  // block_local_step_c3
  StaticSizes sizes = getStaticSizes(op);
  auto count = [](int64_t size, int64_t length) {
    return ShapedType::isDynamic(size) ? size : llvm::divideCeil(size, length);
  };
  int64_t blocksQ = count(sizes.seqLenQ, rows);
  int64_t blocks = count(sizes.seqLenKv, keys);
  if (getBlockLenQ() && !compatible(blocksQ, blocks))
    return emitOpError("expects query and key to have the same number of "
                       "blocks, but got ")
           << blocksQ << " of block_len_q " << rows << " and " << blocks
           << " of block_len " << keys;
  if (getBlockLenQ() && !op.getOffsets().empty())
    return emitOpError("expects no offsets with block_len_q, since rows and "
                       "keys of a block differ in their positions");
  // block_local_step_c4
  if (op.getBottomRight())
    return emitOpError("expects no bottom_right; use a causal_offset");
  // block_local_step_c5
  if (failed(verifyPrefix(*this, rows)))
    return failure();
  // block_local_step_c6
  if (failed(verifyBufferMask(op)))
    return failure();
  return verifyDestinationStyle(*this);
}
