//===- include/attn/Target/CPU/Passes.h - CPU passes ----------------------===//
//
// Part of attn-mlir.
//
// Factories and registration of the passes that lower to the host's LLVM.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_TARGET_CPU_PASSES_H
#define ATTN_TARGET_CPU_PASSES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

#include <memory>

namespace mlir {
class ModuleOp;
class OpPassManager;
class RewritePatternSet;

namespace attn {

/// The function of the runtime that attn-count-loads calls.
inline constexpr llvm::StringLiteral kCountLoadsFunction =
    "attn_rt_count_loads";

#define GEN_PASS_DECL
#include "attn/Target/CPU/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "attn/Target/CPU/Passes.h.inc"

/// What buildLowerToLLVMPipeline can be told.
struct LowerToLLVMOptions {
  /// Outline parallel loops into calls of `attn_rt_parallel_for`; otherwise
  /// they run on the calling thread.
  bool parallel = true;
  /// Lower `x86vector` ops; off on other processors.
  bool x86Vector = true;
  /// Write the C functions of Abi.h around public functions, which are as
  /// attn-bind-destinations leaves them.
  bool entryPoints = false;
};

/// Appends the passes from bufferized func, scf, linalg, vector, memref, arith
/// and math to the LLVM dialect.
void buildLowerToLLVMPipeline(OpPassManager &pm,
                              const LowerToLLVMOptions &options);

/// Registers the pipeline `attn-lower-to-llvm`.
void registerLowerToLLVMPipeline();

} // namespace attn
} // namespace mlir

#endif // ATTN_TARGET_CPU_PASSES_H
