//===- ObjectEmitter.cpp - LLVM dialect to machine code -------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Translates, optimises and emits; freestanding objects call nobody.
//
//===----------------------------------------------------------------------===//

#include "attn/Target/CPU/ObjectEmitter.h"

#include "SoftFloat.h"

#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Analysis/TargetLibraryInfo.h"
#include "llvm/Analysis/TargetTransformInfo.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SmallVectorMemoryBuffer.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/Transforms/Utils/Cloning.h"
#include "llvm/Transforms/Utils/LowerMemIntrinsics.h"
#include "llvm/Transforms/Utils/ModuleUtils.h"

using namespace llvm;
using namespace mlir::attn;

//===----------------------------------------------------------------------===//
// Processors
//===----------------------------------------------------------------------===//

/// Registers the processors we generate code for with LLVM, once.
static void initializeTargets() {
  static bool once = [] {
    InitializeAllTargetInfos();
    InitializeAllTargets();
    InitializeAllTargetMCs();
    InitializeAllAsmPrinters();
    return true;
  }();
  (void)once;
}

static Expected<const Target *> findTarget(const Triple &triple) {
  initializeTargets();
  std::string why;
  const Target *target = TargetRegistry::lookupTarget(triple, why);
  if (!target || (!triple.isX86_64() && !triple.isAArch64(64)))
    return createStringError("--triple=" + triple.str() +
                             ": expected an x86-64 or AArch64 processor");
  if (!triple.isOSBinFormatELF())
    return createStringError("--triple=" + triple.str() +
                             ": only ELF objects can be made");
  return target;
}

Expected<CpuSelection> mlir::attn::selectCpu(StringRef triple, StringRef cpu) {
  Triple host(sys::getDefaultTargetTriple());
  CpuSelection chosen;
  chosen.triple = triple.empty() ? host : Triple(Triple::normalize(triple));
  Expected<const Target *> target = findTarget(chosen.triple);
  if (!target)
    return target.takeError();
  if (cpu == "native") {
    if (chosen.triple.getArch() != host.getArch())
      return createStringError("--mcpu=native: this machine is " +
                               host.getArchName() + ", not " +
                               chosen.triple.getArchName());
    chosen.cpu = sys::getHostCPUName().str();
    // The processor's name alone promises what a hypervisor may have hidden.
    StringMap<bool> features = sys::getHostCPUFeatures();
    SmallVector<std::string> list;
    for (auto &feature : features)
      list.push_back((feature.second ? "+" : "-") + feature.first().str());
    llvm::sort(list);
    chosen.features = join(list, ",");
    return chosen;
  }
  chosen.cpu = !cpu.empty()            ? cpu.str()
               : chosen.triple.isX86() ? "x86-64-v3"
                                       : "generic";
  // A subtarget of its own: LLVM warns, and goes on, where one has a bad name.
  std::unique_ptr<MCSubtargetInfo> names(
      (*target)->createMCSubtargetInfo(chosen.triple, "", ""));
  if (!names->isCPUStringValid(chosen.cpu))
    return createStringError("--mcpu=" + cpu + ": no such processor of " +
                             chosen.triple.getArchName() +
                             "; use native, or a name of clang's -mcpu");
  return chosen;
}

SmallVector<std::string>
mlir::attn::listVectorFeatures(const CpuSelection &cpu) {
  SmallVector<std::string> found;
  Expected<const Target *> target = findTarget(cpu.triple);
  if (!target || !cpu.triple.isX86()) {
    consumeError(target.takeError());
    return found;
  }
  std::unique_ptr<MCSubtargetInfo> info(
      (*target)->createMCSubtargetInfo(cpu.triple, cpu.cpu, cpu.features));
  for (StringRef name :
       {"sse4.1", "avx", "avx2", "fma", "f16c", "avx512f", "avx512bw",
        "avx512cd", "avx512dq", "avx512vl", "avx512bf16", "avx512vnni"})
    if (info->checkFeatures(("+" + name).str()))
      found.push_back(name.str());
  return found;
}

Expected<std::unique_ptr<TargetMachine>>
mlir::attn::createTargetMachine(const CpuSelection &cpu, unsigned optLevel) {
  Expected<const Target *> target = findTarget(cpu.triple);
  if (!target)
    return target.takeError();
  CodeGenOptLevel level =
      optLevel == 0 ? CodeGenOptLevel::None : CodeGenOptLevel::Aggressive;
  std::unique_ptr<TargetMachine> machine((*target)->createTargetMachine(
      cpu.triple, cpu.cpu, cpu.features, TargetOptions(), Reloc::PIC_,
      std::nullopt, level));
  if (!machine)
    return createStringError("no code generator for " + cpu.triple.str());
  return machine;
}

//===----------------------------------------------------------------------===//
// LLVM IR
//===----------------------------------------------------------------------===//

