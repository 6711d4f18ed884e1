//===- Arch.cpp - The GPUs code is made for -------------------------------===//
//
// Part of attn-mlir.
//
// The table of architectures.
//
//===----------------------------------------------------------------------===//

#include "attn/Target/GPU/Arch.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace mlir::attn;
using llvm::createStringError;
using llvm::Expected;

/// By capability. Versions of PTX are the oldest that have the instructions we
/// use, so that older drivers and assemblers take the text.
static constexpr GpuArch kArchs[] = {
    {"sm_80", 80, false, 80, 108, 166912},
    {"sm_86", 86, false, 80, 84, 101376},
    {"sm_87", 87, false, 80, 16, 166912},
    {"sm_89", 89, false, 84, 128, 101376},
    {"sm_90", 90, false, 86, 132, 232448},
    {"sm_90a", 90, true, 86, 132, 232448},
    {"sm_100a", 100, true, 86, 148, 232448},
    {"sm_120", 120, false, 87, 170, 101376},
};

Expected<const GpuArch *> attn::findGpuArch(StringRef name) {
  const GpuArch *found = llvm::find_if(
      kArchs, [&](const GpuArch &arch) { return arch.name == name; });
  if (found != std::end(kArchs))
    return found;
  std::string known;
  for (const GpuArch &arch : kArchs)
    known += (known.empty() ? "" : ", ") + arch.name.str();
  return createStringError("--arch=" + name + ": no such GPU; there is " +
                           known);
}

Expected<SmallVector<const GpuArch *>> attn::parseGpuArchs(StringRef list) {
  SmallVector<const GpuArch *> archs;
  SmallVector<StringRef> names;
  (list.empty() ? StringRef("sm_80") : list).split(names, ',');
  for (StringRef name : names) {
    Expected<const GpuArch *> arch = findGpuArch(name.trim());
    if (!arch)
      return arch.takeError();
    if (llvm::is_contained(archs, *arch))
      return createStringError("--arch=" + list + ": names " + name.trim() +
                               " twice");
    archs.push_back(*arch);
  }
  return archs;
}

const GpuArch *attn::findGpuArchOfDevice(int32_t capability) {
  const GpuArch *best = nullptr;
  for (const GpuArch &arch : kArchs) {
    bool runs = arch.isExact ? arch.capability == capability
                             : arch.capability <= capability;
    // Of one capability the exact one is the last.
    if (runs && (!best || arch.capability >= best->capability))
      best = &arch;
  }
  return best;
}

const GpuArch *attn::getLeastGpuArch(ArrayRef<const GpuArch *> archs) {
  return *llvm::min_element(archs, [](const GpuArch *x, const GpuArch *y) {
    return std::tuple(x->capability, x->isExact) <
           std::tuple(y->capability, y->isExact);
  });
}

TargetAttr attn::getGpuTarget(MLIRContext *context, const GpuArch &arch) {
  return TargetAttr::get(context, arch.name, arch.numSms, arch.sharedBytes);
}
