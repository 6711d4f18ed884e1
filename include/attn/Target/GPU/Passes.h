//===- include/attn/Target/GPU/Passes.h - GPU passes ----------------------===//
//
// Part of attn-mlir.
//
// Factories and registration of the passes from gpu.launch to code for GPUs.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_TARGET_GPU_PASSES_H
#define ATTN_TARGET_GPU_PASSES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Pass/Pass.h"

#include <string>

namespace mlir {
class ModuleOp;
class OpPassManager;

namespace attn {

/// What launches become in functions that are not C functions yet: calls of
/// (kernel: ptr, grid: ptr to 3 x i64, block: ptr to 3 x i32, shared_bytes:
/// i64, params: ptr, num_params: i32). The first takes the address of an i32
/// besides, whether a kernel was launched before in this call of the function,
/// and returns an i32, an attn_status; the second ends the process if the
/// kernel cannot run.
inline constexpr llvm::StringLiteral kRuntimeGpuLaunch = "attn_rt_gpu_launch";
inline constexpr llvm::StringLiteral kRuntimeEmulateLaunch =
    "attn_rt_emulate_launch";

/// What a tensor map becomes: calls of (tensor: ptr to an attn_gpu_tensor of
/// GpuLaunch.h, map: ptr to 128 bytes aligned to 64). The first returns an i32,
/// an attn_status; the second ends the process if there is no such map.
inline constexpr llvm::StringLiteral kRuntimeGpuTensorMap =
    "attn_rt_gpu_tensor_map";
inline constexpr llvm::StringLiteral kRuntimeEmulateTensorMap =
    "attn_rt_emulate_tensor_map";

/// What attn.runs_on becomes: a call of (module: ptr), which returns an i32, an
/// attn_gpu_arch.
inline constexpr llvm::StringLiteral kRuntimeGpuArch = "attn_rt_gpu_arch";

/// The `attn_gpu_module` of all kernels.
inline constexpr llvm::StringLiteral kGpuModuleName = "attn_gpu_module";

/// The positions of kernel arguments, in LLVM's form, that are tensor maps.
inline constexpr llvm::StringLiteral kTensorMapsAttrName = "attn.tensor_maps";

/// The name of what a launch of `kernel` refers to: the host's function that
/// emulates it, or its `attn_gpu_kernel`.
std::string getHostKernelName(StringRef module, StringRef kernel);

#define GEN_PASS_DECL
#include "attn/Target/GPU/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "attn/Target/GPU/Passes.h.inc"

/// Appends the passes from `gpu.launch` on memrefs to `gpu.module`s that hold
/// ops of the LLVM and NVVM dialects only.
void buildLowerKernelsPipeline(OpPassManager &pm);

/// Registers the pipeline `attn-lower-kernels`.
void registerLowerKernelsPipeline();

} // namespace attn
} // namespace mlir

#endif // ATTN_TARGET_GPU_PASSES_H
