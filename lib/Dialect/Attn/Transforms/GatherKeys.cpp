//===- GatherKeys.cpp - Keys as a kernel wants them -----------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// One linalg.generic that looks up, converts and scales.
//
//===----------------------------------------------------------------------===//

#include "GatherKeys.h"
#include "TensorBuilders.h"
#include "attn/Dialect/Attn/IR/IndexMath.h"

using namespace mlir;
using namespace mlir::attn;

Value attn::gatherKeys(OpBuilder &builder, Location loc,
                       const AttentionParts &parts, Value source, Value scale,
                       DimRange keys, Type type) {
  IndexMath math{builder, loc};
  int64_t width = cast<ShapedType>(source.getType()).getDimSize(3);
  bool swapped = parts.getLayout() == Layout::bshd;
  SmallVector<OpFoldResult> shape = {math.constant(1), math.constant(1),
                                     keys.size, math.constant(width)};
  MLIRContext *context = builder.getContext();
  SmallVector<AffineExpr> domain;
  for (unsigned d = 0; d < 4; ++d)
    domain.push_back(builder.getAffineDimExpr(d));
  SmallVector<AffineExpr> stored(domain);
  if (swapped) {
    std::swap(shape[1], shape[2]);
    std::swap(stored[1], stored[2]);
  }
  AffineMap storedMap = AffineMap::get(4, 0, stored, context);

  SmallVector<Value> inputs;
  SmallVector<AffineMap> maps;
  if (!parts.pageTable) {
    inputs.push_back(source);
    maps.push_back(storedMap);
  }
  // A dynamic dimension of a scale may be 1 when run, which maps cannot say;
  // one that is not 1 has an element for every index.
  bool isMapped = scale && cast<ShapedType>(scale.getType()).hasStaticShape();
  SmallVector<Value> last;
  if (scale && !isMapped)
    for (int64_t d = 0; d < 4; ++d)
      last.push_back(math.value(math.add(getDim(builder, loc, scale, d), -1)));
  if (isMapped) {
    SmallVector<AffineExpr> exprs(domain);
    for (auto [d, expr] : llvm::enumerate(exprs))
      if (cast<ShapedType>(scale.getType()).getDimSize(d) == 1)
        expr = builder.getAffineConstantExpr(0);
    inputs.push_back(scale);
    maps.push_back(AffineMap::get(4, 0, exprs, context));
  }
  Value empty = createEmpty(builder, loc, shape, type);
  maps.push_back(storedMap);
  SmallVector<utils::IteratorType> iterators(4, utils::IteratorType::parallel);
  auto body = [&](OpBuilder &b, Location loc, ValueRange args) {
    Value element;
    if (parts.pageTable) {
      IndexMath at{b, loc};
      OpFoldResult key =
          at.add(OpFoldResult(linalg::IndexOp::create(b, loc, 2)), keys.offset);
      int64_t pageSize =
          cast<ShapedType>(source.getType()).getDimSize(swapped ? 1 : 2);
      Value zero = arith::ConstantIndexOp::create(b, loc, 0);
      Value page = tensor::ExtractOp::create(
          b, loc, parts.pageTable,
          ValueRange{zero,
                     at.value(at.apply(at.d(0).floorDiv(pageSize), key))});
      page = arith::IndexCastOp::create(b, loc, b.getIndexType(), page);
      SmallVector<Value> position = {
          page, zero, at.value(at.apply(at.d(0) % pageSize, key)),
          linalg::IndexOp::create(b, loc, 3)};
      if (swapped)
        std::swap(position[1], position[2]);
      element = tensor::ExtractOp::create(b, loc, source, position);
    } else {
      element = args[0];
    }
    element = convertScalarToDtype(b, loc, element, type,
                                   /*isUnsignedCast=*/false);
    Value factor;
    if (isMapped) {
      factor = args[parts.pageTable ? 0 : 1];
    } else if (scale) {
      SmallVector<Value> position;
      for (auto [d, end] : llvm::enumerate(last))
        position.push_back(b.createOrFold<arith::MinSIOp>(
            loc, linalg::IndexOp::create(b, loc, d), end));
      factor = tensor::ExtractOp::create(b, loc, scale, position);
    }
    if (factor)
      element =
          arith::MulFOp::create(b, loc, element,
                                convertScalarToDtype(b, loc, factor, type,
                                                     /*isUnsignedCast=*/false));
    linalg::YieldOp::create(b, loc, element);
  };
  return linalg::GenericOp::create(builder, loc, empty.getType(), inputs, empty,
                                   maps, iterators, body)
      .getResult(0);
}
