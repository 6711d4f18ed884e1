//===- ExpandFloat8.h - 8-bit floats by integers ----------------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// For targets without instructions for 8-bit floats.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_CONVERSION_EXPANDFLOAT8_EXPANDFLOAT8_H
#define ATTN_CONVERSION_EXPANDFLOAT8_EXPANDFLOAT8_H

namespace mlir {
class RewritePatternSet;
} // namespace mlir

namespace mlir::attn {

/// Patterns that write `arith.extf` and `arith.truncf` between 8-bit and wider
/// floats with integer arithmetic.
void populateExpandFloat8Patterns(RewritePatternSet &patterns);

} // namespace mlir::attn

#endif // ATTN_CONVERSION_EXPANDFLOAT8_EXPANDFLOAT8_H
