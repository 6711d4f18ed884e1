//===- Serialize.cpp - Kernels to PTX and machine code --------------------===//
//
// Part of attn-mlir.
//
// Translates kernels for LLVM's generator of PTX, and embeds what comes out.
//
//===----------------------------------------------------------------------===//

#include "attn/Target/GPU/Serialize.h"

#include "Ptxas.h"

#include "attn/Runtime/GpuLaunch.h"
#include "attn/Target/GPU/Passes.h"

#include "mlir/Conversion/NVVMToLLVM/NVVMToLLVM.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/GPU/GPUToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/NVVM/NVVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"

using namespace mlir;
using namespace mlir::attn;
using llvm::createStringError;
using llvm::Error;
using llvm::Expected;

/// The section that holds images.
static constexpr StringLiteral kImageSection = ".attn.gpu";
static constexpr int64_t kImageAlignment = 64;
static constexpr unsigned kSharedSpace = 3;

//===----------------------------------------------------------------------===//
// One module
//===----------------------------------------------------------------------===//

/// Whether `op` is the memory of which launches say the size: all kernels have
/// the same.
static bool isDynamicShared(Operation *op) {
  auto global = dyn_cast<LLVM::GlobalOp>(op);
  if (!global || global.getAddrSpace() != kSharedSpace)
    return false;
  auto array = dyn_cast<LLVM::LLVMArrayType>(global.getGlobalType());
  return array && array.getNumElements() == 0;
}

/// A name that neither `taken` nor `own` knows.
static std::string makeName(StringRef name, SymbolTable &taken,
                            SymbolTable &own) {
  std::string found;
  for (unsigned i = 0;; ++i) {
    found = name.str() + "_" + std::to_string(i);
    if (!taken.lookup(found) && !own.lookup(found))
      return found;
  }
}

gpu::GPUModuleOp attn::gatherKernels(ModuleOp module) {
  auto all = llvm::to_vector(module.getOps<gpu::GPUModuleOp>());
  if (all.empty())
    return nullptr;
  gpu::GPUModuleOp target = all.front();
  SymbolTable taken(target), host(module);
  for (gpu::GPUModuleOp source : all) {
    SymbolTable own(source);
    for (Operation &op : llvm::make_early_inc_range(*source.getBody())) {
      auto symbol = dyn_cast<SymbolOpInterface>(op);
      if (!symbol)
        continue;
      auto func = dyn_cast<LLVM::LLVMFuncOp>(op);
      std::string hostName =
          getHostKernelName(source.getName(), symbol.getName());
      bool isKernel =
          func && func->hasAttr(NVVM::NVVMDialect::getKernelFuncAttrName());
      if (Attribute archs = source->getAttr(kArchsAttrName); archs && isKernel)
        func->setAttr(kArchsAttrName, archs);
      if (source != target) {
        Operation *other = taken.lookup(symbol.getName());
        bool isShared = other && isDynamicShared(other) && isDynamicShared(&op);
        bool isDeclared = other && func && func.isDeclaration();
        if (other && !isShared && !isDeclared)
          (void)own.rename(&op, makeName(symbol.getName(), taken, own));
        if (isShared || isDeclared) {
          op.erase();
        } else {
          op.moveBefore(target.getBody(), target.getBody()->end());
          taken.insert(&op);
        }
      }
      if (!isKernel)
        continue;
      // Launches refer to it by the name it had.
      if (auto global = host.lookup<LLVM::GlobalOp>(hostName))
        global->setAttr("attn.kernel",
                        StringAttr::get(module.getContext(), func.getName()));
    }
    if (source != target)
      source.erase();
  }
  return target;
}

//===----------------------------------------------------------------------===//
// LLVM
//===----------------------------------------------------------------------===//

static Expected<std::unique_ptr<llvm::TargetMachine>>
createMachine(const GpuArch &arch) {
  static bool once = [] {
    llvm::InitializeAllTargetInfos();
    llvm::InitializeAllTargets();
    llvm::InitializeAllTargetMCs();
    llvm::InitializeAllAsmPrinters();
    return true;
  }();
  (void)once;
  llvm::Triple triple("nvptx64-nvidia-cuda");
  std::string why;
  const llvm::Target *target = llvm::TargetRegistry::lookupTarget(triple, why);
  if (!target)
    return createStringError("this LLVM generates no code for NVIDIA GPUs: " +
                             why);
  std::unique_ptr<llvm::TargetMachine> machine(target->createTargetMachine(
      triple, arch.name, "+ptx" + std::to_string(arch.ptxVersion),
      llvm::TargetOptions(), std::nullopt, std::nullopt,
      llvm::CodeGenOptLevel::Aggressive));
  if (!machine)
    return createStringError("no code generator for " + arch.name);
  return machine;
}

