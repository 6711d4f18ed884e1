//===- lib/ExecutionEngine/CompileFlags.h - What to make ------------------===//
//
// Part of attn-mlir.
//
// What the flags of attn-compile ask for, and whether they agree.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_EXECUTIONENGINE_COMPILEFLAGS_H
#define ATTN_LIB_EXECUTIONENGINE_COMPILEFLAGS_H

#include "attn/ExecutionEngine/Compile.h"

#include "llvm/Support/Error.h"

namespace mlir::attn {

/// What attn-compile can make.
enum class OutputKind { MLIR, LLVMIR, Assembly, Object, Shared, PTX, Cubin };

/// The kind that `--emit` or the suffix of the output says. Fails where flags
/// are missing, unknown or contradict each other.
llvm::Expected<OutputKind> chooseOutput(const CompileFileOptions &options);

} // namespace mlir::attn

#endif // ATTN_LIB_EXECUTIONENGINE_COMPILEFLAGS_H
