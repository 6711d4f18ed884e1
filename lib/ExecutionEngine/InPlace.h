//===- lib/ExecutionEngine/InPlace.h - Arguments that are updated ---------===//
//
// Part of attn-mlir.
//
// Updates arguments where they lie, as compiled objects do.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_EXECUTIONENGINE_INPLACE_H
#define ATTN_LIB_EXECUTIONENGINE_INPLACE_H

#include "attn/Dialect/Attn/Transforms/Transforms.h"

namespace mlir::attn {

/// The `attn.inout` tensors of `func` with the last results, their new values;
/// none if results do not fit.
SmallVector<InoutPair> findInoutPairs(func::FuncOp func);

/// Makes the public functions of `module`, on tensors, write new values of
/// `attn.inout` arguments to these, which become memrefs, instead of returning
/// them: a returned argument is a copy.
void updateInPlace(ModuleOp module);

} // namespace mlir::attn

#endif // ATTN_LIB_EXECUTIONENGINE_INPLACE_H