Expected<std::unique_ptr<Module>>
mlir::attn::translateToLLVMIR(mlir::ModuleOp module, LLVMContext &context,
                              const TargetMachine &machine) {
  mlir::DialectRegistry registry;
  mlir::registerBuiltinDialectTranslation(registry);
  mlir::registerLLVMDialectTranslation(registry);
  module.getContext()->appendDialectRegistry(registry);
  std::unique_ptr<Module> translated =
      mlir::translateModuleToLLVMIR(module, context, "attn");
  if (!translated)
    return createStringError("translation to LLVM IR failed");
  translated->setDataLayout(machine.createDataLayout());
  translated->setTargetTriple(machine.getTargetTriple());
  return translated;
}

void mlir::attn::optimizeLLVMIR(Module &module, TargetMachine &machine,
                                unsigned level, bool libraryCalls) {
  // Kernels come unrolled and in vectors; doing that again to every other loop
  // would take most of the time that compiling takes.
  PipelineTuningOptions tuning;
  tuning.LoopUnrolling = false;
  tuning.LoopInterleaving = false;
  PassBuilder builder(&machine, tuning);
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  if (!libraryCalls) {
    TargetLibraryInfoImpl none(machine.getTargetTriple());
    none.disableAllFunctions();
    functions.registerPass([&] { return TargetLibraryAnalysis(none); });
  }
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  const OptimizationLevel levels[] = {
      OptimizationLevel::O0, OptimizationLevel::O1, OptimizationLevel::O2,
      OptimizationLevel::O3};
  OptimizationLevel chosen = levels[std::min(level, 3u)];
  ModulePassManager passes =
      level == 0 ? builder.buildO0DefaultPipeline(chosen)
                 : builder.buildPerModuleDefaultPipeline(chosen);
  passes.run(module, modules);
}

/// Makes internal what is not exported: objects of one program may have
/// helpers of the same name.
static Error chooseLinkage(Module &module, ArrayRef<std::string> exports) {
  StringSet<> names;
  names.insert_range(exports);
  for (GlobalValue &global : module.global_values()) {
    bool exported = names.erase(global.getName());
    if (global.isDeclaration()) {
      if (exported)
        names.insert(global.getName());
      continue;
    }
    if (!exported)
      global.setLinkage(GlobalValue::InternalLinkage);
  }
  for (const std::string &name : exports)
    if (names.contains(name))
      return createStringError("the compiled module has no function '" + name +
                               "'");
  return Error::success();
}

/// Says for whom the code is: the IR can be compiled without our flags.
static void setFunctionAttributes(Module &module, const CpuSelection &cpu,
                                  bool freestanding) {
  for (Function &function : module) {
    if (function.isDeclaration())
      continue;
    function.addFnAttr("target-cpu", cpu.cpu);
    if (!cpu.features.empty())
      function.addFnAttr("target-features", cpu.features);
    function.setDoesNotThrow();
    if (freestanding)
      function.addFnAttr("no-builtins");
  }
}

/// Vector multiply-adds on processors without them: one libm call a lane is
/// not what a kernel means. Two roundings are within every tolerance.
static void splitVectorFma(Module &module) {
  for (Function &function : module)
    for (Instruction &inst : make_early_inc_range(instructions(function))) {
      auto *call = dyn_cast<IntrinsicInst>(&inst);
      if (!call || call->getIntrinsicID() != Intrinsic::fma ||
          !call->getType()->isVectorTy())
        continue;
      IRBuilder<> builder(call);
      builder.setFastMathFlags(call->getFastMathFlags());
      Value *product =
          builder.CreateFMul(call->getArgOperand(0), call->getArgOperand(1));
      call->replaceAllUsesWith(
          builder.CreateFAdd(product, call->getArgOperand(2)));
      call->eraseFromParent();
    }
}

/// Writes memcpy, memmove and memset as loops.
static void expandMemoryIntrinsics(Module &module, TargetMachine &machine) {
  for (Function &function : module) {
    if (function.isDeclaration())
      continue;
    TargetTransformInfo info = machine.getTargetTransformInfo(function);
    SmallVector<MemIntrinsic *> calls;
    for (Instruction &inst : instructions(function))
      if (auto *call = dyn_cast<MemIntrinsic>(&inst))
        calls.push_back(call);
    for (MemIntrinsic *call : calls) {
      if (auto *copy = dyn_cast<MemCpyInst>(call))
        expandMemCpyAsLoop(copy, info);
      else if (auto *move = dyn_cast<MemMoveInst>(call)) {
        if (!expandMemMoveAsLoop(move, info))
          continue;
      } else
        expandMemSetAsLoop(cast<MemSetInst>(call));
      call->eraseFromParent();
    }
  }
}

/// Adds an exported function that returns `value`.
static void addAccessor(Module &module, StringRef name, Constant *value) {
  auto *accessor =
      Function::Create(llvm::FunctionType::get(value->getType(), false),
                       GlobalValue::ExternalLinkage, name, module);
  IRBuilder<> builder(
      BasicBlock::Create(module.getContext(), "entry", accessor));
  builder.CreateRet(value);
}

