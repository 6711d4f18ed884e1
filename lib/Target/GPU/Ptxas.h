//===- Ptxas.h - NVIDIA's assembler -----------------------------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Calls ptxas and understands what it says.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_TARGET_GPU_PTXAS_H
#define ATTN_LIB_TARGET_GPU_PTXAS_H

#include "attn/Target/GPU/Serialize.h"

namespace mlir::attn {

/// What ptxas said about one kernel, or about all ("").
struct PtxasWarning {
  std::string kernel, text;
};

/// Fills in what `log`, the output of `ptxas -v`, says of kernels.
void readPtxasLog(StringRef log, const GpuArch &arch,
                  std::vector<GpuKernelFacts> &facts,
                  SmallVectorImpl<PtxasWarning> &warnings);

/// Assembles `code.ptx`.
llvm::Error assemble(GpuCode &code, StringRef ptxas,
                     SmallVectorImpl<PtxasWarning> &warnings);

} // namespace mlir::attn

#endif // ATTN_LIB_TARGET_GPU_PTXAS_H
