//===- Processes.h - Other programs and their files -------------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Runs linkers and assemblers on temporary files.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_SUPPORT_PROCESSES_H
#define ATTN_SUPPORT_PROCESSES_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"

#include <memory>
#include <string>

namespace mlir::attn {

/// A folder for temporary files, removed with all that is in it.
class TemporaryFolder {
public:
  static llvm::Expected<std::unique_ptr<TemporaryFolder>> create();
  ~TemporaryFolder();

  /// The path of a file in it.
  std::string file(llvm::StringRef name) const;

  /// Writes a file and returns its path.
  llvm::Expected<std::string> write(llvm::StringRef name,
                                    llvm::StringRef bytes) const;

  /// Reads a file that another program made.
  llvm::Expected<llvm::SmallVector<char, 0>> read(llvm::StringRef name) const;

private:
  explicit TemporaryFolder(llvm::StringRef path) : path(path.str()) {}

  std::string path;
};

/// Runs a program; what it says goes into `output`. Whether it succeeded.
bool runProgram(llvm::ArrayRef<std::string> command,
                const TemporaryFolder &folder, std::string &output);

} // namespace mlir::attn

#endif // ATTN_SUPPORT_PROCESSES_H
