//===- lib/ExecutionEngine/Stages.cpp - From a module to LLVM -------------===//
//
// Part of attn-mlir.
//
// The stages a module goes through before it is compiled in memory.
//
//===----------------------------------------------------------------------===//

#include "Stages.h"

#include "attn/Dialect/Attn/IR/Attn.h"
#include "attn/Pipelines/AttnToCPU.h"
#include "attn/Target/CPU/HostTarget.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/RuntimeVerifiableOpInterface.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::attn;
using llvm::createStringError;
using llvm::Error;
using llvm::raw_ostream;
namespace sys = llvm::sys;

Error StageDumper::start() {
  if (folder.empty())
    return Error::success();
  if (std::error_code code = sys::fs::create_directories(folder))
    return createStringError("--dump-stages: cannot create '" + folder +
                             "': " + code.message());
  return Error::success();
}

Error StageDumper::write(StringRef name, StringRef suffix,
                         llvm::function_ref<void(raw_ostream &)> print) {
  if (folder.empty())
    return Error::success();
  SmallString<128> path(folder);
  sys::path::append(path, Twine(number / 10) + Twine(number % 10) + "-" + name +
                              "." + suffix);
  ++number;
  std::error_code code;
  llvm::raw_fd_ostream os(path, code);
  if (!code) {
    print(os);
    os.flush();
    code = os.error();
    os.clear_error();
  }
  if (code)
    return createStringError("--dump-stages: cannot write '" + path +
                             "': " + code.message());
  return Error::success();
}

/// Callers keep their inputs: bufferization may write only to `attn.inout`.
static void protectArguments(ModuleOp module) {
  StringRef writable = bufferization::BufferizationDialect::kWritableAttrName;
  Builder builder(module.getContext());
  for (auto func : module.getOps<func::FuncOp>()) {
    if (!func.isPublic() || func.isDeclaration())
      continue;
    for (unsigned i = 0; i < func.getNumArguments(); ++i)
      if (isa<TensorType>(func.getArgument(i).getType()) &&
          !func.getArgAttr(i, "attn.inout") && !func.getArgAttr(i, writable))
        func.setArgAttr(i, writable, builder.getBoolAttr(false));
  }
}

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

/// Checks, when the module runs, what the verifiers of attn, linalg and tensor
/// ops could not know.
static void addRuntimeChecks(ModuleOp module) {
  module.getContext()
      ->loadDialect<arith::ArithDialect, cf::ControlFlowDialect>();
  // Checks consist of ops that can be checked: collect first.
  SmallVector<Operation *> ops;
  module.walk([&](Operation *op) {
    auto verifiable = dyn_cast<RuntimeVerifiableOpInterface>(op);
    bool divides =
        isa<arith::DivSIOp, arith::DivUIOp, arith::RemSIOp, arith::RemUIOp,
            arith::CeilDivSIOp, arith::CeilDivUIOp, arith::FloorDivSIOp>(op);
    if ((divides || (verifiable && needsRuntimeChecks(verifiable))) &&
        !isInBody(op))
      ops.push_back(op);
  });
  for (Operation *op : ops) {
    auto verifiable = dyn_cast<RuntimeVerifiableOpInterface>(op);
    if (!verifiable) {
      checkDivisor(op);
      continue;
    }
    OpBuilder builder(op);
    // As diagnostics of verifiers; the place is the location's.
    verifiable.generateRuntimeVerification(
        builder, op->getLoc(), [](Operation *op, StringRef message) {
          return ("'" + op->getName().getStringRef() + "' op " + message).str();
        });
  }
}

Error mlir::attn::lowerInStages(ModuleOp module, const CompileOptions &options,
                                StageDumper &dumper) {
  AttnToCPUOptions pipeline;
  pipeline.strategy = options.strategy;
  pipeline.parallel = options.parallel;
  pipeline.x86Vector = hostIsX86();
  auto dump = [&](StringRef name) {
    return dumper.write(name, "mlir",
                        [&](raw_ostream &os) { module.print(os); });
  };
  if (Error error = dump("input"))
    return error;
  // Before all else, so that what is checked is what the user wrote.
  addRuntimeChecks(module);
  if (Error error = dump("checked"))
    return error;
  protectArguments(module);
  setHostTargetIfAbsent(module);
  for (const PipelineStage &stage : getAttnToCPUStages(pipeline)) {
    PassManager pm(module.getContext());
    stage.build(pm);
    if (failed(pm.run(module)))
      return createStringError("stage '" + stage.name +
                               "' failed on this module");
    if (Error error = dump(stage.name))
      return error;
  }
  return Error::success();
}
