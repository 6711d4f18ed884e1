//===- BindDestinations.cpp - Functions in their caller's memory ----------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Gives functions on tensors strided memrefs as arguments and results, before
// bufferization, so that it computes where the caller wants the results.
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Attn/Transforms/Passes.h"
#include "attn/Dialect/Attn/Transforms/Transforms.h"

namespace mlir::attn {
#define GEN_PASS_DEF_ATTNBINDDESTINATIONSPASS
#include "attn/Dialect/Attn/Transforms/Passes.h.inc"
} // namespace mlir::attn

using namespace mlir;
using namespace mlir::attn;

/// Memory with the elements of `type`, wherever its rows lie.
static MemRefType getCallerType(RankedTensorType type) {
  if (type.getRank() < 2)
    return MemRefType::get(type.getShape(), type.getElementType());
  SmallVector<int64_t> strides(type.getRank(), ShapedType::kDynamic);
  strides.back() = 1;
  return MemRefType::get(
      type.getShape(), type.getElementType(),
      StridedLayoutAttr::get(type.getContext(), /*offset=*/0, strides));
}

static void bindArguments(func::FuncOp func) {
  Block &body = func.getBody().front();
  OpBuilder builder = OpBuilder::atBlockBegin(&body);
  for (BlockArgument argument : body.getArguments()) {
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    if (!type)
      continue;
    argument.setType(getCallerType(type));
    bool inout =
        func.getArgAttr(argument.getArgNumber(), kInoutAttrName) != nullptr;
    auto tensor = bufferization::ToTensorOp::create(
        builder, argument.getLoc(), type, argument, /*restrict=*/true,
        /*writable=*/inout);
    argument.replaceAllUsesExcept(tensor, tensor);
  }
}

/// Whether `op` only adds dimensions of size 1.
static bool addsUnitDims(tensor::ExpandShapeOp op) {
  return op.getSrcType().getRank() > 0 &&
         llvm::all_of(op.getReassociationIndices(),
                      [&](const ReassociationIndices &group) {
                        return llvm::count_if(group, [&](int64_t d) {
                                 return op.getResultType().getDimSize(d) != 1;
                               }) <= 1;
                      });
}

/// Looks through dimensions of size 1 that are added to `value` in the end, so
/// that what is computed without them is computed in `destination`.
static void dropUnitDims(OpBuilder &builder, Value &value, Value &destination) {
  while (auto expand = value.getDefiningOp<tensor::ExpandShapeOp>()) {
    if (!addsUnitDims(expand))
      return;
    Location loc = expand.getLoc();
    SmallVector<OpFoldResult> sizes =
        memref::getMixedSizes(builder, loc, destination);
    SmallVector<OpFoldResult> zeros(sizes.size(), builder.getIndexAttr(0));
    SmallVector<OpFoldResult> ones(sizes.size(), builder.getIndexAttr(1));
    MemRefType type = memref::SubViewOp::inferRankReducedResultType(
        expand.getSrcType().getShape(), cast<MemRefType>(destination.getType()),
        zeros, sizes, ones);
    destination = memref::SubViewOp::create(builder, loc, type, destination,
                                            zeros, sizes, ones);
    value = expand.getSrc();
  }
}

/// Adds the destinations to the arguments, with their attributes.
static void bindResults(func::FuncOp func, ArrayRef<InoutPair> inouts,
                        SmallVectorImpl<DictionaryAttr> &attributes) {
  Block &body = func.getBody().front();
  auto end = cast<func::ReturnOp>(body.getTerminator());
  OpBuilder builder(end);
  Location loc = end.getLoc();

  SmallVector<Value> scalars;
  size_t numResults = func.getNumResults() - inouts.size();
  for (unsigned i = 0; i < numResults; ++i) {
    Value value = end.getOperand(i);
    auto type = dyn_cast<RankedTensorType>(value.getType());
    if (!type) {
      scalars.push_back(value);
      continue;
    }
    // After the user's arguments, which keep their numbers.
    Value destination = body.addArgument(getCallerType(type), value.getLoc());
    NamedAttrList described(func.getResultAttrDict(i));
    described.set(kResultAttrName, builder.getI64IntegerAttr(i));
    attributes.push_back(described.getDictionary(func.getContext()));
    dropUnitDims(builder, value, destination);
    bufferization::MaterializeInDestinationOp::create(
        builder, loc, /*result=*/Type(), value, destination,
        /*restrict=*/true, /*writable=*/true);
  }
  for (auto [argument, result] : inouts) {
    // In the tensor first, which bufferization knows to be the argument; that
    // leaves the second to copy the argument to itself.
    Value memory = body.getArgument(argument);
    auto before = cast<bufferization::ToTensorOp>(*memory.user_begin());
    Value after = bufferization::MaterializeInDestinationOp::create(
                      builder, loc, before.getType(), end.getOperand(result),
                      before.getResult())
                      .getResult();
    bufferization::MaterializeInDestinationOp::create(
        builder, loc, /*result=*/Type(), after, memory, /*restrict=*/false,
        /*writable=*/true);
  }
  end->setOperands(scalars);
}

static LogicalResult bind(func::FuncOp func) {
  FailureOr<SmallVector<InoutPair>> inouts = getInoutPairs(func);
  if (failed(inouts))
    return failure();
  SmallVector<DictionaryAttr> attributes;
  func.getAllArgAttrs(attributes);
  bindArguments(func);
  if (func.isPublic())
    bindResults(func, *inouts, attributes);
  func.removeResAttrsAttr();
  Block &body = func.getBody().front();
  func.setFunctionType(
      FunctionType::get(func.getContext(), body.getArgumentTypes(),
                        body.getTerminator()->getOperandTypes()));
  func.setAllArgAttrs(attributes);
  return success();
}

namespace {
struct BindDestinations
    : attn::impl::AttnBindDestinationsPassBase<BindDestinations> {
  void runOnOperation() override {
    for (auto func : getOperation().getOps<func::FuncOp>())
      if (!func.isDeclaration() && failed(bind(func)))
        return signalPassFailure();
  }
};
} // namespace
