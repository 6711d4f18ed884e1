//===- lib/ExecutionEngine/Compile.cpp - What attn-compile does -----------===//
//
// Part of attn-mlir.
//
// From a file to an object, with its header and its manifest.
//
//===----------------------------------------------------------------------===//

#include "attn/ExecutionEngine/Compile.h"

#include "CHeader.h"
#include "CompileFlags.h"
#include "CompileGPU.h"
#include "Distribute.h"
#include "Link.h"
#include "OutputFiles.h"
#include "Stages.h"
#include "State.h"
#include "UndefinedSymbols.h"

#include "attn/Dialect/Attn/IR/Attn.h"
#include "attn/Dialect/Attn/Transforms/Report.h"
#include "attn/Dialect/Attn/Transforms/Strategy.h"
#include "attn/ExecutionEngine/Manifest.h"
#include "attn/ExecutionEngine/Run.h"
#include "attn/Pipelines/AttnToCPU.h"
#include "attn/Pipelines/AttnToGPU.h"
#include "attn/Target/CPU/HostTarget.h"
#include "attn/Target/CPU/ObjectEmitter.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;
using namespace mlir::attn;
using llvm::createStringError;
using llvm::Error;
using llvm::Expected;
using llvm::raw_ostream;

namespace {
/// Compiles one file.
class FileCompiler {
public:
  FileCompiler(const CompileFileOptions &options, OutputKind kind,
               MLIRContext &context, raw_ostream &err)
      : options(options), kind(kind), context(context), err(err),
        dumper(options.dumpStages), strategy(options.strategy) {
    isEmulated = options.target == "cuda-emulated";
    isCuda = isEmulated || options.target == "cuda" ||
             kind == OutputKind::PTX || kind == OutputKind::Cubin;
  }

  Error run();

private:
  Error readSource();
  Error describe();
  Error describeTarget();
  SmallVector<PipelineStage> getStages();
  Error lower();
  void collectOps(ModuleOp module);
  Error emit();
  Error writeReport();
  Error write();

  const CompileFileOptions &options;
  OutputKind kind;
  MLIRContext &context;
  raw_ostream &err;
  StageDumper dumper;
  /// What the pipeline is to apply.
  std::string strategy;

  /// Whether there are kernels, and whether they run on the host.
  bool isCuda, isEmulated;
  SmallVector<const GpuArch *> archs;

  CpuSelection cpu;
  ModuleSource source;
  OwningOpRef<ModuleOp> lowered;
  Manifest manifest;
  Report report;
  std::string header;
  SmallVector<char, 0> bytes;
};
} // namespace

/// "FILE:LINE:COL", without folders: objects travel.
static std::string describePlace(Location location) {
  std::string text;
  llvm::raw_string_ostream os(text);
  if (auto place = location->findInstanceOf<FileLineColLoc>())
    os << llvm::sys::path::filename(place.getFilename().getValue()) << ':'
       << place.getLine() << ':' << place.getColumn();
  return text;
}

Error FileCompiler::readSource() {
  std::string why;
  context.getOrLoadDialect<AttnDialect>();
  if (!options.strategy.empty() &&
      failed(parseStrategy(options.strategy, &context, why)))
    return createStringError("--strategy=" + options.strategy + ": " + why);
  Expected<CpuSelection> chosen = selectCpu(options.triple, options.cpu);
  if (!chosen)
    return chosen.takeError();
  cpu = std::move(*chosen);
  if (isCuda) {
    auto named = parseGpuArchs(options.arch);
    if (!named)
      return named.takeError();
    archs = std::move(*named);
  }
  Expected<ModuleSource> parsed = parseModuleFile(&context, options.file);
  if (!parsed)
    return parsed.takeError();
  source = std::move(*parsed);
  if (options.distribute) {
    if (Error error = distribute(source, strategy, options.distributeOptions))
      return error;
    strategy.clear(); // It has been applied.
  } else if (asksForState(&context, strategy)) {
    if (Error error = rewriteWithState(source, strategy))
      return error;
    strategy.clear(); // It has been applied.
  }
  for (const PublicFunction &function : source.functions)
    if (Error error = checkTypes(function))
      return error;
  return Error::success();
}

