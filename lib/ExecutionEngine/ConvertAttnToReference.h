//===- lib/ExecutionEngine/ConvertAttnToReference.h - Reference calls -----===//
//
// Part of attn-mlir.
//
// Modules that compute, or check, attn ops with the f64 reference.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_EXECUTIONENGINE_CONVERTATTNTOREFERENCE_H
#define ATTN_EXECUTIONENGINE_CONVERTATTNTOREFERENCE_H

#include "ReferenceOps.h"

#include "mlir/IR/BuiltinOps.h"

namespace mlir::attn {

/// Makes every float of `module` an f64: types, constants, signatures; casts
/// between floats disappear. Fails, with a diagnostic, at what has no f64 form.
LogicalResult widenToF64(ModuleOp module);

/// Replaces each attn op by calls to the reference (see referenceSymbols).
LogicalResult convertAttnToReference(ModuleOp module, ReferenceTable &table);

/// After each attn op on tensors, calls the reference to compare its results.
LogicalResult insertReferenceChecks(ModuleOp module, ReferenceTable &table);

} // namespace mlir::attn

#endif // ATTN_EXECUTIONENGINE_CONVERTATTNTOREFERENCE_H
