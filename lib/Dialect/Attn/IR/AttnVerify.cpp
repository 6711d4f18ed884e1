//===- AttnVerify.cpp - Verifiers of the attn ops -------------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Relations between operands that ODS cannot say. Rules the ops share are one
// function each, so that every op words an error alike; the label in a comment
// is the label in the op's description.
//
//===----------------------------------------------------------------------===//

#include "AttnVerify.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include <limits>

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::verify;

//===----------------------------------------------------------------------===//
// Dimensions that may be dynamic
//===----------------------------------------------------------------------===//

/// True unless both sizes are known and differ.
bool verify::compatible(int64_t a, int64_t b) {
  return ShapedType::isDynamic(a) || ShapedType::isDynamic(b) || a == b;
}

/// A dimension as it is written in a type.
std::string verify::dimToString(int64_t dim) {
  return ShapedType::isDynamic(dim) ? "?" : std::to_string(dim);
}

ShapedType verify::getShaped(Value value) {
  return cast<ShapedType>(value.getType());
}

/// `value` has size `size` along the dimension called `what`.
LogicalResult verify::verifyDim(Operation *op, StringRef name, StringRef what,
                                int64_t found, int64_t size) {
  if (compatible(found, size))
    return success();
  return op->emitOpError("expects ")
         << name << " to have " << what << " " << dimToString(size)
         << ", but got " << dimToString(found);
}

/// sdpa_c16 for the types of `op`'s operands and results.
LogicalResult verify::verifyTypes(Operation *op) {
  auto verifyType = [&](Type type) -> LogicalResult {
    auto shaped = dyn_cast<ShapedType>(type);
    if (!shaped)
      return success();
    for (int64_t size : shaped.getShape())
      if (!ShapedType::isDynamic(size) && size > kMaxSize)
        return op->emitOpError("expects sizes of at most ")
               << kMaxSize << ", but got " << type;
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (tensor && tensor.getEncoding())
      return op->emitOpError("expects tensors without an encoding, but got ")
             << type;
    return success();
  };
  for (Type type : op->getOperandTypes())
    if (failed(verifyType(type)))
      return failure();
  for (Type type : op->getResultTypes())
    if (failed(verifyType(type)))
      return failure();
  return success();
}

/// Each dimension of `value` equals that of `shape` or is 1.
LogicalResult verify::verifyBroadcast(Operation *op, StringRef name,
                                      Value value, ArrayRef<int64_t> shape,
                                      ArrayRef<StringRef> dimNames) {
  if (!value)
    return success();
  for (auto [found, size, dimName] :
       llvm::zip_equal(getShaped(value).getShape(), shape, dimNames))
    if (found != 1 && !compatible(found, size)) {
      InFlightDiagnostic diag = op->emitOpError("expects ")
                                << name << " to have " << dimName << " "
                                << dimToString(size) << " or 1, but got "
                                << dimToString(found);
      diag.attachNote(value.getLoc()) << name << " defined here";
      return diag;
    }
  return success();
}

//===----------------------------------------------------------------------===//
// Rules shared by the ops that score keys; labels as in attn.sdpa
//===----------------------------------------------------------------------===//

StaticSizes verify::getStaticSizes(AttentionInterface op) {
  ArrayRef<int64_t> query = op.getQuery().getType().getShape();
  ArrayRef<int64_t> key = op.getKey().getType().getShape();
  ArrayRef<int64_t> value = op.getValue().getType().getShape();
  StaticSizes sizes;
  sizes.batch = query[0];
  sizes.numHeads = query[op.getHeadAxis()];
  sizes.numKvHeads = key[op.getHeadAxis()];
  sizes.seqLenQ = query[op.getSeqAxis()];
  sizes.seqLenKv = key[op.getSeqAxis()];
  if (op.isPaged()) {
    int64_t pages = getShaped(op.getPageTable()).getDimSize(1);
    // sdpa_c16 refuses a product that overflows.
    int64_t product;
    if (ShapedType::isDynamic(pages) || ShapedType::isDynamic(sizes.seqLenKv))
      sizes.seqLenKv = ShapedType::kDynamic;
    else
      sizes.seqLenKv = llvm::MulOverflow(pages, sizes.seqLenKv, product)
                           ? std::numeric_limits<int64_t>::max()
                           : product;
  }
  sizes.headDim = query[3];
  sizes.headDimV = value[3];
  return sizes;
}

