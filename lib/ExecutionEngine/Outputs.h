//===- lib/ExecutionEngine/Outputs.h - What came out ----------------------===//
//
// Part of attn-mlir.
//
// Where the results of a call go.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_EXECUTIONENGINE_OUTPUTS_H
#define ATTN_LIB_EXECUTIONENGINE_OUTPUTS_H

#include "attn/ExecutionEngine/Verify.h"

namespace mlir::attn {

/// Refuses before the work what could not be written after it: `outputs` are
/// the `--output` flags of a call with `numResults` results.
llvm::Error checkOutputs(llvm::ArrayRef<std::string> outputs,
                         size_t numResults);

/// Writes results to `outputs` in order; a line on `out` for each of the rest.
llvm::Error emitResults(llvm::ArrayRef<std::string> outputs,
                        llvm::ArrayRef<NamedValue> results,
                        llvm::raw_ostream &out);

} // namespace mlir::attn

#endif // ATTN_LIB_EXECUTIONENGINE_OUTPUTS_H
