//===- lib/ExecutionEngine/EmulateLaunch.h - Kernels on the CPU -----------===//
//
// Part of attn-mlir.
//
// What launches become in code that is compiled in memory.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_EXECUTIONENGINE_EMULATELAUNCH_H
#define ATTN_LIB_EXECUTIONENGINE_EMULATELAUNCH_H

#include "attn/Runtime/GpuLaunch.h"

#include <cstdint>

/// Runs a kernel that attn-emulate-gpu made a function, to its end. One that
/// fails ends the process: the emulator has said why.
extern "C" void attn_rt_emulate_launch(void (*kernel)(void *const *),
                                       const int64_t *grid,
                                       const int32_t *block,
                                       int64_t shared_bytes,
                                       void *const *params, int32_t num_params);

/// Makes the tensor map of `tensor`, an attn_gpu_tensor, which emulated kernels
/// take; ends the process if there is none.
extern "C" void attn_rt_emulate_tensor_map(const attn_gpu_tensor *tensor,
                                           void *map);

#endif // ATTN_LIB_EXECUTIONENGINE_EMULATELAUNCH_H