static LogicalResult verifyShapes(AttentionInterface op,
                                  const StaticSizes &sizes) {
  ArrayRef<int64_t> key = op.getKey().getType().getShape();
  ArrayRef<int64_t> value = op.getValue().getType().getShape();
  // sdpa_c1
  if (ShapedType::isDynamic(sizes.headDim) || ShapedType::isDynamic(key[3]) ||
      ShapedType::isDynamic(sizes.headDimV))
    return op->emitOpError("expects head_dim and head_dim_v to be static; cast "
                           "query, key and value to static head dimensions "
                           "first (tensor.cast)");
  if (sizes.headDim != key[3])
    return op->emitOpError("expects query and key to agree on head_dim, but "
                           "got ")
           << sizes.headDim << " and " << key[3];
  if (sizes.headDim == 0 || sizes.headDimV == 0)
    return op->emitOpError("expects head_dim and head_dim_v of at least 1, but "
                           "got ")
           << sizes.headDim << " and " << sizes.headDimV;

  // sdpa_c2; pools have pages where K and V have batch entries.
  StringRef first = op.isPaged() ? "num_pages" : "batch";
  StringRef seq = op.isPaged() ? "page_size" : "seq_len_kv";
  if (!op.isPaged() && !compatible(sizes.batch, key[0]))
    return op->emitOpError("expects query and key to agree on batch, but got ")
           << dimToString(sizes.batch) << " and " << dimToString(key[0]);
  if (!compatible(key[0], value[0]))
    return op->emitOpError("expects key and value to agree on ")
           << first << ", but got " << dimToString(key[0]) << " and "
           << dimToString(value[0]);
  if (!compatible(key[op.getHeadAxis()], value[op.getHeadAxis()]))
    return op->emitOpError("expects key and value to agree on num_kv_heads, "
                           "but got ")
           << dimToString(key[op.getHeadAxis()]) << " and "
           << dimToString(value[op.getHeadAxis()]);
  if (!compatible(key[op.getSeqAxis()], value[op.getSeqAxis()]))
    return op->emitOpError("expects key and value to agree on ")
           << seq << ", but got " << dimToString(key[op.getSeqAxis()])
           << " and " << dimToString(value[op.getSeqAxis()]);

  // sdpa_c16 for pages * page_size
  if (!ShapedType::isDynamic(sizes.seqLenKv) && sizes.seqLenKv > kMaxSize)
    return op->emitOpError("expects pages * page_size of at most ")
           << kMaxSize << ", but got "
           << getShaped(op.getPageTable()).getDimSize(1) << " * "
           << key[op.getSeqAxis()];

  // sdpa_c3; true for dynamic sizes, false for a zero divisor.
  if (!ShapedType::isDynamic(sizes.numHeads) &&
      !ShapedType::isDynamic(sizes.numKvHeads) &&
      (sizes.numKvHeads == 0 || sizes.numHeads % sizes.numKvHeads != 0))
    return op->emitOpError("expects num_heads to be a multiple of "
                           "num_kv_heads, but got ")
           << sizes.numHeads << " and " << sizes.numKvHeads;
  if (sizes.numHeads == 0)
    return op->emitOpError("expects num_heads of at least 1, but got 0");
  return success();
}

static LogicalResult verifyElementTypes(AttentionInterface op) {
  // sdpa_c5
  Type query = op.getQuery().getType().getElementType();
  Type key = op.getKey().getType().getElementType();
  Type value = op.getValue().getType().getElementType();
  if (key != value)
    return op->emitOpError("expects key and value to share an element type, "
                           "but got ")
           << key << " and " << value;
  bool narrow = key.isInteger(8) || key.getIntOrFloatBitWidth() == 8;
  if (!narrow && key != query)
    return op->emitOpError("expects key and value to have query's element "
                           "type, f8E4M3FN, f8E5M2 or i8, but got ")
           << query << " and " << key;
  // Scores read no value.
  bool lacksScale = !op.getKeyScale() ||
                    (!op.getValueScale() && !isa<ScoresOp>(op.getOperation()));
  if (key.isInteger(8) && lacksScale)
    return op->emitOpError("expects key_scale and value_scale with i8 key and "
                           "value");
  return success();
}

