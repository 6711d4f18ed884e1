//===- KeySource.cpp - Where a kernel reads keys or values ----------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Views of rows in memory, and loops that look up, convert and scale a block of
// rows into scratch.
//
//===----------------------------------------------------------------------===//

#include "KeySource.h"

#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::attn;
using arith::CmpIPredicate;

//===----------------------------------------------------------------------===//
// KeySpec
//===----------------------------------------------------------------------===//

Value KeySpec::getOperand() const {
  AttentionInterface source = op;
  return isValue ? source.getValue() : source.getKey();
}

Value KeySpec::getScale() const {
  AttentionInterface source = op;
  return isValue ? source.getValueScale() : source.getKeyScale();
}

int64_t KeySpec::getColumns() const {
  return cast<MemRefType>(getOperand().getType()).getDimSize(3);
}

bool KeySpec::isAlwaysCopied() const {
  Value operand = getOperand();
  if (getElementTypeOrSelf(operand.getType()) != type || getScale())
    return true;
  AttentionInterface source = op;
  bool isPaged = source.isPaged();
  // A matrix in one of two places has one type, with adjacent columns.
  if (!hasContiguousRows(operand) && (needsContiguousRows || isPaged))
    return true;
  return isPaged && getPageSize(source) < block;
}

bool KeySpec::needsScratch() const {
  AttentionInterface source = op;
  return isAlwaysCopied() || source.isPaged();
}

//===----------------------------------------------------------------------===//
// KeySource
//===----------------------------------------------------------------------===//

KeySource::KeySource(VectorBuilder &b, const KeySpec &spec,
                     const Scratch &scratch)
    : b(b), spec(spec), operand(spec.getOperand()), scale(spec.getScale()),
      isContiguous(hasContiguousRows(operand)) {
  AttentionInterface op = spec.op;
  pageTable = op.getPageTable();
  if (pageTable)
    pageSize = getPageSize(op);
  if (spec.needsScratch())
    buffer = scratch.get(spec.isValue ? "values" : "keys",
                         {spec.block, spec.getColumns()}, spec.type);
  if (!scale)
    return;
  assert(spec.type == b.floatType && "scaled rows are of the computed type");
  auto type = cast<MemRefType>(scale.getType());
  for (int64_t d = 0; d < 4; ++d)
    if (type.isDynamicDim(d))
      isUnit[d] = b.compare(CmpIPredicate::eq,
                            b.idx(getDim(b, b.getLoc(), scale, d)), b.idx(1));
}

/// The indices of an element of the operand; `entry` is a batch entry or a
/// page, `row` a key in it.
SmallVector<Value> KeySource::inOperand(Value entry, Value row, Value column) {
  if (spec.op.getHeadAxis() == 2)
    return {entry, row, kvHead, column};
  return {entry, kvHead, row, column};
}

/// The page of a key.
Value KeySource::page(Value key) {
  Value entry = b.load(pageTable, {batch, b.div(key, b.idx(pageSize))});
  return b.createOrFold<arith::IndexCastOp>(b.getIndexType(), entry);
}

/// `numKeys` consecutive rows of the operand as a matrix.
Value KeySource::view(Value entry, Value row, Value numKeys) {
  Attribute one = b.getIndexAttr(1);
  SmallVector<OpFoldResult> offsets =
      getAsOpFoldResult(inOperand(entry, row, b.idx(0)));
  SmallVector<OpFoldResult> sizes(4, one), strides(4, one);
  sizes[spec.op.getSeqAxis()] = getAsOpFoldResult(numKeys);
  sizes[3] = b.getIndexAttr(spec.getColumns());
  SmallVector<int64_t> shape =
      decomposeMixedValues(
          SmallVector<OpFoldResult>{sizes[spec.op.getSeqAxis()], sizes[3]})
          .first;
  MemRefType type = memref::SubViewOp::inferRankReducedResultType(
      shape, cast<MemRefType>(operand.getType()), offsets, sizes, strides);
  return memref::SubViewOp::create(b, type, operand, offsets, sizes, strides);
}

