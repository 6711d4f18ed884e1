//===- LocalKernel.h - The kernel of short blocks ---------------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Thousands of attentions of a few rows to a few keys: what counts is that
// nothing but query, key, value and output goes through memory, and that no
// block costs more than its products. There is no running softmax. In products
// the lanes are columns of head_dim, as rows lie in memory; sums over lanes
// leave scores with query rows in lanes, so that a softmax is elementwise and
// the vectors of all keys are the row's only state; values are weighted by one
// lane at a time. Blocks of few products are written out and stay in registers;
// others are gone through in tiles, with their scores in scratch.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOVECTOR_LOCALKERNEL_H
#define ATTN_LIB_CONVERSION_ATTNTOVECTOR_LOCALKERNEL_H

#include "DecodeKernel.h"

namespace mlir::attn {

/// Emits the kernel of one op.
class LocalKernel {
public:
  LocalKernel(VectorBuilder &b, BlockLocalStepOp step,
              const VectorTarget &target, ScratchPool &pool);

  void emit();

private:
  /// A block and key head, and the query rows of all heads that share it, one
  /// head after the other.
  struct Unit {
    Value batch, kvHead;
    Value firstRow, firstKey, firstPrefix; ///< Of the sequence.
    Value rows;                            ///< Rows of a head that exist.
    Value used;       ///< Those before q_len, at most; null if all are.
    Value allKeys;    ///< Keys that exist.
    Value keys;       ///< Those that are in use.
    Value prefix;     ///< Keys of the prefix that are in use.
    Value toHi, toLo; ///< From a row's position to its last key + 1, its first.
  };
  /// `lanes` rows of a unit, from `first` on.
  struct Chunk {
    Value first;
    Value hi, lo; ///< The keys of each row: vectors, or null.
    Value isUsed; ///< The rows that see anything, or null.
    Value keyHi;  ///< An end of the keys of all rows.
  };
  /// Keys of one operand: the prefix, or the block's own.
  struct Keys {
    Value key, value;
    Value first;  ///< Row of the sequence.
    int64_t base; ///< Row of scratch.
    bool isPrefix;
  };

  // LocalKernel.cpp: blocks, rows and what they see.
  void emitTask(Value first, Value end);
  void beginTiles();
  Unit getUnit(Value index);
  void fillPositions();
  void emitUnit(const Unit &unit);
  Chunk beginChunk(const Unit &unit, Value first);
  /// The keys [lo, hi) of rows [first, first + rowTile) of a unit.
  std::pair<Value, Value> getTileKeys(const Unit &unit, Value first);
  /// Head and row in the sequence of a unit's row; rows that do not exist are
  /// the last one.
  std::pair<Value, Value> getRow(const Unit &unit, Value row);
  /// Calls `body` if a row of the unit exists.
  void ifRow(const Unit &unit, Value row, function_ref<void()> body);
  SmallVector<Keys, 2> getKeys(const Unit &unit);
  SmallVector<Value> indexOf(Value batch, Value head, Value row, Value column);
  Value ceilDiv(Value x, int64_t divisor);
  Value clamp(Value x, Value lo, Value hi);
  /// A small index as a vector of floats.
  Value toFloats(Value index);

  // LocalScores.cpp: products, softmax and sums.
  /// `count` columns of a row, at most as many as lanes, as floats; the lanes
  /// beyond are 0.
  Value loadColumns(Value operand, ArrayRef<Value> at, int64_t count);
  void storeColumns(Value vector, Value operand, ArrayRef<Value> at,
                    int64_t count);
  void emitScores(const Unit &unit, const Keys &keys, Value firstRow,
                  Value lane, Value lo, Value hi);
  void emitScoreTile(const Unit &unit, const Keys &keys,
                     ArrayRef<std::pair<Value, Value>> rows, Value lane,
                     Value firstKey, Value end);
  /// A product in natural units, or, where nothing is added to it any more, in
  /// those of log2.
  Value toScore(Value product);
  /// The score of one key, as a vector of floats, where the rows see it, else
  /// -inf.
  Value limit(Value score, const Chunk &chunk, bool isPrefix, Value key);
  Value modify(Value score, const Unit &unit, const Chunk &chunk,
               const Keys &keys, Value key);
  /// The elements of the rows of a chunk at one key.
  Value gather(const BroadcastOperand &operand, const Unit &unit,
               const Chunk &chunk, Value key);
  void emitSoftmax(const Unit &unit, const Chunk &chunk);
  void writeLse(const Unit &unit, const Chunk &chunk, Value lse);
  void emitSums(const Unit &unit, const Chunk &chunk, Value firstRow,
                Value lane, Value lo, Value hi);

  // LocalWhole.cpp: blocks that are written out.
  void planWhole();
  bool maySee(int64_t row, int64_t key);
  SmallVector<Unit> getMembers(Value index, Value end);
  Value lacksAny(ArrayRef<Unit> units);
  std::pair<Value, Value> getUnitKeys(const Unit &unit);
  Value perMember(ArrayRef<Value> numbers);
  void emitWhole(ArrayRef<Unit> units);
  void emitWholeRows(ArrayRef<Unit> units, int64_t first);
  void prefetchRow(Value operand, ArrayRef<Value> at, int64_t width,
                   int64_t bytesAhead, bool isWrite);

  VectorBuilder &b;
  BlockLocalStepOp step;
  AttentionInterface op;
  ScratchPool &pool;
  std::optional<Scratch> scratch; ///< Of the parallel loop.
  BroadcastOperand bias, mask;
  int64_t lanes, group, headDim, headDimV;
  int64_t blockRows, blockKeys, prefixKeys;
  int64_t unitRows;         ///< Of all heads of a unit.
  int64_t rowTile, keyTile; ///< Scores whose sums are in registers.
  int64_t accumulators;
  bool hasOneBlock;                ///< Each batch entry is one block.
  bool isRaggedQ, isRaggedKv;      ///< The last block may be short.
  bool isWhole = false;            ///< Blocks are written out.
  int64_t members = 1;             ///< Units that go through one softmax.
  bool sharesBlock = false;        ///< They are key heads of one block.
  std::optional<int64_t> diagonal; ///< Of a block, if it is known.
  bool mayExclude; ///< A mask or bias may hide a key from all rows.
  Value zero, numBlocks, numKvHeads, seqLenQ, seqLenKv;
  Value scale;     ///< Scalar.
  Value positions; ///< [row of the unit]: in its block, as floats.
  Value scores;    ///< [key][lane].
  Value seen;      ///< [key]: not 0 for keys some row sees.
  Value rowBuffer; ///< [lane].
};

} // namespace mlir::attn

#endif // ATTN_LIB_CONVERSION_ATTNTOVECTOR_LOCALKERNEL_H
