//===- lib/ExecutionEngine/UndefinedSymbols.h - What objects need ---------===//
//
// Part of attn-mlir.
//
// Objects call the C library's memory and math functions, or nobody.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_EXECUTIONENGINE_UNDEFINEDSYMBOLS_H
#define ATTN_LIB_EXECUTIONENGINE_UNDEFINEDSYMBOLS_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"

#include <string>

namespace mlir::attn {

/// Reports the symbols of `undefined` that an object compiled from `source` may
/// not need, each at the op of `source` that needs it, where one is found.
/// `launches`: what launches kernels will be linked to it.
llvm::Error checkUndefinedSymbols(ModuleOp source,
                                  llvm::ArrayRef<std::string> undefined,
                                  bool freestanding, bool launches);

} // namespace mlir::attn

#endif // ATTN_LIB_EXECUTIONENGINE_UNDEFINEDSYMBOLS_H
