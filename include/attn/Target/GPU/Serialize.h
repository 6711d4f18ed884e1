//===- Serialize.h - Kernels to PTX and machine code ------------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Compiles the kernels of a module with LLVM and ptxas, and puts them into the
// host's module for attn/Runtime/GpuLaunch.h to find.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_TARGET_GPU_SERIALIZE_H
#define ATTN_TARGET_GPU_SERIALIZE_H

#include "attn/Target/GPU/Arch.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/IR/BuiltinOps.h"

#include <optional>
#include <string>

namespace mlir::attn {

/// What ptxas says of a kernel.
struct GpuKernelFacts {
  std::string kernel;
  /// "sm_90a".
  std::string arch;
  int64_t registers = 0;
  int64_t stackBytes = 0;
  int64_t spillStoreBytes = 0;
  int64_t spillLoadBytes = 0;
  /// Shared memory besides what a launch asks for.
  int64_t sharedBytes = 0;
};

/// The kernels of a module for one architecture.
struct GpuCode {
  const GpuArch *arch;
  std::string ptx;
  /// Empty if there is no ptxas.
  llvm::SmallVector<char, 0> cubin;
  std::vector<GpuKernelFacts> facts;
};

/// The path of ptxas: in PATH, or in bin of CUDA_HOME, CUDA_ROOT or CUDA_PATH.
std::optional<std::string> findPtxas();

/// Why a file needs ptxas, and where it was looked for.
extern const llvm::StringLiteral kNoPtxas;

/// Puts all kernels into one `gpu.module`, with names of their own, and returns
/// it; null if there are none. `launches` of them have been lowered: the
/// module's `attn_gpu_kernel`s, which were only declared, say the new names.
gpu::GPUModuleOp gatherKernels(ModuleOp module);

/// Compiles the kernels, which are in the NVVM dialect, for `arch`; with
/// `assemble` also to machine code. Warnings of ptxas about a kernel are
/// reported at its place.
llvm::Expected<GpuCode> compileKernels(gpu::GPUModuleOp kernels,
                                       const GpuArch &arch, bool assemble);

/// Erases `kernels` and defines what launches refer to: constants that hold
/// machine code where there is some, and PTX for later GPUs.
void embedKernels(ModuleOp module, gpu::GPUModuleOp kernels,
                  ArrayRef<GpuCode> codes);

} // namespace mlir::attn

#endif // ATTN_TARGET_GPU_SERIALIZE_H
