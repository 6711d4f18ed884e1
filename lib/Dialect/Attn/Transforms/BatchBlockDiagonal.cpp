//===- BatchBlockDiagonal.cpp - Blocks as a batch, or as a mask -----------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// algorithms: Block Transformer, the exact rewrite. attn.block_local becomes
// attention over a batch of blocks, [batch * blocks, heads, block_len, d], or
// attention of whole sequences with a block-diagonal mask.
//
//===----------------------------------------------------------------------===//

#include "TensorBuilders.h"
#include "attn/Dialect/Attn/IR/AttnBlockLocal.h"
#include "attn/Dialect/Attn/IR/AttnTiles.h"
#include "attn/Dialect/Attn/IR/IndexMath.h"
#include "attn/Dialect/Attn/Transforms/Passes.h"
#include "attn/Dialect/Attn/Transforms/Transforms.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::attn;

namespace mlir::attn {
#define GEN_PASS_DEF_ATTNBATCHBLOCKDIAGONALPASS
#include "attn/Dialect/Attn/Transforms/Passes.h.inc"
} // namespace mlir::attn

/// What both rewrites share of one op.
namespace {
struct Rewrite {
  Rewrite(RewriterBase &rewriter, BlockLocalOp op)
      : b(rewriter), op(op), loc(op.getLoc()),
        attention(cast<AttentionInterface>(op.getOperation())),
        sizes(getSizes(rewriter, loc, attention)), blockLen(op.getBlockLen()),
        prefixLen(op.getPrefixLen().value_or(0)) {}

  /// `source` with its dimension `axis` cut, then filled up with zeros, to
  /// `size`.
  Value resize(Value source, int64_t axis, OpFoldResult size);
  /// `first`, then `second` along `axis`.
  Value concatenate(Value first, Value second, int64_t axis);
  /// A tensor whose elements `body` makes of their indices.
  Value generate(ArrayRef<OpFoldResult> shape, Type elementType,
                 function_ref<Value(IndexMath &, ValueRange)> body);
  /// Element `at` of `source`, which is broadcast where its size is 1.
  Value extract(IndexMath &nested, Value source, ArrayRef<Value> at);

  RewriterBase &b;
  BlockLocalOp op;
  Location loc;
  AttentionInterface attention;
  AttentionSizes sizes;
  int64_t blockLen, prefixLen;
  IndexMath math{b, loc};
};
} // namespace

Value Rewrite::resize(Value source, int64_t axis, OpFoldResult size) {
  SmallVector<OpFoldResult> shape = tensor::getMixedSizes(b, loc, source);
  if (isEqualConstantIntOrValue(shape[axis], size))
    return source;
  SmallVector<OpFoldResult> zeros(shape.size(), math.constant(0)), high = zeros;
  OpFoldResult kept = math.min(shape[axis], size);
  if (!isEqualConstantIntOrValue(kept, shape[axis])) {
    shape[axis] = kept;
    source = tensor::ExtractSliceOp::create(b, loc, source, zeros, shape,
                                            unitStrides(b, shape.size()));
  }
  high[axis] = math.sub(size, kept);
  if (isConstantIntValue(high[axis], 0))
    return source;
  auto type = cast<RankedTensorType>(source.getType());
  SmallVector<int64_t> padded(type.getShape());
  padded[axis] = getConstantIntValue(size).value_or(ShapedType::kDynamic);
  Type element = type.getElementType();
  Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(element));
  return tensor::PadOp::create(b, loc, RankedTensorType::get(padded, element),
                               source, zeros, high, zero);
}

Value Rewrite::concatenate(Value first, Value second, int64_t axis) {
  SmallVector<OpFoldResult> shape = tensor::getMixedSizes(b, loc, first);
  SmallVector<OpFoldResult> added = tensor::getMixedSizes(b, loc, second);
  if (isConstantIntValue(shape[axis], 0))
    return second;
  if (isConstantIntValue(added[axis], 0))
    return first;
  SmallVector<OpFoldResult> all = shape, offsets(all.size(), math.constant(0));
  all[axis] = math.add(shape[axis], added[axis]);
  Value joined =
      createEmpty(b, loc, all, getElementTypeOrSelf(first.getType()));
  SmallVector<OpFoldResult> strides = unitStrides(b, all.size());
  joined = tensor::InsertSliceOp::create(b, loc, first, joined, offsets, shape,
                                         strides);
  offsets[axis] = shape[axis];
  return tensor::InsertSliceOp::create(b, loc, second, joined, offsets, added,
                                       strides);
}

