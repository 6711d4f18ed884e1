//===- SoftFloat.h - Conversions processors lack ----------------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// LLVM calls conversions from and to 16-bit floats that the processor does not
// have by fixed names. Objects bring their own.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_TARGET_CPU_SOFTFLOAT_H
#define ATTN_LIB_TARGET_CPU_SOFTFLOAT_H

#include "llvm/ADT/StringRef.h"

namespace llvm {
class Module;
} // namespace llvm

namespace mlir::attn {

/// Defines the conversion `name` (such as `__truncsfhf2`) in `module`, hidden,
/// so that several objects of a program may each have one. False if there is
/// no such conversion.
bool defineSoftFloat(llvm::Module &module, llvm::StringRef name);

} // namespace mlir::attn

#endif // ATTN_LIB_TARGET_CPU_SOFTFLOAT_H
