//===- InitAll.h - Register everything of ours ------------------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// What a tool calls to know the attn dialect, its extensions and its passes.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_INITALL_H
#define ATTN_INITALL_H

#include "mlir/IR/DialectRegistry.h"

namespace mlir::attn {

/// Registers the attn dialect and the external models that let upstream passes
/// tile, bufferize and decompose its ops.
void registerAllDialectsAndExtensions(DialectRegistry &registry);

/// Registers dialects of others that our tools read: torch-mlir's tm_tensor.
/// Not for a process that has the real ones.
void registerShadowDialects(DialectRegistry &registry);

/// Registers our passes and pipelines.
void registerAllPasses();

} // namespace mlir::attn

#endif // ATTN_INITALL_H