Value Rewrite::generate(ArrayRef<OpFoldResult> shape, Type elementType,
                        function_ref<Value(IndexMath &, ValueRange)> body) {
  Value init = createEmpty(b, loc, shape, elementType);
  SmallVector<utils::IteratorType> iterators(shape.size(),
                                             utils::IteratorType::parallel);
  return linalg::GenericOp::create(
             b, loc, init.getType(), ValueRange(), init,
             ArrayRef<AffineMap>{b.getMultiDimIdentityMap(shape.size())},
             iterators,
             [&](OpBuilder &nested, Location loc, ValueRange) {
               SmallVector<Value> at;
               for (size_t axis = 0; axis < shape.size(); ++axis)
                 at.push_back(linalg::IndexOp::create(nested, loc, axis));
               IndexMath inner{nested, loc};
               linalg::YieldOp::create(nested, loc, body(inner, at));
             })
      .getResult(0);
}

Value Rewrite::extract(IndexMath &nested, Value source, ArrayRef<Value> at) {
  SmallVector<Value> clamped;
  for (auto [axis, index] : llvm::enumerate(at)) {
    OpFoldResult last =
        nested.add(getDim(nested.b, nested.loc, source, axis), -1);
    clamped.push_back(nested.value(nested.min(OpFoldResult(index), last)));
  }
  return tensor::ExtractOp::create(nested.b, nested.loc, source, clamped);
}

//===----------------------------------------------------------------------===//
// A batch of blocks
//===----------------------------------------------------------------------===//

namespace {
struct Batch : Rewrite {
  Batch(RewriterBase &rewriter, BlockLocalOp op)
      : Rewrite(rewriter, op), blocks(getNumBlocks(op, rewriter, loc)),
        entries(math.mul(sizes.batch, blocks)) {}

  SmallVector<Value> run(bool mergesPrefix);

private:
  bool isBshd() { return attention.getLayout() == Layout::bshd; }
  Value toBlocks(Value source, int64_t rows);
  Value fromBlocks(Value source);
  Value getLengths(Value lengths, OpFoldResult most, int64_t added);
  Value getDiagonal(Value source, ArrayRef<bool> isPosition);
  bool needsKvLen();
  AttentionParts getParts();
  void numberPositions(Region &score);
  SmallVector<Type> getResultTypes();
  SmallVector<Value> merge(const AttentionParts &parts, Value prefixKey,
                           Value prefixValue);
  /// Batch entry and first position of entry `index` of the new batch.
  std::pair<OpFoldResult, OpFoldResult> getEntry(IndexMath &nested,
                                                 Value index);

  OpFoldResult blocks, entries;
};
} // namespace

std::pair<OpFoldResult, OpFoldResult> Batch::getEntry(IndexMath &nested,
                                                      Value index) {
  Value count = nested.value(blocks);
  Value entry = nested.b.createOrFold<arith::DivUIOp>(nested.loc, index, count);
  Value block = nested.b.createOrFold<arith::RemUIOp>(nested.loc, index, count);
  return {entry, nested.mul(OpFoldResult(block), blockLen)};
}

/// [batch, heads, blocks * rows, d] as [batch * blocks, heads, rows, d], in the
/// op's layout.
Value Batch::toBlocks(Value source, int64_t rows) {
  int64_t axis = attention.getSeqAxis();
  source = resize(source, axis, math.mul(blocks, rows));
  SmallVector<OpFoldResult> shape = tensor::getMixedSizes(b, loc, source);
  shape[axis] = blocks;
  shape.insert(shape.begin() + axis + 1, math.constant(rows));
  auto type = RankedTensorType::get(decomposeMixedValues(shape).first,
                                    getElementTypeOrSelf(source.getType()));
  using Groups = SmallVector<ReassociationIndices>;
  Groups cut =
      isBshd() ? Groups{{0}, {1, 2}, {3}, {4}} : Groups{{0}, {1}, {2, 3}, {4}};
  Value cutUp = tensor::ExpandShapeOp::create(b, loc, type, source, cut, shape);
  if (!isBshd()) {
    std::swap(shape[1], shape[2]);
    Value init = createEmpty(b, loc, shape, type.getElementType());
    cutUp = linalg::TransposeOp::create(b, loc, cutUp, init,
                                        ArrayRef<int64_t>{0, 2, 1, 3, 4})
                ->getResult(0);
  }
  return tensor::CollapseShapeOp::create(b, loc, cutUp,
                                         Groups{{0, 1}, {2}, {3}, {4}});
}

