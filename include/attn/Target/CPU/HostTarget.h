//===- HostTarget.h - What this machine can do ------------------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Describes the machine the compiler runs on as a `#attn.target`.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_TARGET_CPU_HOSTTARGET_H
#define ATTN_TARGET_CPU_HOSTTARGET_H

#include "attn/Dialect/Attn/IR/Attn.h"
#include "mlir/IR/BuiltinOps.h"

namespace mlir::attn {

/// This machine: its widest vectors, their number, the caches of one core (in
/// bytes; 32 KiB and 512 KiB where the system does not say) and whether it
/// multiplies bf16 pairs.
TargetAttr getHostTarget(MLIRContext *context);

/// Sets `attn.target` to this machine unless the module names a target.
void setHostTargetIfAbsent(ModuleOp module);

} // namespace mlir::attn

#endif // ATTN_TARGET_CPU_HOSTTARGET_H
