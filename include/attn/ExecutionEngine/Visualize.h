//===- include/attn/ExecutionEngine/Visualize.h - What attn-viz does ------===//
//
// Part of attn-mlir.
//
// Draws which keys the queries of a module's ops see.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_EXECUTIONENGINE_VISUALIZE_H
#define ATTN_EXECUTIONENGINE_VISUALIZE_H

#include "llvm/Support/raw_ostream.h"

#include <cstdint>
#include <string>
#include <vector>

namespace mlir::attn {

/// The command line of attn-viz.
struct VisualizeOptions {
  std::string file;
  /// Where the picture goes: .svg or .png.
  std::string output;
  std::string function;
  std::vector<std::string> inputs;
  std::string strategy;
  /// Number of the op to draw, in the order of the text; -1: all.
  int64_t op = -1;
  int64_t batch = 0, head = 0;
  /// Queries of a tile; 0: those of a cell of the picture.
  int64_t tile = 0;
};

/// Does all that `options` ask. Prints a line an op to `out`, errors to `err`
/// as `attn-viz: error: ...`; returns the exit code.
int visualizeModule(const VisualizeOptions &options, llvm::raw_ostream &out,
                    llvm::raw_ostream &err);

} // namespace mlir::attn

#endif // ATTN_EXECUTIONENGINE_VISUALIZE_H
