//===- lib/ExecutionEngine/RecordPattern.h - Run the key ranges -----------===//
//
// Part of attn-mlir.
//
// Runs what an op's key ranges depend on, and nothing else of its function.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_EXECUTIONENGINE_RECORDPATTERN_H
#define ATTN_LIB_EXECUTIONENGINE_RECORDPATTERN_H

#include "KeyPattern.h"

#include "attn/Dialect/Attn/IR/Attn.h"
#include "attn/ExecutionEngine/Program.h"

namespace mlir::attn {

/// Puts what `source` calls in its place, so that its ops are all in one
/// function.
llvm::Error inlineCalls(const Source &source);

/// The ops with key ranges of the function of `source`, in the order of the
/// text: what attn-record-key-ranges numbers.
llvm::SmallVector<AttentionInterface> getPatternOps(const Source &source);

/// Records the pattern of op `number` of `source`, whose calls are inlined.
/// `inputs` has a text for each argument; those that the key ranges do not
/// depend on are not needed, and sizes alone only as sizes. A boolean mask is
/// read where it is given.
llvm::Expected<KeyPattern> recordPattern(const Source &source, int64_t number,
                                         llvm::ArrayRef<InputText> inputs,
                                         const PatternRequest &request);

} // namespace mlir::attn

#endif // ATTN_LIB_EXECUTIONENGINE_RECORDPATTERN_H
