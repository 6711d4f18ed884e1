//===- PanelMask.h - A boolean mask of a panel ------------------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// A dense mask is one byte a query and key, rows of keys in memory. Most blocks
// of most masks are all visible or not at all, so a block is looked at first;
// one that is neither is transposed, so that the lanes of a key are adjacent.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOVECTOR_PANELMASK_H
#define ATTN_LIB_CONVERSION_ATTNTOVECTOR_PANELMASK_H

#include "Kernel.h"

namespace mlir::attn {

/// The mask of an op whose mask has a dimension for keys, i8 with nonzero for
/// visible.
class PanelMask {
public:
  PanelMask(VectorBuilder &b, BroadcastOperand mask, const KernelShape &shape,
            const Scratch &scratch, PanelRows &rows);

  /// Begins a panel of rows of one batch entry.
  void beginPanel(Value batchIndex);

  /// Whether any row sees any of the keys, and whether each sees all (i1).
  struct Summary {
    Value any, all;
  };
  Summary summarize(Value firstKey, Value numKeys);

  /// Brings the mask of a block into lanes.
  void beginBlock(Value firstKey, Value numKeys);
  /// The lanes of a group that see a key of the block (vector of i1).
  Value visible(Value firstKey, Value key, int64_t group);

private:
  SmallVector<Value> index(Value lane, Value key);
  Value loadBytes(int64_t width, ValueRange at);
  void transposeRows(Value first, int64_t width, Value firstKey, Value key);

  VectorBuilder &b;
  BroadcastOperand mask;
  const KernelShape &shape;
  PanelRows &rows;
  Value batch;
  Value numRows; ///< Lanes that differ: one where the mask is that of all.
  Value bytes;   ///< [block][panel, at least 16], or null.
  bool isContiguous;
};

} // namespace mlir::attn

#endif // ATTN_LIB_CONVERSION_ATTNTOVECTOR_PANELMASK_H
