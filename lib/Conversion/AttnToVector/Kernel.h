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
  int64_t panels; ///< Panels that take turns at a block of keys.
  int64_t tile;   ///< Keys (or value columns) whose sums are in registers.
  int64_t block;  ///< Keys between two updates of the running maximum.
  int64_t word;   ///< Elements one instruction multiplies in a lane; see Words.

  int64_t panel() const { return lanes * groups; }
  /// The block of whole tiles, unless scratch asks for a smaller one.
  int64_t getFullBlock() const { return 128 / tile * tile; }
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

/// The matrix `index` of a stack of them.
Value getMatrix(VectorBuilder &b, Value stack, Value index);
/// The rows of a matrix from `first` on, `count` of them.
Value getRows(VectorBuilder &b, Value matrix, Value first, OpFoldResult count);

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

  /// Fills in panel `index` of the set, the current one from here on, with the
  /// rows [firstRow, firstRow + panel), counted through `numRows` rows: all
  /// queries of the heads from `firstHead` on.
  void begin(Value index, Value batch, Value firstHead, Value firstRow,
             Value numRows, Value seqLenQ);
  /// Makes panel `index`, begun before, the current one.
  void select(Value index);

  /// Head and query of one lane (a scalar), or of the lanes of one group.
  Value head(Value lane) { return at(0, lane); }
  Value query(Value lane) { return at(1, lane); }
  Value heads(int64_t group) { return vectorAt(0, group); }
  Value queries(int64_t group) { return vectorAt(1, group); }
  /// The keys [lower, upper) that one lane, or the lanes of a group, see.
  Value lower(Value lane) { return at(2, lane); }
  Value upper(Value lane) { return at(3, lane); }
  Value lowers(int64_t group) { return vectorAt(2, group); }
  Value uppers(int64_t group) { return vectorAt(3, group); }

  /// Lanes that hold a row of their own.
  Value count;
  /// The least and greatest lower and upper limit of all lanes.
  Value minLower, maxLower, minUpper, maxUpper;

  /// to[column][lane] = convert(from[row of lane][firstColumn + column]).
  void pack(Value from, RowIndex index, Value firstColumn, Value columns,
            function_ref<Value(Value)> convert, Value to);
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
  Value loadPairs(Value from, ValueRange at);
  std::array<Value, 2> widenPairs(Value words);
  Value at(int64_t field, Value lane);
  Value vectorAt(int64_t field, int64_t group);

  VectorBuilder &b;
  AttnKeyRangesInterface op;
  const KernelShape &shape;
  Scratch scratch;
  bool hasLimits;
  Value tables; ///< [panels][fields][panel].
  Value limits; ///< [panels][5]: the count, then the limits of all lanes.
  Value table;  ///< That of the current panel.
};

/// The score region of an op, applied to vectors of scores where its ops allow
/// it and score by score where they do not.
class ScoreRegion {
public:
  /// What the lanes of a vector of scores differ in.
  enum class Lanes { Rows, Keys };

  /// For `groups` vectors at a time.
  ScoreRegion(VectorBuilder &b, AttentionInterface op, int64_t groups,
              Lanes lanes);

  /// The first op of the region that has no form for vectors and needs one, or
  /// null if there is none.
  static Operation *findScalarOp(AttentionInterface op, Lanes lanes);

  /// Whether `beginPanel` and `apply` can be used.
  bool isVector() const { return vector; }
  /// Whether `apply` is little code: few ops, none of which reads memory.
  bool isSmall() const;
  /// Emits what depends on neither score nor key. Absolute positions: one
  /// batch index; of heads and queries a vector for each group, or one scalar
  /// each where lanes are keys.
  void beginPanel(Value batch, ArrayRef<Value> heads, ArrayRef<Value> queries);
  /// The new scores of the groups. Absolute positions of their keys: one
  /// scalar, or a vector for each group where lanes are keys.
  SmallVector<Value> apply(ArrayRef<Value> scores, ArrayRef<Value> keys);
  /// The new score of one row and key.
  Value applyScalar(Value score, Value batch, Value head, Value query,
                    Value key);

private:
  enum : unsigned { OnLane = 1, OnKey = 2 };
  unsigned kind(Value value) const { return kinds.lookup(value); }
  void map(unsigned argument, ArrayRef<Value> values, IRMapping &uniform,
           MutableArrayRef<IRMapping> lanes);
  void emit(Operation &op, IRMapping &uniform,
            MutableArrayRef<IRMapping> lanes);
  Value vectorOf(Value value, const IRMapping &uniform, const IRMapping &lanes);

