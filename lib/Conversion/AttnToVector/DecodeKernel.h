//===- DecodeKernel.h - The kernel of few query rows ------------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// With few rows (a decoding step: the queries of the heads that share keys) the
// time is that of reading key and value, once. Here the lanes are elements of a
// row of memory: columns of head_dim in products, of head_dim_v in sums; in
// between, scores are [row][key] and lanes are keys. The panel kernel, whose
// lanes are queries, reads keys as scalars and would wait for them.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOVECTOR_DECODEKERNEL_H
#define ATTN_LIB_CONVERSION_ATTNTOVECTOR_DECODEKERNEL_H

#include "KeySource.h"

namespace mlir::attn {

/// Numbers of elements the decode kernel works on at a time.
struct DecodeShape {
  int64_t lanes;        ///< Elements of one vector.
  int64_t accumulators; ///< Vectors of sums in registers.
  int64_t block;        ///< Keys between two looks at the running maximum.
  int64_t rowTile;      ///< Rows whose sums are in registers at once.
  int64_t capacity;     ///< Rows there is scratch for.
  bool hasDot;          ///< Products of bf16 pairs in one instruction.

  /// Most query rows the kernel is meant for.
  static constexpr int64_t kMaxRows = 16;

  /// The shape for `op`, or nothing where the kernel does not apply: its rows
  /// are known to be many, or key or value rows are not contiguous.
  static std::optional<DecodeShape> get(AttentionInterface op,
                                        const VectorTarget &target);
};

/// Emits the decode kernel of one op.
class DecodeKernel {
public:
  DecodeKernel(VectorBuilder &b, AttentionInterface op,
               const DecodeShape &shape, const Scratch &scratch);

  void emit();

private:
  /// Columns of one load; of scratch, as many loads of them as a row takes.
  int64_t alignedColumns(int64_t columns) const {
    return llvm::alignTo(columns, step);
  }
  /// `step` columns of a row of the block from `column` on, of which `count`
  /// exist and the others are zero.
  Value loadColumns(const KeySource &source, Value row, Value column,
                    int64_t count);
  /// Asks for cache lines [first, first + count) of the rows from `key` on,
  /// counted through all of them.
  void request(KeySource &source, Value key, Value first, int64_t count);

  // DecodeKernel.cpp: the state and the softmax.
  void emitRows(Value numRows, Value seqLenQ, Value firstHead);
  void packQueries();
  void readState();
  void writeState();
  void writePartial();
  void emitBlock(Value firstKey);
  void emitSoftmax(Value row, Value firstKey);
  SmallVector<Value> limit(ArrayRef<Value> natural, Value row, Value firstKey);
  void grow(Value row, Value old, Value maximum);
  Value sumOf(Value row);
  void reorder(Value row, bool isRead);
  void copyRow(Value from, SmallVector<Value> fromRow, Value to,
               SmallVector<Value> toRow, int64_t columns,
               function_ref<Value(Value)> convert);

  // DecodeTiles.cpp: the products.
  void forEachRowTile(function_ref<void(Value firstRow, int64_t rows)> body);
  void emitScores(Value firstKey, Value numKeys);
  void emitScoreTile(Value firstRow, int64_t numTileRows, Value firstKey,
                     Value first, Value numKeys);
  void emitSums(Value firstKey, Value numKeys);
  void emitSumTile(Value firstRow, int64_t numTileRows, Value chunk,
                   int64_t chunks, int64_t columns, int64_t valid,
                   Value firstKey, Value numKeys);

  VectorBuilder &b;
  AttentionInterface op;
  const DecodeShape shape;
  const KernelShape rowsShape;
  Scratch scratch;
  int64_t headDim, headDimV;
  int64_t step; ///< Columns of one load.
  KeySource keys, values;
  bool hasLimits = false;
  std::optional<PanelRows> rows;
  Value queries; ///< [row][head_dim].
  Value scores;  ///< [row][block]: scores, then powers.
  Value powers;  ///< [row][block]: powers as the products take them.
  Value sums;    ///< [row][head_dim_v].
  Value maxima;  ///< [2][row]: running, in units of log2; as it was read.
  Value rowSums; ///< [row][lanes]: sums of powers, one for each lane.
  Value batch, kvHead, zero;
  Value kept; ///< [block]: the keys somebody sees, or null.
  Value numRows, factor, upper, lastKey;
};

} // namespace mlir::attn

#endif // ATTN_LIB_CONVERSION_ATTNTOVECTOR_DECODEKERNEL_H