/// Fills in what the manifest and the header need to know of the source.
Error FileCompiler::describe() {
  auto functions = describeFunctions(source);
  if (!functions)
    return functions.takeError();
  manifest.functions = std::move(*functions);
  manifest.source = options.file == "-"
                        ? "stdin"
                        : llvm::sys::path::filename(options.file).str();
  manifest.triple = cpu.triple.str();
  manifest.cpu = cpu.cpu;
  manifest.requiredFeatures = listVectorFeatures(cpu);
  manifest.strategy = options.strategy;
  manifest.freestanding = options.freestanding;
  manifest.hasModule = options.embedModule;

  return describeTarget();
}

/// Says in the module, and notes, what machine the code is for.
Error FileCompiler::describeTarget() {
  ModuleOp module = *lowered;
  if (isCuda) {
    manifest.kind = "cuda";
    for (const GpuArch *arch : archs)
      manifest.archs.push_back(arch->name.str());
    if (!module->hasAttr(kTargetAttrName)) {
      module->setAttr(kTargetAttrName,
                      getGpuTarget(&context, *getLeastGpuArch(archs)));
      // Of several, each gets kernels of its own where they differ.
      SmallVector<Attribute> targets;
      for (const GpuArch *arch : archs)
        targets.push_back(getGpuTarget(&context, *arch));
      if (targets.size() > 1)
        module->setAttr(kTargetsAttrName, ArrayAttr::get(&context, targets));
    }
  } else if (!module->hasAttr(kTargetAttrName)) {
    FailureOr<TargetAttr> target =
        options.cpu == "native"
            ? FailureOr<TargetAttr>(getHostTarget(&context))
            : getCpuTarget(&context, cpu.triple, cpu.cpu, cpu.features);
    if (failed(target))
      return createStringError("--mcpu=" + options.cpu +
                               ": nothing is known about this processor");
    module->setAttr(kTargetAttrName, *target);
  }
  llvm::raw_string_ostream(manifest.target) << module->getAttr(kTargetAttrName);
  return Error::success();
}

/// Notes the attn ops and the strategies they were given.
void FileCompiler::collectOps(ModuleOp module) {
  module.walk([&](AttentionInterface op) {
    auto func = op->getParentOfType<func::FuncOp>();
    if (!func)
      return;
    manifest.ops.push_back({func.getName().str(),
                            op->getName().getStringRef().str(),
                            describePlace(op->getLoc()), describeStrategy(op)});
  });
}

SmallVector<PipelineStage> FileCompiler::getStages() {
  if (isCuda) {
    AttnToGPUOptions pipeline;
    pipeline.strategy = strategy;
    pipeline.objectAbi = !isEmulated;
    pipeline.emulate = isEmulated;
    return getAttnToGPUStages(pipeline);
  }
  AttnToCPUOptions pipeline;
  pipeline.strategy = strategy;
  pipeline.x86Vector = cpu.triple.isX86();
  pipeline.objectAbi = true;
  return getAttnToCPUStages(pipeline);
}

Error FileCompiler::lower() {
  auto dump = [&](StringRef name) {
    return dumper.write(name, "mlir",
                        [&](raw_ostream &os) { lowered->print(os); });
  };
  if (Error error = dumper.start())
    return error;
  if (Error error = dump("input"))
    return error;
  for (const PipelineStage &stage : getStages()) {
    if (Error error = runStage(*lowered, stage))
      return error;
    if (stage.name == "strategy")
      collectOps(*lowered);
    if (Error error = dump(stage.name))
      return error;
  }
  return Error::success();
}

