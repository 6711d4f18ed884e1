//===- lib/ExecutionEngine/BenchmarkBeside.cpp - Two programs in turns ----===//
//
// Part of attn-mlir.
//
// The table of an approximation: what it saves, and what that costs.
//
//===----------------------------------------------------------------------===//

#include "Timing.h"

#include "attn/ExecutionEngine/Benchmark.h"
#include "attn/Runtime/ParallelFor.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <optional>

using namespace llvm;
using namespace mlir;
using namespace mlir::attn;

namespace {
/// Rows of an approximate program, a dense one, and what the second is of the
/// first.
class Rows {
public:
  explicit Rows(raw_ostream &out) : out(out) {}

  void add(StringRef what, double approximate, double dense, StringRef unit,
           const char *number = "%12.3f") {
    out << left_justify(what, 26) << format(number, approximate) << ' '
        << format(number, dense);
    bool isCompared = approximate > 0 && dense > 0 && unit != "%";
    if (!unit.empty() && isCompared)
      out << format(" %12.2f", dense / approximate);
    else if (!unit.empty())
      out << left_justify("", 13);
    out << (unit.empty() ? "" : "  ") << unit << '\n';
  }

private:
  raw_ostream &out;
};
} // namespace

static void printLoads(const Contender &approximate, const Contender &dense,
                       ArrayRef<ArgumentInfo> arguments, Rows &rows,
                       raw_ostream &out) {
  for (const Contender *program : {&approximate, &dense})
    if (!program->counts.whyNoLoads.empty()) {
      out << "loaded bytes of " << program->name
          << " are not counted: " << program->counts.whyNoLoads << '\n';
      return;
    }
  for (auto [info, a, d] :
       zip_equal(arguments, approximate.counts.loads, dense.counts.loads))
    if (a != 0 || d != 0)
      rows.add("loads of " + info.name, a / 1e6, d / 1e6, "MB");
  double a = approximate.counts.loaded(), d = dense.counts.loaded();
  rows.add("loads of all", a / 1e6, d / 1e6, "MB");
  double needsA = approximate.counts.work.bytes;
  double needsD = dense.counts.work.bytes;
  rows.add("bytes by formula", needsA / 1e6, needsD / 1e6, "MB");
  if (needsA > 0 && needsD > 0)
    rows.add("loads / formula", a / needsA, d / needsD, "");
}

static void printDistances(const Contender &approximate, const Contender &dense,
                           Rows &rows, raw_ostream &out) {
  if (approximate.distances.empty())
    out << "every result is that of exact attention in f64\n";
  for (auto [a, d] : zip_equal(approximate.distances, dense.distances)) {
    out << a.first << ", beside exact attention in f64\n";
    const char *number = "%12.3g";
    rows.add("  max error", a.second.max, d.second.max, "", number);
    rows.add("  mean error", a.second.mean, d.second.mean, "", number);
    rows.add("  relative error (norm)", a.second.relative, d.second.relative,
             "", number);
    rows.add("  cosine", a.second.cosine, d.second.cosine, "", "%12.6f");
  }
}

Error attn::benchmarkBeside(const Contender &approximate,
                            const Contender &dense,
                            const Verification *verification,
                            ArrayRef<ArgumentInfo> arguments,
                            ArrayRef<TensorValue> inputs, int64_t repetitions,
                            raw_ostream &out) {
  auto probe = MachineProbe::create();
  if (!probe)
    return probe.takeError();
  approximate.call();
  dense.call();
  (*probe)->measureRead(inputs);
  SmallVector<double> times, denseTimes, read;
  // What comes before a call is the same for both: all inputs have been read.
  for (int64_t i = 0; i < repetitions; ++i) {
    times.push_back(seconds(approximate.call));
    read.push_back((*probe)->measureRead(inputs));
    denseTimes.push_back(seconds(dense.call));
    read.push_back((*probe)->measureRead(inputs));
  }

  Rows rows(out);
  out << "threads " << attn_rt_num_threads() << ", repetitions " << repetitions
      << '\n'
      << left_justify("", 26) << right_justify(approximate.name, 12) << ' '
      << right_justify(dense.name, 12) << ' '
      << right_justify(dense.name + "/" + approximate.name, 12) << '\n';
  double a = median(times), d = median(denseTimes);
  rows.add("time, median", a * 1e3, d * 1e3, "ms");
  rows.add("time, best", *min_element(times) * 1e3,
           *min_element(denseTimes) * 1e3, "ms");
  printLoads(approximate, dense, arguments, rows, out);
  double limit = median(read);
  double bytesA = approximate.counts.work.bytes;
  double bytesD = dense.counts.work.bytes;
  if (limit > 0) {
    out << left_justify("read limit, same inputs", 26)
        << format("%12.3f                            GB/s\n", limit);
    if (bytesA > 0 && bytesD > 0)
      rows.add("formula's share of it", 100 * bytesA / a / 1e9 / limit,
               100 * bytesD / d / 1e9 / limit, "%");
  }
  if (!verification)
    return Error::success();
  printDistances(approximate, dense, rows, out);
  out << left_justify("verify: " + approximate.name, 26)
      << (verification->ok ? "          ok" : "      FAILED")
      << format("  max error %.3g (bound %.3g) beside its own f64 reference\n",
                verification->worstError, verification->worstBound);
  return Error::success();
}
