//===- lib/ExecutionEngine/ToolName.h - Who speaks ------------------------===//
//
// Part of attn-mlir.
//
// The name before errors of compiled code.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_EXECUTIONENGINE_TOOLNAME_H
#define ATTN_LIB_EXECUTIONENGINE_TOOLNAME_H

namespace mlir::attn {

/// Says which tool runs compiled code in this process; attn-run if nobody does.
/// `name` must live on.
void setToolName(const char *name);

/// The name to put before errors.
const char *getToolName();

} // namespace mlir::attn

#endif // ATTN_LIB_EXECUTIONENGINE_TOOLNAME_H