void KeySource::beginBlock(Value firstKey, Value numKeys) {
  auto copy = [&] {
    if (!scale)
      return copyRows(firstKey, numKeys, ScalePer::None);
    ArrayRef<int64_t> sizes = cast<MemRefType>(scale.getType()).getShape();
    ScalePer perRow = sizes[2] == 1 ? ScalePer::Head : ScalePer::Key;
    if (sizes[3] == 1)
      return copyRows(firstKey, numKeys, perRow);
    if (!isUnit[3])
      return copyRows(firstKey, numKeys, ScalePer::Column);
    b.ifElse(
        TypeRange(), isUnit[3],
        [&] {
          copyRows(firstKey, numKeys, perRow);
          return SmallVector<Value>();
        },
        [&] {
          copyRows(firstKey, numKeys, ScalePer::Column);
          return SmallVector<Value>();
        });
  };
  if (!buffer) {
    matrix = view(batch, firstKey, numKeys);
    return;
  }
  if (spec.isAlwaysCopied()) {
    copy();
    matrix = buffer;
    return;
  }
  // Rows of one page are read there; the others are brought together.
  Value inPage = b.rem(firstKey, b.idx(pageSize));
  Value isOnePage =
      b.compare(CmpIPredicate::sle, b.add(inPage, numKeys), b.idx(pageSize));
  auto type = MemRefType::get(
      {ShapedType::kDynamic, spec.getColumns()}, spec.type,
      StridedLayoutAttr::get(b.getContext(), ShapedType::kDynamic,
                             {ShapedType::kDynamic, 1}));
  auto yield = [&](Value rows) {
    return SmallVector<Value>{memref::CastOp::create(b, type, rows)};
  };
  matrix = b.ifElse(
                TypeRange{type}, isOnePage,
                [&] { return yield(view(page(firstKey), inPage, numKeys)); },
                [&] {
                  copy();
                  return yield(buffer);
                })
               .front();
}

void KeySource::prefetch(Value key, ValueRange columns) {
  Value entry = pageTable ? page(key) : batch;
  Value row = pageTable ? b.rem(key, b.idx(pageSize)) : key;
  for (Value column : columns)
    b.prefetch(operand, inOperand(entry, row, column));
}

/// Rows of the block into scratch, converted to the wanted type and scaled.
void KeySource::copyRows(Value firstKey, Value numKeys, ScalePer scalePer) {
  Value zero = b.idx(0), columns = b.idx(spec.getColumns());
  bool isPerColumn = scalePer == ScalePer::Column;
  bool isVector = isContiguous && (!isPerColumn || hasContiguousRows(scale));
  Type bufferType = spec.type;
  auto load = [&](Value from, ValueRange at, int64_t width) -> Value {
    if (width == 0)
      return b.load(from, at);
    Type element = cast<MemRefType>(from.getType()).getElementType();
    return vector::LoadOp::create(b, VectorType::get(width, element), from, at);
  };
  Value rowScale;
  if (scalePer == ScalePer::Head)
    rowScale = loadScale(firstKey, scalePer);

  b.loop(zero, numKeys, 1, [&](Value row) {
    Value key = b.add(firstKey, row);
    Value entry = pageTable ? page(key) : batch;
    Value rowInEntry = pageTable ? b.rem(key, b.idx(pageSize)) : key;
    Value factor =
        scalePer == ScalePer::Key ? loadScale(key, scalePer) : rowScale;
    // `width` elements as a vector; 0 is a scalar.
    auto copy = [&](Value column, int64_t width) {
      Value from = load(operand, inOperand(entry, rowInEntry, column), width);
      if (from.getType() != bufferType &&
          getElementTypeOrSelf(from.getType()) != bufferType)
        from = b.toFloat(from);
      Value scaling = factor;
      if (isPerColumn)
        scaling =
            b.cast(load(scale, scaleIndex(key, column), width), b.floatType);
      else if (factor && width)
        scaling = vector::BroadcastOp::create(b, from.getType(), factor);
      if (scaling)
        from = b.fmul(from, scaling);
      if (width == 0)
        b.store(from, buffer, {row, column});
      else
        vector::StoreOp::create(b, from, buffer, ValueRange{row, column});
    };
    if (!isVector) {
      b.loop(zero, columns, 1, [&](Value column) { copy(column, 0); });
      return;
    }
    // Whole vectors in a loop, then ever narrower ones for what is left.
    int64_t done = spec.getColumns() & -b.lanes;
    b.loop(zero, b.idx(done), b.lanes,
           [&](Value column) { copy(column, b.lanes); });
    for (int64_t width = b.lanes / 2; width >= 1; width /= 2)
      if (spec.getColumns() & width) {
        copy(b.idx(done), width);
        done += width;
      }
  });
}

SmallVector<Value> KeySource::scaleIndex(Value key, Value column) {
  SmallVector<Value> at{batch, kvHead, key, column};
  ArrayRef<int64_t> sizes = cast<MemRefType>(scale.getType()).getShape();
  for (int64_t d = 0; d < 4; ++d) {
    if (sizes[d] == 1)
      at[d] = b.idx(0);
    else if (isUnit[d])
      at[d] = b.select(isUnit[d], b.idx(0), at[d]);
  }
  return at;
}

/// The scale of all columns of a row.
Value KeySource::loadScale(Value key, ScalePer scalePer) {
  assert(scalePer != ScalePer::Column && "one scale serves a row");
  SmallVector<Value> at = scaleIndex(key, b.idx(0));
  at[3] = b.idx(0);
  return b.cast(b.load(scale, at), b.floatType);
}
