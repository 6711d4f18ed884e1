//===- lib/ExecutionEngine/Arena.h - Memory of compiled code --------------===//
//
// Part of attn-mlir.
//
// The heap that compiled code allocates from while the engine runs it.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_EXECUTIONENGINE_ARENA_H
#define ATTN_EXECUTIONENGINE_ARENA_H

#include <cstddef>

namespace mlir::attn {

/// malloc for compiled code: aligned to 64 bytes and remembered. Without memory
/// it says so and ends the process.
extern "C" void *arenaMalloc(size_t bytes);
/// calloc for compiled code.
extern "C" void *arenaCalloc(size_t count, size_t bytes);
/// free for compiled code; the block is kept for the next call.
extern "C" void arenaFree(void *block);

/// Takes back all that compiled code has not freed; its results are invalid
/// from here on. Blocks are kept, so that repeated calls find warm pages.
void arenaReset();

/// Gives all blocks back to the system.
void arenaRelease();

} // namespace mlir::attn

#endif // ATTN_EXECUTIONENGINE_ARENA_H
