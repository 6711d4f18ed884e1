//===- HostTarget.cpp - What a processor can do ---------------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Asks LLVM for a processor's features; the caches of this machine come from
// the system, those of others from a table.
//
//===----------------------------------------------------------------------===//

#include "attn/Target/CPU/HostTarget.h"
#include "attn/Target/CPU/Passes.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/SubtargetFeature.h"
#include "llvm/TargetParser/Triple.h"

#include <unistd.h>

namespace mlir::attn {
#define GEN_PASS_DEF_ATTNSETTARGETPASS
#include "attn/Target/CPU/Passes.h.inc"
} // namespace mlir::attn

using namespace mlir;
using namespace mlir::attn;

namespace {
/// The data caches of one core, in bytes.
struct Caches {
  int64_t l1 = 32 << 10, l2 = 512 << 10;
};
} // namespace

/// The target of a processor that has what `has` says, by LLVM's names.
static TargetAttr describe(MLIRContext *context, const llvm::Triple &triple,
                           function_ref<bool(StringRef)> has, Caches caches) {
  context->getOrLoadDialect<AttnDialect>();
  int64_t vectorBits = 128, numRegisters = 16;
  bool bf16Dot = false, scalef = false;
  if (triple.isX86()) {
    if (has("avx512f")) {
      vectorBits = 512;
      numRegisters = 32;
      bf16Dot = has("avx512bf16");
      // The fraction is of avx512dq.
      scalef = has("avx512dq");
    } else if (has("avx2") && has("fma")) {
      vectorBits = 256;
    }
    // Only 64-bit code can name more.
    if (triple.isArch32Bit())
      numRegisters = 8;
  } else if (triple.isAArch64()) {
    numRegisters = 32;
  }
  return TargetAttr::get(context, vectorBits, numRegisters, caches.l1,
                         caches.l2, bf16Dot, scalef);
}

/// A size the system knows, or `fallback`.
static int64_t getSystemSize(int name, int64_t fallback) {
  long size = sysconf(name);
  return size > 0 ? size : fallback;
}

TargetAttr attn::getHostTarget(MLIRContext *context) {
  llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
  Caches caches;
#ifdef _SC_LEVEL1_DCACHE_SIZE
  caches.l1 = getSystemSize(_SC_LEVEL1_DCACHE_SIZE, caches.l1);
  caches.l2 = getSystemSize(_SC_LEVEL2_CACHE_SIZE, caches.l2);
#endif
  return describe(
      context, llvm::Triple(llvm::sys::getProcessTriple()),
      [&](StringRef feature) { return features.lookup(feature); }, caches);
}

//===----------------------------------------------------------------------===//
// Processors by name
//===----------------------------------------------------------------------===//

/// Caches of processors that differ much from the default.
static Caches getCaches(StringRef cpu) {
  return llvm::StringSwitch<Caches>(cpu)
      .Case("znver4", {32 << 10, 1 << 20})
      .Case("znver5", {48 << 10, 1 << 20})
      .Cases({"icelake-server", "icelake-client"}, {48 << 10, 1280 << 10})
      .Cases({"sapphirerapids", "emeraldrapids", "graniterapids"},
             {48 << 10, 2 << 20})
      .Cases({"apple-m1", "apple-m2", "apple-m3", "apple-m4"},
             {128 << 10, 4 << 20})
      .Cases({"neoverse-n1", "neoverse-n2", "neoverse-v1"}, {64 << 10, 1 << 20})
      .Case("neoverse-v2", {64 << 10, 2 << 20})
      .Default(Caches());
}

FailureOr<TargetAttr> attn::getCpuTarget(MLIRContext *context,
                                         const llvm::Triple &triple,
                                         StringRef cpu, StringRef features) {
  static bool once = [] {
    llvm::InitializeAllTargetInfos();
    llvm::InitializeAllTargetMCs();
    return true;
  }();
  (void)once;
  std::string error;
  const llvm::Target *target =
      llvm::TargetRegistry::lookupTarget(triple, error);
  if (!target)
    return failure();
  // Names are checked before a processor is described by them: LLVM would
  // print a line and go on without.
  std::unique_ptr<llvm::MCSubtargetInfo> oldest(
      target->createMCSubtargetInfo(triple, "", ""));
  if (!oldest || (!cpu.empty() && !oldest->isCPUStringValid(cpu)))
    return failure();
  llvm::SubtargetFeatures changes(features);
  for (const std::string &feature : changes.getFeatures()) {
    StringRef name = llvm::SubtargetFeatures::StripFlag(feature);
    if (!llvm::SubtargetFeatures::hasFlag(feature) ||
        llvm::none_of(
            oldest->getAllProcessorFeatures(),
            [&](const auto &known) { return StringRef(known.Key) == name; }))
      return failure();
  }
  std::unique_ptr<llvm::MCSubtargetInfo> subtarget(
      target->createMCSubtargetInfo(triple, cpu, features));
  return describe(
      context, triple,
      [&](StringRef feature) {
        return subtarget->checkFeatures(("+" + feature).str());
      },
      getCaches(cpu));
}

void attn::setHostTargetIfAbsent(ModuleOp module) {
  if (!module->hasAttr(kTargetAttrName))
    module->setAttr(kTargetAttrName, getHostTarget(module.getContext()));
}

namespace {
struct SetTarget : attn::impl::AttnSetTargetPassBase<SetTarget> {
  using Base::Base;

  void runOnOperation() override {
    if (triple.empty() && cpu.empty() && features.empty()) {
      getOperation()->setAttr(kTargetAttrName, getHostTarget(&getContext()));
      return;
    }
    llvm::Triple machine(triple.empty() ? llvm::sys::getDefaultTargetTriple()
                                        : llvm::Triple::normalize(triple));
    FailureOr<TargetAttr> target =
        getCpuTarget(&getContext(), machine, cpu, features);
    if (failed(target)) {
      getOperation()->emitError("expects a cpu and features that LLVM knows "
                                "for ")
          << machine.str() << ", but got '" << cpu << "' and '" << features
          << "'";
      return signalPassFailure();
    }
    getOperation()->setAttr(kTargetAttrName, *target);
  }
};
} // namespace
