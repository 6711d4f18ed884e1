//===- lib/ExecutionEngine/RecordChoice.h - Which keys were chosen --------===//
//
// Part of attn-mlir.
//
// Reports the keys that SparQ attention reads in full.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_EXECUTIONENGINE_RECORDCHOICE_H
#define ATTN_LIB_EXECUTIONENGINE_RECORDCHOICE_H

#include "attn/Dialect/Attn/IR/Attn.h"

namespace mlir::attn {

/// Replaces `op` by what it is made of, with a call of kRecordChoiceFunction
/// for each key that it chose for batch entry `batch` and query head `head`,
/// if there are these.
void addChoiceReport(SparqOp op, int64_t batch, int64_t head);

} // namespace mlir::attn

#endif // ATTN_LIB_EXECUTIONENGINE_RECORDCHOICE_H