  VectorBuilder &b;
  Block &body;
  int64_t groups;
  bool vector = true;
  DenseMap<Value, unsigned> kinds;
  IRMapping panelUniform;
  SmallVector<IRMapping> panelLanes;
};

/// A rank-4 mask or bias, each dimension that of the scores or 1.
struct BroadcastOperand {
  Value memref;
  /// Whether elements may differ between the lanes of a panel, between keys.
  bool perLane = false, perKey = false;
  /// Whether a dynamic dimension turns out to be 1, or null.
  Value isUnit[4];

  BroadcastOperand() = default;
  /// `memref` may be null.
  BroadcastOperand(VectorBuilder &b, Value memref);

  explicit operator bool() const { return static_cast<bool>(memref); }
  /// The indices of the element of a score.
  SmallVector<Value> index(VectorBuilder &b, Value batch, Value head, Value row,
                           Value key) const;
  /// Of an operand per lane: whether the lanes of the current panel share their
  /// elements after all, or null if they cannot.
  Value isUniform(VectorBuilder &b, PanelRows &rows) const;
};

class PanelMask;

/// Softcap, bias, score region and mask, in the order of the contract. What can
/// be done to the scores of a tile in registers is done there; the rest
/// (isLate) on a block of scores in scratch.
class ScoreModifiers {
public:
  ScoreModifiers(VectorBuilder &b, AttentionInterface op,
                 const KernelShape &shape, const Scratch &scratch,
                 PanelRows &rows);
  ~ScoreModifiers();

  /// Whether scores become other numbers, not counting masks.
  bool changesScores() {
    return op.getSoftcapAttr() || bias || region.has_value();
  }
  /// Whether a key may lose every row here.
  bool mayExclude() { return bias || mask || region.has_value(); }
  /// The same, counting neither the block mask nor what is late.
  bool mayExcludeInTile();
  /// Whether the region waits for the scores of a block.
  bool isLate() { return region && !isInTile; }
  /// The mask by block, where it has a dimension for keys; else null.
  PanelMask *blockMask() { return dense.get(); }
  /// What products must come multiplied by, next to the scale of the op, and
  /// what scores are left to be multiplied by to be in units of log2.
  double entryFactor();
  double exitFactor();

  void beginPanel(Value batch);
  /// Makes a block ready, before any of its scores is stored.
  void beginBlock(Value scores, Value firstKey, Value numKeys);
  /// Asks for what the next block needs, a share of it in each tile: all at
  /// once would wait for memory.
  void prefetchInTile(Value firstKey, Value key);
  /// Whether the sums of products may begin with the bias instead of adding it
  /// (see applyInTile), and that of one key of the block.
  bool beginsWithBias();
  Value biasAt(Value scores, Value firstKey, Value key, int64_t group);
  /// The scores of one key of the block from its products, which `entry`, if
  /// not null, has not multiplied yet; -inf where excluded.
  SmallVector<Value> applyInTile(ArrayRef<Value> products, Value factor,
                                 Value scores, Value firstKey, Value key);
  /// The same for what is left to do when all scores of the block are stored:
  /// first for all keys at once, then for each. The block mask counts only if
  /// `isMasked`.
  void beginLate(Value scores, Value firstKey, Value numKeys);
  SmallVector<Value> applyLate(ArrayRef<Value> scores, Value firstKey,
                               Value key, bool isMasked);

private:
  SmallVector<Value> gatherRows(const BroadcastOperand &operand, StringRef role,
                                function_ref<Value(Value)> convert);
  void packBias(Value scores, Value firstKey, Value numKeys);
  SmallVector<Value> applyRegion(ArrayRef<Value> scores, Value firstKey,
                                 Value key);
  SmallVector<Value> applyMaskRows(ArrayRef<Value> scores);

  VectorBuilder &b;
  AttentionInterface op;
  const KernelShape &shape;
  PanelRows &rows;
  Value batch;
  BroadcastOperand bias, mask;
  SmallVector<Value> biasRows; ///< The bias where it is that of every key.
  SmallVector<Value> maskRows; ///< Vectors of i1, likewise.
  std::unique_ptr<PanelMask> dense;
  std::optional<ScoreRegion> region;
  bool isInTile = false; ///< The region.
};

/// Emits the kernel of an online or partial op.
void emitAttentionKernel(VectorBuilder &b, AttentionInterface op,
                         const KernelShape &shape, const Scratch &scratch);

void emitFinalize(VectorBuilder &b, FinalizeOp op);
void emitMerge(VectorBuilder &b, MergeOp op);

} // namespace mlir::attn

#endif // ATTN_LIB_CONVERSION_ATTNTOVECTOR_KERNEL_H