Error FileCompiler::emit() {
  if (kind == OutputKind::MLIR) {
    llvm::raw_svector_ostream os(bytes);
    lowered->print(os);
    return Error::success();
  }
  auto remark = [&](const Twine &text) {
    err << options.tool << ": remark: " << text << '\n';
  };
  if (isCuda)
    if (Error error = compileGpuKernels(*lowered, archs, kind, manifest, dumper,
                                        bytes, remark))
      return error;
  if (kind == OutputKind::PTX || kind == OutputKind::Cubin)
    return Error::success();
  ObjectOptions object;
  object.cpu = cpu;
  object.freestanding = options.freestanding;
  object.sourceName = manifest.source;
  for (const FunctionSignature &function : manifest.functions)
    for (StringRef suffix :
         {"", "_result_shapes", "_workspace_bytes", "_explain"})
      object.exports.push_back((function.name + suffix).str());
  object.exports.append({"attn_abi_version", "attn_status_string"});
  bool isShared = kind == OutputKind::Shared;
  object.texts.push_back({kManifestSection.str(), writeManifest(manifest),
                          isShared ? "attn_manifest" : ""});
  if (options.embedModule)
    object.texts.push_back({kModuleSection.str(), source.text,
                            isShared ? "attn_module_text" : ""});
  object.nullAccessors = isShared && !options.embedModule
                             ? SmallVector<std::string>{"attn_module_text"}
                             : SmallVector<std::string>{};
  auto dumpLLVM = [&](const llvm::Module &module) {
    return dumper.write("optimized", "ll",
                        [&](raw_ostream &os) { module.print(os, nullptr); });
  };
  object.onOptimized = dumpLLVM;
  ObjectKind objectKind = kind == OutputKind::LLVMIR     ? ObjectKind::LLVMIR
                          : kind == OutputKind::Assembly ? ObjectKind::Assembly
                                                         : ObjectKind::Object;
  auto emitted = emitObject(*lowered, objectKind, object);
  if (!emitted)
    return emitted.takeError();
  if (Error error = checkUndefinedSymbols(*source.module, emitted->undefined,
                                          options.freestanding, isCuda))
    return error;
  bytes = std::move(emitted->bytes);
  if (kind == OutputKind::Object && isCuda) {
    auto linked = linkGpuObject(bytes, cpu.triple);
    if (!linked)
      return linked.takeError();
    bytes = std::move(*linked);
  }
  if (!isShared)
    return Error::success();
  SmallVector<std::string> exports = object.exports;
  exports.append({"attn_manifest", "attn_module_text", "attn_openmp_exec"});
  if (isCuda)
    exports.push_back("attn_gpu_error");
  auto linked = linkSharedObject(bytes, cpu.triple, exports, isCuda, err);
  if (!linked)
    return linked.takeError();
  bytes = std::move(*linked);
  return Error::success();
}

/// Writes what is known of the kernels.
Error FileCompiler::writeReport() {
  if (options.report.empty())
    return Error::success();
  for (const ManifestKernel &kernel : manifest.kernels)
    report.add(AssembledKernel{kernel.name, kernel.arch, kernel.registers,
                               kernel.stackBytes, kernel.spillStoreBytes,
                               kernel.spillLoadBytes, kernel.sharedBytes});
  std::string why;
  if (failed(report.write(options.report, why)))
    return createStringError("--attn-report: cannot write '" + options.report +
                             "': " + why);
  return Error::success();
}

Error FileCompiler::write() {
  if (Error error = writeReport())
    return error;
  SmallVector<OutputFile> files;
  files.push_back({options.output, bytes, kind == OutputKind::Shared});
  if (!options.header.empty())
    files.push_back({options.header, header});
  return writeFiles(files);
}

Error FileCompiler::run() {
  if (Error error = checkWritable(options.output))
    return error;
  if (!options.header.empty())
    if (Error error = checkWritable(options.header))
      return error;
  if (Error error = readSource())
    return error;
  lowered = OwningOpRef<ModuleOp>(cast<ModuleOp>((*source.module)->clone()));
  if (Error error = describe())
    return error;
  setKernelListener([&](const KernelFacts &kernel) { report.add(kernel); });
  Error why = lower();
  setKernelListener(nullptr);
  if (why)
    return why;
  // What was compiled, by op, is known only now.
  if (!options.header.empty()) {
    Expected<std::string> text = writeCHeader(manifest);
    if (!text)
      return text.takeError();
    header = std::move(*text);
  }
  if (Error error = emit())
    return error;
  return write();
}

int mlir::attn::compileFile(const CompileFileOptions &options,
                            raw_ostream &err) {
  auto fail = [&](const Twine &why) {
    err << options.tool << ": error: " << why << '\n';
    return kExitBadInput;
  };
  Expected<OutputKind> kind = chooseOutput(options);
  if (!kind)
    return fail(toString(kind.takeError()));
  DialectRegistry registry;
  registerRunDialects(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  // The place is the user's; an op halfway down the pipeline is not.
  context.printOpOnDiagnostic(false);
  // Passes report places in the file, which the parser no longer holds.
  llvm::SourceMgr sources;
  SourceMgrDiagnosticHandler handler(sources, &context, err);
  if (Error error = FileCompiler(options, *kind, context, err).run())
    return fail(toString(std::move(error)));
  return kExitOk;
}
