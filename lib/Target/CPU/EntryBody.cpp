//===- EntryBody.cpp - A function with early returns ----------------------===//
//
// Part of attn-mlir.
//
// Builds functions that return a reason as soon as they find one.
//
//===----------------------------------------------------------------------===//

#include "EntryBody.h"

#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"

using namespace mlir;
using namespace mlir::attn;
using arith::CmpIPredicate;

void attn::setInternalLinkage(func::FuncOp func) {
  func.setPrivate();
  func->setAttr(
      "llvm.linkage",
      LLVM::LinkageAttr::get(func.getContext(), LLVM::Linkage::Internal));
}

EntryBody::EntryBody(SymbolTable &symbols, Location loc, const Twine &name,
                     FunctionType type, bool isPublic)
    : b(loc, loc.getContext()) {
  func = func::FuncOp::create(loc, name.str(), type);
  symbols.insert(func);
  if (!isPublic)
    setInternalLinkage(func);
  Block *entry = func.addEntryBlock();
  fail =
      b.createBlock(&func.getBody(), func.getBody().end(), b.getI32Type(), loc);
  b.setInsertionPointToStart(entry);
}

void EntryBody::require(Value condition, Value reason) {
  Block *next = new Block;
  func.getBody().getBlocks().insert(fail->getIterator(), next);
  cf::CondBranchOp::create(b, condition, next, ValueRange(), fail, reason);
  b.setInsertionPointToStart(next);
}

void EntryBody::requireNone(Value reason) {
  require(compare(CmpIPredicate::eq, reason, constant(0, 32)), reason);
}

void EntryBody::when(Value condition, function_ref<void()> body) {
  Block *then = new Block, *next = new Block;
  func.getBody().getBlocks().insert(fail->getIterator(), then);
  func.getBody().getBlocks().insert(fail->getIterator(), next);
  cf::CondBranchOp::create(b, condition, then, next);
  b.setInsertionPointToStart(then);
  body();
  cf::BranchOp::create(b, next);
  b.setInsertionPointToStart(next);
}

Value EntryBody::table(SymbolTable &symbols, StringRef name,
                       ArrayRef<int64_t> values, unsigned width) {
  auto element = b.getIntegerType(width);
  SmallVector<Attribute> entries;
  for (int64_t value : values)
    entries.push_back(b.getIntegerAttr(element, value));
  auto data = DenseElementsAttr::get(
      RankedTensorType::get(values.size(), element), entries);
  OpBuilder top(b.getContext());
  auto global = LLVM::GlobalOp::create(
      top, b.getLoc(), LLVM::LLVMArrayType::get(element, values.size()),
      /*isConstant=*/true, LLVM::Linkage::Internal, name, data);
  symbols.insert(global);
  return LLVM::AddressOfOp::create(b, global);
}
