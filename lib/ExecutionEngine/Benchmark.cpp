//===- lib/ExecutionEngine/Benchmark.cpp - Times --------------------------===//
//
// Part of attn-mlir.
//
// Times a program beside the limits of the machine, in one run.
//
//===----------------------------------------------------------------------===//

#include "attn/ExecutionEngine/Benchmark.h"

#include "Timing.h"

#include "attn/Runtime/ParallelFor.h"
#include "attn/Target/CPU/HostTarget.h"
#include "attn/Target/CPU/Passes.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::attn;

//===----------------------------------------------------------------------===//
// Probes
//===----------------------------------------------------------------------===//

/// A loop of `accumulators` independent multiply-adds on registers, the same
/// with pairs of bf16 if `hasDot`, and a sum of a buffer of lanes*8 floats a
/// step; all store a sum, so they must run.
static std::string probeText(unsigned lanes, unsigned accumulators,
                             bool hasDot) {
  std::string text;
  raw_string_ostream os(text);
  auto list = [&](unsigned count, auto print) {
    for (unsigned i = 0; i < count; ++i) {
      os << (i ? ", " : "");
      print(i);
    }
  };
  std::string vector = formatv("vector<{0}xf32>", lanes);
  auto loop = [&](unsigned count, StringRef upper, StringRef step, auto body) {
    os << "%r:" << count << " = scf.for %i = %c0 to " << upper << " step "
       << step << " iter_args(";
    list(count, [&](unsigned i) { os << "%a" << i << " = %start"; });
    os << ") -> (";
    list(count, [&](unsigned) { os << vector; });
    os << ") {\n";
    for (unsigned i = 0; i < count; ++i)
      body(i);
    os << "scf.yield ";
    list(count, [&](unsigned i) { os << "%n" << i; });
    os << " : ";
    list(count, [&](unsigned) { os << vector; });
    os << "\n}\n%s0 = arith.addf %r#0, %r#0 : " << vector << "\n";
    for (unsigned i = 1; i < count; ++i)
      os << "%s" << i << " = arith.addf %s" << i - 1 << ", %r#" << i << " : "
         << vector << "\n";
    os << "vector.store %s" << count - 1 << ", %out[%c0] : memref<?xf32>, "
       << vector << "\nreturn\n}\n";
  };

  auto begin = [&](StringRef name) {
    os << "func.func @" << name
       << "(%n: index, %x: f32, %out: memref<?xf32>) {\n"
          "%c0 = arith.constant 0 : index\n%c1 = arith.constant 1 : index\n"
          "%start = vector.broadcast %x : f32 to "
       << vector << "\n";
  };
  begin("fma");
  loop(accumulators, "%n", "%c1", [&](unsigned i) {
    os << "%n" << i << " = vector.fma %a" << i
       << ", %start, %start : " << vector << "\n";
  });
  if (hasDot) {
    std::string pairs = formatv("vector<{0}xbf16>", 2 * lanes);
    begin("dot");
    os << "%pairs = vector.bitcast %start : " << vector << " to " << pairs
       << '\n';
    loop(accumulators, "%n", "%c1", [&](unsigned i) {
      os << "%n" << i << " = x86vector.avx512.dot %a" << i
         << ", %pairs, %pairs : " << pairs << " -> " << vector << '\n';
    });
  }
  os << "func.func @read(%n: index, %x: f32, %data: memref<?xf32>, "
        "%out: memref<?xf32>) {\n%c0 = arith.constant 0 : index\n"
        "%step = arith.constant "
     << lanes * 8 << " : index\n%start = vector.broadcast %x : f32 to "
     << vector << "\n";
  loop(8, "%n", "%step", [&](unsigned i) {
    os << "%o" << i << " = arith.constant " << i * lanes << " : index\n%p" << i
       << " = arith.addi %i, %o" << i << " : index\n%v" << i
       << " = vector.load %data[%p" << i << "] : memref<?xf32>, " << vector
       << "\n%n" << i << " = arith.addf %a" << i << ", %v" << i << " : "
       << vector << "\n";
  });
  return text;
}

