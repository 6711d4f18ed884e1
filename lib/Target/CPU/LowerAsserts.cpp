//===- LowerAsserts.cpp - Run-time checks to calls ------------------------===//
//
// Part of attn-mlir.
//
// Turns cf.assert into a call that says what failed, and with which numbers.
//
//===----------------------------------------------------------------------===//

#include "attn/Target/CPU/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Index/IR/IndexOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/SymbolTable.h"

namespace mlir::attn {
#define GEN_PASS_DEF_ATTNLOWERASSERTSPASS
#include "attn/Target/CPU/Passes.h.inc"
} // namespace mlir::attn

using namespace mlir;
using arith::CmpIPredicate;

static constexpr StringLiteral kAssertFailed = "attn_rt_assert_failed";

/// Values that attn_rt_assert_failed takes.
static constexpr unsigned kMaxValues = 4;

//===----------------------------------------------------------------------===//
// What holds instead
//===----------------------------------------------------------------------===//

namespace {
/// Describes the negation of a condition as text with {0}, {1}, ... for values
/// that are known when it fails.
class FailureText {
public:
  /// Fails where the condition is not made of a few integer comparisons.
  LogicalResult describe(Value condition, std::string &text);

  ArrayRef<Value> getValues() const { return values; }

private:
  LogicalResult compared(StringRef symbol, Value a, Value b, std::string &text);
  LogicalResult operand(Value value, std::string &text, bool nested = false);

  SmallVector<Value> values;
};
} // namespace

static bool isIndexOrInteger(Type type) {
  return type.isIndex() || (type.isSignlessInteger() && !type.isInteger(1) &&
                            type.getIntOrFloatBitWidth() <= 64);
}

/// A constant, a remainder, or a value to be filled in.
LogicalResult FailureText::operand(Value value, std::string &text,
                                   bool nested) {
  if (!isIndexOrInteger(value.getType()))
    return failure();
  APInt constant;
  if (matchPattern(value, m_ConstantInt(&constant))) {
    text += llvm::toString(constant, 10, /*Signed=*/true);
    return success();
  }
  if (auto rem = value.getDefiningOp<arith::RemSIOp>(); rem && !nested) {
    if (failed(operand(rem.getLhs(), text, /*nested=*/true)))
      return failure();
    text += " % ";
    return operand(rem.getRhs(), text, /*nested=*/true);
  }
  const auto *found = llvm::find(values, value);
  unsigned number = found - values.begin();
  if (found == values.end()) {
    if (values.size() == kMaxValues)
      return failure();
    values.push_back(value);
  }
  text += "{" + std::to_string(number) + "}";
  return success();
}

LogicalResult FailureText::compared(StringRef symbol, Value a, Value b,
                                    std::string &text) {
  if (symbol.empty() || failed(operand(a, text)))
    return failure();
  text += " ";
  text += symbol;
  text += " ";
  return operand(b, text);
}

/// The symbol of the negated predicate; empty for unsigned ones, whose operands
/// would have to be printed otherwise.
static StringRef negatedSymbol(CmpIPredicate predicate) {
  switch (predicate) {
  case CmpIPredicate::eq:
    return "!=";
  case CmpIPredicate::ne:
    return "==";
  case CmpIPredicate::slt:
    return ">=";
  case CmpIPredicate::sle:
    return ">";
  case CmpIPredicate::sgt:
    return "<=";
  case CmpIPredicate::sge:
    return "<";
  default:
    return "";
  }
}

static StringRef negatedSymbol(index::IndexCmpPredicate predicate) {
  // The signed predicates of both dialects have the same names.
  std::optional<CmpIPredicate> same = arith::symbolizeCmpIPredicate(
      index::stringifyIndexCmpPredicate(predicate));
  return same ? negatedSymbol(*same) : "";
}

