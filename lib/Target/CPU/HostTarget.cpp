//===- HostTarget.cpp - What this machine can do --------------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Asks LLVM for the processor's features and the system for its caches.
//
//===----------------------------------------------------------------------===//

#include "attn/Target/CPU/HostTarget.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/TargetParser/Host.h"

#include <unistd.h>

using namespace mlir;

/// A size the system knows, or `fallback`.
static int64_t getSystemSize(int name, int64_t fallback) {
  long size = sysconf(name);
  return size > 0 ? size : fallback;
}

attn::TargetAttr attn::getHostTarget(MLIRContext *context) {
  context->getOrLoadDialect<AttnDialect>();
  llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
  int64_t vectorBits = 128, numRegisters = 16;
  if (features.lookup("avx512f")) {
    vectorBits = 512;
    numRegisters = 32;
  } else if (features.lookup("avx2") && features.lookup("fma")) {
    vectorBits = 256;
  } else if (features.lookup("neon")) {
    numRegisters = 32;
  }
  int64_t l1 = 32 << 10, l2 = 512 << 10;
#ifdef _SC_LEVEL1_DCACHE_SIZE
  l1 = getSystemSize(_SC_LEVEL1_DCACHE_SIZE, l1);
  l2 = getSystemSize(_SC_LEVEL2_CACHE_SIZE, l2);
#endif
  bool bf16Dot = features.lookup("avx512bf16") || features.lookup("bf16");
  return TargetAttr::get(context, TargetKind::cpu, vectorBits, numRegisters, l1,
                         l2, bf16Dot);
}

void attn::setHostTargetIfAbsent(ModuleOp module) {
  if (!module->hasAttr(kTargetAttrName))
    module->setAttr(kTargetAttrName, getHostTarget(module.getContext()));
}
