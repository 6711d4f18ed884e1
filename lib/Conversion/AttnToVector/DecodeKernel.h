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
  int64_t rowTile;      ///< Most rows whose sums are in registers at once.
  int64_t capacity;     ///< Rows there is scratch for.
  int64_t rows;         ///< Known, or expected: those of one query.
  bool hasDot;          ///< Products of bf16 pairs in one instruction.
  bool isComputing;     ///< More time may go into products than into memory.
  bool isCertain;       ///< The rows are known to be few.

  /// Most query rows the kernel is meant for.
  static constexpr int64_t kMaxRows = 16;

  int64_t vectors() const { return block / lanes; }

  /// The shape for `op`, or nothing where the kernel does not apply: its rows
  /// are known to be many, or so long that scratch would not fit on a stack.
  static std::optional<DecodeShape> get(AttentionInterface op,
                                        const VectorTarget &target);
};

/// Softcap, bias, score region and dense mask, in the order of the contract, on
/// scores of one row in vectors of keys.
class KeyModifiers {
public:
  KeyModifiers(VectorBuilder &b, AttentionInterface op,
               const DecodeShape &shape, const Scratch &scratch);

  /// Whether there is anything to do.
  bool any() { return op.getSoftcapAttr() || mayExclude(); }
  /// Whether a key may lose every row here.
  bool mayExclude() { return op.getBias() || op.getMask() || region; }

  /// The scores of the block of `numKeys` keys from `firstKey` on for a row,
  /// given and returned in natural units; -inf where the mask excludes.
  SmallVector<Value> apply(SmallVector<Value> scores, Value batch, Value head,
                           Value query, Value firstKey, Value numKeys);

private:
  /// The elements of the block, in their own type.
  SmallVector<Value> load(const BroadcastOperand &operand, StringRef role,
                          Value batch, Value head, Value query, Value firstKey,
                          Value numKeys);
  SmallVector<Value> applyRegion(ArrayRef<Value> scores, Value batch,
                                 Value head, Value query, Value firstKey,
                                 Value numKeys);

  VectorBuilder &b;
  AttentionInterface op;
  const DecodeShape &shape;
  Scratch scratch;
  BroadcastOperand bias, mask;
  std::optional<ScoreRegion> region;
};

/// One vector whose lane i is the sum of the elements of `parts[i]`, as many
/// parts as lanes.
Value sumLanes(VectorBuilder &b, ArrayRef<Value> parts);

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
  /// One of the `count` times that all keys of a block are walked through.
  struct Pass {
    Value index;
    int64_t count;
  };
  /// Asks for cache lines of the block of rows from `firstKey` on, for the walk
  /// at key `index`: all walks together ask for all lines, in the order of
  /// their addresses.
  void request(KeySource &source, Value firstKey, Pass pass, Value index);

  // DecodeKernel.cpp: the state and the softmax.
  void emitRows(Value numRows, Value seqLenQ, Value firstHead);
  void packQueries();
  void readState();
  void writeState();
  void writePartial();
  void emitBlock(Value firstKey);
  void emitSoftmax(Value row, Value firstKey, Value numKeys);
  Value dropUnseen(Value numKeys);
  SmallVector<Value> limit(ArrayRef<Value> natural, Value row, Value firstKey);
  void grow(Value row, Value old, Value maximum);
  Value sumOf(Value row);
  void reorder(Value row, bool isRead);
  void copyRow(Value from, SmallVector<Value> fromRow, Value to,
               SmallVector<Value> toRow, int64_t columns,
               function_ref<Value(Value)> convert);

  // DecodeTiles.cpp: the products.
  int64_t getTileRows(const KeySource &source, int64_t vectors) const;
  void forEachRowTile(int64_t tile,
                      function_ref<void(Value firstRow, int64_t rows)> body);
  Value loadQuery(Value row, Value column);
  void emitScores(Value firstKey, Value numKeys);
  void emitScoreTile(Value firstRow, int64_t numTileRows,
                     ArrayRef<Value> loaded, Value firstKey, Value first,
                     Value numKeys);
  void emitSums(Value firstKey, Value numKeys);
  void emitSumTile(Value firstRow, int64_t numTileRows, Pass pass, Value column,
                   int64_t valid, Value firstKey, Value numKeys);

  VectorBuilder &b;
  AttentionInterface op;
  const DecodeShape shape;
  const KernelShape rowsShape;
  Scratch scratch;
  int64_t headDim, headDimV;
  int64_t step; ///< Columns of one load.
  KeySource keys, values;
  KeyModifiers modifiers;
  bool hasLimits = false;
  std::optional<PanelRows> rows;
  Value queries; ///< [row][head_dim].
  Value scores;  ///< [row][block]: scores, then powers.
  Value parts; ///< [accumulators][lanes]: what a tile of scores is summed from.
  Value powers;  ///< [row][block]: powers as the products take them.
  Value sums;    ///< [row][head_dim_v].
  Value maxima;  ///< [2][row]: running, in units of log2; as it was read.
  Value rowSums; ///< [row][lanes]: sums of powers, one for each lane.
  Value batch, kvHead, zero;
  Value seen; ///< [block]: not 0 for keys some row sees, or null.
  Value kept; ///< [block]: those keys, or null.
  Value numRows, factor, upper, lastKey;
};

} // namespace mlir::attn

#endif // ATTN_LIB_CONVERSION_ATTNTOVECTOR_DECODEKERNEL_H
