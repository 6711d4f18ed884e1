//===- AttnVerifySparq.cpp - Verifiers of SparQ and of caches -------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Relations between operands that ODS cannot say; the label in a comment is the
// label in the op's description.
//
//===----------------------------------------------------------------------===//

#include "AttnVerify.h"

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::verify;

/// `key_t` is what attn.sparq says: `sizes` are batch, num_kv_heads and
/// head_dim, `seqLenKv` how many keys it must hold at least.
static LogicalResult verifyKeyT(Operation *op, Value keyT, Type element,
                                int64_t batch, int64_t numKvHeads,
                                int64_t headDim, int64_t seqLenKv) {
  if (!keyT)
    return success();
  ArrayRef<int64_t> shape = getShaped(keyT).getShape();
  if (failed(verifyDim(op, "key_t", "batch", shape[0], batch)) ||
      failed(verifyDim(op, "key_t", "num_kv_heads", shape[1], numKvHeads)) ||
      failed(verifyDim(op, "key_t", "head_dim", shape[3], headDim)) ||
      failed(verifyElementType(op, "key_t", keyT, element)))
    return failure();
  if (ShapedType::isDynamic(shape[3]) || ShapedType::isDynamic(shape[4]) ||
      shape[4] < 1)
    return op->emitOpError("expects key_t to have a static head_dim and a "
                           "static, positive tile, but got ")
           << keyT.getType();
  int64_t capacity;
  if (!ShapedType::isDynamic(shape[2]) && !ShapedType::isDynamic(seqLenKv) &&
      !llvm::MulOverflow(shape[2], shape[4], capacity) && capacity < seqLenKv)
    return op->emitOpError("expects key_t to hold seq_len_kv ")
           << seqLenKv << ", but got " << shape[2] << " tiles of " << shape[4];
  return success();
}

static LogicalResult verifyKeyT(AttentionInterface op, Value keyT) {
  StaticSizes sizes = getStaticSizes(op);
  if (keyT && op.isPaged())
    return op->emitOpError("expects no key_t with page_table");
  return verifyKeyT(op, keyT, op.getKey().getType().getElementType(),
                    sizes.batch, sizes.numKvHeads, sizes.headDim,
                    sizes.seqLenKv);
}

/// sparq_c1 to sparq_c6 for attn.sparq and its image with a destination.
template <typename OpTy>
static LogicalResult verifySparq(OpTy sparq) {
  // sparq_c1
  if (failed(verifyAttention(sparq)))
    return failure();
  auto op = cast<AttentionInterface>(sparq.getOperation());
  StaticSizes sizes = getStaticSizes(op);
  // sparq_c2
  if (sizes.seqLenQ != 1)
    return sparq.emitOpError("expects a seq_len_q of 1, but got ")
           << dimToString(sizes.seqLenQ);
  // sparq_c3
  if (int64_t(sparq.getRank()) < 1 || int64_t(sparq.getTopK()) < 1)
    return sparq.emitOpError("expects rank and top_k of at least 1, but got ")
           << int64_t(sparq.getRank()) << " and " << int64_t(sparq.getTopK());
  if (int64_t(sparq.getLocalWindow()) < 0)
    return sparq.emitOpError("expects local_window of at least 0, but got ")
           << int64_t(sparq.getLocalWindow());
  if (int64_t(sparq.getTopK()) > kMaxSize)
    return sparq.emitOpError("expects top_k of at most ")
           << kMaxSize << ", but got " << int64_t(sparq.getTopK());
  // sparq_c4
  if (failed(verifyOutput(sparq, sparq.getOutput(), op.getLayout(), sizes.batch,
                          sizes.numHeads, sizes.seqLenQ, sizes.headDimV)))
    return failure();
  // sparq_c5
  if (sparq.getKeyT() && sparq.getKeyLayout() == KeyLayout::once)
    return sparq.emitOpError("expects no key_t with key_layout(once)");
  if (failed(verifyKeyT(op, sparq.getKeyT())))
    return failure();
  // sparq_c6
  if (failed(verifyShape(sparq, "value_mean", sparq.getValueMean(),
                         {sizes.batch, sizes.numKvHeads, sizes.headDimV},
                         {"batch", "num_kv_heads", kHeadDimV})))
    return failure();
  return verifyElementType(sparq, "value_mean", sparq.getValueMean(),
                           op.getAccumulatorType());
}

LogicalResult SparqOp::verify() { return verifySparq(*this); }

LogicalResult SparqStepOp::verify() {
  // sparq_step_c1
  if (failed(verifySparq(*this)))
    return failure();
  // sparq_step_c2
  StaticSizes sizes = getStaticSizes(cast<AttentionInterface>(getOperation()));
  if (ShapedType::isDynamic(sizes.numHeads) ||
      ShapedType::isDynamic(sizes.numKvHeads))
    return emitOpError("expects static num_heads and num_kv_heads, but got ")
           << dimToString(sizes.numHeads) << " and "
           << dimToString(sizes.numKvHeads);
  // sparq_step_c3
  if (failed(verifyBufferMask(cast<AttentionInterface>(getOperation()))))
    return failure();
  // sparq_step_c4
  return verifyDestinationStyle(*this);
}

