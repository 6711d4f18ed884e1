//===- lib/ExecutionEngine/Stages.cpp - From a module to LLVM -------------===//
//
// Part of attn-mlir.
//
// The stages a module goes through before it is compiled in memory.
//
//===----------------------------------------------------------------------===//

#include "Stages.h"
#include "InPlace.h"

#include "attn/Dialect/Attn/Transforms/Transforms.h"
#include "attn/Pipelines/AttnToCPU.h"
#include "attn/Pipelines/AttnToGPU.h"
#include "attn/Target/CPU/HostTarget.h"
#include "attn/Target/CPU/Passes.h"
#include "attn/Target/GPU/Arch.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
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

/// The kernels are all there, parallel loops still loops.
static constexpr StringRef kCountedStage = "vectors";

/// Before it, caches become the caller's memory.
static constexpr StringRef kInPlaceStage = "bufferized";

/// Adds the calls of attn-count-loads; the error is what the pass said.
static Error countLoadsOf(ModuleOp module) {
  std::string why;
  ScopedDiagnosticHandler handler(module.getContext(), [&](Diagnostic &said) {
    if (said.getSeverity() == DiagnosticSeverity::Error)
      why = said.str();
    return success();
  });
  PassManager pm(module.getContext());
  pm.addPass(createConvertBufferizationToMemRefPass());
  pm.addPass(createConvertLinalgToLoopsPass());
  pm.addPass(createAttnCountLoadsPass());
  if (succeeded(pm.run(module)))
    return Error::success();
  return createStringError(why);
}

/// Callers keep their inputs: bufferization may write only to `attn.inout`.
/// What arguments are of a whole is for who cut them.
static void protectArguments(ModuleOp module) {
  StringRef writable = bufferization::BufferizationDialect::kWritableAttrName;
  Builder builder(module.getContext());
  for (auto func : module.getOps<func::FuncOp>()) {
    if (!func.isPublic() || func.isDeclaration())
      continue;
    for (unsigned i = 0; i < func.getNumArguments(); ++i) {
      func.removeArgAttr(i, kShardAttrName);
      if (isa<TensorType>(func.getArgument(i).getType()) &&
          !func.getArgAttr(i, "attn.inout") && !func.getArgAttr(i, writable))
        func.setArgAttr(i, writable, builder.getBoolAttr(false));
    }
    for (unsigned i = 0; i < func.getNumResults(); ++i)
      func.removeResultAttr(i, builder.getStringAttr(kShardAttrName));
  }
}

static SmallVector<PipelineStage> getStages(const CompileOptions &options) {
  if (options.target == ProgramTarget::CudaEmulated) {
    AttnToGPUOptions pipeline;
    pipeline.strategy = options.strategy;
    pipeline.emulate = true;
    return getAttnToGPUStages(pipeline);
  }
  AttnToCPUOptions pipeline;
  pipeline.strategy = options.strategy;
  pipeline.parallel = options.parallel;
  pipeline.x86Vector = hostIsX86();
  return getAttnToCPUStages(pipeline);
}

Error mlir::attn::runStage(ModuleOp module, const PipelineStage &stage) {
  PassManager pm(module.getContext());
  pm.enableVerifier(false);
  stage.build(pm);
  if (succeeded(pm.run(module)) && succeeded(verify(module)))
    return Error::success();
  return createStringError("stage '" + stage.name + "' failed on this module");
}

Error mlir::attn::lowerInStages(ModuleOp module, const CompileOptions &options,
                                StageDumper &dumper) {
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
  if (options.countLoads) {
    PassManager pm(module.getContext());
    pm.addPass(createInlinerPass());
    pm.addPass(createSymbolDCEPass());
    if (failed(pm.run(module)))
      return createStringError("calls of this module cannot be inlined");
  }
  protectArguments(module);
  if (options.target == ProgramTarget::Cpu)
    setHostTargetIfAbsent(module);
  else if (!module->hasAttr(kTargetAttrName))
    module->setAttr(kTargetAttrName,
                    getGpuTarget(module.getContext(), *options.arch));
  for (const PipelineStage &stage : getStages(options)) {
    if (stage.name == kInPlaceStage)
      updateInPlace(module);
    if (Error error = runStage(module, stage))
      return error;
    if (options.countLoads && stage.name == kCountedStage)
      if (Error error = countLoadsOf(module))
        return error;
    if (Error error = dump(stage.name))
      return error;
  }
  return Error::success();
}
