//===- lib/ExecutionEngine/RunDistributed.h - attn-run by ranks -*- C++ -*-===//
//
// Part of attn-mlir.
//
// One program, cut over the ranks that mpirun started.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_EXECUTIONENGINE_RUNDISTRIBUTED_H
#define ATTN_LIB_EXECUTIONENGINE_RUNDISTRIBUTED_H

#include "attn/ExecutionEngine/Communicator.h"
#include "attn/ExecutionEngine/Run.h"

namespace mlir {
class MLIRContext;

namespace attn {

/// Whether the program is to be cut over ranks: a launcher started this
/// process, or the user asks for it.
bool wantsRanks(const RunOptions &options);

/// Does what `options` ask as one of the ranks. Every rank makes all inputs,
/// takes its part, and runs; rank 0 has the results and speaks. Returns the
/// exit code, on all ranks alike, or nothing if the function is a rank's
/// program already: `ranks` are then for whoever runs it.
llvm::Expected<std::optional<int>>
runDistributed(const RunOptions &options, MLIRContext &context,
               std::unique_ptr<Communicator> &ranks, llvm::raw_ostream &out,
               llvm::raw_ostream &err);

} // namespace attn
} // namespace mlir

#endif // ATTN_LIB_EXECUTIONENGINE_RUNDISTRIBUTED_H
