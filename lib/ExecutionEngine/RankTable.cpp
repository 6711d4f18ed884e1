//===- lib/ExecutionEngine/RankTable.cpp - What ranks did -----------------===//
//
// Part of attn-mlir.
//
// Times merges over ranks, counts what they move, and prints both.
//
//===----------------------------------------------------------------------===//

#include "RankTable.h"

#include "Timing.h"

#include "attn/Runtime/Abi.h"
#include "attn/Runtime/ParallelFor.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <cstring>

using namespace llvm;
using namespace mlir;
using namespace mlir::attn;

//===----------------------------------------------------------------------===//
// Merges
//===----------------------------------------------------------------------===//

MergeRecorder::MergeRecorder(attn_comm *inner) : inner(inner), table(*inner) {
  table.ctx = this;
  table.merge = merge;
  table.error_string = errorString;
  // What programs do not call.
  table.barrier = nullptr;
  table.gather = nullptr;
  table.broadcast = nullptr;
  table.destroy = nullptr;
  restart();
}

void MergeRecorder::restart() {
  seconds = 0;
  expectedMessages = expectedBytes = 0;
  inner->messages = inner->bytes = 0;
}

int32_t MergeRecorder::merge(attn_comm *comm, void *o, void *lse, int64_t rows,
                             int64_t width, int32_t dtype, int32_t algo,
                             int32_t root, int32_t payload) {
  auto *recorder = static_cast<MergeRecorder *>(comm->ctx);
  int32_t status = ATTN_COMM_OK;
  recorder->seconds += attn::seconds([&] {
    status = recorder->inner->merge(recorder->inner, o, lse, rows, width, dtype,
                                    algo, root, payload);
  });
  if (comm->size == 1 || rows == 0)
    return status;
  // dv values of o in the payload's type and one lse a row; a sum of weights
  // needs the maximum first.
  auto bytesOf = [](int32_t type) {
    return type == ATTN_F64 ? 8 : type == ATTN_BF16 ? 2 : 4;
  };
  int64_t lseBytes = rows * bytesOf(dtype);
  int64_t outputBytes = rows * width * bytesOf(payload ? payload : dtype);
  bool isSum = algo == ATTN_COMM_ALLREDUCE;
  recorder->expectedMessages += isSum ? 2 : 1;
  recorder->expectedBytes += outputBytes + lseBytes + (isSum ? lseBytes : 0);
  return status;
}

const char *MergeRecorder::errorString(attn_comm *comm) {
  attn_comm *inner = static_cast<MergeRecorder *>(comm->ctx)->inner;
  return inner->error_string(inner);
}

//===----------------------------------------------------------------------===//
// Times
//===----------------------------------------------------------------------===//

Expected<RankTimes> attn::timeRanks(Communicator &ranks,
                                    MergeRecorder &recorder,
                                    llvm::function_ref<void()> call,
                                    int64_t repetitions) {
  RankTimes times;
  for (int64_t i = 0; i < repetitions; ++i) {
    recorder.restart();
    if (Error error = ranks.barrier())
      return std::move(error);
    times.calls.push_back(seconds(call));
    times.merges.push_back(recorder.seconds);
  }
  return std::move(times);
}

template <typename T>
static ArrayRef<char> asBytes(ArrayRef<T> values) {
  return {reinterpret_cast<const char *>(values.data()),
          values.size() * sizeof(T)};
}

/// At rank 0 the values of each rank.
template <typename T>
static Expected<SmallVector<SmallVector<T>>> gather(Communicator &ranks,
                                                    ArrayRef<T> values) {
  auto all = ranks.gather(asBytes(values));
  if (!all)
    return all.takeError();
  SmallVector<SmallVector<T>> rows;
  for (ArrayRef<char> bytes : *all) {
    if (bytes.size() != values.size() * sizeof(T))
      return createStringError("ranks made different numbers of calls");
    rows.emplace_back(values.size());
    std::memcpy(rows.back().data(), bytes.data(), bytes.size());
  }
  return std::move(rows);
}

/// The median, over calls, of what `choose` makes of one call of all ranks.
template <typename Choose>
static double medianOfAll(ArrayRef<SmallVector<double>> ranks, Choose choose) {
  SmallVector<double> chosen;
  for (size_t call = 0; call < ranks.front().size(); ++call) {
    double value = ranks.front()[call];
    for (ArrayRef<double> rank : ranks)
      value = choose(value, rank[call]);
    chosen.push_back(value);
  }
  return median(chosen);
}

Error attn::printRankTable(Communicator &ranks, const MergeRecorder &recorder,
                           const RankTimes &times, const ShardRanges &ranges,
                           StringRef what, raw_ostream &out) {
  auto calls = gather<double>(ranks, times.calls);
  if (!calls)
    return calls.takeError();
  auto merges = gather<double>(ranks, times.merges);
  if (!merges)
    return merges.takeError();
  int64_t counts[] = {recorder.messages(), recorder.bytes(),
                      recorder.expectedMessages, recorder.expectedBytes};
  auto moved = gather<int64_t>(ranks, counts);
  if (!moved)
    return moved.takeError();
  if (!ranks.isRoot())
    return Error::success();
  size_t repetitions = times.calls.size();
  out << "ranks " << ranks.size() << ", threads of each "
      << attn_rt_num_threads() << ", calls " << repetitions
      << (repetitions > 1 ? ", medians\n" : "\n") << "   rank        first "
      << right_justify(what, 12)
      << "   messages        bytes     time ms   merge us\n";
  auto row = [&](const Twine &name, int64_t first, int64_t count) {
    std::string text = name.str();
    out << right_justify(text, 7)
        << format(" %12lld %12lld", static_cast<long long>(first),
                  static_cast<long long>(count));
  };
  auto traffic = [&](int64_t messages, int64_t bytes) {
    out << format(" %10lld %12lld", static_cast<long long>(messages),
                  static_cast<long long>(bytes));
  };
  auto clock = [&](double call, double merge) {
    out << format(" %11.3f %10.1f\n", call * 1e3, merge * 1e6);
  };
  for (int64_t rank = 0; rank < ranks.size(); ++rank) {
    row(Twine(rank), ranges.begin(rank), ranges.size(rank));
    traffic((*moved)[rank][0], (*moved)[rank][1]);
    clock(median((*calls)[rank]), median((*merges)[rank]));
  }
  // Ranks that come early wait in the merge for the last one, which does not.
  row("all", 0, ranges.total);
  int64_t messages = 0, bytes = 0;
  for (ArrayRef<int64_t> rank : *moved) {
    messages += rank[0];
    bytes += rank[1];
  }
  traffic(messages, bytes);
  clock(
      medianOfAll(*calls, [](double a, double b) { return std::max(a, b); }),
      medianOfAll(*merges, [](double a, double b) { return std::min(a, b); }));
  out << "formula" << right_justify("of a rank", 26);
  traffic(counts[2], counts[3]);
  out << "   of all: slowest rank, least wait\n";
  return Error::success();
}