LogicalResult verify::verifyPerBatch(Operation *op, StringRef name,
                                     Value lengths, int64_t batch) {
  if (!lengths || !isa<ShapedType>(lengths.getType()) ||
      getShaped(lengths).getDimSize(0) == 1)
    return success();
  return verifyDim(op, name, "batch", getShaped(lengths).getDimSize(0), batch);
}

static LogicalResult verifyModifiers(AttentionInterface op,
                                     const StaticSizes &sizes) {
  // sdpa_c7
  StringRef scoreDims[] = {"batch", "num_heads", "seq_len_q", "seq_len_kv"};
  StringRef keyDims[] = {"batch", "num_kv_heads", "seq_len_kv", "head_dim"};
  StringRef valueDims[] = {"batch", "num_kv_heads", "seq_len_kv", "head_dim_v"};
  int64_t scores[] = {sizes.batch, sizes.numHeads, sizes.seqLenQ,
                      sizes.seqLenKv};
  int64_t keys[] = {sizes.batch, sizes.numKvHeads, sizes.seqLenKv,
                    sizes.headDim};
  int64_t values[] = {sizes.batch, sizes.numKvHeads, sizes.seqLenKv,
                      sizes.headDimV};
  if (failed(verifyBroadcast(op, "mask", op.getMask(), scores, scoreDims)) ||
      failed(verifyBroadcast(op, "bias", op.getBias(), scores, scoreDims)) ||
      failed(
          verifyBroadcast(op, "key_scale", op.getKeyScale(), keys, keyDims)) ||
      failed(verifyBroadcast(op, "value_scale", op.getValueScale(), values,
                             valueDims)))
    return failure();

  // sdpa_c8
  if (failed(verifyPerBatch(op, "kv_len", op.getKvLen(), sizes.batch)) ||
      failed(verifyPerBatch(op, "q_len", op.getQLen(), sizes.batch)) ||
      failed(verifyPerBatch(op, "causal_offset", op.getCausalOffset(),
                            sizes.batch)))
    return failure();

  // sdpa_c9
  if (op.getBottomRight() && op.getCausalOffset())
    return op->emitOpError("expects bottom_right or causal_offset, not both");
  if (op.getBottomRight() && !op.getOffsets().empty())
    return op->emitOpError("expects no bottom_right on a tile with offsets; "
                           "use causal_offset");

  // sdpa_c10
  if (op.getScaleAttr() && op.getDynamicScale())
    return op->emitOpError("expects scale or dynamic_scale, not both");
  // What is finite in f64 may overflow in f32, where scores are computed.
  FloatType type = op.getAccumulatorType();
  auto inAccumulatorType = [&](FloatAttr attr) {
    APFloat value = attr.getValue();
    bool losesInfo;
    value.convert(type.getFloatSemantics(), APFloat::rmNearestTiesToEven,
                  &losesInfo);
    return value;
  };
  if (FloatAttr scale = op.getScaleAttr())
    if (!inAccumulatorType(scale).isFinite())
      return op->emitOpError("expects a scale that is finite in ")
             << type << ", but got " << scale;
  if (FloatAttr softcap = op.getSoftcapAttr()) {
    APFloat value = inAccumulatorType(softcap);
    if (!value.isFinite() || value.isZero() || value.isNegative())
      return op->emitOpError("expects a softcap that is positive and finite "
                             "in ")
             << type << ", but got " << softcap;
  }

  // sdpa_c11
  if (op.getWindowLeft() < -1 || op.getWindowRight() < -1)
    return op->emitOpError("expects window sizes of -1 (unbounded) or more, "
                           "but got ")
           << op.getWindowLeft() << " and " << op.getWindowRight();
  // sdpa_c16
  if (op.getWindowLeft() > kMaxSize || op.getWindowRight() > kMaxSize)
    return op->emitOpError("expects window sizes of at most ")
           << kMaxSize << " (-1 is unbounded), but got " << op.getWindowLeft()
           << " and " << op.getWindowRight();

  // sdpa_c12
  if (op.isPaged()) {
    int64_t batch = getShaped(op.getPageTable()).getDimSize(0);
    if (failed(verifyDim(op, "page_table", "batch", batch, sizes.batch)))
      return failure();
    int64_t pageSize = op.getKey().getType().getDimSize(op.getSeqAxis());
    if (ShapedType::isDynamic(pageSize) || pageSize < 1)
      return op->emitOpError("expects a static, positive page_size, but got ")
             << dimToString(pageSize);
  }

  // sdpa_c14
  if (!op.getOffsets().empty() && op.getOffsets().size() != 4)
    return op->emitOpError("expects no offsets or four (batch, head, query, "
                           "key), but got ")
           << op.getOffsets().size();
  return success();
}

