//===- TMTensor.cpp - torch-mlir's attention, to be read ------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Defines the shadow of torch-mlir's tm_tensor dialect.
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/TMTensor/TMTensor.h"

using namespace mlir;
using namespace mlir::attn::tm_tensor;

#include "attn/Dialect/TMTensor/TMTensorDialect.cpp.inc"

#define GET_OP_CLASSES
#include "attn/Dialect/TMTensor/TMTensorOps.cpp.inc"

void TMTensorDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "attn/Dialect/TMTensor/TMTensorOps.cpp.inc"
      >();
  // Its other ops (sort, scatter, scan) are not ours to know.
  allowUnknownOperations();
}

LogicalResult AttentionOp::verify() {
  // attention_c1
  if (getInputs().size() != 3 && getInputs().size() != 4)
    return emitOpError("expects query, key, value and optionally a mask, but "
                       "got ")
           << getInputs().size() << " inputs";
  if (getOutputs().size() != 1 || getResults().size() != 1)
    return emitOpError("expects one destination and one result, but got ")
           << getOutputs().size() << " and " << getResults().size();
  // attention_c2
  for (Value operand : getOperands())
    if (int64_t rank = cast<RankedTensorType>(operand.getType()).getRank();
        rank != 3)
      return emitOpError("expects operands of rank 3, but got rank ") << rank;
  return success();
}
