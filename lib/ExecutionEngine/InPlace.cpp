//===- lib/ExecutionEngine/InPlace.cpp - Arguments that are updated -------===//
//
// Part of attn-mlir.
//
// Binds new values of arguments to the memory of these.
//
//===----------------------------------------------------------------------===//

#include "InPlace.h"

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"

using namespace mlir;
using namespace mlir::attn;

SmallVector<InoutPair> attn::findInoutPairs(func::FuncOp func) {
  SmallVector<InoutPair> pairs;
  for (unsigned i = 0; i < func.getNumArguments(); ++i)
    if (func.getArgAttr(i, kInoutAttrName))
      pairs.push_back({i, 0});
  unsigned numResults = func.getNumResults();
  if (numResults < pairs.size() || !func.getBody().hasOneBlock())
    return {};
  unsigned next = numResults - pairs.size();
  for (InoutPair &pair : pairs) {
    pair.result = next++;
    Type type = func.getArgument(pair.argument).getType();
    if (!isa<RankedTensorType>(type) ||
        type != func.getResultTypes()[pair.result])
      return {};
  }
  return pairs;
}

static void updateInPlace(func::FuncOp func) {
  SmallVector<InoutPair> pairs = findInoutPairs(func);
  if (pairs.empty())
    return;
  Block &body = func.getBody().front();
  auto end = cast<func::ReturnOp>(body.getTerminator());
  SmallVector<Value> returned(end.getOperands());
  for (auto [number, result] : pairs) {
    BlockArgument memory = body.getArgument(number);
    Location loc = memory.getLoc();
    auto type = cast<RankedTensorType>(memory.getType());
    memory.setType(MemRefType::get(type.getShape(), type.getElementType()));
    OpBuilder builder = OpBuilder::atBlockBegin(&body);
    auto before = bufferization::ToTensorOp::create(
        builder, loc, type, memory, /*restrict=*/true, /*writable=*/true);
    memory.replaceAllUsesExcept(before, before);
    // In the tensor first, which bufferization knows to be the argument; that
    // leaves the second to copy the argument to itself.
    builder.setInsertionPoint(end);
    Value after = bufferization::MaterializeInDestinationOp::create(
                      builder, loc, type, end.getOperand(result), before)
                      .getResult();
    bufferization::MaterializeInDestinationOp::create(
        builder, loc, /*result=*/Type(), after, memory, /*restrict=*/false,
        /*writable=*/true);
    func.removeArgAttr(number, kInoutAttrName);
  }
  returned.truncate(returned.size() - pairs.size());
  // An argument that is returned unchanged has been replaced there, too.
  for (auto [i, value] : llvm::enumerate(returned))
    value = end.getOperand(i);
  end->setOperands(returned);
  for (InoutPair pair : llvm::reverse(pairs))
    (void)func.eraseResult(pair.result);
  func.setType(FunctionType::get(func.getContext(), body.getArgumentTypes(),
                                 ValueRange(returned).getTypes()));
}

void attn::updateInPlace(ModuleOp module) {
  module.getContext()->getOrLoadDialect<bufferization::BufferizationDialect>();
  for (auto func : module.getOps<func::FuncOp>())
    if (func.isPublic() && !func.isDeclaration())
      ::updateInPlace(func);
}