static Expected<std::unique_ptr<llvm::Module>>
translate(gpu::GPUModuleOp kernels, llvm::LLVMContext &context,
          const llvm::TargetMachine &machine) {
  DialectRegistry registry;
  registerBuiltinDialectTranslation(registry);
  registerGPUDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  registerNVVMDialectTranslation(registry);
  kernels.getContext()->appendDialectRegistry(registry);
  std::unique_ptr<llvm::Module> translated =
      translateModuleToLLVMIR(kernels, context, "kernels");
  if (!translated)
    return createStringError("translation of kernels to LLVM IR failed");
  translated->setDataLayout(machine.createDataLayout());
  translated->setTargetTriple(machine.getTargetTriple());
  return translated;
}

static void optimize(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::PassBuilder builder(&machine);
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O3)
      .run(module, modules);
}

/// Says where it happened, and ends the process as wrong input does: LLVM gives
/// up on an instruction that it cannot select.
static void reportFatal(void *where, const char *reason, bool) {
  emitError(static_cast<Operation *>(where)->getLoc(),
            "LLVM cannot generate code for this kernel: ")
      << reason;
  std::_Exit(1);
}

/// A copy of `kernels` without those that are for other GPUs; the caller's.
static OwningOpRef<gpu::GPUModuleOp> selectKernels(gpu::GPUModuleOp kernels,
                                                   const GpuArch &arch) {
  OwningOpRef<gpu::GPUModuleOp> selected(kernels.clone());
  StringAttr name = StringAttr::get(kernels.getContext(), arch.name);
  for (auto func : llvm::make_early_inc_range(
           selected->getBodyRegion().getOps<LLVM::LLVMFuncOp>())) {
    auto archs = func->getAttrOfType<ArrayAttr>(kArchsAttrName);
    func->removeAttr(kArchsAttrName);
    if (archs && !llvm::is_contained(archs, name))
      func.erase();
  }
  return selected;
}

/// Lets each kernel wait for the one before it, and the next one begin: the
/// device gets its blocks in place meanwhile, which is most of what a short
/// launch costs. All of a kernel comes after the wait, so that nothing else
/// changes (PTX ISA, griddepcontrol; GpuLaunch.h).
static void waitForKernelBefore(gpu::GPUModuleOp kernels, const GpuArch &arch) {
  if (arch.capability < ATTN_GPU_FIRST_DEPENDENT)
    return;
  for (auto func : kernels.getBodyRegion().getOps<LLVM::LLVMFuncOp>()) {
    if (!func->hasAttr(NVVM::NVVMDialect::getKernelFuncAttrName()) ||
        func.isDeclaration())
      continue;
    OpBuilder b = OpBuilder::atBlockBegin(&func.getBody().front());
    for (auto kind : {NVVM::GridDepActionKind::wait,
                      NVVM::GridDepActionKind::launch_dependents})
      NVVM::GriddepcontrolOp::create(b, func.getLoc(), kind);
  }
}

/// Writes what NVVM has no intrinsic for as assembly.
static Error lowerToIntrinsics(gpu::GPUModuleOp kernels) {
  PassManager pm(kernels.getContext(), gpu::GPUModuleOp::getOperationName());
  pm.addPass(createConvertNVVMToLLVMPass());
  if (failed(pm.run(kernels)))
    return createStringError("a kernel has no form in LLVM IR");
  return Error::success();
}

static Expected<std::string> generatePtx(gpu::GPUModuleOp kernels,
                                         const GpuArch &arch) {
  auto machine = createMachine(arch);
  if (!machine)
    return machine.takeError();
  llvm::LLVMContext context;
  auto module = translate(kernels, context, **machine);
  if (!module)
    return module.takeError();
  llvm::ScopedFatalErrorHandler handler(reportFatal, kernels.getOperation());
  optimize(**module, **machine);
  SmallString<0> text;
  llvm::raw_svector_ostream os(text);
  llvm::legacy::PassManager passes;
  if ((*machine)->addPassesToEmitFile(passes, os, nullptr,
                                      llvm::CodeGenFileType::AssemblyFile))
    return createStringError("no PTX output for " + arch.name);
  passes.run(**module);
  return text.str().str();
}

/// Registers of an SM, those of the unit in which warps get them, and the most
/// of a thread, on every GPU from sm_70 on (CUDA C++ Programming Guide,
/// technical specifications).
static constexpr int64_t kRegistersOfSm = 65536, kRegisterUnit = 8,
                         kMaxRegisters = 255;

