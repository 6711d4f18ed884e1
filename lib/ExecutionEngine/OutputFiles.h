//===- lib/ExecutionEngine/OutputFiles.h - All files or none --------------===//
//
// Part of attn-mlir.
//
// Writes several files so that an error leaves none of them half-written.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_EXECUTIONENGINE_OUTPUTFILES_H
#define ATTN_LIB_EXECUTIONENGINE_OUTPUTFILES_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

#include <string>

namespace mlir::attn {

/// A file to be written.
struct OutputFile {
  /// "-" is stdout.
  std::string path;
  llvm::ArrayRef<char> bytes;
  bool executable = false;
};

/// Whether `path` can be written, as far as that can be said before.
llvm::Error checkWritable(llvm::StringRef path);

/// Writes all files under temporary names, then renames them.
llvm::Error writeFiles(llvm::ArrayRef<OutputFile> files);

} // namespace mlir::attn

#endif // ATTN_LIB_EXECUTIONENGINE_OUTPUTFILES_H
