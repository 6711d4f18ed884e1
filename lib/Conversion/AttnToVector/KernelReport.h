//===- KernelReport.h - What holds a kernel up ------------------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Says of an op which kernel it gets and why that is slower than it could be.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOVECTOR_KERNELREPORT_H
#define ATTN_LIB_CONVERSION_ATTNTOVECTOR_KERNELREPORT_H

#include "DecodeKernel.h"

namespace mlir::attn {

/// Remarks on what makes the kernels of `op` slow, and tells the process's
/// listener of them. Either shape may be null, not both.
void reportKernel(AttentionInterface op, const KernelShape *panel,
                  const DecodeShape *decode);
/// The same for the kernel of SparQ attention, which takes `tile` keys at a
/// time and reads channels of them only if `readsChannels`.
void reportSparqKernel(SparqStepOp op, int64_t lanes, int64_t tile,
                       bool readsChannels);

/// The same for the kernel of short blocks.
void reportLocalKernel(BlockLocalStepOp op, int64_t lanes, int64_t rowTile,
                       int64_t keyTile);

} // namespace mlir::attn

#endif // ATTN_LIB_CONVERSION_ATTNTOVECTOR_KERNELREPORT_H
