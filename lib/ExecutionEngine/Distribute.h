//===- lib/ExecutionEngine/Distribute.h - Programs of ranks -----*- C++ -*-===//
//
// Part of attn-mlir.
//
// Makes of a module what each of several ranks runs, as attn-star-distribute
// does.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_EXECUTIONENGINE_DISTRIBUTE_H
#define ATTN_LIB_EXECUTIONENGINE_DISTRIBUTE_H

#include "attn/ExecutionEngine/Program.h"

namespace mlir::attn {

/// Rewrites the attention of `source` as `strategy` asks, where that is Star
/// Attention, and its functions to what each rank runs. `options` are those of
/// attn-star-distribute, with commas or spaces between them. The text of
/// `source` becomes that of the result. Diagnostics say what cannot be
/// distributed.
llvm::Error distribute(ModuleSource &source, llvm::StringRef strategy,
                       llvm::StringRef options);

/// Whether `source` is a rank's program already: it takes parts, or a
/// communicator.
bool isDistributed(const Source &source);

} // namespace mlir::attn

#endif // ATTN_LIB_EXECUTIONENGINE_DISTRIBUTE_H