/// The inverse for an output, or an lse of [batch * blocks, heads, block_len],
/// less the rows that the last block is short of.
Value Batch::fromBlocks(Value source) {
  bool isLse = cast<RankedTensorType>(source.getType()).getRank() == 3;
  SmallVector<OpFoldResult> shape = tensor::getMixedSizes(b, loc, source);
  shape[0] = blocks;
  shape.insert(shape.begin(), sizes.batch);
  Type element = getElementTypeOrSelf(source.getType());
  auto type = RankedTensorType::get(decomposeMixedValues(shape).first, element);
  using Groups = SmallVector<ReassociationIndices>;
  Groups joined = {{0, 1}, {2}, {3}};
  if (!isLse)
    joined.push_back({4});
  Value whole =
      tensor::ExpandShapeOp::create(b, loc, type, source, joined, shape);
  if (isLse || !isBshd()) {
    std::swap(shape[1], shape[2]);
    SmallVector<int64_t> order = {0, 2, 1, 3};
    if (!isLse)
      order.push_back(4);
    whole = linalg::TransposeOp::create(
                b, loc, whole, createEmpty(b, loc, shape, element), order)
                ->getResult(0);
    joined = {{0}, {1}, {2, 3}};
  } else {
    joined = {{0}, {1, 2}, {3}};
  }
  if (!isLse)
    joined.push_back({4});
  whole = tensor::CollapseShapeOp::create(b, loc, whole, joined);
  return resize(whole, isLse ? 2 : attention.getSeqAxis(), sizes.seqLenQ);
}

/// How much of each block is before `most` and before its length in `lengths`,
/// if there are any, and `added` more.
Value Batch::getLengths(Value lengths, OpFoldResult most, int64_t added) {
  return generate(
      entries, b.getI64Type(), [&](IndexMath &nested, ValueRange at) {
        auto [entry, first] = getEntry(nested, at[0]);
        OpFoldResult length = most;
        if (lengths)
          length = nested.min(length,
                              loadLength(nested.b, nested.loc, lengths, entry));
        length = nested.max(nested.constant(0), nested.sub(length, first));
        length =
            nested.add(nested.min(length, nested.constant(blockLen)), added);
        return arith::IndexCastOp::create(nested.b, nested.loc,
                                          nested.b.getI64Type(),
                                          nested.value(length))
            .getResult();
      });
}

/// The blocks on the diagonal of `source` of rank 4, which begins with batch
/// and heads and has positions where `isPosition` says so.
Value Batch::getDiagonal(Value source, ArrayRef<bool> isPosition) {
  if (!source)
    return {};
  SmallVector<OpFoldResult> shape = tensor::getMixedSizes(b, loc, source);
  bool isOne = true;
  for (auto [axis, size] : llvm::enumerate(shape)) {
    bool isLong =
        (axis == 0 || isPosition[axis]) && !isConstantIntValue(size, 1);
    isOne &= !isLong;
    if (isLong && axis != 0)
      size = math.constant(blockLen);
  }
  if (isOne)
    return source;
  shape[0] = entries;
  return generate(shape, getElementTypeOrSelf(source.getType()),
                  [&](IndexMath &nested, ValueRange at) {
                    auto [entry, first] = getEntry(nested, at[0]);
                    SmallVector<Value> from(at);
                    from[0] = nested.value(entry);
                    for (auto [axis, index] : llvm::enumerate(from))
                      if (isPosition[axis])
                        index = nested.value(
                            nested.add(OpFoldResult(index), first));
                    return extract(nested, source, from);
                  });
}

