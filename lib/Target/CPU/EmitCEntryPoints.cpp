//===- EmitCEntryPoints.cpp - Functions that C can call -------------------===//
//
// Part of attn-mlir.
//
// Turns functions in memory into those of Abi.h: checks become statuses, and
// parallel loops run where the caller says.
//
//===----------------------------------------------------------------------===//

#include "AbiHelpers.h"
#include "EntryBody.h"
#include "EntryPoints.h"

#include "attn/Dialect/Attn/IR/Attn.h"
#include "attn/Target/CPU/Passes.h"

#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Transforms/DialectConversion.h"

namespace mlir::attn {
#define GEN_PASS_DEF_ATTNEMITCENTRYPOINTSPASS
#include "attn/Target/CPU/Passes.h.inc"
} // namespace mlir::attn

using namespace mlir;
using namespace mlir::attn;

/// What earlier passes call in the place of the caller's threads.
static constexpr StringLiteral kParallelFor = "attn_rt_parallel_for";
static constexpr StringLiteral kNumThreads = "attn_rt_num_threads";

/// What they call where kernels run, and what that becomes.
static constexpr std::pair<StringLiteral, StringLiteral> kGpuCalls[] = {
    {kRuntimeGpuLaunch, kAbiGpuLaunch},
    {kRuntimeGpuTensorMap, kAbiGpuTensorMap},
    {kRuntimeGpuArch, kAbiGpuArch}};

/// The function `op` calls by name, or null.
static FlatSymbolRefAttr getDirectCallee(Operation *op) {
  if (auto call = dyn_cast<func::CallOp>(op))
    return call.getCalleeAttr();
  if (auto call = dyn_cast<LLVM::CallOp>(op))
    return call.getCalleeAttr();
  return {};
}

//===----------------------------------------------------------------------===//
// Checks
//===----------------------------------------------------------------------===//

static attn_status getStatus(cf::AssertOp check) {
  auto kind = check->getAttrOfType<CheckKindAttr>(kCheckAttrName);
  if (!kind)
    return ATTN_ERROR_CHECK;
  switch (kind.getValue()) {
  case CheckKind::shape:
    return ATTN_ERROR_SHAPE;
  case CheckKind::length:
    return ATTN_ERROR_LENGTH;
  case CheckKind::capacity:
    return ATTN_ERROR_CAPACITY;
  }
  llvm_unreachable("unknown kind of check");
}

/// Makes `func`, which only checks, return the reason of the first check that
/// fails, or 0, before what it returned; that is 0 after a failure.
static LogicalResult returnReasons(func::FuncOp func, Reasons &reasons) {
  MLIRContext *context = func.getContext();
  RewritePatternSet patterns(context);
  populateSCFToControlFlowConversionPatterns(patterns);
  ConversionTarget target(*context);
  target.addIllegalDialect<scf::SCFDialect>();
  target.markUnknownOpDynamicallyLegal([](Operation *) { return true; });
  if (failed(applyPartialConversion(func, target, std::move(patterns))))
    return failure();

  Type i32 = IntegerType::get(context, 32);
  SmallVector<Type> types = {i32};
  llvm::append_range(types, func.getResultTypes());
  func.setFunctionType(
      FunctionType::get(context, func.getArgumentTypes(), types));

  SmallVector<cf::AssertOp> checks;
  SmallVector<func::ReturnOp> returns;
  func.walk([&](Operation *op) {
    if (auto check = dyn_cast<cf::AssertOp>(op))
      checks.push_back(check);
    if (auto end = dyn_cast<func::ReturnOp>(op))
      returns.push_back(end);
  });
  for (func::ReturnOp end : returns) {
    OpBuilder builder(end);
    Value none = arith::ConstantIntOp::create(builder, end.getLoc(), 0, 32);
    end.getOperandsMutable().assign(llvm::to_vector(llvm::concat<Value>(
        SmallVector<Value>{none}, llvm::to_vector(end.getOperands()))));
  }
  if (checks.empty())
    return success();

  OpBuilder builder(context);
  Block *fail = builder.createBlock(&func.getBody(), func.getBody().end(), i32,
                                    func.getLoc());
  SmallVector<Value> returned = {fail->getArgument(0)};
  for (Type type : ArrayRef(types).drop_front())
    returned.push_back(arith::ConstantOp::create(
        builder, func.getLoc(), cast<TypedAttr>(builder.getZeroAttr(type))));
  func::ReturnOp::create(builder, func.getLoc(), returned);
  for (cf::AssertOp check : checks) {
    Block *here = check->getBlock();
    Block *next = here->splitBlock(std::next(check->getIterator()));
    builder.setInsertionPoint(check);
    Value reason = arith::ConstantIntOp::create(
        builder, check.getLoc(),
        reasons.addOnce(getStatus(check), check.getMsg()), 32);
    cf::CondBranchOp::create(builder, check.getLoc(), check.getArg(), next,
                             ValueRange(), fail, reason);
    check.erase();
  }
  return success();
}

