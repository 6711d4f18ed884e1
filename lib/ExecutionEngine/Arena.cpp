//===- lib/ExecutionEngine/Arena.cpp - Memory of compiled code ------------===//
//
// Part of attn-mlir.
//
// The heap that compiled code allocates from while the engine runs it.
//
//===----------------------------------------------------------------------===//

#include "Arena.h"

#include "Blocks.h"
#include "ToolName.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>

using namespace mlir::attn;

namespace {
struct Arena {
  std::mutex mutex;
  llvm::DenseMap<void *, size_t> live;
  std::map<size_t, llvm::SmallVector<void *>> idle;
};
} // namespace

/// One heap: compiled code calls malloc and free without saying for whom.
static Arena &arena() {
  static Arena instance;
  return instance;
}

extern "C" void *mlir::attn::arenaMalloc(size_t bytes) {
  if (!hasGuardPages())
    bytes = llvm::alignTo(bytes ? bytes : 1, 64);
  Arena &heap = arena();
  std::lock_guard<std::mutex> lock(heap.mutex);
  llvm::SmallVector<void *> &idle = heap.idle[bytes];
  void *block = idle.empty() ? allocateBlock(bytes) : idle.pop_back_val();
  if (!block) {
    // Compiled code does not look at what it gets.
    llvm::errs() << getToolName() << ": error: compiled code asks for " << bytes
                 << " bytes, and there are not that many\n";
    std::_Exit(1);
  }
  heap.live[block] = bytes;
  return block;
}

extern "C" void *mlir::attn::arenaCalloc(size_t count, size_t bytes) {
  bool overflow = false;
  size_t total = llvm::SaturatingMultiply(count, bytes, &overflow);
  // Too many bytes for arenaMalloc if the product overflowed.
  void *block = arenaMalloc(overflow ? ~size_t(0) / 2 : total);
  std::memset(block, 0, total);
  return block;
}

extern "C" void mlir::attn::arenaFree(void *block) {
  if (!block)
    return;
  Arena &heap = arena();
  std::lock_guard<std::mutex> lock(heap.mutex);
  auto found = heap.live.find(block);
  if (found == heap.live.end())
    return std::free(block); // From the C library.
  // What is used after it was freed shows only if it is not kept.
  if (hasGuardPages())
    freeBlock(block);
  else
    heap.idle[found->second].push_back(block);
  heap.live.erase(found);
}

void mlir::attn::arenaReset() {
  Arena &heap = arena();
  std::lock_guard<std::mutex> lock(heap.mutex);
  for (auto [block, bytes] : heap.live)
    heap.idle[bytes].push_back(block);
  heap.live.clear();
}

void mlir::attn::arenaRelease() {
  arenaReset();
  Arena &heap = arena();
  std::lock_guard<std::mutex> lock(heap.mutex);
  for (auto &[bytes, blocks] : heap.idle)
    for (void *block : blocks)
      freeBlock(block);
  heap.idle.clear();
}
