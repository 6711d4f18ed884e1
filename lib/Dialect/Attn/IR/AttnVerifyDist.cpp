//===- AttnVerifyDist.cpp - Verifiers of distributed ops ------------------===//
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
#include "mlir/Dialect/Shard/IR/ShardOps.h"

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::verify;

LogicalResult DistMergeOp::verify() {
  if (failed(verifyTypes(*this)))
    return failure();
  // dist_merge_c1
  ArrayRef<int64_t> state = getShaped(getOutput()).getShape();
  if (failed(verifyShape(*this, "output", getOutput(), state, kStateDims)) ||
      failed(verifyShape(*this, "lse", getLse(), state.take_front(3),
                         ArrayRef(kStateDims).take_front(3))))
    return failure();
  // dist_merge_c2
  Type type = getShaped(getOutput()).getElementType();
  if (failed(verifyElementType(*this, "lse", getLse(), type)))
    return failure();
  // dist_merge_c3
  if (std::optional<Type> payload = getPayload())
    if (!payload->isBF16() && !payload->isF32() && *payload != type)
      return emitOpError("expects a payload of bf16, f32 or output's element "
                         "type, but got ")
             << *payload;
  // dist_merge_c4
  return verifyDestinationStyle(*this);
}

LogicalResult GridCommOp::verifySymbolUses(SymbolTableCollection &symbols) {
  // grid_comm_c1
  Operation *grid = symbols.lookupNearestSymbolFrom(*this, getGridAttr());
  if (!isa_and_nonnull<shard::GridOp>(grid))
    return emitOpError("expects ")
           << getGridAttr() << " to be a shard.grid, but "
           << (grid ? "it is not" : "there is no such symbol");
  return success();
}
