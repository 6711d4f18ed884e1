//===- DecomposeGeneric.cpp - Building blocks of the linalg form ----------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// linalg.generic with loop-invariant index arithmetic in front of it, and
// operands that are read by broadcast.
//
//===----------------------------------------------------------------------===//

#include "Decompose.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/Utils/Utils.h"

#include <limits>

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::decompose;

/// Moves sizes, constants and index arithmetic that no loop changes in front of
/// `op`, and erases what nothing uses. Loads stay: with no iteration they may
/// have nothing to read.
static void hoistInvariants(linalg::GenericOp op) {
  Region &region = op.getRegion();
  for (Operation &nested : llvm::make_early_inc_range(*op.getBody())) {
    bool isArithmetic =
        isa<tensor::DimOp>(nested) ||
        isa_and_present<affine::AffineDialect, arith::ArithDialect>(
            nested.getDialect());
    auto isOutside = [&](Value value) {
      return !region.isAncestor(value.getParentRegion());
    };
    if (isArithmetic && nested.getNumRegions() == 0 && isPure(&nested) &&
        llvm::all_of(nested.getOperands(), isOutside))
      nested.moveBefore(op);
  }
  for (Operation &nested :
       llvm::make_early_inc_range(llvm::reverse(*op.getBody())))
    if (isOpTriviallyDead(&nested))
      nested.erase();
}

SmallVector<Value>
decompose::createGeneric(OpBuilder &builder, Location loc, ValueRange inputs,
                         ValueRange outputs, ArrayRef<AffineMap> maps,
                         unsigned numParallel, unsigned numReduction,
                         GenericBody body) {
  SmallVector<utils::IteratorType> iterators(numParallel,
                                             utils::IteratorType::parallel);
  iterators.append(numReduction, utils::IteratorType::reduction);
  return createGeneric(builder, loc, inputs, outputs, maps, iterators, body);
}

SmallVector<Value>
decompose::createGeneric(OpBuilder &builder, Location loc, ValueRange inputs,
                         ValueRange outputs, ArrayRef<AffineMap> maps,
                         ArrayRef<utils::IteratorType> iterators,
                         GenericBody body) {
  auto op = linalg::GenericOp::create(
      builder, loc, outputs.getTypes(), inputs, outputs, maps, iterators,
      [&](OpBuilder &nested, Location nestedLoc, ValueRange elements) {
        linalg::YieldOp::create(nested, nestedLoc,
                                body(nested, nestedLoc, elements));
      });
  hoistInvariants(op);
  return llvm::to_vector_of<Value>(op.getResults());
}

Value decompose::createExtent(OpBuilder &builder, Location loc,
                              OpFoldResult size) {
  return tensor::EmptyOp::create(builder, loc, size, builder.getI8Type());
}

Value decompose::loadBroadcast(OpBuilder &builder, Location loc, Value tensor,
                               ArrayRef<Value> indices) {
  Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
  Value one = arith::ConstantIndexOp::create(builder, loc, 1);
  auto type = cast<RankedTensorType>(tensor.getType());
  SmallVector<Value> position;
  for (auto [dim, index] : llvm::enumerate(indices)) {
    if (type.getDimSize(dim) == 1) {
      position.push_back(zero);
      continue;
    }
    if (!type.isDynamicDim(dim)) {
      position.push_back(index);
      continue;
    }
    Value size = tensor::DimOp::create(builder, loc, tensor, dim);
    Value isUnit = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq,
                                         size, one);
    position.push_back(
        arith::SelectOp::create(builder, loc, isUnit, zero, index));
  }
  return tensor::ExtractOp::create(builder, loc, tensor, position);
}

Value decompose::KvSource::load(OpBuilder &builder, Location loc, Value b,
                                Value kvHead, Value key, Value channel,
                                Type type) const {
  Value block = b, row = key;
  auto shape = cast<RankedTensorType>(tensor.getType()).getShape();
  if (pageTable) {
    int64_t pageSize = shape[layout == Layout::bshd ? 1 : 2];
    Value size = arith::ConstantIndexOp::create(builder, loc, pageSize);
    Value slot = arith::DivUIOp::create(builder, loc, key, size);
    row = arith::RemUIOp::create(builder, loc, key, size);
    Value entry =
        tensor::ExtractOp::create(builder, loc, pageTable, ValueRange{b, slot});
    block =
        arith::IndexCastOp::create(builder, loc, builder.getIndexType(), entry);
  }
  SmallVector<Value> position = {block, kvHead, row, channel};
  if (layout == Layout::bshd)
    std::swap(position[1], position[2]);
  Value x =
      toFloat(builder, loc,
              tensor::ExtractOp::create(builder, loc, tensor, position), type);
  if (!scale)
    return x;
  Value factor = loadBroadcast(builder, loc, scale, {b, kvHead, key, channel});
  return arith::MulFOp::create(builder, loc, x,
                               toFloat(builder, loc, factor, type));
}

Value decompose::createFloat(OpBuilder &builder, Location loc, FloatType type,
                             double value) {
  return arith::ConstantOp::create(builder, loc,
                                   builder.getFloatAttr(type, value));
}

