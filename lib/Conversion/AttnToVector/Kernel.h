//===- Kernel.h - Pieces of the attention kernel ----------------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// The kernel has its queries in the lanes of vectors: a panel is a few vectors
// of query rows, scores are [key][row] and the accumulator is
// [head_dim_v][row], so that maxima, sums and rescaling never leave a lane.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOVECTOR_KERNEL_H
#define ATTN_LIB_CONVERSION_ATTNTOVECTOR_KERNEL_H

#include "VectorBuilder.h"
#include "attn/Conversion/AttnToVector/AttnToVector.h"
#include "mlir/IR/IRMapping.h"

namespace mlir::attn {

struct KeySpec;

/// Numbers of elements the kernel works on at a time.
struct KernelShape {
  int64_t lanes;  ///< Elements of one vector.
  int64_t groups; ///< Vectors of query rows in a panel.
  int64_t tile;   ///< Keys (or value columns) whose sums are in registers.
  int64_t block;  ///< Keys between two updates of the running maximum.
  int64_t word;   ///< Elements one instruction multiplies in a lane; see Words.

  int64_t panel() const { return lanes * groups; }
  /// How the kernel wants to read key or value.
  KeySpec getSpec(AttentionInterface op, bool isValue) const;

  /// The shape for `op`, or a reported failure when its scratch would not fit
  /// on a stack.
  static FailureOr<KernelShape> get(AttentionInterface op,
                                    const VectorTarget &target);
};

/// Scratch of one op.
struct Scratch {
  ScratchPool &pool;
  Operation *op;

  Value get(StringRef role, ArrayRef<int64_t> shape, Type type) const {
    return pool.get(op, role, shape, type);
  }
};

/// The indices of an element of a rank-4 operand from the lane's query head and
/// query row (local) and a column.
using RowIndex =
    llvm::function_ref<SmallVector<Value>(Value head, Value row, Value column)>;

/// Which query row each lane of the current panel holds, and which keys it
/// sees. Lanes beyond the last row repeat it: they compute the same numbers and
/// nothing of theirs is stored, so no load needs a guard.
class PanelRows {
public:
  PanelRows(VectorBuilder &b, AttnKeyRangesInterface op,
            const KernelShape &shape, const Scratch &scratch, bool hasLimits);

  /// Begins the panel of rows [firstRow, firstRow + panel), counted through
  /// `numRows` rows: all queries of the heads from `firstHead` on.
  void begin(Value batch, Value firstHead, Value firstRow, Value numRows,
             Value seqLenQ);

  /// Head and query of one lane (a scalar), or of the lanes of one group.
  Value head(Value lane) { return at(0, lane); }
  Value query(Value lane) { return at(1, lane); }
  Value heads(int64_t group) { return vectorAt(0, group); }
  Value queries(int64_t group) { return vectorAt(1, group); }
  /// The keys [lower, upper) that the lanes of a group see.
  Value lowers(int64_t group) { return vectorAt(2, group); }
  Value uppers(int64_t group) { return vectorAt(3, group); }

  /// Lanes that hold a row of their own.
  Value count;
  /// The least and greatest lower and upper limit of all lanes.
  Value minLower, maxLower, minUpper, maxUpper;

  /// to[column][lane] = convert(from[row of lane][firstColumn + column]).
  /// `isRepeated`, when given, says that every column is the same element.
  void pack(Value from, RowIndex index, Value firstColumn, Value columns,
            function_ref<Value(Value)> convert, Value to,
            Value isRepeated = {});
  /// The same for whole rows of bf16, two columns in the halves of a word:
  /// to[column / 2][lane]. An odd last column is paired with zero.
  void packPairs(Value from, RowIndex index, int64_t columns, Value to);
  /// to[row of lane][column] = from[column][lane], for lanes of their own.
  void unpack(Value from, Value to, RowIndex index, Value columns);
  /// Vectors of the element each lane's row has in `from` at column 0.
  SmallVector<Value> gather(Value from, RowIndex index,
                            function_ref<Value(Value)> convert, StringRef role);
  /// Calls `body` in a loop over the lanes that hold a row of their own.
  void forEachRow(function_ref<void(Value lane, Value head, Value row)> body);