/// Whether `func`, on memrefs, reads elements or uses scalars.
static bool readsData(func::FuncOp func) {
  for (BlockArgument argument : func.getArguments())
    if (!isa<ShapedType>(argument.getType()) && !argument.use_empty())
      return true;
  return func.walk([](memref::LoadOp) { return WalkResult::interrupt(); })
      .wasInterrupted();
}

//===----------------------------------------------------------------------===//
// Threads
//===----------------------------------------------------------------------===//

/// Calls in `func` of one of `names`.
static SmallVector<Operation *> findCalls(func::FuncOp func,
                                          ArrayRef<StringRef> names) {
  SmallVector<Operation *> calls;
  func.walk([&](Operation *op) {
    FlatSymbolRefAttr callee = getDirectCallee(op);
    if (callee && llvm::is_contained(names, callee.getValue()))
      calls.push_back(op);
  });
  return calls;
}

static SmallVector<Operation *> findGpuCalls(func::FuncOp func) {
  return findCalls(
      func, llvm::to_vector_of<StringRef>(llvm::make_first_range(kGpuCalls)));
}

/// A new last argument of `func`, an address.
static Value addPointer(func::FuncOp func) {
  MLIRContext *context = func.getContext();
  unsigned position = func.getNumArguments();
  (void)func.insertArgument(position, LLVM::LLVMPointerType::get(context),
                            DictionaryAttr::get(context), func.getLoc());
  return func.getArgument(position);
}

/// Lets `func` run its parallel loops and kernels as an attn_exec says, its new
/// last argument, and returns that, or null if it has none.
static Value takeExec(func::FuncOp func) {
  SmallVector<Operation *> calls = findCalls(func, {kParallelFor, kNumThreads});
  if (calls.empty() && findGpuCalls(func).empty())
    return {};
  Value exec = addPointer(func);
  for (Operation *op : calls) {
    OpBuilder builder(op);
    bool isLoop = getDirectCallee(op).getValue() == kParallelFor;
    SmallVector<Value> operands = {exec};
    llvm::append_range(operands, op->getOperands());
    auto call = LLVM::CallOp::create(
        builder, op->getLoc(), op->getResultTypes(),
        FlatSymbolRefAttr::get(func.getContext(),
                               isLoop ? kAbiParallelFor : kAbiNumThreads),
        operands);
    op->replaceAllUsesWith(call);
    op->erase();
  }
  return exec;
}

/// Lets `func` launch its kernels on the stream of `exec` and report a failure
/// at the address that is its new last argument. Returns whether it has any.
static bool takeLaunches(func::FuncOp func, Value exec) {
  SmallVector<Operation *> calls = findGpuCalls(func);
  if (calls.empty())
    return false;
  Value status = addPointer(func);
  for (Operation *op : calls) {
    OpBuilder builder(op);
    SmallVector<Value> operands = {status, exec};
    llvm::append_range(operands, op->getOperands());
    auto [name, becomes] = *llvm::find_if(kGpuCalls, [&](const auto &call) {
      return call.first == getDirectCallee(op).getValue();
    });
    // A question has an answer; of the others the status is kept.
    bool isQuestion = name == kRuntimeGpuArch;
    auto call = LLVM::CallOp::create(
        builder, op->getLoc(),
        isQuestion ? TypeRange(op->getResultTypes()) : TypeRange(),
        FlatSymbolRefAttr::get(func.getContext(), becomes), operands);
    if (isQuestion)
      op->replaceAllUsesWith(call);
    op->erase();
  }
  return true;
}