Expected<std::unique_ptr<MachineProbe>> MachineProbe::create() {
  unsigned lanes = hostVectorWidth();
  // As many chains as the latency needs (4 cycles, 2 units) and registers hold.
  unsigned accumulators = hostVectorRegisters() == 32 ? 24 : 12;
  DialectRegistry registry;
  registerRunDialects(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  bool hasDot = getHostTarget(&context).getBf16Dot();
  auto module = parseSourceString<ModuleOp>(
      probeText(lanes, accumulators, hasDot), &context);
  PassManager pm(&context);
  LowerToLLVMOptions options;
  options.x86Vector = hostIsX86();
  buildLowerToLLVMPipeline(pm, options);
  if (!module || failed(pm.run(*module)))
    return createStringError("the machine probe does not compile");
  SmallVector<std::string> names = {"fma", "read"};
  if (hasDot)
    names.push_back("dot");
  auto jit = Jit::create(*module, names);
  if (!jit)
    return jit.takeError();
  std::unique_ptr<MachineProbe> probe(new MachineProbe);
  Jit::PackedFunction *functions[] = {&probe->fma, &probe->read, &probe->dot};
  for (auto [name, function] : zip(names, functions)) {
    auto address = (*jit)->lookup(name);
    if (!address)
      return address.takeError();
    *function = *address;
  }
  probe->jit = std::move(*jit);
  probe->flopsPerIteration = 2 * lanes * accumulators;
  return probe;
}

namespace {
/// A memref<?xf32> as the packed functions take it.
struct FloatSpan {
  void *pointer;
  int64_t offset = 0, size = 0, stride = 1;

  void append(SmallVectorImpl<void *> &arguments) {
    for (void *field :
         {static_cast<void *>(&pointer), static_cast<void *>(&pointer),
          static_cast<void *>(&offset), static_cast<void *>(&size),
          static_cast<void *>(&stride)})
      arguments.push_back(field);
  }
};

/// Calls a probe function on one piece of its work.
void callProbe(Jit::PackedFunction function, int64_t count, const char *data) {
  alignas(64) float sink[64];
  // Small enough that no multiply-add leaves the normal numbers.
  float start = 0.5f;
  FloatSpan out{sink, 0, 64, 1};
  FloatSpan in{const_cast<char *>(data), 0, count, 1};
  SmallVector<void *> arguments = {&count, &start};
  if (data)
    in.append(arguments);
  out.append(arguments);
  function(arguments.data());
}
} // namespace

double MachineProbe::measureRegisters(Jit::PackedFunction function) {
  struct Work {
    Jit::PackedFunction function;
    int64_t iterations;
  } work{function, 4'000'000 / 24};
  int64_t threads = attn_rt_num_threads();
  double time = seconds([&] {
    attn_rt_parallel_for(
        threads,
        [](void *opaque, int64_t, int64_t) {
          auto *work = static_cast<Work *>(opaque);
          callProbe(work->function, work->iterations, nullptr);
        },
        &work);
  });
  return static_cast<double>(work.iterations * flopsPerIteration * threads) /
         time / 1e9;
}

double MachineProbe::measureRead(ArrayRef<TensorValue> values) {
  // Pieces of 64 KiB; what is left at the end of a value is not read.
  constexpr int64_t kPiece = 1 << 16;
  struct Work {
    Jit::PackedFunction function;
    SmallVector<const char *, 0> pieces;
  } work{read, {}};
  for (const TensorValue &value : values)
    for (size_t at = 0; at + kPiece <= value.numBytes(); at += kPiece)
      work.pieces.push_back(value.data() + at);
  if (work.pieces.empty())
    return 0;
  double time = seconds([&] {
    attn_rt_parallel_for(
        work.pieces.size(),
        [](void *opaque, int64_t index, int64_t) {
          auto *work = static_cast<Work *>(opaque);
          callProbe(work->function, kPiece / 4, work->pieces[index]);
        },
        &work);
  });
  return static_cast<double>(work.pieces.size() * kPiece) / time / 1e9;
}

//===----------------------------------------------------------------------===//
// Benchmark
//===----------------------------------------------------------------------===//

/// What was loaded of each argument, in bytes and beside its size: more than
/// once the size is read again, from a cache or not.
static void printLoads(ArrayRef<ArgumentInfo> arguments,
                       ArrayRef<TensorValue> inputs, const Counts &counts,
                       raw_ostream &out) {
  if (!counts.whyNoLoads.empty()) {
    out << "loaded bytes are not counted: " << counts.whyNoLoads << '\n';
    return;
  }
  int64_t all = counts.loaded();
  if (all == 0)
    return;
  out << left_justify("", 26) << "      loaded  of its size\n";
  for (auto [info, value, loaded] : zip_equal(arguments, inputs, counts.loads))
    if (loaded != 0)
      out << left_justify("loads of " + info.name, 26)
          << format("%12.3f %12.3f  MB\n", loaded / 1e6,
                    double(loaded) / value.numBytes());
  out << left_justify("loads of all", 26) << format("%12.3f", all / 1e6);
  if (counts.work.bytes > 0)
    out << format(" %12.3f  MB, of counted bytes",
                  double(all) / counts.work.bytes);
  else
    out << "               MB";
  out << '\n';
}

Error attn::benchmarkCall(const Contender &program,
                          ArrayRef<ArgumentInfo> arguments,
                          ArrayRef<TensorValue> inputs, int64_t repetitions,
                          raw_ostream &out) {
  auto probe = MachineProbe::create();
  if (!probe)
    return probe.takeError();
  // The rate of bf16 is a limit of programs that read some.
  bool readsBF16 = llvm::any_of(
      inputs, [](const TensorValue &v) { return v.element().isBF16(); });
  program.call();
  (*probe)->measureFma();
  (*probe)->measureRead(inputs);
  SmallVector<double> times, fma, dot, read;
  for (int64_t i = 0; i < repetitions; ++i) {
    times.push_back(seconds(program.call));
    fma.push_back((*probe)->measureFma());
    dot.push_back(readsBF16 ? (*probe)->measureDot() : 0);
    read.push_back((*probe)->measureRead(inputs));
  }

  double middle = median(times), best = *llvm::min_element(times);
  const Counts &counts = program.counts;
  double flops = counts.work.flops, bytes = counts.work.bytes;
  double readLimit = median(read);
  auto row = [&](StringRef what, StringRef unit, double middle, double best) {
    out << left_justify(what, 26) << format("%12.3f %12.3f  ", middle, best)
        << unit << '\n';
  };
  out << "threads " << attn_rt_num_threads() << ", repetitions " << repetitions
      << '\n'
      << left_justify("", 26) << "      median         best\n";
  row("time", "ms", middle * 1e3, best * 1e3);
  double bestRead = *llvm::max_element(read);
  struct Limit {
    StringRef type, name;
    double middle, best;
  };
  SmallVector<Limit> limits = {
      {"f32 ", "FMA limit", median(fma), *llvm::max_element(fma)}};
  if (double middleDot = median(dot))
    limits.push_back(
        {"", "bf16 dot limit", middleDot, *llvm::max_element(dot)});
  for (const Limit &limit : limits)
    row((limit.type + limit.name).str(), "GFLOP/s", limit.middle, limit.best);
  if (flops > 0) {
    row("counted work", "GFLOP/s", flops / middle / 1e9, flops / best / 1e9);
    for (const Limit &limit : limits)
      row(("share of " + limit.name).str(), "%",
          100 * flops / middle / 1e9 / limit.middle,
          100 * flops / best / 1e9 / limit.best);
  }
  if (readLimit > 0) {
    row("read limit, same inputs", "GB/s", readLimit, bestRead);
    if (bytes > 0) {
      row("counted bytes", "GB/s", bytes / middle / 1e9, bytes / best / 1e9);
      row("share of read limit", "%", 100 * bytes / middle / 1e9 / readLimit,
          100 * bytes / best / 1e9 / bestRead);
    }
  }
  printLoads(arguments, inputs, counts, out);
  return Error::success();
}