static LogicalResult verifyScore(AttentionInterface op) {
  // sdpa_c13
  if (!op.hasScore())
    return success();
  Block &block = op.getScore().front();
  TypeRange arguments = block.getArgumentTypes();
  auto isIndex = [](Type type) { return type.isIndex(); };
  if (arguments.size() != 5 || arguments.front() != op.getAccumulatorType() ||
      !llvm::all_of(arguments.drop_front(), isIndex))
    return op->emitOpError("expects a score region with arguments (")
           << op.getAccumulatorType()
           << ", index, index, index, index), but got (" << arguments << ")";
  auto yield =
      dyn_cast_if_present<YieldOp>(block.empty() ? nullptr : &block.back());
  if (!yield)
    return op->emitOpError("expects a score region that ends in attn.yield");
  if (yield.getValue().getType() != op.getAccumulatorType())
    return op->emitOpError("expects the score region to yield ")
           << op.getAccumulatorType() << ", but got "
           << yield.getValue().getType();
  WalkResult result = block.walk([&](Operation *nested) {
    // An op with recursive effects has those of the ops inside it, which are
    // visited too.
    if (isa<YieldOp>(nested) || isMemoryEffectFree(nested) ||
        hasSingleEffect<MemoryEffects::Read>(nested) ||
        (nested->hasTrait<OpTrait::HasRecursiveMemoryEffects>() &&
         !isa<MemoryEffectOpInterface>(nested)))
      return WalkResult::advance();
    InFlightDiagnostic diag =
        op->emitOpError("expects a score region without side effects");
    diag.attachNote(nested->getLoc()) << "this op may have one";
    return WalkResult::interrupt();
  });
  return failure(result.wasInterrupted());
}

LogicalResult verify::verifyAttention(Operation *operation) {
  auto op = cast<AttentionInterface>(operation);
  StaticSizes sizes = getStaticSizes(op);
  if (failed(verifyTypes(op)) || failed(verifyShapes(op, sizes)) ||
      failed(verifyElementTypes(op)) || failed(verifyModifiers(op, sizes)) ||
      failed(verifyScore(op)))
    return failure();
  return success();
}

/// `value`, if present, has shape `shape`; `dims` names the dimensions.
/// head_dim_v, like head_dim, is always static.
LogicalResult verify::verifyShape(Operation *op, StringRef name, Value value,
                                  ArrayRef<int64_t> shape,
                                  ArrayRef<StringRef> dims) {
  if (!value)
    return success();
  for (auto [found, size, dim] :
       llvm::zip_equal(getShaped(value).getShape(), shape, dims)) {
    if (dim == kHeadDimV && ShapedType::isDynamic(found))
      return op->emitOpError("expects ")
             << name << " to have a static head_dim_v";
    if (failed(verifyDim(op, name, dim, found, size)))
      return failure();
  }
  return success();
}

LogicalResult verify::verifyElementType(Operation *op, StringRef name,
                                        Value value, Type expected) {
  if (!value || getShaped(value).getElementType() == expected)
    return success();
  return op->emitOpError("expects ")
         << name << " to have element type " << expected << ", but got "
         << getShaped(value).getElementType();
}

/// An output is rounded to its type, never widened.
static LogicalResult verifyNotWider(Operation *op, Value output, Type state) {
  Type type = getShaped(output).getElementType();
  if (!type.isF64() || state.isF64())
    return success();
  return op->emitOpError("expects an output no wider than ")
         << state << ", but got " << type;
}

/// Layer B: all shaped operands are tensors or all are memrefs, and each
/// tensor destination has one result of its type.
LogicalResult verify::verifyDestinationStyle(Operation *operation) {
  auto op = cast<DestinationStyleOpInterface>(operation);
  bool hasTensor = false, hasMemRef = false;
  for (Type type : operation->getOperandTypes()) {
    hasTensor |= isa<TensorType>(type);
    hasMemRef |= isa<MemRefType>(type);
  }
  if (hasTensor && hasMemRef)
    return operation->emitOpError("expects all shaped operands to be tensors, "
                                  "or all memrefs");
  size_t expected = hasTensor ? op.getNumDpsInits() : 0;
  if (operation->getNumResults() != expected)
    return operation->emitOpError("expects ")
           << expected << " results, one per tensor destination, but got "
           << operation->getNumResults();
  return success();
}

