//===- lib/ExecutionEngine/Jit.cpp - Code in memory -----------------------===//
//
// Part of attn-mlir.
//
// Compiles LLVM-dialect modules with LLJIT. MLIR's own ExecutionEngine is not
// in libMLIR.so, and its archive would register LLVM's options a second time.
//
//===----------------------------------------------------------------------===//

#include "attn/ExecutionEngine/Jit.h"

#include "Arena.h"
#include "EmulateLaunch.h"
#include "attn/Runtime/AssertFailed.h"
#include "attn/Runtime/DistMerge.h"
#include "attn/Runtime/FloatConversions.h"
#include "attn/Runtime/GpuEmulator.h"
#include "attn/Runtime/ParallelFor.h"
#include "attn/Target/CPU/ObjectEmitter.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ExecutionEngine/Orc/AbsoluteSymbols.h"
#include "llvm/ExecutionEngine/Orc/ExecutionUtils.h"
#include "llvm/ExecutionEngine/Orc/JITTargetMachineBuilder.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/ExecutionEngine/Orc/ThreadSafeModule.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"

using namespace llvm;
using namespace mlir::attn;

struct Jit::Impl {
  /// Names that the code calls and nobody defines; said when it is linked.
  std::string undefined;
  std::unique_ptr<orc::LLJIT> jit;

  /// Keeps what ORC would print, to be returned by lookup.
  void report(Error error) {
    error = handleErrors(std::move(error), [&](orc::SymbolsNotFound &missing) {
      for (const orc::SymbolStringPtr &symbol : missing.getSymbols())
        undefined += (undefined.empty() ? "" : ", ") + (*symbol).str();
    });
    // Everything else reaches lookup by itself.
    consumeError(std::move(error));
  }
};

Jit::Jit(std::unique_ptr<Impl> impl) : impl(std::move(impl)) {}
Jit::~Jit() = default;

static std::string packedName(StringRef name) {
  return ("attn_packed_" + name).str();
}

/// Adds `void attn_packed_NAME(ptr arguments)`, which calls NAME.
static Error addPackedFunction(Module &module, StringRef name) {
  Function *callee = module.getFunction(name);
  if (!callee || callee->isDeclaration())
    return createStringError("the compiled module has no function '" + name +
                             "'");
  LLVMContext &context = module.getContext();
  auto *ptr = PointerType::getUnqual(context);
  auto *wrapper = Function::Create(
      FunctionType::get(Type::getVoidTy(context), {ptr}, false),
      GlobalValue::ExternalLinkage, packedName(name), module);
  IRBuilder<> builder(BasicBlock::Create(context, "entry", wrapper));
  Value *arguments = wrapper->getArg(0);
  auto pointer = [&](unsigned index) {
    Value *slot = builder.CreateConstGEP1_64(ptr, arguments, index);
    return builder.CreateLoad(ptr, slot);
  };
  SmallVector<Value *> values;
  for (Argument &argument : callee->args())
    values.push_back(builder.CreateAlignedLoad(
        argument.getType(), pointer(argument.getArgNo()), Align(1)));
  Value *result = builder.CreateCall(callee, values);
  if (!result->getType()->isVoidTy())
    builder.CreateStore(result, pointer(callee->arg_size()));
  builder.CreateRetVoid();
  return Error::success();
}