Value decompose::createFilled(OpBuilder &builder, Location loc,
                              ArrayRef<OpFoldResult> sizes, FloatType type,
                              double value) {
  Value empty = tensor::EmptyOp::create(builder, loc, sizes, type);
  Value scalar = createFloat(builder, loc, type, value);
  return linalg::FillOp::create(builder, loc, scalar, empty).getResult(0);
}

Value decompose::toFloat(OpBuilder &builder, Location loc, Value scalar,
                         Type type) {
  if (scalar.getType() == type)
    return scalar;
  return convertScalarToDtype(builder, loc, scalar, type,
                              /*isUnsignedCast=*/false);
}

Value decompose::equals(OpBuilder &builder, Location loc, Value x,
                        double constant) {
  Value y = createFloat(builder, loc, cast<FloatType>(x.getType()), constant);
  return arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OEQ, x, y);
}

Value decompose::getSafeShift(OpBuilder &builder, Location loc, Value max) {
  Value none =
      equals(builder, loc, max, -std::numeric_limits<double>::infinity());
  Value zero = createFloat(builder, loc, cast<FloatType>(max.getType()), 0.0);
  return arith::SelectOp::create(builder, loc, none, zero, max);
}

//===----------------------------------------------------------------------===//
// BroadcastOperand
//===----------------------------------------------------------------------===//

BroadcastOperand::BroadcastOperand(OpBuilder &builder, Location loc,
                                   Value tensor, ArrayRef<int64_t> fullShape,
                                   ArrayRef<SmallVector<unsigned>> loops,
                                   unsigned numLoops,
                                   ArrayRef<OpFoldResult> split)
    : tensor(tensor) {
  auto type = cast<RankedTensorType>(tensor.getType());
  auto isAmbiguous = [&](int64_t dim) {
    return type.isDynamicDim(dim) && fullShape[dim] != 1;
  };
  auto dims = llvm::seq<int64_t>(0, type.getRank());
  indirect = llvm::any_of(dims, isAmbiguous);
  if (indirect) {
    Value one = arith::ConstantIndexOp::create(builder, loc, 1);
    for (int64_t dim : dims) {
      if (!isAmbiguous(dim)) {
        isUnit.push_back({});
        continue;
      }
      Value size = tensor::DimOp::create(builder, loc, tensor, dim);
      isUnit.push_back(arith::CmpIOp::create(
          builder, loc, arith::CmpIPredicate::eq, size, one));
    }
    return;
  }

  // Unit dimensions go, a split one is split as the loops are.
  llvm::SmallBitVector unitDims(type.getRank());
  SmallVector<AffineExpr> exprs;
  SmallVector<ReassociationIndices> reassociation;
  SmallVector<OpFoldResult> shape;
  bool isSplit = false;
  for (int64_t dim : dims) {
    if (type.getDimSize(dim) == 1 || fullShape[dim] == 1) {
      unitDims.set(dim);
      continue;
    }
    reassociation.emplace_back();
    for (auto [i, loop] : llvm::enumerate(loops[dim])) {
      reassociation.back().push_back(exprs.size());
      exprs.push_back(builder.getAffineDimExpr(loop));
      shape.push_back(
          loops[dim].size() > 1 ? split[i] : getDim(builder, loc, tensor, dim));
    }
    isSplit |= loops[dim].size() > 1;
  }
  if (unitDims.any()) {
    SmallVector<int64_t> known(type.getShape());
    for (unsigned dim : unitDims.set_bits())
      known[dim] = 1;
    auto knownType = RankedTensorType::get(known, type.getElementType());
    if (knownType != type)
      this->tensor = tensor::CastOp::create(builder, loc, knownType, tensor);
    this->tensor =
        tensor::dropGivenUnitDims(builder, loc, this->tensor, unitDims);
  }
  if (isSplit) {
    auto [staticShape, dynamicShape] = decomposeMixedValues(shape);
    auto splitType = RankedTensorType::get(staticShape, type.getElementType());
    // A dimension of known size cannot be split into parts of unknown size.
    auto castType =
        tensor::CollapseShapeOp::inferCollapsedType(splitType, reassociation);
    if (castType != this->tensor.getType())
      this->tensor =
          tensor::CastOp::create(builder, loc, castType, this->tensor);
    this->tensor = tensor::ExpandShapeOp::create(
        builder, loc, splitType, this->tensor, reassociation, shape);
  }
  map = AffineMap::get(numLoops, 0, exprs, builder.getContext());
}

void BroadcastOperand::appendTo(SmallVectorImpl<Value> &inputs,
                                SmallVectorImpl<AffineMap> &maps) const {
  if (indirect)
    return;
  inputs.push_back(tensor);
  maps.push_back(map);
}

Value BroadcastOperand::read(OpBuilder &builder, Location loc,
                             ValueRange &elements,
                             ArrayRef<Value> indices) const {
  if (!indirect) {
    Value element = elements.front();
    elements = elements.drop_front();
    return element;
  }
  SmallVector<Value> position(indices);
  Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
  ArrayRef<int64_t> shape = cast<RankedTensorType>(tensor.getType()).getShape();
  for (auto [index, unit, size] : llvm::zip_equal(position, isUnit, shape)) {
    if (size == 1)
      index = zero;
    else if (unit)
      index = arith::SelectOp::create(builder, loc, unit, zero, index);
  }
  return tensor::ExtractOp::create(builder, loc, tensor, position);
}