LogicalResult verify::verifyBufferMask(AttentionInterface op) {
  if (Value mask = op.getMask())
    if (isa<MemRefType>(mask.getType()) &&
        getShaped(mask).getElementType().isInteger(1))
      return op->emitOpError("expects an i8 mask on memrefs (nonzero = "
                             "visible), but got i1: a vector load of i1 reads "
                             "bits where memory holds bytes");
  return success();
}

LogicalResult verify::verifyOutput(Operation *op, Value output, Layout layout,
                                   int64_t batch, int64_t heads, int64_t seqLen,
                                   int64_t headDimV) {
  if (layout == Layout::bshd)
    return verifyShape(op, "output", output, {batch, seqLen, heads, headDimV},
                       kBshdDims);
  return verifyShape(op, "output", output, {batch, heads, seqLen, headDimV},
                     kStateDims);
}

//===----------------------------------------------------------------------===//
// The ops
//===----------------------------------------------------------------------===//

LogicalResult OnlineOp::verify() {
  // online_c1
  if (failed(verifyAttention(*this)))
    return failure();
  auto op = cast<AttentionInterface>(getOperation());
  StaticSizes sizes = getStaticSizes(op);
  // online_c2
  int64_t state[] = {sizes.batch, sizes.numHeads, sizes.seqLenQ,
                     sizes.headDimV};
  ArrayRef<int64_t> rows = ArrayRef(state).take_front(3);
  Type type = op.getAccumulatorType();
  if (failed(verifyShape(*this, "acc", getAcc(), state, kStateDims)) ||
      failed(verifyShape(*this, "row_max", getRowMax(), rows,
                         ArrayRef(kStateDims).take_front(3))) ||
      failed(verifyShape(*this, "row_sum", getRowSum(), rows,
                         ArrayRef(kStateDims).take_front(3))) ||
      failed(verifyElementType(*this, "acc", getAcc(), type)) ||
      failed(verifyElementType(*this, "row_max", getRowMax(), type)) ||
      failed(verifyElementType(*this, "row_sum", getRowSum(), type)))
    return failure();
  // online_c3
  if (failed(verifyBufferMask(op)))
    return failure();
  // online_c4
  return verifyDestinationStyle(*this);
}

LogicalResult SdpaStepOp::verify() {
  // sdpa_step_c1
  if (failed(verifySdpa(cast<AttentionInterface>(getOperation()), getOutput(),
                        getLse(), getSinks())))
    return failure();
  // sdpa_step_c2
  if (failed(verifyBufferMask(cast<AttentionInterface>(getOperation()))))
    return failure();
  // sdpa_step_c3
  return verifyDestinationStyle(*this);
}

LogicalResult PartialOp::verify() {
  // partial_c1
  if (failed(verifyAttention(*this)))
    return failure();
  auto op = cast<AttentionInterface>(getOperation());
  StaticSizes sizes = getStaticSizes(op);
  // partial_c2
  Type type = op.getAccumulatorType();
  int64_t state[] = {sizes.batch, sizes.numHeads, sizes.seqLenQ,
                     sizes.headDimV};
  if (failed(verifyShape(*this, "output", getOutput(), state, kStateDims)) ||
      failed(verifyShape(*this, "lse", getLse(), ArrayRef(state).take_front(3),
                         ArrayRef(kStateDims).take_front(3))) ||
      failed(verifyElementType(*this, "output", getOutput(), type)) ||
      failed(verifyElementType(*this, "lse", getLse(), type)))
    return failure();
  // partial_c3
  if (failed(verifyBufferMask(op)))
    return failure();
  // partial_c4
  return verifyDestinationStyle(*this);
}