  /// The vector of a [rows][panel] scratch buffer for `group`.
  Value loadGroup(Value buffer, Value row, int64_t group);
  void storeGroup(Value vector, Value buffer, Value row, int64_t group);

private:
  Value at(int64_t field, Value lane);
  Value vectorAt(int64_t field, int64_t group);

  VectorBuilder &b;
  AttnKeyRangesInterface op;
  const KernelShape &shape;
  Scratch scratch;
  bool hasLimits;
  Value table;
};

/// The score region of an op, applied to vectors of scores where its ops allow
/// it and lane by lane where they do not.
class ScoreRegion {
public:
  ScoreRegion(VectorBuilder &b, AttentionInterface op,
              const KernelShape &shape);

  /// Whether `beginPanel` and `apply` can be used.
  bool isVector() const { return vector; }
  /// Emits what depends on neither score nor key. Absolute positions: one
  /// batch index, vectors of heads and queries.
  void beginPanel(Value batch, ArrayRef<Value> heads, ArrayRef<Value> queries);
  /// The new scores of the groups for one absolute key position.
  SmallVector<Value> apply(ArrayRef<Value> scores, Value key);
  /// The new score of one row.
  Value applyScalar(Value score, Value batch, Value head, Value query,
                    Value key);

private:
  enum : unsigned { OnLane = 1, OnKey = 2 };
  unsigned kind(Value value) const { return kinds.lookup(value); }
  void emit(Operation &op, IRMapping &uniform,
            MutableArrayRef<IRMapping> lanes);
  Value vectorOf(Value value, const IRMapping &uniform, const IRMapping &lanes);

  VectorBuilder &b;
  Block &body;
  const KernelShape &shape;
  bool vector = true;
  DenseMap<Value, unsigned> kinds;
  IRMapping panelUniform;
  SmallVector<IRMapping> panelLanes;
};

/// Softcap, bias, score region and dense mask, in the order of the contract, on
/// a block of scores in scratch.
class ScoreModifiers {
public:
  ScoreModifiers(VectorBuilder &b, AttentionInterface op,
                 const KernelShape &shape, const Scratch &scratch,
                 PanelRows &rows);

  /// Whether there is anything to do.
  bool any() { return op.getSoftcapAttr() || mayExclude(); }
  /// Whether a key may lose every row here.
  bool mayExclude() { return op.getBias() || op.getMask() || region; }

  void beginPanel(Value batch);
  /// Rewrites scores[0, numKeys)[panel], scores of the keys from `firstKey` on,
  /// except for what `finish` does.
  void beginBlock(Value scores, Value firstKey, Value numKeys);
  /// The last modifiers, on the vectors of one key of the block.
  SmallVector<Value> finish(ArrayRef<Value> scores, Value firstKey, Value key);

private:
  /// A rank-4 operand that broadcasts: where its elements for a block are.
  struct Operand {
    Value memref;
    bool perLane = false, perKey = false;
    /// Whether a dynamic dimension turns out to be 1, or null.
    Value isUnit[4];
    Value block;                ///< perLane and perKey: [key][lane].
    SmallVector<Value> vectors; ///< perLane only.
  };
  Operand describe(Value memref);
  void preparePanel(Operand &operand, StringRef role,
                    function_ref<Value(Value)> convert);
  void prepareBlock(Operand &operand, StringRef role, Value firstKey,
                    Value numKeys, function_ref<Value(Value)> convert);
  Value element(Operand &operand, Value firstKey, Value key, int64_t group,
                function_ref<Value(Value)> convert);
  SmallVector<Value> index(const Operand &operand, Value head, Value row,
                           Value key);
  Value convertBias(Value bias);
  Value convertMask(Value mask);
  SmallVector<Value> capAndBias(ArrayRef<Value> scores, Value firstKey,
                                Value key);

  VectorBuilder &b;
  AttentionInterface op;
  const KernelShape &shape;
  Scratch scratch;
  PanelRows &rows;
  Value batch;
  Operand bias, mask;
  std::optional<ScoreRegion> region;
};

/// Emits the kernel of an online or partial op.
void emitAttentionKernel(VectorBuilder &b, AttentionInterface op,
                         const KernelShape &shape, const Scratch &scratch);

void emitFinalize(VectorBuilder &b, FinalizeOp op);
void emitMerge(VectorBuilder &b, MergeOp op);

} // namespace mlir::attn

#endif // ATTN_LIB_CONVERSION_ATTNTOVECTOR_KERNEL_H
