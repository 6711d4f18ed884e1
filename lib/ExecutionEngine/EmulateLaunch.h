//===- lib/ExecutionEngine/EmulateLaunch.h - Kernels on the CPU -----------===//
//
// Part of attn-mlir.
//
// What launches become in code that is compiled in memory.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_EXECUTIONENGINE_EMULATELAUNCH_H
#define ATTN_LIB_EXECUTIONENGINE_EMULATELAUNCH_H

#include <cstdint>

/// Runs a kernel that attn-emulate-gpu made a function, to its end. One that
/// fails ends the process: the emulator has said why.
extern "C" void attn_rt_emulate_launch(void (*kernel)(void *const *),
                                       const int64_t *grid,
                                       const int32_t *block,
                                       int64_t shared_bytes,
                                       void *const *params, int32_t num_params);

#endif // ATTN_LIB_EXECUTIONENGINE_EMULATELAUNCH_H
