//===- lib/ExecutionEngine/State.h - What functions keep ------------------===//
//
// Part of attn-mlir.
//
// Gives functions the state that a strategy asks for, and fills it before the
// first call.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_EXECUTIONENGINE_STATE_H
#define ATTN_LIB_EXECUTIONENGINE_STATE_H

#include "attn/ExecutionEngine/Program.h"

namespace llvm {
class raw_ostream;
} // namespace llvm

namespace mlir::attn {

/// Whether `strategy`, which parses, makes arguments of a function's state
/// (sparq with state=args).
bool asksForState(MLIRContext *context, llvm::StringRef strategy);

/// Rewrites the module of `source` as `strategy` asks, which asksForState: its
/// functions get new arguments, and others, NAME_prepare, come with them.
llvm::Error rewriteWithState(ModuleSource &source, llvm::StringRef strategy);

/// Inputs for `source` as `specs` say. State that they leave out is made by
/// NAME_prepare from the caches among them, as it is before a call on these
/// inputs; says so on `out`.
llvm::Expected<llvm::SmallVector<TensorValue>>
bindInputsAndState(MLIRContext *context, llvm::ArrayRef<std::string> specs,
                   const Source &source, llvm::raw_ostream &out);

/// Ends the upkeep of state in `module`, which nothing reads: its arguments
/// stay what they are.
void dropState(ModuleOp module);

} // namespace mlir::attn

#endif // ATTN_LIB_EXECUTIONENGINE_STATE_H