/// Whether rows of query could see keys that resizing added: not if there are
/// as many keys as a diagonal, or whole blocks, lets them see.
bool Batch::needsKvLen() {
  std::optional<int64_t> rows = getConstantIntValue(sizes.seqLenQ);
  std::optional<int64_t> keys = getConstantIntValue(sizes.seqLenKv);
  if (op.getKvLen() || !rows || !keys)
    return true;
  int64_t seen = attention.isCausal() ? *rows : llvm::alignTo(*rows, blockLen);
  return *keys < seen;
}

/// The operands of each block, its prefix not among them.
AttentionParts Batch::getParts() {
  AttentionParts parts(attention);
  parts.offsets.clear();
  parts.inBlocks = false;
  parts.query = toBlocks(parts.query, blockLen);
  parts.key = toBlocks(parts.key, blockLen);
  parts.value = toBlocks(parts.value, blockLen);
  if (needsKvLen())
    parts.kvLen = getLengths(op.getKvLen(), sizes.seqLenKv, /*added=*/0);
  if (op.getQLen())
    parts.qLen = getLengths(op.getQLen(), sizes.seqLenQ, /*added=*/0);
  bool scores[] = {false, false, true, true};
  parts.mask = getDiagonal(parts.mask, scores);
  parts.bias = getDiagonal(parts.bias, scores);
  bool scales[] = {false, false, true, false};
  parts.keyScale = getDiagonal(parts.keyScale, scales);
  parts.valueScale = getDiagonal(parts.valueScale, scales);
  return parts;
}

/// The score region goes on speaking of batch entries and positions of the
/// whole.
void Batch::numberPositions(Region &score) {
  if (score.empty())
    return;
  OpBuilder::InsertionGuard guard(b);
  Block &body = score.front();
  BlockArgument index = body.getArgument(1), i = body.getArgument(3),
                j = body.getArgument(4);
  SmallVector<OpOperand *> uses;
  for (BlockArgument argument : {index, i, j})
    for (OpOperand &use : argument.getUses())
      uses.push_back(&use);
  b.setInsertionPointToStart(&body);
  IndexMath nested{b, loc};
  auto [entry, first] = getEntry(nested, index);
  Value whole[] = {nested.value(entry),
                   nested.value(nested.add(OpFoldResult(i), first)),
                   nested.value(nested.add(OpFoldResult(j), first))};
  for (OpOperand *use : uses)
    use->set(use->get() == index ? whole[0]
             : use->get() == i   ? whole[1]
                                 : whole[2]);
}

/// The types of the results, of a batch of blocks.
SmallVector<Type> Batch::getResultTypes() {
  int64_t batch = getConstantIntValue(entries).value_or(ShapedType::kDynamic);
  SmallVector<Type> types;
  for (Type type : op->getResultTypes()) {
    auto shaped = cast<RankedTensorType>(type);
    SmallVector<int64_t> shape(shaped.getShape());
    shape[0] = batch;
    shape[shape.size() == 3 ? 2 : attention.getSeqAxis()] = blockLen;
    types.push_back(RankedTensorType::get(shape, shaped.getElementType()));
  }
  return types;
}

