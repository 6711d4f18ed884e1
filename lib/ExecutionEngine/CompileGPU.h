//===- lib/ExecutionEngine/CompileGPU.h - Kernels of an object ------------===//
//
// Part of attn-mlir.
//
// What attn-compile does with the kernels of a lowered module.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_EXECUTIONENGINE_COMPILEGPU_H
#define ATTN_LIB_EXECUTIONENGINE_COMPILEGPU_H

#include "CompileFlags.h"
#include "Stages.h"

#include "attn/ExecutionEngine/Manifest.h"
#include "attn/Target/GPU/Serialize.h"

namespace mlir::attn {

/// Compiles the kernels of `module`, which has been through attn-to-gpu, for
/// each of `archs`. PTX and cubins come back as `bytes`; for other kinds the
/// code is put into `module`. Notes in `manifest` what ptxas said. Tells
/// `remark` if there is none.
llvm::Error
compileGpuKernels(ModuleOp module, llvm::ArrayRef<const GpuArch *> archs,
                  OutputKind kind, Manifest &manifest, StageDumper &dumper,
                  llvm::SmallVectorImpl<char> &bytes,
                  llvm::function_ref<void(const llvm::Twine &)> remark);

} // namespace mlir::attn

#endif // ATTN_LIB_EXECUTIONENGINE_COMPILEGPU_H
