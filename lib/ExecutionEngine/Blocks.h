//===- lib/ExecutionEngine/Blocks.h - Memory for values --------*- C++ -*-===//
//
// Part of attn-mlir.
//
// Where values and what compiled code allocates live; on request beside pages
// that nobody may touch.
//
//===----------------------------------------------------------------------===//

#ifndef LIB_EXECUTIONENGINE_BLOCKS_H
#define LIB_EXECUTIONENGINE_BLOCKS_H

#include "attn/ExecutionEngine/Run.h"

#include <cstddef>

namespace mlir::attn {

/// Where the blocks allocated from now on have an inaccessible page. With one,
/// a block begins wherever its last byte has to be, and is no longer aligned.
void setGuardPages(GuardPages guard);

/// Whether blocks are guarded.
bool hasGuardPages();

/// `bytes` bytes, aligned to 64 unless guarded; null if there are not that
/// many. Guarded, they are all ones: not a number in every float type.
void *allocateBlock(size_t bytes);

/// Gives back a block, or null; a guarded one can no longer be read.
void freeBlock(void *block);

} // namespace mlir::attn

#endif // LIB_EXECUTIONENGINE_BLOCKS_H