/// The states of each block's prefix and of its own keys, merged, with the
/// sinks as a third.
SmallVector<Value> Batch::merge(const AttentionParts &parts, Value prefixKey,
                                Value prefixValue) {
  FloatType type = attention.getAccumulatorType();
  SmallVector<OpFoldResult> lseShape = {entries, sizes.numHeads,
                                        math.constant(blockLen)};
  SmallVector<OpFoldResult> outputShape = lseShape;
  outputShape.push_back(math.constant(attention.getHeadDimV()));
  auto createState = [&](const AttentionParts &keys) {
    return createPartial(b, loc, keys, createEmpty(b, loc, outputShape, type),
                         createEmpty(b, loc, lseShape, type));
  };
  AttentionParts prefix = parts;
  prefix.key = prefixKey;
  prefix.value = prefixValue;
  prefix.windowLeft = prefix.windowRight = -1;
  prefix.kvLen = {};
  PartialOp states[] = {createState(prefix), createState(parts)};
  SmallVector<Value> outputs, lses;
  for (PartialOp state : states) {
    outputs.push_back(state->getResult(0));
    lses.push_back(state->getResult(1));
  }
  if (op.getSinks()) {
    outputs.push_back(createFilled(b, loc, outputShape, type, 0.0));
    lses.push_back(createSinkLse(b, loc, parts, op.getSinks(),
                                 createEmpty(b, loc, lseShape, type)));
  }
  SmallVector<Value> inits;
  for (Type result : getResultTypes()) {
    auto shaped = cast<RankedTensorType>(result);
    SmallVector<OpFoldResult> shape =
        shaped.getRank() == 3 ? lseShape : outputShape;
    if (shaped.getRank() == 4 && isBshd())
      std::swap(shape[1], shape[2]);
    inits.push_back(createEmpty(b, loc, shape, shaped.getElementType()));
  }
  auto merge =
      MergeOp::create(b, loc, ValueRange(inits).getTypes(), outputs, lses,
                      inits[0], inits.size() > 1 ? inits[1] : Value(),
                      /*along=*/IntegerAttr(), parts.layout);
  return llvm::to_vector(ValueRange(merge->getResults()));
}

SmallVector<Value> Batch::run(bool mergesPrefix) {
  AttentionParts parts = getParts();
  SmallVector<Value> results;
  if (op.hasPrefix()) {
    Value prefixKey = toBlocks(op.getPrefixKey(), prefixLen);
    Value prefixValue = toBlocks(op.getPrefixValue(), prefixLen);
    if (mergesPrefix) {
      results = merge(parts, prefixKey, prefixValue);
    } else {
      int64_t axis = attention.getSeqAxis();
      parts.key = concatenate(prefixKey, parts.key, axis);
      parts.value = concatenate(prefixValue, parts.value, axis);
      // What speaks of keys speaks of those behind the prefix.
      if (attention.isCausal())
        parts.causalOffset = math.value(math.constant(prefixLen));
      if (parts.kvLen)
        parts.kvLen = getLengths(op.getKvLen(), sizes.seqLenKv, prefixLen);
    }
  }
  if (results.empty()) {
    SdpaOp sdpa = createSdpa(b, loc, getResultTypes(), parts, op.getSinks());
    numberPositions(sdpa.getScore());
    results = llvm::to_vector(ValueRange(sdpa->getResults()));
  }
  for (Value &result : results)
    result = fromBlocks(result);
  return results;
}

//===----------------------------------------------------------------------===//
// A mask
//===----------------------------------------------------------------------===//

namespace {
struct Mask : Rewrite {
  using Rewrite::Rewrite;

  SmallVector<Value> run();

private:
  Value create(Value mask, OpFoldResult keys);
};
} // namespace

/// True where block(i) == block(j), the first keys being those of prefixes, and
/// where `mask` is, if there is one.
Value Mask::create(Value mask, OpFoldResult keys) {
  SmallVector<OpFoldResult> shape(2, math.constant(1));
  if (mask)
    for (int64_t axis = 0; axis < 2; ++axis)
      shape[axis] = getDim(b, loc, mask, axis);
  shape.append({sizes.seqLenQ, keys});
  OpFoldResult prefixes = math.mul(getNumBlocks(op, b, loc), prefixLen);
  return generate(shape, b.getI1Type(), [&](IndexMath &nested, ValueRange at) {
    auto block = [&](OpFoldResult position, int64_t size) {
      return nested.value(nested.apply(nested.d(0).floorDiv(size), {position}));
    };
    auto equal = [&](arith::CmpIPredicate predicate, Value x,
                     Value y) -> Value {
      return arith::CmpIOp::create(nested.b, nested.loc, predicate, x, y);
    };
    Value own = block(OpFoldResult(at[2]), blockLen);
    OpFoldResult key = nested.sub(OpFoldResult(at[3]), prefixes);
    Value visible = equal(arith::CmpIPredicate::eq, own, block(key, blockLen));
    if (op.hasPrefix()) {
      Value isPrefix =
          equal(arith::CmpIPredicate::slt, at[3], nested.value(prefixes));
      Value ofPrefix = equal(arith::CmpIPredicate::eq, own,
                             block(OpFoldResult(at[3]), prefixLen));
      visible = arith::SelectOp::create(nested.b, nested.loc, isPrefix,
                                        ofPrefix, visible);
    }
    if (mask) {
      Value other = extract(nested, mask, SmallVector<Value>(at));
      // Any byte that is not 0.
      if (!other.getType().isInteger(1))
        other = equal(
            arith::CmpIPredicate::ne, other,
            arith::ConstantOp::create(nested.b, nested.loc,
                                      nested.b.getZeroAttr(other.getType())));
      visible = arith::AndIOp::create(nested.b, nested.loc, visible, other);
    }
    return visible;
  });
}