/// ptxas gives up registers, and spills, for an SM to have one more block at a
/// time. Lets each kernel that spilled so have one block less; whether there is
/// such a kernel.
static bool giveMoreRegisters(gpu::GPUModuleOp kernels,
                              ArrayRef<GpuKernelFacts> facts) {
  StringRef mostThreads = NVVM::NVVMDialect::getMaxntidAttrName();
  StringRef leastBlocks = NVVM::NVVMDialect::getMinctasmAttrName();
  bool hasChanged = false;
  for (const GpuKernelFacts &fact : facts) {
    auto kernel = dyn_cast_if_present<LLVM::LLVMFuncOp>(
        SymbolTable::lookupSymbolIn(kernels, fact.kernel));
    if (!kernel || fact.registers >= kMaxRegisters ||
        fact.spillStoreBytes + fact.spillLoadBytes == 0)
      continue;
    // A kernel whose size is exact shares registers out by itself (setmaxnreg).
    auto size = kernel->getAttrOfType<DenseI32ArrayAttr>(mostThreads);
    if (!size)
      continue;
    int64_t threads = 1;
    for (int32_t extent : size.asArrayRef())
      threads *= extent;
    int64_t blocks = kRegistersOfSm /
                     (threads * llvm::alignTo(fact.registers, kRegisterUnit));
    if (auto asked = kernel->getAttrOfType<IntegerAttr>(leastBlocks))
      blocks = std::min(blocks, asked.getInt());
    if (blocks < 2)
      continue;
    Builder b(kernels.getContext());
    kernel->setAttr(leastBlocks, b.getI32IntegerAttr(blocks - 1));
    hasChanged = true;
  }
  return hasChanged;
}

Expected<GpuCode> attn::compileKernels(gpu::GPUModuleOp all,
                                       const GpuArch &arch, bool assembleToo) {
  OwningOpRef<gpu::GPUModuleOp> selected = selectKernels(all, arch);
  gpu::GPUModuleOp kernels = *selected;
  waitForKernelBefore(kernels, arch);
  if (Error error = lowerToIntrinsics(kernels))
    return std::move(error);
  std::optional<std::string> ptxas = findPtxas();
  GpuCode code;
  SmallVector<PtxasWarning> warnings;
  do {
    code = GpuCode{&arch, {}, {}, {}};
    auto ptx = generatePtx(kernels, arch);
    if (!ptx)
      return ptx.takeError();
    code.ptx = std::move(*ptx);
    if (!assembleToo || !ptxas)
      return code;
    warnings.clear();
    if (Error error = assemble(code, *ptxas, warnings))
      return std::move(error);
  } while (giveMoreRegisters(kernels, code.facts));
  for (const PtxasWarning &warning : warnings) {
    Operation *kernel = SymbolTable::lookupSymbolIn(kernels, warning.kernel);
    emitWarning(kernel ? kernel->getLoc() : kernels.getLoc())
        << "ptxas for " << arch.name << ": " << warning.text;
  }
  return code;
}

//===----------------------------------------------------------------------===//
// The host's constants
//===----------------------------------------------------------------------===//

namespace {
/// Writes constants of the host's module.
class Constants {
public:
  Constants(ModuleOp module)
      : symbols(module), b(module.getContext()), loc(module.getLoc()),
        ptr(LLVM::LLVMPointerType::get(b.getContext())) {}

  LLVM::GlobalOp addBytes(StringRef name, StringRef bytes, StringRef section,
                          int64_t alignment);
  /// A constant of `type`, made by `build`.
  LLVM::GlobalOp add(StringRef name, Type type,
                     function_ref<Value(OpBuilder &)> build);

  /// A structure of `fields`.
  Value makeStruct(OpBuilder &builder, LLVM::LLVMStructType type,
                   ArrayRef<Value> fields);
  Value address(OpBuilder &builder, LLVM::GlobalOp global) {
    return LLVM::AddressOfOp::create(builder, loc, global);
  }
  Value number(OpBuilder &builder, int64_t value, unsigned width) {
    Type type = builder.getIntegerType(width);
    return LLVM::ConstantOp::create(builder, loc, type,
                                    builder.getIntegerAttr(type, value));
  }

  SymbolTable symbols;
  OpBuilder b;
  Location loc;
  Type ptr;
};
} // namespace

LLVM::GlobalOp Constants::addBytes(StringRef name, StringRef bytes,
                                   StringRef section, int64_t alignment) {
  auto type = LLVM::LLVMArrayType::get(b.getI8Type(), bytes.size());
  auto global = LLVM::GlobalOp::create(b, loc, type, /*isConstant=*/true,
                                       LLVM::Linkage::Internal, name,
                                       b.getStringAttr(bytes), alignment);
  if (!section.empty())
    global.setSection(section);
  symbols.insert(global);
  return global;
}

LLVM::GlobalOp Constants::add(StringRef name, Type type,
                              function_ref<Value(OpBuilder &)> build) {
  auto global =
      LLVM::GlobalOp::create(b, loc, type, /*isConstant=*/true,
                             LLVM::Linkage::Internal, name, Attribute());
  symbols.insert(global);
  OpBuilder inner(b.getContext());
  inner.createBlock(&global.getInitializerRegion());
  LLVM::ReturnOp::create(inner, loc, build(inner));
  return global;
}

