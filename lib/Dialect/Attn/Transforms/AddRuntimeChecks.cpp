//===- AddRuntimeChecks.cpp - What verifiers could not know ---------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Writes the relations that only running a module shows as cf.assert.
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "attn/Dialect/Attn/IR/IndexMath.h"
#include "attn/Dialect/Attn/Transforms/Passes.h"
#include "attn/Dialect/Attn/Transforms/Transforms.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/RuntimeVerifiableOpInterface.h"

namespace mlir::attn {
#define GEN_PASS_DEF_ATTNADDRUNTIMECHECKSPASS
#include "attn/Dialect/Attn/Transforms/Passes.h.inc"
} // namespace mlir::attn

using namespace mlir;
using namespace mlir::attn;
using arith::CmpIPredicate;

/// Whether `op` runs once an element, too often to be checked.
static bool isInBody(Operation *op) {
  for (Operation *parent = op->getParentOp(); parent;
       parent = parent->getParentOp())
    if (isa<linalg::LinalgOp, AttentionInterface>(parent))
      return true;
  return false;
}

/// Whether `op` relates sizes or reads places that only running it shows.
static bool needsRuntimeChecks(RuntimeVerifiableOpInterface op) {
  // Ours write no code for what types decide; upstream's models do.
  if (isa<AttnDialect>(op->getDialect()))
    return true;
  if (!isa<linalg::LinalgOp, tensor::CastOp, tensor::ExtractOp,
           tensor::InsertOp, tensor::ExtractSliceOp, tensor::InsertSliceOp>(
          op.getOperation()))
    return false;
  return llvm::any_of(op->getOperandTypes(), [](Type type) {
    auto shaped = dyn_cast<ShapedType>(type);
    return type.isIndex() || (shaped && !shaped.hasStaticShape());
  });
}

/// Checks the divisor of scalar integer arithmetic: shapes are computed with
/// it, and a division by zero ends the process.
static void checkDivisor(Operation *op) {
  OpBuilder builder(op);
  Value divisor = op->getOperand(1);
  if (isa<ShapedType>(divisor.getType()) || matchPattern(divisor, m_Constant()))
    return;
  Location loc = op->getLoc();
  Value zero = arith::ConstantOp::create(
      builder, loc, builder.getIntegerAttr(divisor.getType(), 0));
  Value holds = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne,
                                      divisor, zero);
  cf::AssertOp::create(builder, loc, holds,
                       ("'" + op->getName().getStringRef() +
                        "' op expects a divisor other than 0")
                           .str());
}

/// Checks where a slice is written to; upstream checks only slices that are
/// read.
static void checkInsertSlice(tensor::InsertSliceOp op) {
  OpBuilder builder(op);
  IndexMath math{builder, op.getLoc()};
  auto require = [&](CmpIPredicate predicate, OpFoldResult a, OpFoldResult b,
                     CheckKind kind, const Twine &expectation) {
    Value holds = builder.createOrFold<arith::CmpIOp>(
        op.getLoc(), predicate, math.value(a), math.value(b));
    if (matchPattern(holds, m_One()))
      return;
    auto check = cf::AssertOp::create(
        builder, op.getLoc(), holds,
        ("'tensor.insert_slice' op expects " + expectation).str());
    check->setAttr(kCheckAttrName, CheckKindAttr::get(op.getContext(), kind));
  };
  llvm::SmallBitVector dropped = op.getDroppedDims();
  int64_t sourceDim = 0;
  for (int64_t d = 0; d < op.getDestType().getRank(); ++d) {
    std::string where = " in dimension " + std::to_string(d);
    OpFoldResult offset = op.getMixedOffsets()[d], size = op.getMixedSizes()[d];
    OpFoldResult bound = getDim(builder, op.getLoc(), op.getDest(), d);
    if (!dropped.test(d))
      require(CmpIPredicate::eq,
              getDim(builder, op.getLoc(), op.getSource(), sourceDim++), size,
              CheckKind::shape, "the source to have the size" + where);
    require(CmpIPredicate::sge, offset, math.constant(0), CheckKind::length,
            "an offset of at least 0" + where);
    // The last element is inside; without one, the offset.
    OpFoldResult span =
        math.mul(math.add(size, -1), op.getMixedStrides()[d]);
    OpFoldResult last = math.add(math.add(offset, span), 1);
    require(CmpIPredicate::sle, math.max(last, offset), bound,
            CheckKind::length, "a slice inside the destination" + where);
  }
}

void attn::addRuntimeChecks(ModuleOp module) {
  module.getContext()
      ->loadDialect<arith::ArithDialect, cf::ControlFlowDialect>();
  // Checks consist of ops that can be checked: collect first.
  SmallVector<Operation *> ops;
  module.walk([&](Operation *op) {
    auto verifiable = dyn_cast<RuntimeVerifiableOpInterface>(op);
    bool divides =
        isa<arith::DivSIOp, arith::DivUIOp, arith::RemSIOp, arith::RemUIOp,
            arith::CeilDivSIOp, arith::CeilDivUIOp, arith::FloorDivSIOp>(op);
    if ((divides || isa<tensor::InsertSliceOp>(op) ||
         (verifiable && needsRuntimeChecks(verifiable))) &&
        !isInBody(op))
      ops.push_back(op);
  });
  for (Operation *op : ops) {
    if (auto insert = dyn_cast<tensor::InsertSliceOp>(op)) {
      checkInsertSlice(insert);
      continue;
    }
    auto verifiable = dyn_cast<RuntimeVerifiableOpInterface>(op);
    if (!verifiable) {
      checkDivisor(op);
      continue;
    }
    OpBuilder builder(op);
    Operation *before = op->getPrevNode();
    // As diagnostics of verifiers; the place is the location's.
    verifiable.generateRuntimeVerification(
        builder, op->getLoc(), [](Operation *op, StringRef message) {
          return ("'" + op->getName().getStringRef() + "' op " + message).str();
        });
    // Upstream's models do not say what they check: of these, sizes.
    if (!isa<linalg::LinalgOp, tensor::CastOp>(op))
      continue;
    auto shape = CheckKindAttr::get(module.getContext(), CheckKind::shape);
    for (Operation *check = op->getPrevNode(); check && check != before;
         check = check->getPrevNode())
      check->walk(
          [&](cf::AssertOp check) { check->setAttr(kCheckAttrName, shape); });
  }
}

namespace {
struct AddRuntimeChecks
    : attn::impl::AttnAddRuntimeChecksPassBase<AddRuntimeChecks> {
  void runOnOperation() override { addRuntimeChecks(getOperation()); }
};
} // namespace
