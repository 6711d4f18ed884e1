//===- lib/ExecutionEngine/KeyPattern.h - Which keys queries see ----------===//
//
// Part of attn-mlir.
//
// What an op's key ranges said while it ran, in the cells of a picture.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_EXECUTIONENGINE_KEYPATTERN_H
#define ATTN_LIB_EXECUTIONENGINE_KEYPATTERN_H

#include "attn/ExecutionEngine/Jit.h"

#include "llvm/ADT/SmallVector.h"

#include <cstdint>
#include <string>
#include <vector>

namespace mlir::attn {

/// The function that reports a key that an op chose; see addChoiceReport.
inline constexpr llvm::StringLiteral kRecordChoiceFunction =
    "attn_rt_record_choice";

/// What is asked of an op.
struct PatternRequest {
  int64_t batch = 0, head = 0;
  /// Queries of a tile; 0: those of a cell.
  int64_t tile = 0;
};

/// The pairs of a cell, by what the key ranges of the tiles of queries say.
struct PatternCell {
  /// Seen, in ranges where every query of the tile sees every key.
  double plain = 0;
  /// Seen, and not seen, in ranges that need a mask.
  double edge = 0, masked = 0;
  /// In no range.
  double skipped = 0;
  /// Seen, but for the boolean mask.
  double excluded = 0;
  /// Seen, and read in full by an op that chooses among what it sees.
  double chosen = 0;
};

/// What an op's key ranges said for one batch entry and head, in at most some
/// 1024 x 1024 cells, each of some queries and keys.
class KeyPattern {
public:
  /// Sizes of the op.
  int64_t batch = 0, numHeads = 0, seqLenQ = 0, seqLenKv = 0;
  /// Queries of a tile; queries and keys of a cell (fewer in the last ones).
  int64_t tile = 1, cellQueries = 1, cellKeys = 1;
  /// The first queries of tiles, if these have several.
  std::vector<int64_t> tileStarts;
  int64_t rows = 0, columns = 0;
  /// Pairs that see each other, exactly: here, and in all batch entries and
  /// heads.
  int64_t pairs = 0, allPairs = 0;
  /// How often the op ran; the first time counts.
  int64_t executions = 0;
  /// Whether a boolean mask was looked at, and which keys were chosen.
  bool readsMask = false, readsChoice = false;
  /// Whether cells count every pair, not some of them.
  bool isExact() const { return queryStep == 1 && keyStep == 1; }

  PatternCell getCell(int64_t row, int64_t column) const;

private:
  friend class PatternRecorder;

  /// What is counted of a cell.
  struct Counts {
    int64_t plain = 0, masked = 0;
    /// Pairs looked at one by one.
    int32_t plainSeen = 0, plainExcluded = 0;
    int32_t maskedAsked = 0, maskedSeen = 0, maskedExcluded = 0;
    int32_t chosen = 0;
  };

  int64_t queryStep = 1, keyStep = 1;
  std::vector<Counts> cells;
};

/// Takes what code of attn-record-key-ranges reports. One at a time in the
/// process.
class PatternRecorder {
public:
  explicit PatternRecorder(const PatternRequest &request);
  ~PatternRecorder();

  /// The functions that the code calls.
  static llvm::SmallVector<HostSymbol> getSymbols();

  KeyPattern pattern;
  /// Why nothing was recorded when the op ran; empty if it was, or did not run.
  std::string refusal;

  int64_t begin(int64_t batch, int64_t numHeads, int64_t seqLenQ,
                int64_t seqLenKv);
  int64_t getStep(int64_t which) const;
  void addRange(int64_t qLo, int64_t qHi, int64_t lo, int64_t hi,
                bool needsMask);
  void addPair(int64_t i, int64_t j, bool visible, bool excluded);
  void count(int64_t pairs, int64_t allPairs);
  /// The only query reads key `j` in full.
  void addChoice(int64_t j);

private:
  PatternRequest request;
  /// The range last reported, which pairs are in.
  bool needsMask = false;
};

} // namespace mlir::attn

#endif // ATTN_LIB_EXECUTIONENGINE_KEYPATTERN_H
