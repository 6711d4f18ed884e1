//===- lib/ExecutionEngine/CHeader.h - Headers of objects -----------------===//
//
// Part of attn-mlir.
//
// Writes the C header of a compiled module.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_EXECUTIONENGINE_CHEADER_H
#define ATTN_LIB_EXECUTIONENGINE_CHEADER_H

#include "attn/ExecutionEngine/Manifest.h"

namespace mlir::attn {

/// The header, valid as C99 and C++11, which includes nothing of ours. Fails
/// for functions whose names C does not have.
llvm::Expected<std::string> writeCHeader(const Manifest &manifest);

} // namespace mlir::attn

#endif // ATTN_LIB_EXECUTIONENGINE_CHEADER_H
