//===- include/attn/ExecutionEngine/Run.h - What attn-run does ------------===//
//
// Part of attn-mlir.
//
// Compiles a module, calls a function of it, and says what came out.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_EXECUTIONENGINE_RUN_H
#define ATTN_EXECUTIONENGINE_RUN_H

#include "llvm/Support/raw_ostream.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mlir::attn {

/// What `--verify` compares.
enum class VerifyMode {
  None,
  /// The function's results.
  Results,
  /// Each attn op by itself, too.
  Ops
};

/// Where memory of values ends or begins at a page that nobody may touch, so
/// that compiled code which leaves its arguments crashes.
enum class GuardPages { None, AtStart, AtEnd };

/// The command line of attn-run.
struct RunOptions {
  std::string file;
  std::string function;
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  std::string strategy;
  /// cpu, cuda or cuda-emulated; empty is what a shared object is compiled for,
  /// and cpu for a module.
  std::string target;
  /// The GPU that is emulated, "sm_90a"; empty is the oldest we compile for.
  std::string arch;
  int64_t threads = 0;
  VerifyMode verify = VerifyMode::None;
  /// Repetitions of the benchmark; 0 for none.
  int64_t benchmark = 0;
  std::string dumpStages;
  GuardPages guardPages = GuardPages::None;
  /// Cut the program over ranks, as under mpirun anyway, with these options of
  /// attn-star-distribute.
  bool distribute = false;
  std::string distributeOptions;
};

/// The exit codes of our tools.
enum ExitCode {
  kExitOk = 0,
  kExitBadInput = 1,
  kExitVerifyFailed = 2,
  kExitNoDevice = 77
};

/// Does all that `options` ask. Results go to `out`, errors as
/// `attn-run: error: ...` to `err`; returns the exit code.
int runModule(const RunOptions &options, llvm::raw_ostream &out,
              llvm::raw_ostream &err);

/// Prints the strategies that `--strategy` knows, one a line.
void listStrategies(llvm::raw_ostream &out);

} // namespace mlir::attn

#endif // ATTN_EXECUTIONENGINE_RUN_H