LogicalResult FinalizeOp::verify() {
  if (failed(verifyTypes(*this)))
    return failure();
  ArrayRef<int64_t> acc = getShaped(getAcc()).getShape();
  ArrayRef<StringRef> rowDims = ArrayRef(kStateDims).take_front(3);
  // finalize_c1
  if (failed(verifyShape(*this, "acc", getAcc(), acc, kStateDims)) ||
      failed(verifyShape(*this, "row_max", getRowMax(), acc.take_front(3),
                         rowDims)) ||
      failed(verifyShape(*this, "row_sum", getRowSum(), acc.take_front(3),
                         rowDims)) ||
      failed(
          verifyShape(*this, "sinks", getSinks(), {acc[1]}, {"num_heads"})) ||
      failed(verifyOutput(*this, getOutput(),
                          getLayout().value_or(Layout::bhsd), acc[0], acc[1],
                          acc[2], acc[3])) ||
      failed(verifyShape(*this, "lse", getLse(), acc.take_front(3), rowDims)))
    return failure();
  // finalize_c2
  Type type = getShaped(getAcc()).getElementType();
  if (failed(verifyElementType(*this, "row_max", getRowMax(), type)) ||
      failed(verifyElementType(*this, "row_sum", getRowSum(), type)) ||
      failed(verifyElementType(*this, "sinks", getSinks(), type)) ||
      failed(verifyElementType(*this, "lse", getLse(), type)) ||
      failed(verifyNotWider(*this, getOutput(), type)))
    return failure();
  // finalize_c3
  return verifyDestinationStyle(*this);
}

LogicalResult MergeOp::verify() {
  if (failed(verifyTypes(*this)))
    return failure();
  // merge_c1
  if (getPartOutputs().size() != getPartLses().size())
    return emitOpError("expects as many lse operands as output operands, but "
                       "got ")
           << getPartLses().size() << " and " << getPartOutputs().size();
  if (getAlong() && (*getAlong() != 0 || getPartOutputs().size() != 1))
    return emitOpError("expects along(0) with one stacked (output, lse) pair, "
                       "but got along(")
           << *getAlong() << ") with " << getPartOutputs().size() << " pairs";

  // merge_c2: the state's shape, read off the destination.
  ArrayRef<int64_t> output = getShaped(getOutput()).getShape();
  bool bshd = getLayout() == Layout::bshd;
  SmallVector<int64_t> state = {output[0], output[bshd ? 2 : 1],
                                output[bshd ? 1 : 2], output[3]};
  ArrayRef<StringRef> dims = kStateDims;
  if (failed(verifyShape(*this, "output", getOutput(), output,
                         bshd ? kBshdDims : kStateDims)) ||
      failed(verifyShape(*this, "lse", getLse(), ArrayRef(state).take_front(3),
                         dims.take_front(3))))
    return failure();
  for (auto [partOutput, partLse] :
       llvm::zip_equal(getPartOutputs(), getPartLses())) {
    auto checkPart = [&](StringRef name, Value part,
                         ArrayRef<int64_t> shape) -> LogicalResult {
      auto type = getShaped(part);
      int64_t rank = shape.size() + (getAlong() ? 1 : 0);
      if (type.getRank() != rank)
        return emitOpError("expects ") << name << " of a part to have rank "
                                       << rank << ", but got " << type;
      ArrayRef<int64_t> found = type.getShape().take_back(shape.size());
      for (auto [size, expected, dim] :
           llvm::zip_equal(found, shape, dims.take_front(shape.size())))
        if (failed(verifyDim(*this, name, dim, size, expected)))
          return failure();
      return success();
    };
    if (failed(checkPart("the output", partOutput, state)) ||
        failed(checkPart("the lse", partLse, ArrayRef(state).take_front(3))))
      return failure();
    if (getAlong() && !compatible(getShaped(partOutput).getDimSize(0),
                                  getShaped(partLse).getDimSize(0)))
      return emitOpError("expects stacked outputs and lses to agree on the "
                         "number of parts, but got ")
             << dimToString(getShaped(partOutput).getDimSize(0)) << " and "
             << dimToString(getShaped(partLse).getDimSize(0));
  }

  // merge_c3
  Type type;
  for (Value part : llvm::concat<Value>(getPartOutputs(), getPartLses())) {
    Type element = getShaped(part).getElementType();
    if (type && element != type)
      return emitOpError("expects parts to share an element type, but got ")
             << type << " and " << element;
    type = element;
  }
  if (type && (failed(verifyElementType(*this, "lse", getLse(), type)) ||
               failed(verifyNotWider(*this, getOutput(), type))))
    return failure();
  // merge_c4
  return verifyDestinationStyle(*this);
}
