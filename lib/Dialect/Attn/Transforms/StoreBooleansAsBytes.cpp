//===- StoreBooleansAsBytes.cpp - Booleans where callers have bytes -------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Callers hold a boolean in a byte, of which any bit counts; a vector of i1 is
// loaded and stored as bits.
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Attn/Transforms/Passes.h"

namespace mlir::attn {
#define GEN_PASS_DEF_ATTNSTOREBOOLEANSASBYTESPASS
#include "attn/Dialect/Attn/Transforms/Passes.h.inc"
} // namespace mlir::attn

using namespace mlir;
using namespace mlir::attn;

static bool isBooleans(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.getElementType().isInteger(1);
}

/// The tensor type `type` with elements of `element`.
static RankedTensorType withElements(Type type, Type element) {
  return cast<RankedTensorType>(type).clone(element);
}

/// Elements of `from` mapped by `convert` to elements of type `to`.
static Value mapElements(OpBuilder &builder, Location loc, Value from, Type to,
                         function_ref<Value(OpBuilder &, Value)> convert) {
  auto type = withElements(from.getType(), to);
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, from);
  Value empty = tensor::EmptyOp::create(builder, loc, sizes, to);
  AffineMap identity = builder.getMultiDimIdentityMap(type.getRank());
  SmallVector<utils::IteratorType> loops(type.getRank(),
                                         utils::IteratorType::parallel);
  return linalg::GenericOp::create(
             builder, loc, type, from, empty,
             ArrayRef<AffineMap>{identity, identity}, loops,
             [&](OpBuilder &inner, Location loc, ValueRange elements) {
               linalg::YieldOp::create(inner, loc,
                                       convert(inner, elements.front()));
             })
      .getResult(0);
}

static Value isNonzero(OpBuilder &builder, Location loc, Value byte) {
  Value zero = arith::ConstantIntOp::create(builder, loc, 0, 8);
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne, byte,
                               zero);
}

/// `op`, a view of booleans, as one of `bytes`; null for other ops.
static Value cloneView(Operation *op, Value bytes) {
  if (!isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp, tensor::CastOp,
           tensor::ExtractSliceOp>(op) ||
      !isa<RankedTensorType>(op->getResult(0).getType()))
    return {};
  OpBuilder builder(op);
  IRMapping map;
  map.map(op->getOperand(0), bytes);
  Operation *view = builder.clone(*op, map);
  view->getResult(0).setType(
      withElements(op->getResult(0).getType(), builder.getI8Type()));
  return view->getResult(0);
}

/// Replaces `booleans` by `bytes`: attention takes those as a mask, elements
/// and sizes are taken from them, and what is left gets converted ones.
static void replace(Value booleans, Value bytes) {
  for (OpOperand &use : llvm::make_early_inc_range(booleans.getUses())) {
    Operation *op = use.getOwner();
    OpBuilder builder(op);
    if (isa<AttentionInterface, tensor::DimOp>(op)) {
      use.set(bytes);
    } else if (auto extract = dyn_cast<tensor::ExtractOp>(op)) {
      Value byte = tensor::ExtractOp::create(builder, op->getLoc(), bytes,
                                             extract.getIndices());
      extract.getResult().replaceAllUsesWith(
          isNonzero(builder, op->getLoc(), byte));
      extract.erase();
    } else if (Value view = cloneView(op, bytes)) {
      replace(op->getResult(0), view);
      op->erase();
    }
  }
  if (booleans.use_empty())
    return;
  OpBuilder builder(bytes.getContext());
  builder.setInsertionPointAfterValue(bytes);
  Location loc = booleans.getLoc();
  booleans.replaceAllUsesWith(mapElements(
      builder, loc, bytes, builder.getI1Type(),
      [&](OpBuilder &b, Value byte) { return isNonzero(b, loc, byte); }));
}

static void convert(func::FuncOp func) {
  Block &body = func.getBody().front();
  OpBuilder builder(func.getContext());
  Type byte = builder.getI8Type();
  for (unsigned i = 0, e = body.getNumArguments(); i < e; ++i) {
    BlockArgument booleans = body.getArgument(i);
    if (!isBooleans(booleans.getType()))
      continue;
    BlockArgument bytes = body.insertArgument(
        i, withElements(booleans.getType(), byte), booleans.getLoc());
    booleans = body.getArgument(i + 1);
    replace(booleans, bytes);
    body.eraseArgument(i + 1);
    func.setArgAttr(i, kBoolAttrName, builder.getUnitAttr());
  }
  Operation *end = body.getTerminator();
  builder.setInsertionPoint(end);
  for (OpOperand &result : end->getOpOperands()) {
    if (!isBooleans(result.get().getType()))
      continue;
    Location loc = end->getLoc();
    result.set(mapElements(
        builder, loc, result.get(), byte, [&](OpBuilder &b, Value element) {
          return arith::ExtUIOp::create(b, loc, byte, element);
        }));
    func.setResultAttr(result.getOperandNumber(), kBoolAttrName,
                       builder.getUnitAttr());
  }
  func.setFunctionType(FunctionType::get(
      func.getContext(), body.getArgumentTypes(), end->getOperandTypes()));
}

namespace {
struct StoreBooleansAsBytes
    : attn::impl::AttnStoreBooleansAsBytesPassBase<StoreBooleansAsBytes> {
  void runOnOperation() override {
    func::FuncOp func = getOperation();
    // Others are left for attn-extract-checks to refuse.
    if (func.isPublic() && !func.isDeclaration() &&
        func.getBody().hasOneBlock())
      convert(func);
  }
};
} // namespace
