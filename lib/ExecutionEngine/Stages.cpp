//===- lib/ExecutionEngine/Stages.cpp - From a module to LLVM -------------===//
//
// Part of attn-mlir.
//
// The stages a module goes through before it is compiled in memory.
//
//===----------------------------------------------------------------------===//

#include "Stages.h"

#include "attn/Conversion/Passes.h"
#include "attn/Dialect/Attn/IR/Attn.h"
#include "attn/Dialect/Attn/Transforms/Passes.h"
#include "attn/Target/CPU/Passes.h"

#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Bufferization/Pipelines/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::attn;
using llvm::createStringError;
using llvm::Error;
using llvm::raw_ostream;
namespace sys = llvm::sys;

namespace {
/// One arrow of the pipeline.
struct Stage {
  std::string name;
  std::function<Error(OpPassManager &)> build;
};

/// `--strategy` taken apart: a name, and pass options as text.
struct Strategy {
  std::string name;
  std::string options;
};
} // namespace

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

/// NAME{k=v k=v}, NAME{k=v,k=v} and NAME:k=v,k=v, with `_` for `-` in keys.
static Strategy parseStrategy(StringRef text) {
  Strategy strategy;
  size_t end = text.find_first_of("{:");
  strategy.name = text.take_front(end).trim().str();
  if (end == StringRef::npos)
    return strategy;
  StringRef options = text.drop_front(end);
  if (options.consume_front("{"))
    options.consume_back("}");
  else
    options = options.drop_front();
  strategy.options = options.str();
  for (char &c : strategy.options)
    c = c == ',' ? ' ' : c == '_' ? '-' : c;
  return strategy;
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

static void buildBufferize(OpPassManager &pm) {
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(bufferization::createEmptyTensorEliminationPass());
  bufferization::OneShotBufferizePassOptions options;
  options.bufferizeFunctionBoundaries = true;
  options.functionBoundaryTypeConversion =
      bufferization::LayoutMapOption::IdentityLayoutMap;
  options.allowReturnAllocsFromLoops = true;
  pm.addPass(bufferization::createOneShotBufferizePass(options));
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  bufferization::buildBufferDeallocationPipeline(pm);
}

/// How attn ops on tensors are lowered.
static SmallVector<Stage> attentionStages(const Strategy &strategy) {
  SmallVector<Stage> stages;
  if (strategy.name == "blockwise")
    stages.push_back(
        {"tile-blockwise", [strategy](OpPassManager &pm) -> Error {
           std::unique_ptr<Pass> pass = createAttnTileBlockwisePass();
           std::string why;
           auto fail = [&](const Twine &message) {
             why = message.str();
             return failure();
           };
           if (failed(pass->initializeOptions(strategy.options, fail))) {
             StringRef text = StringRef(why).trim();
             text.consume_front("<Pass-Options-Parser>: ");
             return createStringError("--strategy=" + strategy.name + ": " +
                                      text);
           }
           pm.nest<func::FuncOp>().addPass(std::move(pass));
           return Error::success();
         }});
  stages.push_back({"attn-to-linalg", [](OpPassManager &pm) {
                      pm.addPass(createConvertAttnToLinalgPass());
                      return Error::success();
                    }});
  return stages;
}

static bool hasAttnOps(ModuleOp module) {
  return module
      .walk([](Operation *op) {
        return isa_and_nonnull<AttnDialect>(op->getDialect())
                   ? WalkResult::interrupt()
                   : WalkResult::advance();
      })
      .wasInterrupted();
}

Error mlir::attn::lowerInStages(ModuleOp module, const CompileOptions &options,
                                StageDumper &dumper) {
  LowerToLLVMOptions llvmOptions;
  llvmOptions.x86Vector = hostIsX86();
  llvmOptions.parallel = options.parallel;
  SmallVector<Stage> stages;
  if (hasAttnOps(module))
    stages = attentionStages(parseStrategy(options.strategy));
  stages.push_back({"bufferize", [](OpPassManager &pm) {
                      buildBufferize(pm);
                      return Error::success();
                    }});
  stages.push_back({"lower-to-llvm", [&](OpPassManager &pm) {
                      buildLowerToLLVMPipeline(pm, llvmOptions);
                      return Error::success();
                    }});
  auto dump = [&](StringRef name) {
    return dumper.write(name, "mlir",
                        [&](raw_ostream &os) { module.print(os); });
  };
  if (Error error = dump("input"))
    return error;
  protectArguments(module);
  for (const Stage &stage : stages) {
    PassManager pm(module.getContext());
    if (Error error = stage.build(pm))
      return error;
    if (failed(pm.run(module)))
      return createStringError("stage '" + stage.name +
                               "' failed on this module");
    if (Error error = dump(stage.name))
      return error;
  }
  return Error::success();
}
