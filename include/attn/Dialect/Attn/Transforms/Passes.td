//===- Passes.td - Passes on the attn dialect --------------*- tablegen -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Passes that read and write attn ops; lowerings are in attn/Conversion.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_ATTN_TRANSFORMS_PASSES_TD
#define ATTN_DIALECT_ATTN_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

//===----------------------------------------------------------------------===//
// Raising
//===----------------------------------------------------------------------===//

//===----------------------------------------------------------------------===//
// Tiling and strategies
//===----------------------------------------------------------------------===//

#endif // ATTN_DIALECT_ATTN_TRANSFORMS_PASSES_TD
