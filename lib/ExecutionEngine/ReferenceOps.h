//===- lib/ExecutionEngine/ReferenceOps.h - attn ops by reference ---------===//
//
// Part of attn-mlir.
//
// What compiled modules call in place of, or after, an attn op.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_EXECUTIONENGINE_REFERENCEOPS_H
#define ATTN_EXECUTIONENGINE_REFERENCEOPS_H

#include "attn/ExecutionEngine/Jit.h"
#include "attn/ExecutionEngine/TensorValue.h"
#include "attn/Reference/Attention.h"
#include "attn/Reference/Sparq.h"
#include "attn/Reference/Tolerance.h"

#include "mlir/IR/Location.h"
#include "llvm/ADT/DenseMap.h"

#include <deque>
#include <optional>
#include <string>

namespace mlir::attn {

/// Places of operands in a call; parts of a merge follow the last one.
enum class Slot : int64_t {
  Query,
  Key,
  Value,
  DynamicScale,
  CausalOffset,
  KvLen,
  QLen,
  Mask,
  Bias,
  KeyScale,
  ValueScale,
  PageTable,
  BatchOffset,
  HeadOffset,
  QueryOffset,
  KeyOffset,
  Sinks,
  /// The score matrix, [batch, num_heads, seq_len_q, seq_len_kv] of f64.
  Scores,
  /// The same of attn.sparq's approximate scores, its key_t and value_mean.
  ApproximateScores,
  KeyT,
  ValueMean,
  /// Of attn.star: an index, or one a batch entry; the first keys.
  ContextLen,
  AnchorKey,
  AnchorValue,
  /// Of attn.block_local.
  PrefixKey,
  PrefixValue,
  /// State that is read: acc, row_max, row_sum.
  AccIn,
  RowMaxIn,
  RowSumIn,
  /// What is written or, in a check, compared: the op's results in order.
  Result0,
  Result1,
  Result2,
  FirstPart
};

/// One attn op of a module, as the host knows it.
struct ReferenceOp {
  enum Kind { Sdpa, Star, Sparq, BlockLocal, Online, Partial, Finalize, Merge };

  /// An operand of the call under way: a memref, or a scalar as f64 or i64.
  struct Operand {
    std::optional<ElementFormat> format;
    Type element;
    char *data = nullptr;
    llvm::SmallVector<int64_t, 4> sizes, strides;
    double number = 0;
    int64_t integer = 0;
  };

  Kind kind = Sdpa;
  std::string name;
  Location location;
  std::optional<double> scale, softcap;
  int64_t windowLeft = -1, windowRight = -1;
  bool bottomRight = false;
  /// Layout bshd of query, key, value (and the output of sdpa, finalize,
  /// merge).
  bool transposed = false;
  int64_t numParts = 0;
  /// Of attn.star, without operands; absent for other ops.
  std::optional<::attn::reference::StarPattern> star;
  /// Of attn.block_local and attn.block_local_step, without operands; absent
  /// for other ops.
  std::optional<::attn::reference::BlockLocalPattern> blockLocal;
  /// Of attn.sparq, without operands.
  ::attn::reference::SparqOptions sparq;
  /// Compare the results with the reference instead of writing them.
  bool check = false;
  bool hasScore = false;

  /// Operands of the call under way.
  llvm::DenseMap<int64_t, Operand> operands;

  /// Over all calls so far.
  double maxAbsScore = 0;
  int64_t seqLenKv = 0;
  int64_t numCalls = 0;
  /// Of check calls, one a result.
  llvm::SmallVector<::attn::reference::Comparison, 3> comparisons;
  /// The shape of each result in the last call.
  llvm::SmallVector<llvm::SmallVector<int64_t, 4>, 3> resultShapes;
  /// Why a call could not be carried out; empty if all could.
  std::string error;

  explicit ReferenceOp(Location location) : location(location) {}
};

/// The attn ops of one module; modules hold pointers to them.
class ReferenceTable {
public:
  ReferenceOp &add(Location location) { return ops.emplace_back(location); }
  std::deque<ReferenceOp> ops;

  /// Whether some op does not compute what dense attention would.
  bool hasApproximation() const;

  /// The largest |score| and key length over all calls of all ops.
  double maxAbsScore() const;
  int64_t seqLenKv() const;
  /// The first error of any op, with its place in the file.
  std::string error() const;
};

/// "file:line:col" where `location` is or came from a place in a file.
std::string describeLocation(Location location);

/// What a module with calls to the reference declares:
///   attn_ref_begin(op: i64)
///   attn_ref_memref_TYPE(op: i64, slot: i64, memref<*xTYPE>)
///   attn_ref_index(op: i64, slot: i64, value: i64)
///   attn_ref_float(op: i64, slot: i64, value: f64)
///   attn_ref_scores(op: i64)   writes Slot::Scores
///   attn_ref_approximate_scores(op: i64)   writes Slot::ApproximateScores
///   attn_ref_run(op: i64)      writes or compares the results
llvm::ArrayRef<HostSymbol> referenceSymbols();

} // namespace mlir::attn

#endif // ATTN_EXECUTIONENGINE_REFERENCEOPS_H