LogicalResult ScoresOp::verify() {
  // scores_c1
  if (failed(verifyAttention(*this)))
    return failure();
  auto op = cast<AttentionInterface>(getOperation());
  StaticSizes sizes = getStaticSizes(op);
  // scores_c2
  Type type = op.getAccumulatorType();
  if (failed(verifyShape(
          *this, "scores", getScores(),
          {sizes.batch, sizes.numHeads, sizes.seqLenQ, sizes.seqLenKv},
          {"batch", "num_heads", "seq_len_q", "seq_len_kv"})) ||
      failed(verifyElementType(*this, "scores", getScores(), type)) ||
      failed(verifyShape(*this, "factor", getFactor(),
                         {sizes.batch, sizes.numHeads, sizes.seqLenQ},
                         ArrayRef(kStateDims).take_front(3))) ||
      failed(verifyElementType(*this, "factor", getFactor(), type)))
    return failure();
  if (Value channels = getChannels()) {
    int64_t count = getShaped(channels).getDimSize(2);
    if (failed(verifyShape(*this, "channels", channels,
                           {sizes.batch, sizes.numKvHeads, count},
                           {"batch", "num_kv_heads", "channels"})))
      return failure();
    if (!ShapedType::isDynamic(count) && count > sizes.headDim)
      return emitOpError("expects at most head_dim ")
             << sizes.headDim << " channels, but got " << count;
  }
  // scores_c3
  if (failed(verifyKeyT(op, getKeyT())))
    return failure();
  // scores_c4
  if (getValueScale())
    return emitOpError("expects no value_scale: scores read no value");
  // scores_c5
  if (failed(verifyBufferMask(op)))
    return failure();
  // scores_c6
  return verifyDestinationStyle(*this);
}

LogicalResult TopKOp::verify() {
  if (failed(verifyTypes(*this)))
    return failure();
  // topk_c1
  ArrayRef<int64_t> input = getShaped(getInput()).getShape();
  int64_t k = getShaped(getIndices()).getDimSize(2);
  if (ShapedType::isDynamic(k) || k < 1)
    return emitOpError("expects indices with a static, positive k, but got ")
           << getIndices().getType();
  if (failed(verifyShape(*this, "indices", getIndices(),
                         {input[0], input[1], k}, {"batch", "heads", "k"})) ||
      failed(verifyShape(*this, "count", getCount(), {input[0], input[1]},
                         {"batch", "heads"})))
    return failure();
  // topk_c2
  return verifyDestinationStyle(*this);
}

LogicalResult GatherKvOp::verify() {
  if (failed(verifyTypes(*this)))
    return failure();
  ArrayRef<int64_t> key = getShaped(getKey()).getShape();
  ArrayRef<int64_t> value = getShaped(getValue()).getShape();
  ArrayRef<int64_t> indices = getShaped(getIndices()).getShape();
  bool bshd = getLayout() == Layout::bshd;
  int64_t headAxis = bshd ? 2 : 1, seqAxis = bshd ? 1 : 2;
  // gather_kv_c1
  for (auto [axis, name] :
       {std::pair<int64_t, StringRef>(0,
                                      getPageTable() ? "num_pages" : "batch"),
        {headAxis, "num_kv_heads"},
        {seqAxis, getPageTable() ? "page_size" : "seq_len_kv"}})
    if (!compatible(key[axis], value[axis]))
      return emitOpError("expects key and value to agree on ")
             << name << ", but got " << dimToString(key[axis]) << " and "
             << dimToString(value[axis]);
  if (ShapedType::isDynamic(key[3]) || ShapedType::isDynamic(value[3]))
    return emitOpError("expects head_dim and head_dim_v to be static");
  if (!getPageTable() &&
      failed(verifyDim(*this, "indices", "batch", indices[0], key[0])))
    return failure();
  int64_t batch = indices[0], heads = key[headAxis], k = indices[2];
  StringRef rowDims[] = {"batch", "num_kv_heads", "k", "head_dim"};
  if (failed(verifyShape(*this, "indices", getIndices(), {batch, heads, k},
                         ArrayRef(rowDims).take_front(3))) ||
      failed(verifyShape(*this, "count", getCount(), {batch, heads},
                         ArrayRef(rowDims).take_front(2))) ||
      failed(verifyShape(*this, "keys", getKeys(), {batch, heads, k, key[3]},
                         rowDims)) ||
      failed(verifyShape(*this, "values", getValues(),
                         {batch, heads, k, value[3]},
                         {"batch", "num_kv_heads", "k", kHeadDimV})))
    return failure();
  int64_t seqLenKv = getPageTable() ? ShapedType::kDynamic : key[seqAxis];
  StringRef scaleDims[] = {"batch", "num_kv_heads", "seq_len_kv", "head_dim"};
  if (failed(verifyBroadcast(*this, "key_scale", getKeyScale(),
                             {batch, heads, seqLenKv, key[3]}, scaleDims)))
    return failure();
  scaleDims[3] = kHeadDimV;
  if (failed(verifyBroadcast(*this, "value_scale", getValueScale(),
                             {batch, heads, seqLenKv, value[3]}, scaleDims)))
    return failure();
  if (getPageTable() &&
      failed(verifyDim(*this, "page_table", "batch",
                       getShaped(getPageTable()).getDimSize(0), batch)))
    return failure();
  // gather_kv_c2
  Type element = getShaped(getKey()).getElementType();
  if (getShaped(getValue()).getElementType() != element)
    return emitOpError("expects key and value to share an element type, but "
                       "got ")
           << element << " and " << getShaped(getValue()).getElementType();
  Type rows = getShaped(getKeys()).getElementType();
  bool isScaled =
      getKeyScale() || getValueScale() || element.getIntOrFloatBitWidth() == 8;
  if (isScaled ? !rows.isF32() && !rows.isF64() : rows != element)
    return emitOpError("expects keys to have ")
           << (isScaled ? "f32 or f64 where key has 8 bits or a scale"
                        : "key's element type")
           << ", but got " << rows;
  if (failed(verifyElementType(*this, "values", getValues(), rows)))
    return failure();
  // gather_kv_c3
  if (getPageTable() &&
      (ShapedType::isDynamic(key[seqAxis]) || key[seqAxis] < 1))
    return emitOpError("expects a static, positive page_size, but got ")
           << dimToString(key[seqAxis]);
  // gather_kv_c4
  return verifyDestinationStyle(*this);
}

