//===- include/attn/ExecutionEngine/Benchmark.h - Times -------------------===//
//
// Part of attn-mlir.
//
// Times a program beside the limits of the machine, in one run.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_EXECUTIONENGINE_BENCHMARK_H
#define ATTN_EXECUTIONENGINE_BENCHMARK_H

#include "attn/ExecutionEngine/Program.h"
#include "attn/ExecutionEngine/Verify.h"
#include "attn/Runtime/CountWork.h"

namespace mlir::attn {

/// Measures what this machine can do at best, with code generated for it, on
/// as many threads as attn_rt_parallel_for uses.
class MachineProbe {
public:
  static llvm::Expected<std::unique_ptr<MachineProbe>> create();

  /// f32 multiply-adds on registers, in 1e9 flop/s (two per multiply-add).
  double measureFma() { return measureRegisters(fma); }
  /// The same with pairs of bf16 (four flop a pair); 0 where the machine has no
  /// instruction for it.
  double measureDot() { return dot ? 2 * measureRegisters(dot) : 0; }
  /// Reads the values once, in 1e9 byte/s; 0 without any byte.
  double measureRead(llvm::ArrayRef<TensorValue> values);

private:
  MachineProbe() = default;
  double measureRegisters(Jit::PackedFunction function);

  std::unique_ptr<Jit> jit;
  Jit::PackedFunction fma = nullptr, read = nullptr, dot = nullptr;
  int64_t flopsPerIteration = 0;
};

/// What one call of `source` on `inputs` has to do, counted by running it with
/// the counters of attn-count-work compiled in.
llvm::Expected<attn_rt_work> countWork(const Source &source,
                                       const CompileOptions &options,
                                       llvm::ArrayRef<TensorValue> inputs);

/// The bytes that one call of `source` loads of each of `inputs`, counted by
/// running it with the counters of attn-count-loads compiled in.
llvm::Expected<llvm::SmallVector<int64_t>>
countLoads(const Source &source, const CompileOptions &options,
           llvm::ArrayRef<TensorValue> inputs);

/// What is known of one call before it is timed.
struct Counts {
  /// Zero where it is not known.
  attn_rt_work work = {};
  /// Bytes loaded of each argument, or none and why.
  llvm::SmallVector<int64_t> loads;
  std::string whyNoLoads;

  /// All bytes loaded.
  int64_t loaded() const;
};

/// Counts work and loads of one call of `source` on `inputs`.
llvm::Expected<Counts> count(const Source &source,
                             const CompileOptions &options,
                             llvm::ArrayRef<TensorValue> inputs);

/// A program that is timed.
struct Contender {
  std::string name;
  llvm::function_ref<void()> call;
  Counts counts;
  /// Results by name, as far from exact attention as they are; empty if that is
  /// not known.
  llvm::SmallVector<std::pair<std::string, Distance>> distances;
};

/// Makes the call of `program`, on `inputs` for `arguments`, `repetitions`
/// times after a warm-up, with the probes in between, and prints one table.
llvm::Error benchmarkCall(const Contender &program,
                          llvm::ArrayRef<ArgumentInfo> arguments,
                          llvm::ArrayRef<TensorValue> inputs,
                          int64_t repetitions, llvm::raw_ostream &out);

/// The same for two programs in turns, `approximate` beside `dense`, which
/// takes the same inputs. `verification` may be null.
llvm::Error benchmarkBeside(const Contender &approximate,
                            const Contender &dense,
                            const Verification *verification,
                            llvm::ArrayRef<ArgumentInfo> arguments,
                            llvm::ArrayRef<TensorValue> inputs,
                            int64_t repetitions, llvm::raw_ostream &out);

} // namespace mlir::attn

#endif // ATTN_EXECUTIONENGINE_BENCHMARK_H