/// Puts `text` into a read-only section of its own.
static void embedText(Module &module, const EmbeddedText &text) {
  LLVMContext &context = module.getContext();
  Constant *bytes = ConstantDataArray::getString(context, text.text);
  auto *global =
      new GlobalVariable(module, bytes->getType(), /*isConstant=*/true,
                         GlobalValue::InternalLinkage, bytes, "attn_text");
  global->setSection(text.section);
  global->setAlignment(Align(1));
  appendToUsed(module, {global});
  if (!text.accessor.empty())
    addAccessor(module, text.accessor, global);
}

//===----------------------------------------------------------------------===//
// Machine code
//===----------------------------------------------------------------------===//

/// Emits a copy of `module`: code generation changes it.
static Error generateCode(const Module &module, TargetMachine &machine,
                          CodeGenFileType type, bool libraryCalls,
                          SmallVectorImpl<char> &bytes) {
  std::unique_ptr<Module> copy = CloneModule(module);
  TargetLibraryInfoImpl library(machine.getTargetTriple());
  if (!libraryCalls)
    library.disableAllFunctions();
  raw_svector_ostream os(bytes);
  legacy::PassManager passes;
  passes.add(new TargetLibraryInfoWrapperPass(library));
  if (machine.addPassesToEmitFile(passes, os, nullptr, type))
    return createStringError("no such output for " +
                             machine.getTargetTriple().str());
  passes.run(*copy);
  return Error::success();
}

static Expected<SmallVector<std::string>> listUndefined(ArrayRef<char> bytes) {
  MemoryBufferRef buffer(StringRef(bytes.data(), bytes.size()), "object");
  auto object = object::ObjectFile::createObjectFile(buffer);
  if (!object)
    return object.takeError();
  SmallVector<std::string> names;
  for (const object::SymbolRef &symbol : (*object)->symbols()) {
    Expected<uint32_t> flags = symbol.getFlags();
    Expected<StringRef> name = symbol.getName();
    if (!flags || !name)
      return joinErrors(flags.takeError(), name.takeError());
    if ((*flags & object::SymbolRef::SF_Undefined) && !name->empty())
      names.push_back(name->str());
  }
  llvm::sort(names);
  return names;
}

/// Emits an object, with conversions the processor lacks, which only code
/// generation shows.
static Error generateObject(Module &module, TargetMachine &machine,
                            bool libraryCalls, EmittedObject &object) {
  auto generate = [&]() -> Error {
    object.bytes.clear();
    if (Error error = generateCode(module, machine, CodeGenFileType::ObjectFile,
                                   libraryCalls, object.bytes))
      return error;
    auto undefined = listUndefined(object.bytes);
    if (!undefined)
      return undefined.takeError();
    object.undefined = std::move(*undefined);
    return Error::success();
  };
  if (Error error = generate())
    return error;
  bool defined = false;
  for (const std::string &name : object.undefined)
    defined |= defineSoftFloat(module, name);
  return defined ? generate() : Error::success();
}

Expected<EmittedObject> mlir::attn::emitObject(mlir::ModuleOp module,
                                               ObjectKind kind,
                                               const ObjectOptions &options) {
  auto machine = createTargetMachine(options.cpu, options.optLevel);
  if (!machine)
    return machine.takeError();
  LLVMContext context;
  auto translated = translateToLLVMIR(module, context, **machine);
  if (!translated)
    return translated.takeError();
  Module &code = **translated;
  code.setSourceFileName(options.sourceName);
  code.setModuleIdentifier(options.sourceName);
  code.setPICLevel(PICLevel::BigPIC);
  if (Error error = chooseLinkage(code, options.exports))
    return error;
  for (const EmbeddedText &text : options.texts)
    embedText(code, text);
  for (const std::string &name : options.nullAccessors)
    addAccessor(code, name,
                ConstantPointerNull::get(PointerType::getUnqual(context)));
  setFunctionAttributes(code, options.cpu, options.freestanding);
  if (options.cpu.triple.isX86() &&
      !(*machine)->getMCSubtargetInfo()->checkFeatures("+fma"))
    splitVectorFma(code);
  bool libraryCalls = !options.freestanding;
  optimizeLLVMIR(code, **machine, options.optLevel, libraryCalls);
  if (options.freestanding)
    expandMemoryIntrinsics(code, **machine);

  EmittedObject object;
  if (Error error = generateObject(code, **machine, libraryCalls, object))
    return error;
  if (options.onOptimized)
    if (Error error = options.onOptimized(code))
      return error;
  if (kind == ObjectKind::Object)
    return object;
  object.bytes.clear();
  if (kind == ObjectKind::LLVMIR) {
    raw_svector_ostream os(object.bytes);
    code.print(os, nullptr);
    return object;
  }
  if (Error error = generateCode(code, **machine, CodeGenFileType::AssemblyFile,
                                 libraryCalls, object.bytes))
    return error;
  return object;
}