LogicalResult FailureText::describe(Value condition, std::string &text) {
  if (auto cmp = condition.getDefiningOp<arith::CmpIOp>())
    return compared(negatedSymbol(cmp.getPredicate()), cmp.getLhs(),
                    cmp.getRhs(), text);
  if (auto cmp = condition.getDefiningOp<index::CmpOp>())
    return compared(negatedSymbol(cmp.getPred()), cmp.getLhs(), cmp.getRhs(),
                    text);
  bool isAnd = condition.getDefiningOp<arith::AndIOp>() != nullptr;
  if (!isAnd && !condition.getDefiningOp<arith::OrIOp>())
    return failure();
  Operation *op = condition.getDefiningOp();
  // De Morgan; nothing nests mixed ones, which would need parentheses.
  for (Value operand : op->getOperands())
    if (operand.getDefiningOp() &&
        isa<arith::AndIOp, arith::OrIOp>(operand.getDefiningOp()))
      return failure();
  if (failed(describe(op->getOperand(0), text)))
    return failure();
  text += isAnd ? " or " : " and ";
  return describe(op->getOperand(1), text);
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

namespace {
/// Lowers the checks of one module.
class AssertLowering {
public:
  explicit AssertLowering(ModuleOp module) : module(module), symbols(module) {}

  void lower(cf::AssertOp op);

private:
  LLVM::LLVMFuncOp declare();
  Value text(OpBuilder &builder, Location loc, StringRef text);

  ModuleOp module;
  SymbolTable symbols;
  llvm::StringMap<LLVM::GlobalOp> texts;
};
} // namespace

LLVM::LLVMFuncOp AssertLowering::declare() {
  if (auto decl = symbols.lookup<LLVM::LLVMFuncOp>(kAssertFailed))
    return decl;
  OpBuilder builder = OpBuilder::atBlockBegin(module.getBody());
  Type ptr = LLVM::LLVMPointerType::get(module.getContext());
  SmallVector<Type> types(2, ptr);
  types.append(kMaxValues, builder.getI64Type());
  auto decl = LLVM::LLVMFuncOp::create(
      builder, module.getLoc(), kAssertFailed,
      LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(module.getContext()),
                                  types));
  // What a check guards may not move before it, and its call is off the path.
  decl.setPassthroughAttr(builder.getStrArrayAttr({"cold", "noreturn"}));
  symbols.insert(decl);
  return decl;
}

/// The address of a constant C string.
Value AssertLowering::text(OpBuilder &builder, Location loc, StringRef text) {
  LLVM::GlobalOp &global = texts[text];
  if (!global) {
    OpBuilder top = OpBuilder::atBlockBegin(module.getBody());
    std::string bytes = text.str();
    bytes.push_back('\0');
    auto type = LLVM::LLVMArrayType::get(top.getI8Type(), bytes.size());
    global = LLVM::GlobalOp::create(
        top, module.getLoc(), type, /*isConstant=*/true,
        LLVM::Linkage::Internal, "attn_assert_text", top.getStringAttr(bytes));
    symbols.insert(global);
  }
  return LLVM::AddressOfOp::create(builder, loc, global);
}

void AssertLowering::lower(cf::AssertOp op) {
  Location loc = op.getLoc();
  std::string message;
  if (auto place = loc->findInstanceOf<FileLineColLoc>())
    message = (place.getFilename().getValue() + ":" + Twine(place.getLine()) +
               ":" + Twine(place.getColumn()) + ": ")
                  .str();
  message += op.getMsg();
  FailureText failure;
  std::string found;
  if (failed(failure.describe(op.getArg(), found)))
    found.clear();

  OpBuilder builder(op);
  Value one = arith::ConstantIntOp::create(builder, loc, 1, 1);
  Value violated = arith::XOrIOp::create(builder, loc, op.getArg(), one);
  auto branch = scf::IfOp::create(builder, loc, violated,
                                  /*withElseRegion=*/false);
  builder.setInsertionPointToStart(branch.thenBlock());
  SmallVector<Value> arguments = {text(builder, loc, message),
                                  text(builder, loc, found)};
  Type i64 = builder.getI64Type();
  if (!found.empty())
    for (Value value : failure.getValues()) {
      if (value.getType().isIndex())
        value = arith::IndexCastOp::create(builder, loc, i64, value);
      else if (value.getType() != i64)
        value = arith::ExtSIOp::create(builder, loc, i64, value);
      arguments.push_back(value);
    }
  while (arguments.size() < 2 + kMaxValues)
    arguments.push_back(arith::ConstantIntOp::create(builder, loc, 0, 64));
  LLVM::CallOp::create(builder, loc, declare(), arguments);
  op.erase();
}

namespace {
struct LowerAsserts : attn::impl::AttnLowerAssertsPassBase<LowerAsserts> {
  void runOnOperation() override {
    SmallVector<cf::AssertOp> asserts;
    getOperation().walk([&](cf::AssertOp op) { asserts.push_back(op); });
    AssertLowering lowering(getOperation());
    for (cf::AssertOp op : asserts)
      lowering.lower(op);
  }
};
} // namespace
