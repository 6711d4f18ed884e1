//===- lib/ExecutionEngine/DrawPattern.h - From patterns to a picture -----===//
//
// Part of attn-mlir.
//
// Lays out patterns with their axes, titles and a legend.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_EXECUTIONENGINE_DRAWPATTERN_H
#define ATTN_LIB_EXECUTIONENGINE_DRAWPATTERN_H

#include "KeyPattern.h"
#include "Picture.h"

namespace mlir::attn {

/// A pattern and where it comes from.
struct Panel {
  /// "attn.sdpa", "f.mlir:3:8", "blockwise".
  std::string op, place, strategy;
  PatternRequest request;
  KeyPattern pattern;

  /// "attn.sdpa at f.mlir:3:8, strategy blockwise".
  std::string describeOp() const;
  /// "batch 0, head 0: 36 of 64 pairs visible (56.25 %)".
  std::string describePairs() const;
};

/// The panels, one below the other.
Picture drawPatterns(llvm::ArrayRef<Panel> panels);

} // namespace mlir::attn

#endif // ATTN_LIB_EXECUTIONENGINE_DRAWPATTERN_H