SmallVector<Value> Mask::run() {
  AttentionParts parts(attention);
  parts.offsets.clear();
  OpFoldResult keys = sizes.seqLenKv;
  if (op.hasPrefix()) {
    int64_t axis = attention.getSeqAxis();
    OpFoldResult prefixes = getDim(b, loc, op.getPrefixKey(), axis);
    parts.key = concatenate(op.getPrefixKey(), parts.key, axis);
    parts.value = concatenate(op.getPrefixValue(), parts.value, axis);
    keys = math.add(keys, prefixes);
    if (attention.isCausal())
      parts.causalOffset = math.value(prefixes);
    if (parts.kvLen) {
      SmallVector<OpFoldResult> shape =
          tensor::getMixedSizes(b, loc, parts.kvLen);
      Value lengths = parts.kvLen;
      parts.kvLen = generate(
          shape, b.getI64Type(), [&](IndexMath &nested, ValueRange at) {
            Value length = extract(nested, lengths, {at[0]});
            Value added = arith::IndexCastOp::create(nested.b, nested.loc,
                                                     nested.b.getI64Type(),
                                                     nested.value(prefixes));
            return arith::AddIOp::create(nested.b, nested.loc, length, added)
                .getResult();
          });
    }
  }
  parts.mask = create(parts.mask, keys);
  SdpaOp sdpa = createSdpa(b, loc, op->getResultTypes(), parts, op.getSinks());
  return llvm::to_vector(ValueRange(sdpa->getResults()));
}

//===----------------------------------------------------------------------===//
// The rewrite
//===----------------------------------------------------------------------===//

FailureOr<SmallVector<Value>> attn::rewriteBlockLocal(RewriterBase &rewriter,
                                                      BlockLocalOp op,
                                                      BlockDiagonalForm form,
                                                      std::string &why) {
  auto attention = cast<AttentionInterface>(op.getOperation());
  bool isWhole = llvm::all_of(op.getOffsets(), [](Value offset) {
    return matchPattern(offset, m_Zero());
  });
  if (!isWhole) {
    why = "it is a piece of a problem (offsets)";
    return failure();
  }
  if (attention.isPaged() && form != BlockDiagonalForm::mask) {
    why = "its keys are in pages";
    return failure();
  }
  if (form == BlockDiagonalForm::merge && !op.hasPrefix()) {
    why = "it has no prefix to merge";
    return failure();
  }
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(op);
  // Slices of what is empty would begin outside of it.
  if (hasNoRows(getSizes(rewriter, op.getLoc(), attention)))
    return replaceWithCasts(rewriter, op, op.createEmptyResults(rewriter));
  SmallVector<Value> results =
      form == BlockDiagonalForm::mask
          ? Mask(rewriter, op).run()
          : Batch(rewriter, op).run(form == BlockDiagonalForm::merge);
  return replaceWithCasts(rewriter, op, results);
}

namespace {
struct BatchBlockDiagonalPass
    : attn::impl::AttnBatchBlockDiagonalPassBase<BatchBlockDiagonalPass> {
  using AttnBatchBlockDiagonalPassBase::AttnBatchBlockDiagonalPassBase;

  void runOnOperation() override {
    SmallVector<BlockLocalOp> ops;
    getOperation()->walk([&](BlockLocalOp op) { ops.push_back(op); });
    IRRewriter rewriter(&getContext());
    for (BlockLocalOp op : ops) {
      std::string why;
      if (failed(rewriteBlockLocal(rewriter, op, form, why)))
        op.emitRemark("stays attn.block_local: ") << why;
    }
  }
};
} // namespace