/// Lets `func` merge over ranks through the communicator it has, and report a
/// failure at the address that is its new last argument. Returns whether it
/// merges.
static bool takeMerged(func::FuncOp func) {
  SmallVector<func::CallOp> calls;
  func.walk([&](func::CallOp call) {
    if (call.getCallee() == kRuntimeDistMerge)
      calls.push_back(call);
  });
  if (calls.empty())
    return false;
  Value status = addPointer(func);
  for (func::CallOp call : calls) {
    OpBuilder builder(call);
    SmallVector<Value> operands = {status};
    llvm::append_range(operands, call.getOperands());
    LLVM::CallOp::create(
        builder, call.getLoc(), TypeRange(),
        FlatSymbolRefAttr::get(func.getContext(), kAbiDistMerge), operands);
    call.erase();
  }
  return true;
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

namespace {
struct EmitCEntryPoints
    : attn::impl::AttnEmitCEntryPointsPassBase<EmitCEntryPoints> {
  void runOnOperation() override;

private:
  LogicalResult prepare(func::FuncOp func, SymbolTable &symbols,
                        EntryFunction &entry);
  LogicalResult verify(ModuleOp module);
};
} // namespace

/// That updated arguments are updated where they are.
static LogicalResult verifyInPlace(func::FuncOp func) {
  WalkResult result = func.walk([&](memref::CopyOp copy) {
    Value target = copy.getTarget();
    while (auto cast = target.getDefiningOp<memref::CastOp>())
      target = cast.getSource();
    auto argument = dyn_cast<BlockArgument>(target);
    if (!argument || argument.getOwner() != &func.getBody().front() ||
        !func.getArgAttr(argument.getArgNumber(), kInoutAttrName))
      return WalkResult::advance();
    auto diag = func.emitOpError("cannot update attn.inout argument #")
                << argument.getArgNumber()
                << " in place: its new value would have to be copied";
    diag.attachNote(copy.getSource().getLoc()) << "new value computed here";
    return WalkResult::interrupt();
  });
  return failure(result.wasInterrupted());
}

/// Finds what belongs to `func` and takes the public names from it.
LogicalResult EmitCEntryPoints::prepare(func::FuncOp func, SymbolTable &symbols,
                                        EntryFunction &entry) {
  if (failed(verifyInPlace(func)))
    return failure();
  entry.name = func.getName();
  entry.compute = func;
  auto referred = [&](StringRef name) -> func::FuncOp {
    auto symbol = func->getAttrOfType<FlatSymbolRefAttr>(name);
    func->removeAttr(name);
    return symbol ? symbols.lookup<func::FuncOp>(symbol.getValue()) : nullptr;
  };
  entry.checks = referred(kChecksAttrName);
  entry.shapes = referred(kResultShapesAttrName);
  auto bytes = symbols.lookup<func::FuncOp>(entry.name + "_workspace_bytes");
  if (bytes && bytes.isPrivate() && !bytes.isDeclaration())
    entry.workspaceBytes = bytes;

  auto rename = [&](func::FuncOp made, StringRef suffix) -> LogicalResult {
    if (!made)
      return success();
    setInternalLinkage(made);
    return symbols.rename(made, entry.name + suffix.str());
  };
  if (failed(rename(entry.compute, ".compute")) ||
      failed(rename(entry.checks, ".checks")) ||
      failed(rename(entry.shapes, ".shapes")) ||
      failed(rename(entry.workspaceBytes, ".workspace_bytes")))
    return failure();
  for (StringRef suffix :
       {"", "_result_shapes", "_workspace_bytes", "_explain"})
    if (Operation *taken = symbols.lookup(entry.name + suffix.str()))
      return taken->emitOpError("has the name of a C function of '")
             << entry.name << "'; rename one of them";

  entry.shapesReadData = entry.shapes && readsData(entry.shapes);
  Value exec = takeExec(entry.compute);
  entry.computeTakesExec = exec != nullptr;
  entry.computeMerges = takeMerged(entry.compute);
  entry.computeLaunches = takeLaunches(entry.compute, exec);
  entry.workspaceTakesExec =
      entry.workspaceBytes && takeExec(entry.workspaceBytes);
  if ((entry.checks && failed(returnReasons(entry.checks, entry.reasons))) ||
      (entry.shapes && failed(returnReasons(entry.shapes, entry.reasons))))
    return failure();
  return success();
}

/// That nothing is left which an object may not have.
LogicalResult EmitCEntryPoints::verify(ModuleOp module) {
  WalkResult result = module.walk([&](Operation *op) {
    if (isa<cf::AssertOp>(op)) {
      op->emitOpError("cannot become a status: it comes after the first write");
      return WalkResult::interrupt();
    }
    if (FlatSymbolRefAttr callee = getDirectCallee(op);
        callee && callee.getValue().starts_with("attn_rt_")) {
      op->emitOpError("calls ") << callee << ", which an object does not have"
                                << (callee.getValue() == kParallelFor ||
                                            callee.getValue() == kNumThreads
                                        ? " in the body of a parallel loop"
                                        : "");
      return WalkResult::interrupt();
    }
    auto global = dyn_cast<memref::GlobalOp>(op);
    if (global && !global.getConstant()) {
      op->emitOpError("is memory that calls would share; C functions keep no "
                      "state");
      return WalkResult::interrupt();
    }
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

void EmitCEntryPoints::runOnOperation() {
  ModuleOp module = getOperation();
  SymbolTable symbols(module);
  SmallVector<func::FuncOp> functions, others;
  for (auto func : module.getOps<func::FuncOp>()) {
    if (func.isDeclaration())
      continue;
    (func.isPublic() ? functions : others).push_back(func);
  }
  for (func::FuncOp func : others)
    setInternalLinkage(func);
  std::vector<EntryFunction> entries(functions.size());
  for (auto [func, entry] : llvm::zip_equal(functions, entries))
    if (failed(prepare(func, symbols, entry)))
      return signalPassFailure();
  bool launches = llvm::any_of(entries, [](const EntryFunction &entry) {
    return entry.computeLaunches;
  });
  if (failed(verify(module)) || failed(insertAbiHelpers(module, launches)))
    return signalPassFailure();
  for (EntryFunction &entry : entries) {
    if (failed(writeEntryPoints(symbols, entry)))
      return signalPassFailure();
    for (unsigned i = 0; i < entry.compute.getNumArguments(); ++i)
      for (StringRef name : {kAlignmentAttrName, kBoolAttrName, kInoutAttrName,
                             kResultAttrName, kShardAttrName})
        entry.compute.removeArgAttr(i, name);
  }
  // Nothing calls them any more.
  for (StringRef name : {kParallelFor, kNumThreads, kRuntimeDistMerge,
                         kRuntimeGpuLaunch, kRuntimeGpuTensorMap})
    if (Operation *decl = symbols.lookup(name))
      symbols.erase(decl);
}
