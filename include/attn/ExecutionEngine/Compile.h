//===- include/attn/ExecutionEngine/Compile.h - What attn-compile does ----===//
//
// Part of attn-mlir.
//
// Compiles a module to a file that programs without MLIR can use.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_EXECUTIONENGINE_COMPILE_H
#define ATTN_EXECUTIONENGINE_COMPILE_H

#include "llvm/Support/raw_ostream.h"

#include <string>

namespace mlir::attn {

/// The command line of attn-compile.
struct CompileFileOptions {
  std::string file;
  /// Where the result goes; "-" is stdout.
  std::string output;
  /// cpu, cuda or cuda-emulated; empty is what the output needs.
  std::string target;
  std::string strategy;
  /// Make functions what each of several ranks runs, with these options of
  /// attn-star-distribute.
  bool distribute = false;
  std::string distributeOptions;
  /// The processor, as `selectCpu` takes it.
  std::string triple, cpu;
  /// GPU architectures.
  std::string arch;
  /// mlir, llvm, asm, obj, lib, ptx or cubin; empty follows the suffix.
  std::string emit;
  /// Where the C header goes; empty for none.
  std::string header;
  std::string dumpStages;
  /// Where to write what kernels were made, as JSON; empty for nowhere.
  std::string report;
  bool freestanding = false;
  bool embedModule = true;
  /// Whom errors come from.
  std::string tool = "attn-compile";
};

/// Does all that `options` ask. Errors go to `err` as `attn-compile: error:
/// ...` and leave no file behind; returns the exit code.
int compileFile(const CompileFileOptions &options, llvm::raw_ostream &err);

} // namespace mlir::attn

#endif // ATTN_EXECUTIONENGINE_COMPILE_H
