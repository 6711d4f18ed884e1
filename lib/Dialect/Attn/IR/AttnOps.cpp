//===- AttnOps.cpp - Operations of the attn dialect -----------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Parsing, effects, speculation, result shapes and key ranges of the ops.
// Their verifiers are in AttnVerify.cpp, canonicalisations in
// AttnCanonicalize.cpp.
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Attn/IR/AttnPositions.h"

using namespace mlir;
using namespace mlir::attn;

//===----------------------------------------------------------------------===//
// `causal` | `window(left, right)` | nothing
//===----------------------------------------------------------------------===//

static ParseResult parseWindow(OpAsmParser &parser, IntegerAttr &left,
                               IntegerAttr &right) {
  int64_t leftValue = -1, rightValue = -1;
  if (succeeded(parser.parseOptionalKeyword("causal"))) {
    rightValue = 0;
  } else if (succeeded(parser.parseOptionalKeyword("window"))) {
    if (parser.parseLParen() || parser.parseInteger(leftValue) ||
        parser.parseComma() || parser.parseInteger(rightValue) ||
        parser.parseRParen())
      return failure();
  }
  left = parser.getBuilder().getI64IntegerAttr(leftValue);
  right = parser.getBuilder().getI64IntegerAttr(rightValue);
  return success();
}

static void printWindow(OpAsmPrinter &printer, Operation *, IntegerAttr left,
                        IntegerAttr right) {
  int64_t leftValue = left.getInt(), rightValue = right.getInt();
  if (leftValue == -1 && rightValue == -1)
    return;
  if (leftValue == -1 && rightValue == 0)
    printer << "causal";
  else
    printer << "window(" << leftValue << ", " << rightValue << ")";
}

//===----------------------------------------------------------------------===//
// Shared behaviour
//===----------------------------------------------------------------------===//

/// Shapes that disagree at run time make an op undefined, so an op may be
/// speculated only when its verifier has seen every shape.
static Speculation::Speculatability getStaticSpeculatability(Operation *op) {
  for (Type type : op->getOperandTypes())
    if (auto shaped = dyn_cast<ShapedType>(type))
      if (!shaped.hasStaticShape())
        return Speculation::NotSpeculatable;
  return Speculation::Speculatable;
}

/// Memref inputs are read; memref destinations are written, and read too when
/// `readsInits` (attn.online adds to its state).
static void getDestinationStyleEffects(
    Operation *operation, bool readsInits,
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  auto op = cast<DestinationStyleOpInterface>(operation);
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<MemRefType>(operand.get().getType()))
      continue;
    bool isInit = op.isDpsInit(&operand);
    if (!isInit || readsInits)
      effects.emplace_back(MemoryEffects::Read::get(), &operand);
    if (isInit)
      effects.emplace_back(MemoryEffects::Write::get(), &operand);
  }
}

/// The shape of a destination-style result is that of its destination.
static LogicalResult
reifyFromInits(OpBuilder &builder, Operation *operation,
               ReifiedRankedShapedTypeDims &reified) {
  auto op = cast<DestinationStyleOpInterface>(operation);
  for (Value init : op.getDpsInits()) {
    SmallVector<OpFoldResult> dims;
    auto type = cast<ShapedType>(init.getType());
    for (int64_t d = 0, e = type.getRank(); d < e; ++d)
      dims.push_back(getDim(builder, op.getLoc(), init, d));
    reified.push_back(std::move(dims));
  }
  return success();
}

#define GET_OP_CLASSES
#include "attn/Dialect/Attn/IR/AttnOps.cpp.inc"

//===----------------------------------------------------------------------===//
// SdpaOp
//===----------------------------------------------------------------------===//

Speculation::Speculatability SdpaOp::getSpeculatability() {
  return getStaticSpeculatability(*this);
}

LogicalResult
SdpaOp::reifyResultShapes(OpBuilder &builder,
                          ReifiedRankedShapedTypeDims &reified) {
  auto op = cast<AttentionInterface>(getOperation());
  SmallVector<OpFoldResult> output;
  for (int64_t d = 0; d < 3; ++d)
    output.push_back(getDim(builder, getLoc(), getQuery(), d));
  SmallVector<OpFoldResult> lse = {output[0], output[op.getHeadAxis()],
                                   output[op.getSeqAxis()]};
  output.push_back(builder.getIndexAttr(op.getHeadDimV()));
  // A result type may know more than the operands do.
  auto refine = [&](SmallVector<OpFoldResult> &dims, Value result) {
    auto type = cast<RankedTensorType>(result.getType());
    for (auto [d, dim] : llvm::enumerate(dims))
      if (!type.isDynamicDim(d))
        dim = builder.getIndexAttr(type.getDimSize(d));
    reified.push_back(dims);
  };
  refine(output, getOutput());
  if (getLse())
    refine(lse, getLse());
  return success();
}
