//===- lib/ExecutionEngine/Stages.h - From a module to LLVM ---------------===//
//
// Part of attn-mlir.
//
// The stages a module goes through before it is compiled in memory.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_EXECUTIONENGINE_STAGES_H
#define ATTN_EXECUTIONENGINE_STAGES_H

#include "attn/ExecutionEngine/Program.h"
#include "attn/Pipelines/PipelineStage.h"

namespace mlir::attn {

/// Writes numbered files into a folder, or nothing without one.
class StageDumper {
public:
  explicit StageDumper(llvm::StringRef folder) : folder(folder) {}

  /// Creates the folder.
  llvm::Error start();

  /// Writes NN-`name`.`suffix` with what `print` puts out.
  llvm::Error write(llvm::StringRef name, llvm::StringRef suffix,
                    llvm::function_ref<void(llvm::raw_ostream &)> print);

private:
  llvm::StringRef folder;
  unsigned number = 0;
};

/// Applies the passes of `stage`. The module is verified after the last one,
/// not after each, which would be a fifth of the time of compiling; attn-opt
/// does that.
llvm::Error runStage(ModuleOp module, const PipelineStage &stage);

/// Lowers attn ops as the strategy says, bufferizes, and lowers to the LLVM
/// dialect.
llvm::Error lowerInStages(ModuleOp module, const CompileOptions &options,
                          StageDumper &dumper);

} // namespace mlir::attn

#endif // ATTN_EXECUTIONENGINE_STAGES_H
