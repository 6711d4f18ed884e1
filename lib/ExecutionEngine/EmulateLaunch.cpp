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
#include "attn/Runtime/Abi.h"
#include "attn/Runtime/GpuEmulator.h"

#include "llvm/Support/raw_ostream.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

using namespace mlir::attn;

/// Nobody has results yet, so no file is half there.
[[noreturn]] static void fail(llvm::StringRef why) {
  llvm::outs().flush();
  std::fflush(stdout); // Of compiled code that prints.
  llvm::errs() << getToolName() << ": error: " << why << '\n';
  std::_Exit(kExitBadInput);
}

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
  fail("an emulated kernel failed; see above");
}

extern "C" void attn_rt_emulate_tensor_map(const attn_gpu_tensor *tensor,
                                           void *map) {
  uint64_t sizes[5], strides[5];
  uint32_t box[5];
  if (attn_gpu_check_tensor(tensor, sizes, strides) != ATTN_OK)
    fail(attn_gpu_error());
  std::copy_n(tensor->box, tensor->rank, box);
  if (attn_emulator_encode_tensor_map(
          static_cast<attn_emulator_tensor_map *>(map),
          attn_gpu_element_bytes(tensor->element), tensor->rank, tensor->data,
          sizes, strides, box, tensor->swizzle ? 16 << tensor->swizzle : 0))
    fail("the emulator has no tensor map for this tensor");
}
