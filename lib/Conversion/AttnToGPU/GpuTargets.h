//===- GpuTargets.h - Kernels by the GPU they run on ------------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// The GPUs a module is compiled for, and the choice between kernels at run
// time.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOGPU_GPUTARGETS_H
#define ATTN_LIB_CONVERSION_ATTNTOGPU_GPUTARGETS_H

#include "GpuBuilder.h"

namespace mlir::attn {

/// The GPUs that the module of `op` is compiled for, the least one first: its
/// `attn.targets`, or its `attn.target`.
SmallVector<GpuTarget> getGpuTargets(Operation *op);

/// What all of `targets` have, and the most multiprocessors.
GpuTarget getCommonTarget(ArrayRef<GpuTarget> targets);

/// A kernel and the GPUs that are to run it.
struct KernelVariant {
  TileConfigAttr config;
  SmallVector<GpuTarget> targets;
};

/// Groups `targets` by what `choose` returns for each, in their order.
SmallVector<KernelVariant>
groupByKernel(ArrayRef<GpuTarget> targets,
              function_ref<TileConfigAttr(const GpuTarget &)> choose);

/// Emits the launches of each variant by `emit`, which gets what its GPUs have
/// in common: of several, those of the GPU the function runs on are launched,
/// and compiled for its GPUs only. The first is for whatever is not of the
/// others.
LogicalResult emitVariants(
    RewriterBase &rewriter, Location loc, ArrayRef<KernelVariant> variants,
    function_ref<LogicalResult(TileConfigAttr, const GpuTarget &)> emit);

} // namespace mlir::attn

#endif // ATTN_LIB_CONVERSION_ATTNTOGPU_GPUTARGETS_H
