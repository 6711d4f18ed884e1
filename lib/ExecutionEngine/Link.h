//===- lib/ExecutionEngine/Link.h - Objects to shared objects -------------===//
//
// Part of attn-mlir.
//
// Calls the linker of the system.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_EXECUTIONENGINE_LINK_H
#define ATTN_LIB_EXECUTIONENGINE_LINK_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"
#include "llvm/TargetParser/Triple.h"

#include <string>

namespace llvm {
class raw_ostream;
} // namespace llvm

namespace mlir::attn {

/// Links `object` with the threads of lib/Runtime/SharedObject.c, and, if it
/// `launches` kernels, with lib/Runtime/GpuLaunch.c, to a shared object that
/// exports `exports` and what SharedObject.h declares. Warns on `err` if the
/// system has no OpenMP runtime.
llvm::Expected<llvm::SmallVector<char, 0>>
linkSharedObject(llvm::ArrayRef<char> object, const llvm::Triple &triple,
                 llvm::ArrayRef<std::string> exports, bool launches,
                 llvm::raw_ostream &err);

/// `object` and lib/Runtime/GpuLaunch.c as one object.
llvm::Expected<llvm::SmallVector<char, 0>>
linkGpuObject(llvm::ArrayRef<char> object, const llvm::Triple &triple);

} // namespace mlir::attn

#endif // ATTN_LIB_EXECUTIONENGINE_LINK_H
