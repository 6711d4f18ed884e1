//===- HostTarget.h - What a processor can do -------------------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Describes the machine the compiler runs on, or another one by its name, as a
// `#attn.target`.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_TARGET_CPU_HOSTTARGET_H
#define ATTN_TARGET_CPU_HOSTTARGET_H

#include "attn/Dialect/Attn/IR/Attn.h"
#include "mlir/IR/BuiltinOps.h"

namespace llvm {
class Triple;
} // namespace llvm

namespace mlir::attn {

/// This machine: its widest vectors, their number, the caches of one core (in
/// bytes; 32 KiB and 512 KiB where the system does not say) and whether it
/// multiplies bf16 pairs.
TargetAttr getHostTarget(MLIRContext *context);

/// The processor LLVM calls `cpu` ("" is the oldest of the architecture) with
/// `features` ("+name,-name,...") changed. Fails for names LLVM does not know;
/// "native" is one of them. Caches come from a table, or are 32 KiB and
/// 512 KiB.
FailureOr<TargetAttr> getCpuTarget(MLIRContext *context,
                                   const llvm::Triple &triple, StringRef cpu,
                                   StringRef features);

/// Sets `attn.target` to this machine unless the module names a target.
void setHostTargetIfAbsent(ModuleOp module);

} // namespace mlir::attn

#endif // ATTN_TARGET_CPU_HOSTTARGET_H
