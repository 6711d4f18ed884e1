//===- Arch.h - The GPUs code is made for -----------------------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// What is known of architectures: LLVM ends the process for a name or a version
// of PTX that it does not know, so nothing else reaches it.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_TARGET_GPU_ARCH_H
#define ATTN_TARGET_GPU_ARCH_H

#include "attn/Dialect/Attn/IR/Attn.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"

namespace mlir::attn {

/// One architecture, as NVIDIA names it.
struct GpuArch {
  llvm::StringLiteral name;
  /// 80 for 8.0.
  int32_t capability;
  /// Code runs on this capability only ("a" at the end of the name).
  bool isExact;
  /// 86 for 8.6: what its instructions need.
  int32_t ptxVersion;
  /// Of the common chip of this kind.
  int64_t numSms;
  /// Shared memory one block may have.
  int64_t sharedBytes;
};

/// The architecture of this name; an error lists those there are.
llvm::Expected<const GpuArch *> findGpuArch(llvm::StringRef name);

/// Those of a list like "sm_90a,sm_80"; "" is sm_80.
llvm::Expected<llvm::SmallVector<const GpuArch *>>
parseGpuArchs(llvm::StringRef list);

/// The one whose code a device of `capability` runs best, or null.
const GpuArch *findGpuArchOfDevice(int32_t capability);

/// The one of `archs` that knows the least: what it has, all have.
const GpuArch *getLeastGpuArch(llvm::ArrayRef<const GpuArch *> archs);

/// `attn.target` for it.
TargetAttr getGpuTarget(MLIRContext *context, const GpuArch &arch);

} // namespace mlir::attn

#endif // ATTN_TARGET_GPU_ARCH_H
