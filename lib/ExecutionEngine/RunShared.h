//===- lib/ExecutionEngine/RunShared.h - attn-run on a .so ----------------===//
//
// Part of attn-mlir.
//
// What attn-run does with a shared object made by attn-compile.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_EXECUTIONENGINE_RUNSHARED_H
#define ATTN_LIB_EXECUTIONENGINE_RUNSHARED_H

#include "attn/ExecutionEngine/Run.h"

#include "llvm/Support/Error.h"

namespace mlir {
class MLIRContext;

namespace attn {

/// Does what `options` ask with the shared object `options.file`. The exit
/// code, or why there is none.
llvm::Expected<int> runSharedObject(const RunOptions &options,
                                    MLIRContext &context,
                                    llvm::raw_ostream &out,
                                    llvm::raw_ostream &err);

} // namespace attn
} // namespace mlir

#endif // ATTN_LIB_EXECUTIONENGINE_RUNSHARED_H
