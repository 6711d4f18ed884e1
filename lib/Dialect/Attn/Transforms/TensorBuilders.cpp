//===- TensorBuilders.cpp - Tensors that rewrites start from --------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Destinations, identities and conversions.
//
//===----------------------------------------------------------------------===//

#include "TensorBuilders.h"
#include "attn/Dialect/Attn/IR/IndexMath.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"

#include <limits>

using namespace mlir;
using namespace mlir::attn;

Value attn::createEmpty(OpBuilder &b, Location loc, ArrayRef<OpFoldResult> dims,
                        Type elementType) {
  return tensor::EmptyOp::create(b, loc, dims, elementType);
}

Value attn::createFilled(OpBuilder &b, Location loc,
                         ArrayRef<OpFoldResult> dims, FloatType type,
                         double number) {
  Value scalar =
      arith::ConstantOp::create(b, loc, b.getFloatAttr(type, number));
  return linalg::FillOp::create(b, loc, scalar, createEmpty(b, loc, dims, type))
      .getResult(0);
}

SmallVector<OpFoldResult> attn::unitStrides(OpBuilder &b, size_t rank) {
  return SmallVector<OpFoldResult>(rank, b.getIndexAttr(1));
}

Value attn::convertElements(OpBuilder &b, Location loc, Value source,
                            Type type) {
  auto sourceType = cast<RankedTensorType>(source.getType());
  Value empty =
      createEmpty(b, loc, tensor::getMixedSizes(b, loc, source), type);
  AffineMap identity = b.getMultiDimIdentityMap(sourceType.getRank());
  SmallVector<utils::IteratorType> iterators(sourceType.getRank(),
                                             utils::IteratorType::parallel);
  return linalg::GenericOp::create(
             b, loc, empty.getType(), source, empty,
             ArrayRef<AffineMap>{identity, identity}, iterators,
             [&](OpBuilder &b, Location loc, ValueRange args) {
               linalg::YieldOp::create(
                   b, loc,
                   convertScalarToDtype(b, loc, args[0], type,
                                        /*isUnsignedCast=*/true));
             })
      .getResult(0);
}

bool attn::hasNoRows(const AttentionSizes &sizes) {
  return isConstantIntValue(sizes.batch, 0) ||
         isConstantIntValue(sizes.numHeads, 0) ||
         isConstantIntValue(sizes.seqLenQ, 0);
}

SmallVector<Value> attn::createDestinations(OpBuilder &b,
                                            AttentionInterface op) {
  if (auto dst = dyn_cast<DestinationStyleOpInterface>(*op))
    return llvm::to_vector(dst.getDpsInits());
  ReifiedRankedShapedTypeDims shapes;
  LogicalResult reified = reifyResultShapes(b, op, shapes);
  assert(succeeded(reified) && "attn.sdpa reifies its results");
  (void)reified;
  SmallVector<Value> destinations;
  for (auto [result, shape] : llvm::zip_equal(op->getResults(), shapes)) {
    // What the operands know makes for better tiles than the result type.
    for (OpFoldResult &dim : shape)
      if (std::optional<int64_t> constant = getConstantIntValue(dim))
        dim = b.getIndexAttr(*constant);
    destinations.push_back(createEmpty(b, op.getLoc(), shape,
                                       getElementTypeOrSelf(result.getType())));
  }
  return destinations;
}

SmallVector<Value> attn::replaceWithCasts(RewriterBase &rewriter, Operation *op,
                                          SmallVector<Value> results) {
  for (auto [result, old] : llvm::zip_equal(results, op->getResults()))
    if (result.getType() != old.getType())
      result =
          tensor::CastOp::create(rewriter, op->getLoc(), old.getType(), result);
  rewriter.replaceOp(op, results);
  return results;
}