LogicalResult KvAppendOp::verify() {
  if (failed(verifyTypes(*this)))
    return failure();
  // kv_append_c1
  bool bshd = getLayout() == Layout::bshd;
  int64_t headAxis = bshd ? 2 : 1, seqAxis = bshd ? 1 : 2;
  ArrayRef<int64_t> newKey = getShaped(getNewKey()).getShape();
  ArrayRef<int64_t> newValue = getShaped(getNewValue()).getShape();
  ArrayRef<int64_t> key = getShaped(getKey()).getShape();
  if (ShapedType::isDynamic(newKey[3]) || ShapedType::isDynamic(newValue[3]))
    return emitOpError("expects head_dim and head_dim_v to be static");
  auto check = [&](StringRef name, Value value, int64_t seqLen, StringRef seq,
                   int64_t width, StringRef widthName) {
    SmallVector<int64_t> shape = {newKey[0], newKey[headAxis], seqLen, width};
    SmallVector<StringRef> dims = {"batch", "num_kv_heads", seq, widthName};
    if (bshd) {
      std::swap(shape[1], shape[2]);
      std::swap(dims[1], dims[2]);
    }
    return verifyShape(*this, name, value, shape, dims);
  };
  if (failed(check("new_value", getNewValue(), newKey[seqAxis], "tokens",
                   newValue[3], kHeadDimV)) ||
      failed(check("key", getKey(), key[seqAxis], "capacity", newKey[3],
                   "head_dim")) ||
      failed(check("value", getValue(), key[seqAxis], "capacity", newValue[3],
                   kHeadDimV)) ||
      failed(verifyPerBatch(*this, "pos", getPos(), newKey[0])))
    return failure();
  if (!compatible(newKey[seqAxis], key[seqAxis]) &&
      newKey[seqAxis] > key[seqAxis])
    return emitOpError("expects at most as many tokens as the capacity, but "
                       "got ")
           << newKey[seqAxis] << " and " << key[seqAxis];
  Type element = getShaped(getNewKey()).getElementType();
  if (failed(verifyElementType(*this, "new_value", getNewValue(), element)) ||
      failed(verifyElementType(*this, "key", getKey(), element)) ||
      failed(verifyElementType(*this, "value", getValue(), element)) ||
      failed(verifyKeyT(*this, getKeyT(), element, newKey[0], newKey[headAxis],
                        newKey[3], key[seqAxis])))
    return failure();
  // kv_append_c2
  return verifyDestinationStyle(*this);
}

LogicalResult RunningMeanOp::verify() {
  if (failed(verifyTypes(*this)))
    return failure();
  // running_mean_c1
  ArrayRef<int64_t> newValue = getShaped(getNewValue()).getShape();
  int64_t headAxis = getLayout() == Layout::bshd ? 2 : 1;
  if (failed(verifyShape(*this, "mean", getMean(),
                         {newValue[0], newValue[headAxis], newValue[3]},
                         {"batch", "num_kv_heads", kHeadDimV})) ||
      failed(verifyPerBatch(*this, "count", getCount(), newValue[0])))
    return failure();
  // running_mean_c2
  Type element = getShaped(getNewValue()).getElementType();
  if (failed(verifyElementType(*this, "mean", getMean(),
                               getAccumulatorType(element))))
    return failure();
  // running_mean_c3
  return verifyDestinationStyle(*this);
}
