//===- lib/ExecutionEngine/Blocks.cpp - Memory for values -----------------===//
//
// Part of attn-mlir.
//
// Blocks from the C library, or from the system between inaccessible pages.
//
//===----------------------------------------------------------------------===//

#include "Blocks.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/Process.h"

#include <cstdlib>
#include <cstring>
#include <mutex>
#include <sys/mman.h>

using namespace mlir::attn;

namespace {
/// The mapping a guarded block lies in.
struct Mapping {
  void *base;
  size_t bytes;
};

struct Guards {
  GuardPages place = GuardPages::None;
  std::mutex mutex;
  llvm::DenseMap<void *, Mapping> mappings;
};
} // namespace

static Guards &guards() {
  static Guards instance;
  return instance;
}

void mlir::attn::setGuardPages(GuardPages guard) { guards().place = guard; }

bool mlir::attn::hasGuardPages() { return guards().place != GuardPages::None; }

/// A block whose first or last byte touches an inaccessible page.
static void *allocateGuarded(size_t bytes, GuardPages place) {
  size_t page = llvm::sys::Process::getPageSizeEstimate();
  if (bytes > SIZE_MAX / 2)
    return nullptr;
  // Even an empty block has an address of its own.
  size_t inside = llvm::alignTo(bytes ? bytes : 1, page);
  size_t whole = inside + 2 * page;
  void *base =
      mmap(nullptr, whole, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED)
    return nullptr;
  char *first = static_cast<char *>(base) + page;
  if (mprotect(first, inside, PROT_READ | PROT_WRITE) != 0) {
    munmap(base, whole);
    return nullptr;
  }
  std::memset(first, 0xff, inside);
  char *block = place == GuardPages::AtEnd ? first + inside - bytes : first;
  Guards &all = guards();
  std::lock_guard<std::mutex> lock(all.mutex);
  all.mappings[block] = {base, whole};
  return block;
}

void *mlir::attn::allocateBlock(size_t bytes) {
  if (GuardPages place = guards().place; place != GuardPages::None)
    return allocateGuarded(bytes, place);
  size_t rounded = llvm::alignTo(bytes ? bytes : 1, 64);
  return rounded < bytes ? nullptr : std::aligned_alloc(64, rounded);
}

void mlir::attn::freeBlock(void *block) {
  if (!block)
    return;
  Guards &all = guards();
  {
    std::lock_guard<std::mutex> lock(all.mutex);
    auto found = all.mappings.find(block);
    if (found != all.mappings.end()) {
      munmap(found->second.base, found->second.bytes);
      all.mappings.erase(found);
      return;
    }
  }
  std::free(block);
}