static Error defineHostSymbols(orc::LLJIT &jit, ArrayRef<HostSymbol> extra) {
  orc::SymbolMap map;
  auto add = [&](StringRef name, void *address) {
    map[jit.mangleAndIntern(name)] = {orc::ExecutorAddr::fromPtr(address),
                                      JITSymbolFlags::Exported |
                                          JITSymbolFlags::Callable};
  };
  auto address = [](auto *function) {
    return reinterpret_cast<void *>(function);
  };
  add("attn_rt_parallel_for", address(&attn_rt_parallel_for));
  add("attn_rt_num_threads", address(&attn_rt_num_threads));
  add("attn_rt_assert_failed", address(&attn_rt_assert_failed));
  add("attn_rt_dist_merge", address(&attn_rt_dist_merge));
  add("malloc", address(&arenaMalloc));
  add("calloc", address(&arenaCalloc));
  add("free", address(&arenaFree));
  add("__truncdfhf2", address(&attn_rt_truncdfhf2));
  add("__truncsfhf2", address(&attn_rt_truncsfhf2));
  add("__extendhfsf2", address(&attn_rt_extendhfsf2));
  add("__truncdfbf2", address(&attn_rt_truncdfbf2));
  add("__truncsfbf2", address(&attn_rt_truncsfbf2));
  for (const attn_emulator_symbol *symbol = attn_emulator_symbols();
       symbol->name; ++symbol)
    add(symbol->name, symbol->address);
  add("attn_rt_emulate_launch", address(&attn_rt_emulate_launch));
  add("attn_rt_emulate_tensor_map", address(&attn_rt_emulate_tensor_map));
  for (const HostSymbol &symbol : extra)
    add(symbol.name, symbol.address);
  orc::JITDylib &main = jit.getMainJITDylib();
  if (Error error = main.define(orc::absoluteSymbols(std::move(map))))
    return error;
  // The rest, above all libm, comes from this process.
  auto process = orc::DynamicLibrarySearchGenerator::GetForCurrentProcess(
      jit.getDataLayout().getGlobalPrefix());
  if (!process)
    return process.takeError();
  main.addGenerator(std::move(*process));
  return Error::success();
}

/// Registers the processor we run on with LLVM, once.
static void initializeTarget() {
  static bool once = [] {
    InitializeNativeTarget();
    InitializeNativeTargetAsmPrinter();
    return true;
  }();
  (void)once;
}

Expected<std::unique_ptr<Jit>> Jit::create(mlir::ModuleOp module,
                                           ArrayRef<std::string> functions,
                                           const JitOptions &options) {
  initializeTarget();
  auto machineBuilder = orc::JITTargetMachineBuilder::detectHost();
  if (!machineBuilder)
    return machineBuilder.takeError();
  machineBuilder->setCodeGenOptLevel(
      options.optLevel == 0   ? CodeGenOptLevel::None
      : options.optLevel == 1 ? CodeGenOptLevel::Less
                              : CodeGenOptLevel::Aggressive);
  auto machine = machineBuilder->createTargetMachine();
  if (!machine)
    return machine.takeError();

  auto context = std::make_unique<LLVMContext>();
  auto code = translateToLLVMIR(module, *context, **machine);
  if (!code)
    return code.takeError();
  std::unique_ptr<Module> translated = std::move(*code);
  for (StringRef name : functions)
    if (Error error = addPackedFunction(*translated, name))
      return error;
  optimizeLLVMIR(*translated, **machine, options.optLevel);
  if (options.onOptimized)
    if (Error error = options.onOptimized(*translated))
      return error;

  auto jit = orc::LLJITBuilder()
                 .setJITTargetMachineBuilder(std::move(*machineBuilder))
                 .create();
  if (!jit)
    return jit.takeError();
  if (Error error = defineHostSymbols(**jit, options.symbols))
    return error;
  if (Error error = (*jit)->addIRModule(
          orc::ThreadSafeModule(std::move(translated), std::move(context))))
    return error;
  auto impl = std::make_unique<Impl>();
  impl->jit = std::move(*jit);
  impl->jit->getExecutionSession().setErrorReporter(
      [impl = impl.get()](Error error) { impl->report(std::move(error)); });
  return std::unique_ptr<Jit>(new Jit(std::move(impl)));
}

Expected<Jit::PackedFunction> Jit::lookup(StringRef name) const {
  auto address = impl->jit->lookup(packedName(name));
  if (!address && !impl->undefined.empty()) {
    consumeError(address.takeError());
    return createStringError("nobody defines what the module calls: " +
                             impl->undefined);
  }
  if (!address)
    return address.takeError();
  return address->toPtr<PackedFunction>();
}

bool mlir::attn::hostIsX86() { return Triple(sys::getProcessTriple()).isX86(); }

unsigned mlir::attn::hostVectorWidth() {
  StringMap<bool> features = sys::getHostCPUFeatures();
  if (features.lookup("avx512f"))
    return 16;
  return features.lookup("avx") ? 8 : 4;
}

unsigned mlir::attn::hostVectorRegisters() {
  return hostIsX86() && hostVectorWidth() < 16 ? 16 : 32;
}
