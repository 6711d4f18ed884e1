//===- lib/ExecutionEngine/RankTable.h - What ranks did ---------*- C++ -*-===//
//
// Part of attn-mlir.
//
// Notes what a program's merges over ranks take and move, and prints it for all
// ranks in one table.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_EXECUTIONENGINE_RANKTABLE_H
#define ATTN_LIB_EXECUTIONENGINE_RANKTABLE_H

#include "Shards.h"

#include "attn/ExecutionEngine/Communicator.h"

namespace mlir::attn {

/// A communicator for a program whose merges are timed and noted.
class MergeRecorder {
public:
  explicit MergeRecorder(attn_comm *inner);
  MergeRecorder(const MergeRecorder &) = delete;
  MergeRecorder &operator=(const MergeRecorder &) = delete;

  /// What the program is given.
  attn_comm *get() { return &table; }
  /// Begins another call of the program.
  void restart();

  /// Of the calls since: seconds in merges, messages and bytes that this rank
  /// sent, and those of the formula, algorithms: Star, volume.
  double seconds = 0;
  int64_t expectedMessages = 0, expectedBytes = 0;
  int64_t messages() const { return inner->messages; }
  int64_t bytes() const { return inner->bytes; }

private:
  static int32_t merge(attn_comm *comm, void *o, void *lse, int64_t rows,
                       int64_t width, int32_t dtype, int32_t algo, int32_t root,
                       int32_t payload);
  static const char *errorString(attn_comm *comm);

  attn_comm *inner;
  attn_comm table;
};

/// What one rank measured: a number for each call of the program.
struct RankTimes {
  SmallVector<double> calls, merges;
};

/// Calls `call` `repetitions` times, all ranks beginning together.
llvm::Expected<RankTimes> timeRanks(Communicator &ranks,
                                    MergeRecorder &recorder,
                                    llvm::function_ref<void()> call,
                                    int64_t repetitions);

/// Collects what ranks measured and prints it at rank 0.
llvm::Error printRankTable(Communicator &ranks, const MergeRecorder &recorder,
                           const RankTimes &times, const ShardRanges &ranges,
                           StringRef what, llvm::raw_ostream &out);

} // namespace mlir::attn

#endif // ATTN_LIB_EXECUTIONENGINE_RANKTABLE_H
