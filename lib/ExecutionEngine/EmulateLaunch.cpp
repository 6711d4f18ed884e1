//===- lib/ExecutionEngine/EmulateLaunch.cpp - Kernels on the CPU ---------===//
//
// Part of attn-mlir.
//
// Launches kernels on the emulator of lib/Runtime.
//
//===----------------------------------------------------------------------===//

#include "EmulateLaunch.h"

#include "ToolName.h"

#include "attn/ExecutionEngine/Run.h"
#include "attn/Runtime/GpuEmulator.h"

#include "llvm/Support/raw_ostream.h"

#include <cstdio>
#include <cstdlib>

using namespace mlir::attn;

extern "C" void attn_rt_emulate_launch(void (*kernel)(void *const *),
                                       const int64_t *grid,
                                       const int32_t *block,
                                       int64_t shared_bytes,
                                       void *const *params, int32_t) {
  // As the runtime for GPUs: nothing to do.
  if (grid[0] == 0 || grid[1] == 0 || grid[2] == 0)
    return;
  if (attn_emulate_launch(kernel, grid, block, shared_bytes, params) ==
      ATTN_EMULATOR_OK)
    return;
  llvm::outs().flush();
  std::fflush(stdout); // Of compiled code that prints.
  llvm::errs() << getToolName()
               << ": error: an emulated kernel failed; see above\n";
  // Nobody has results yet, so no file is half there.
  std::_Exit(kExitBadInput);
}
