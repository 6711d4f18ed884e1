//===- AbiHelpers.h - Code that every object has ----------------*- C++ -*-===//
//
// Part of attn-mlir.
//
// The functions of an object that do not depend on what it computes.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_TARGET_CPU_ABIHELPERS_H
#define ATTN_TARGET_CPU_ABIHELPERS_H

#include "mlir/Dialect/LLVMIR/LLVMTypes.h"
#include "mlir/IR/BuiltinOps.h"

namespace mlir::attn {

/// The private functions that insertAbiHelpers adds.
///
/// (attn_tensor *, dtype: i32, rank: i32, sizes: ptr, bytes: i64, read: i1,
/// written: i1) -> i32: a TensorFault, or 0. `sizes` are i64, -1 for any;
/// `bytes` of an element.
inline constexpr StringLiteral kCheckTensor = "attn_abi_check_tensor";
/// (attn_exec *, n: i64, body: ptr, context: ptr).
inline constexpr StringLiteral kAbiParallelFor = "attn_abi_parallel_for";
/// (attn_exec *) -> i64, at least 1.
inline constexpr StringLiteral kAbiNumThreads = "attn_abi_num_threads";

/// (status: ptr, attn_comm *, o: ptr, lse: ptr, rows: i64, width: i64, dtype:
/// i32, algo: i32, root: i32, payload: i32): merges unless *status, an i32,
/// says that a merge failed before, and sets it.
inline constexpr StringLiteral kAbiDistMerge = "attn_abi_dist_merge";

/// What merges become before there are C functions: the same without the
/// status.
inline constexpr StringLiteral kRuntimeDistMerge = "attn_rt_dist_merge";

/// (status: ptr, attn_exec *, kernel: ptr, grid: ptr, block: ptr, shared_bytes:
/// i64, params: ptr, num_params: i32, launched: ptr): launches a kernel on the
/// stream of the attn_exec, by `attn_gpu_launch` of GpuLaunch.h, unless *status,
/// an i32, says that a launch failed before, and sets it.
inline constexpr StringLiteral kAbiGpuLaunch = "attn_abi_gpu_launch";

/// What launches become before there are C functions: the same without the
/// status and the attn_exec, returning an i32.
inline constexpr StringLiteral kRuntimeGpuLaunch = "attn_rt_gpu_launch";

/// (status: ptr, attn_exec *, tensor: ptr, map: ptr): makes a tensor map by
/// `attn_gpu_encode_tensor_map` of GpuLaunch.h, with *status as above.
inline constexpr StringLiteral kAbiGpuTensorMap = "attn_abi_gpu_tensor_map";

/// What tensor maps become before there are C functions: the same without the
/// status and the attn_exec, returning an i32.
inline constexpr StringLiteral kRuntimeGpuTensorMap = "attn_rt_gpu_tensor_map";

/// (status: ptr, attn_exec *, module: ptr) -> i32: for which GPU the code is that
/// launches run, by `attn_gpu_arch` of GpuLaunch.h, with *status as above; 0 if
/// there is none.
inline constexpr StringLiteral kAbiGpuArch = "attn_abi_gpu_arch";
inline constexpr StringLiteral kRuntimeGpuArch = "attn_rt_gpu_arch";

/// What may be wrong with a tensor.
enum TensorFault : int32_t {
  kNullData = 1,
  kWrongDtype,
  kWrongRank,
  kWrongSize,
  kWrongStride,
  kMisaligned,
  kNumTensorFaults
};

/// attn_tensor and attn_exec of Abi.h.
LLVM::LLVMStructType getAbiTensorType(MLIRContext *context);
LLVM::LLVMStructType getAbiExecType(MLIRContext *context);

/// Adds the functions above to `module`, that for kernels only if it `launches`
/// some, and `attn_status_string` and `attn_abi_version`, which several objects
/// of a program may define.
LogicalResult insertAbiHelpers(ModuleOp module, bool launches);

} // namespace mlir::attn

#endif // ATTN_TARGET_CPU_ABIHELPERS_H
