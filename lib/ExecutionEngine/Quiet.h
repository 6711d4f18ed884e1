//===- lib/ExecutionEngine/Quiet.h - Copies that say nothing --------------===//
//
// Part of attn-mlir.
//
// Keeps what is compiled besides the user's program from repeating remarks.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_EXECUTIONENGINE_QUIET_H
#define ATTN_LIB_EXECUTIONENGINE_QUIET_H

#include "mlir/IR/Diagnostics.h"

namespace mlir::attn {

/// While it lives, remarks and warnings of its context are not shown: the
/// program that they are about has been compiled once with them. Errors are.
class QuietDiagnostics : public ScopedDiagnosticHandler {
public:
  explicit QuietDiagnostics(MLIRContext *context)
      : ScopedDiagnosticHandler(context, [](Diagnostic &diagnostic) {
          return success(diagnostic.getSeverity() != DiagnosticSeverity::Error);
        }) {}
};

} // namespace mlir::attn

#endif // ATTN_LIB_EXECUTIONENGINE_QUIET_H
