//===- include/attn/ExecutionEngine/Npy.h - .npy files --------------------===//
//
// Part of attn-mlir.
//
// A small strict reader and writer of numpy's .npy files.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_EXECUTIONENGINE_NPY_H
#define ATTN_EXECUTIONENGINE_NPY_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"

#include <memory>
#include <string>

namespace mlir::attn {

/// The element type of a .npy file: numpy's kind letter and the bytes of one
/// element, e.g. 'f' and 4 for float32. Kinds are f, i, u, b and V.
struct NpyDtype {
  char kind;
  unsigned bytes;

  /// As numpy prints it, e.g. "float32", "bool", "void16".
  std::string name() const;
};

/// A C-ordered little-endian array that was read from a file.
struct NpyArray {
  NpyDtype dtype;
  llvm::SmallVector<int64_t> shape;
  /// The elements; points into `file`.
  llvm::ArrayRef<char> data;
  /// The whole file.
  std::unique_ptr<llvm::MemoryBuffer> file;
};

/// Reads `path`; every error names the file and how to mend it. Accepts format
/// versions 1, 2 and 3, dtypes of kind f, i, u, b and V without fields.
llvm::Expected<NpyArray> readNpy(llvm::StringRef path);

/// As readNpy, from memory; `name` is used in errors.
llvm::Expected<NpyArray> parseNpy(std::unique_ptr<llvm::MemoryBuffer> file,
                                  llvm::StringRef name);

/// Writes a .npy file of version 1 (or 2 for very long shapes) through a
/// temporary file, so that `path` is whole or untouched.
llvm::Error writeNpy(llvm::StringRef path, NpyDtype dtype,
                     llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<char> data);

} // namespace mlir::attn

#endif // ATTN_EXECUTIONENGINE_NPY_H