Value Constants::makeStruct(OpBuilder &builder, LLVM::LLVMStructType type,
                            ArrayRef<Value> fields) {
  Value result = LLVM::PoisonOp::create(builder, loc, type);
  for (auto [i, field] : llvm::enumerate(fields))
    result = LLVM::InsertValueOp::create(builder, loc, result, field,
                                         static_cast<int64_t>(i));
  return result;
}

namespace {
/// An image before it is a constant.
struct Image {
  StringRef bytes;
  int32_t capability;
  attn_gpu_image_kind kind;
};
} // namespace

/// Machine code for each GPU, and text for those that come later: that of the
/// one which knows the least, or, without machine code, every one.
static SmallVector<Image> chooseImages(ArrayRef<GpuCode> codes) {
  SmallVector<Image> images;
  const GpuCode *least = nullptr;
  for (const GpuCode &code : codes) {
    const GpuArch &arch = *code.arch;
    if (!code.cubin.empty())
      images.push_back({StringRef(code.cubin.data(), code.cubin.size()),
                        arch.capability,
                        arch.isExact ? ATTN_GPU_CUBIN_EXACT : ATTN_GPU_CUBIN});
    else
      images.push_back({StringRef(code.ptx.c_str(), code.ptx.size() + 1),
                        arch.capability,
                        arch.isExact ? ATTN_GPU_PTX_EXACT : ATTN_GPU_PTX});
    if (!arch.isExact && !code.cubin.empty() &&
        (!least || arch.capability < least->arch->capability))
      least = &code;
  }
  if (least)
    images.push_back({StringRef(least->ptx.c_str(), least->ptx.size() + 1),
                      least->arch->capability, ATTN_GPU_PTX});
  return images;
}

void attn::embedKernels(ModuleOp module, gpu::GPUModuleOp kernels,
                        ArrayRef<GpuCode> codes) {
  MLIRContext *context = module.getContext();
  SmallVector<LLVM::GlobalOp> declared;
  for (auto global : module.getOps<LLVM::GlobalOp>())
    if (global->hasAttr("attn.kernel"))
      declared.push_back(global);
  kernels.erase();
  // Whoever asks for it by this name, gets what is made here.
  if (auto asked = module.lookupSymbol<LLVM::GlobalOp>(kGpuModuleName))
    asked.erase();

  Constants constants(module);
  Type ptr = constants.ptr, i32 = IntegerType::get(context, 32),
       i64 = IntegerType::get(context, 64);
  auto imageType =
      LLVM::LLVMStructType::getLiteral(context, {ptr, i64, i32, i32});
  auto moduleType = LLVM::LLVMStructType::getLiteral(context, {ptr, i64});
  auto kernelType = LLVM::LLVMStructType::getLiteral(context, {ptr, ptr});

  SmallVector<Image> images = chooseImages(codes);
  SmallVector<LLVM::GlobalOp> contents;
  for (const Image &image : images)
    contents.push_back(constants.addBytes("attn_gpu_image_data", image.bytes,
                                          kImageSection, kImageAlignment));
  auto arrayType = LLVM::LLVMArrayType::get(imageType, images.size());
  LLVM::GlobalOp table =
      constants.add("attn_gpu_images", arrayType, [&](OpBuilder &b) {
        Value array = LLVM::PoisonOp::create(b, constants.loc, arrayType);
        for (auto [i, image] : llvm::enumerate(images)) {
          Value entry =
              constants.makeStruct(b, imageType,
                                   {constants.address(b, contents[i]),
                                    constants.number(b, image.bytes.size(), 64),
                                    constants.number(b, image.capability, 32),
                                    constants.number(b, image.kind, 32)});
          array = LLVM::InsertValueOp::create(b, constants.loc, array, entry,
                                              static_cast<int64_t>(i));
        }
        return array;
      });
  LLVM::GlobalOp whole =
      constants.add(kGpuModuleName, moduleType, [&](OpBuilder &b) {
        return constants.makeStruct(b, moduleType,
                                    {constants.address(b, table),
                                     constants.number(b, images.size(), 64)});
      });
  for (LLVM::GlobalOp global : declared) {
    std::string entry =
        global->getAttrOfType<StringAttr>("attn.kernel").getValue().str();
    std::string name = global.getName().str();
    constants.symbols.erase(global);
    LLVM::GlobalOp text = constants.addBytes(
        "attn_gpu_kernel_name", entry + std::string(1, '\0'), "", 1);
    constants.add(name, kernelType, [&](OpBuilder &b) {
      return constants.makeStruct(
          b, kernelType,
          {constants.address(b, whole), constants.address(b, text)});
    });
  }
}
