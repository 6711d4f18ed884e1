//===- KeyRows.h - Rows of key and value in lanes ---------------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// As many lanes as hold a row share it, each with accesses of up to 16 bytes.
// Pages are looked up, numbers of 8 bits multiplied by their scales.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOGPU_KEYROWS_H
#define ATTN_LIB_CONVERSION_ATTNTOGPU_KEYROWS_H

#include "GpuBuilder.h"

namespace mlir::attn {

/// Keys and values that some queries of an op see besides those in key and
/// value: its anchors or prefixes.
struct ExtraKeys {
  Value key, value; ///< Or null.

  explicit ExtraKeys(Operation *op);
};

/// How lanes share rows of key and value.
struct RowShape {
  int64_t width;                  ///< Columns of one access.
  int64_t lanes;                  ///< That share a row.
  int64_t keyChunks, valueChunks; ///< Accesses of a lane to a row.

  explicit RowShape(AttentionInterface op);

  /// Groups of lanes of a warp.
  int64_t numGroups() const { return kWarpSize / lanes; }
};

/// A lane and the key head whose rows it reads.
struct KeyLane {
  Value batch, kvHead;
  Value lane; ///< In its warp.
};

/// Reads rows of the key and value of one op.
class KeyRows {
public:
  KeyRows(GpuBuilder &b, AttentionInterface op)
      : shape(op), b(b), op(op), extra(op) {}

  const RowShape shape;

  /// The first column of a lane's chunk.
  Value column(Value lane, int64_t chunk);
  /// Chunks of a row as they lie in memory, 0 beyond its last column.
  SmallVector<Value> loadRow(Value lane, Value memref, ArrayRef<Value> at,
                             int64_t width, int64_t chunks);
  /// Chunks of a row of key, or of value, as they lie in memory.
  SmallVector<Value> load(const KeyLane &from, bool isValue, Value key);
  /// The same, of a row of the op's extra keys or values.
  SmallVector<Value> loadExtra(const KeyLane &from, bool isValue, Value key);
  /// A chunk as numbers, times `scale` unless that is null.
  Value dequantize(const KeyLane &from, Value chunk, Value scale, Value key,
                   Value column);
  /// The product of a row and a query, of which each lane has its chunks as
  /// numbers: in every lane that shares the row.
  Value multiply(ArrayRef<Value> row, ArrayRef<Value> query);

private:
  SmallVector<Value> loadOf(const KeyLane &from, bool isValue, Value operand,
                            Value entry, Value row);

  GpuBuilder &b;
  AttentionInterface op;
  ExtraKeys extra;
};

} // namespace mlir::attn

#endif // ATTN_LIB_CONVERSION_ATTNTOGPU_KEYROWS_H
