//===- KeySource.h - Where a kernel reads keys or values --------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// A kernel works on a block of consecutive keys at a time and wants their rows
// as a matrix. Whether they are read where they lie, or looked up in pages,
// converted and scaled into scratch before, is decided here.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOVECTOR_KEYSOURCE_H
#define ATTN_LIB_CONVERSION_ATTNTOVECTOR_KEYSOURCE_H

#include "Kernel.h"

namespace mlir::attn {

/// What a kernel reads of an op's keys, or values, and as what.
struct KeySpec {
  AttentionInterface op;
  /// Whether these are the values.
  bool isValue = false;
  /// The element type the kernel wants: the operand's own where there is no
  /// scale, or the accumulator's.
  Type type;
  /// Most keys of a block.
  int64_t block = 0;
  /// Whether consecutive elements of a row must be adjacent. Where they need
  /// not be, any innermost stride is read in place.
  bool needsContiguousRows = false;

  Value getOperand() const;
  Value getScale() const;
  int64_t getColumns() const;
  /// True if blocks are made in scratch, always or where one does not lie in
  /// one page.
  bool needsScratch() const;
  /// True if no block is read in place.
  bool isAlwaysCopied() const;
};

/// The keys, or the values, of one key head, a block at a time.
class KeySource {
public:
  KeySource(VectorBuilder &b, const KeySpec &spec, const Scratch &scratch);

  /// The type of the operand, rows of which are the last dimension.
  MemRefType getOperandType() const {
    return llvm::cast<MemRefType>(operand.getType());
  }

  /// Begins the rows of one key head of one batch entry.
  void beginHead(Value batchIndex, Value kvHeadIndex) {
    batch = batchIndex;
    kvHead = kvHeadIndex;
  }
  /// Makes the keys [firstKey, firstKey + numKeys) ready, at least one and at
  /// most a block of them. Nothing but their rows, their scales and their page
  /// table entries is read.
  void beginBlock(Value firstKey, Value numKeys);

  /// The rows of the block: a memref [key][column] of the wanted type. There is
  /// nothing to read beyond the keys of the block.
  Value rows() const { return matrix; }
  /// Asks for the memory around elements of a row of the operand: of any key
  /// there is.
  void prefetch(Value key, ValueRange columns);
  /// One element of a row of the block.
  Value load(Value row, Value column) { return b.load(matrix, {row, column}); }

private:
  /// What a dequantisation scale depends on.
  enum class ScalePer { None, Head, Key, Column };

  SmallVector<Value> inOperand(Value entry, Value row, Value column);
  Value page(Value key);
  Value view(Value entry, Value row, Value numKeys);
  void copyRows(Value firstKey, Value numKeys, ScalePer scalePer);
  SmallVector<Value> scaleIndex(Value key, Value column);
  Value loadScale(Value key, ScalePer scalePer);

  VectorBuilder &b;
  KeySpec spec;
  Value operand, scale, pageTable;
  bool isContiguous;
  int64_t pageSize = 0;
  Value buffer;    ///< [block][columns], or null.
  Value isUnit[4]; ///< Whether a dynamic dimension of the scale is 1, or null.
  Value batch, kvHead, matrix;
};

} // namespace mlir::attn

#endif // ATTN_LIB_CONVERSION_ATTNTOVECTOR_KEYSOURCE_H
