//===- lib/Runtime/GpuEmulator.cpp - Blocks, warps, threads ---------------===//
//
// Part of attn-mlir.
//
// Runs the blocks of a launch: which thread comes next, and how it ends.
//
//===----------------------------------------------------------------------===//

#include "GpuEmulatorState.h"

#include <algorithm>
#include <cinttypes>
#include <memory>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

using namespace attn::emulator;

namespace {
/// Pages that only this host thread uses, kept from launch to launch.
class Pages {
public:
  ~Pages() { release(); }
  /// At least `bytes`, or null.
  char *get(size_t bytes) {
    if (bytes <= size)
      return start;
    release();
    void *pages = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (pages == MAP_FAILED)
      return nullptr;
    start = static_cast<char *>(pages);
    size = bytes;
    return start;
  }
  void release() {
    if (start)
      munmap(start, size);
    start = nullptr;
    size = 0;
  }

private:
  char *start = nullptr;
  size_t size = 0;
};

/// Big enough for code that is not optimised; only what is used takes memory.
constexpr size_t kStackBytes = 512 << 10;
constexpr size_t kGuardBytes = 16 << 10;
/// Shared memory begins at a multiple of what swizzles and descriptors look at.
constexpr size_t kSharedAlignment = 256 << 10;
/// Polls in vain after which nothing is expected to change.
constexpr uint64_t kMaxFruitlessPolls = UINT64_C(1) << 25;

struct HostThread {
  Pages stacks, shared;
  int numStacks = 0;
  Launch launch;
  bool busy = false;
  uint64_t launches = 0;

  /// Memory for `n` fibers, a guard page below each.
  char *getStacks(int n) {
    if (n <= numStacks)
      return stacks.get(0);
    char *start = stacks.get(n * kStackBytes);
    if (!start)
      return nullptr;
    for (int i = 0; i < n; ++i)
      mprotect(start + i * kStackBytes, kGuardBytes, PROT_NONE);
    numStacks = n;
    return start;
  }
};
} // namespace

static thread_local std::unique_ptr<HostThread> hostThread;
static thread_local Launch *activeLaunch = nullptr;

// Not inlined: a fiber may not keep the address of a thread's variable, but all
// fibers of a launch stay on one host thread.
Launch &attn::emulator::launch() { return *activeLaunch; }

//===----------------------------------------------------------------------===//
// Errors
//===----------------------------------------------------------------------===//

static void printThread(FILE *file, const Launch &l, int tid) {
  fprintf(file, "(%d, %d, %d)", tid % l.block[0], tid / l.block[0] % l.block[1],
          tid / (l.block[0] * l.block[1]));
}

/// The head of a message. `where` may be null.
static void beginError(const Launch &l, const char *where) {
  fprintf(stderr,
          "attn-emulator: error: kernel '%s', block (%" PRId64 ", %" PRId64
          ", %" PRId64 "), thread ",
          l.name ? l.name : "?", l.blockIndex[0], l.blockIndex[1],
          l.blockIndex[2]);
  printThread(stderr, l, l.current->tid);
  fprintf(stderr, ": ");
  if (where)
    fprintf(stderr, "%s: ", where);
}

[[noreturn]] static void endError(Launch &l) {
  fprintf(stderr, " [ATTN_EMULATOR_SEED=%" PRIu64 "]\n", l.seed);
  l.failed = true;
  switchFiber(l.current->fiber, l.host, /*ends=*/true);
  __builtin_unreachable();
}

void attn::emulator::fail(const char *where, const char *format, ...) {
  Launch &l = launch();
  beginError(l, where);
  va_list arguments;
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  endError(l);
}

/// Nobody can run: says who waits where.
[[noreturn]] static void failDeadlock(Launch &l, const char *what) {
  beginError(l, nullptr);
  fprintf(stderr, "%s: ", what);
  std::vector<const char *> places;
  for (const Thread &thread : l.threads)
    if (!thread.exited &&
        std::find(places.begin(), places.end(), thread.where) == places.end())
      places.push_back(thread.where);
  for (size_t i = 0; i < places.size() && i < 8; ++i) {
    int count = 0, first = -1;
    for (const Thread &thread : l.threads)
      if (!thread.exited && thread.where == places[i] && ++count == 1)
        first = thread.tid;
    fprintf(stderr, "%s%d %s at %s (the first is ", i ? ", " : "", count,
            count == 1 ? "waits" : "wait", places[i] ? places[i] : "?");
    printThread(stderr, l, first);
    fprintf(stderr, ")");
  }
  if (l.numExited)
    fprintf(stderr, ", %d have exited", l.numExited);
  endError(l);
}

//===----------------------------------------------------------------------===//
// Which thread runs
//===----------------------------------------------------------------------===//

static void reorder(Launch &l, Warp &warp) {
  uint32_t random = l.random.next();
  warp.rotation = random % kWarpSize;
  warp.descending = random >> 31;
}

/// Makes another warp the current one. Somebody can run.
static void pickWarp(Launch &l) {
  uint32_t warps = l.runnableWarps;
  for (uint32_t skip = l.random.below(__builtin_popcount(warps)); skip; --skip)
    warps &= warps - 1;
  l.currentWarp = __builtin_ctz(warps);
  reorder(l, l.warp());
}

/// The thread that runs next, or null.
static Thread *pickThread(Launch &l) {
  if (!l.warp().runnable) {
    if (!l.runnableWarps) {
      if (!l.pollingWarps)
        return nullptr;
      // Nobody does anything but look: let all look again.
      for (int i = 0; i < l.numWarps; ++i) {
        Warp &warp = l.warps[i];
        warp.runnable = warp.polling;
        warp.polling = 0;
      }
      l.runnableWarps = l.pollingWarps;
      l.pollingWarps = 0;
    }
    pickWarp(l);
  }
  Warp &warp = l.warp();
  uint32_t r = warp.rotation;
  uint32_t lanes =
      warp.runnable >> r | (r ? warp.runnable << (kWarpSize - r) : 0);
  uint32_t lane = warp.descending ? 31 - __builtin_clz(lanes)
                                  : static_cast<uint32_t>(__builtin_ctz(lanes));
  return &l.threads[l.currentWarp * kWarpSize + (lane + r) % kWarpSize];
}

static void removeRunnable(Launch &l, const Thread &thread) {
  int index = thread.tid / kWarpSize;
  Warp &warp = l.warps[index];
  warp.runnable &= ~(1u << (thread.tid % kWarpSize));
  if (!warp.runnable)
    l.runnableWarps &= ~(1u << index);
}

/// Runs others; returns when somebody picks this thread again.
static void runOthers(Launch &l) {
  Thread *me = l.current;
  Thread *next = pickThread(l);
  if (!next)
    failDeadlock(l, "no thread can go on");
  if (next == me)
    return;
  l.current = next;
  switchFiber(me->fiber, next->fiber);
}

void attn::emulator::wait(const char *where) {
  Launch &l = launch();
  l.current->where = where;
  removeRunnable(l, *l.current);
  runOthers(l);
}

void attn::emulator::wake(int warp, uint32_t lanes) {
  if (!lanes)
    return;
  Launch &l = launch();
  l.warps[warp].runnable |= lanes;
  l.runnableWarps |= 1u << warp;
}

void attn::emulator::reschedule() {
  Launch &l = launch();
  if (l.runnableWarps == 1u << l.currentWarp)
    return;
  pickWarp(l);
  runOthers(l);
}

void attn::emulator::progress() { launch().fruitlessPolls = 0; }

void attn::emulator::poll(const char *where) {
  Launch &l = launch();
  Thread &me = *l.current;
  me.where = where;
  if (++l.fruitlessPolls > kMaxFruitlessPolls)
    failDeadlock(l, "threads look for what nobody does any more");
  removeRunnable(l, me);
  int index = me.tid / kWarpSize;
  l.warps[index].polling |= 1u << (me.tid % kWarpSize);
  l.pollingWarps |= 1u << index;
  runOthers(l);
}

//===----------------------------------------------------------------------===//
// Blocks
//===----------------------------------------------------------------------===//

static void runThread() {
  Launch &l = launch();
  fiberStarted(l.host);
  l.kernel(l.params);
  Thread &me = *l.current;
  me.exited = true;
  me.where = nullptr;
  ++l.numExited;
  progress();
  landGroups(me, 0);
  landBulkGroups(me, 0);
  removeRunnable(l, me);
  l.warp().gone |= 1u << (me.tid % kWarpSize);
  exitSync();
  if (l.numExited == l.numThreads)
    checkWarpgroups();
  if (l.numExited == l.numThreads)
    switchFiber(me.fiber, l.host, /*ends=*/true);
  Thread *next = pickThread(l);
  if (!next)
    failDeadlock(l, "no thread can go on");
  l.current = next;
  switchFiber(me.fiber, next->fiber, /*ends=*/true);
  __builtin_unreachable();
}

static void runBlock(Launch &l, char *stacks) {
  // NaN in every format. In the first block attn_emulator_enter does this.
  if (l.name)
    memset(l.view.shared, 0xff, l.view.shared_end);
  l.numExited = 0;
  l.fruitlessPolls = 0;
  l.runnableWarps = l.pollingWarps = 0;
  for (Barrier &barrier : l.barriers)
    barrier = Barrier();
  l.mbarriers.clear();
  l.landing = static_cast<Landing>(l.random.below(3));
  l.preemption = l.random.below(2) ? 0 : 8;
  for (int i = 0; i < l.numWarps; ++i) {
    int lanes = std::min(l.numThreads - i * kWarpSize, kWarpSize);
    Warp &warp = l.warps[i];
    warp = Warp();
    warp.gone = lanes == kWarpSize ? 0 : ~0u << lanes;
    warp.runnable = ~warp.gone;
    l.runnableWarps |= 1u << i;
  }
  for (int i = 0; i < l.numThreads; ++i) {
    Thread &thread = l.threads[i];
    thread.tid = i;
    thread.exited = thread.leader = false;
    thread.where = nullptr;
    thread.open.clear();
    thread.groups.clear();
    thread.openBulk.clear();
    thread.bulkGroups.clear();
    thread.fiber.bottom = stacks + i * kStackBytes + kGuardBytes;
    thread.fiber.size = kStackBytes - kGuardBytes;
    thread.stores.clear();
    startFiber(thread.fiber, runThread);
  }
  resetProxies();
  resetRegisters();
  l.currentWarp = 0;
  pickWarp(l);
  l.current = pickThread(l);
  switchFiber(l.host, l.current->fiber);
}

static uint64_t readSeed() {
  const char *text = getenv("ATTN_EMULATOR_SEED");
  if (!text || !*text)
    return 1;
  if (strcmp(text, "random") == 0) {
    timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return Random::mix(now.tv_sec * UINT64_C(1000000000) + now.tv_nsec) >> 32;
  }
  return strtoull(text, nullptr, 10);
}

/// An error of the launch itself.
static int32_t refuse(const char *what, int64_t found) {
  fprintf(stderr,
          "attn-emulator: error: a launch expects %s, but got %" PRId64 "\n",
          what, found);
  return ATTN_EMULATOR_ERROR;
}

static int32_t runBlocks(HostThread &host) {
  Launch &l = host.launch;
  char *stacks = host.getStacks(l.numThreads);
  char *memory = host.shared.get(2 * kSharedAlignment);
  if (!stacks || !memory) {
    fprintf(stderr,
            "attn-emulator: error: no memory for a block of %d "
            "threads\n",
            l.numThreads);
    return ATTN_EMULATOR_ERROR;
  }
  auto address = reinterpret_cast<uintptr_t>(memory);
  l.view.shared = memory + (kSharedAlignment - address % kSharedAlignment);
  l.view.shared_end = 0;
  l.threads.resize(l.numThreads);
  uint64_t sequence = Random::mix(l.seed) + host.launches++;
  for (l.blockIndex[2] = 0; l.blockIndex[2] < l.grid[2]; ++l.blockIndex[2])
    for (l.blockIndex[1] = 0; l.blockIndex[1] < l.grid[1]; ++l.blockIndex[1])
      for (l.blockIndex[0] = 0; l.blockIndex[0] < l.grid[0];
           ++l.blockIndex[0]) {
        sequence = Random::mix(sequence);
        l.random = Random(sequence);
        runBlock(l, stacks);
        if (l.failed) {
          // Their fibers will not go on; a fresh stack knows nothing of them.
          host.stacks.release();
          host.numStacks = 0;
          return ATTN_EMULATOR_ERROR;
        }
      }
  return ATTN_EMULATOR_OK;
}

extern "C" int32_t attn_emulate_launch(void (*kernel)(void *const *params),
                                       const int64_t grid[3],
                                       const int32_t block[3],
                                       int64_t shared_bytes,
                                       void *const *params) {
  const int64_t maxGrid[3] = {INT32_MAX, 65535, 65535};
  const int32_t maxBlock[3] = {1024, 1024, 64};
  for (int i = 0; i < 3; ++i) {
    if (grid[i] < 1 || grid[i] > maxGrid[i])
      return refuse(i ? "1 to 65535 blocks along y and z"
                      : "1 to 2^31 - 1 blocks along x",
                    grid[i]);
    if (block[i] < 1 || block[i] > maxBlock[i])
      return refuse("1 to 1024 threads along x and y and 1 to 64 along z",
                    block[i]);
  }
  int64_t numThreads = int64_t(block[0]) * block[1] * block[2];
  if (numThreads > kMaxThreads)
    return refuse("at most 1024 threads in a block", numThreads);
  if (shared_bytes < 0 || shared_bytes > kMaxSharedBytes)
    return refuse("0 to 232448 bytes of shared memory", shared_bytes);
  if (!hostThread)
    hostThread = std::make_unique<HostThread>();
  HostThread &host = *hostThread;
  if (host.busy) {
    fprintf(stderr, "attn-emulator: error: a kernel cannot launch kernels\n");
    return ATTN_EMULATOR_ERROR;
  }
  host.busy = true;
  Launch &l = host.launch;
  l.kernel = kernel;
  l.params = params;
  std::copy(grid, grid + 3, l.grid);
  std::copy(block, block + 3, l.block);
  l.numThreads = static_cast<int>(numThreads);
  l.numWarps = (l.numThreads + kWarpSize - 1) / kWarpSize;
  l.dynamicBytes = shared_bytes;
  l.staticBytes = l.dynamicOffset = 0;
  l.name = nullptr;
  l.seed = readSeed();
  l.failed = false;
  l.host = Fiber();
  activeLaunch = &l;
  int32_t status = runBlocks(host);
  activeLaunch = nullptr;
  host.busy = false;
  return status;
}

//===----------------------------------------------------------------------===//
// What kernels ask about themselves
//===----------------------------------------------------------------------===//

extern "C" void attn_emulator_enter(const char *kernel, int64_t static_bytes,
                                    int64_t dynamic, int32_t x, int32_t y,
                                    int32_t z) {
  Launch &l = launch();
  if (l.name)
    return;
  l.name = kernel;
  if (static_bytes + l.dynamicBytes > kMaxSharedBytes)
    fail(nullptr,
         "expects at most %" PRId64 " bytes of shared memory, but got %" PRId64
         " static and %" PRId64 " dynamic",
         kMaxSharedBytes, static_bytes, l.dynamicBytes);
  const int32_t expected[3] = {x, y, z};
  for (int i = 0; i < 3; ++i)
    if (expected[i] && expected[i] != l.block[i])
      fail(nullptr,
           "made for blocks of (%d, %d, %d) threads, but launched with "
           "(%d, %d, %d)",
           x, y, z, l.block[0], l.block[1], l.block[2]);
  l.hasBlockSize = x != 0;
  l.staticBytes = static_bytes;
  l.dynamicOffset = dynamic;
  l.view.shared_end = l.dynamicBytes ? dynamic + l.dynamicBytes : static_bytes;
  memset(l.view.shared, 0xff, l.view.shared_end);
}

extern "C" attn_emulator_block *attn_emulator_current(void) {
  return &launch().view;
}

extern "C" void attn_emulator_bad_access(const char *where, const void *address,
                                         int64_t bytes, int64_t alignment,
                                         int32_t shared) {
  if (shared)
    checkShared(where, address, bytes, alignment);
  fail(where,
       "expects an address that is a multiple of %" PRId64
       " bytes, but got 0x%" PRIxPTR,
       alignment, reinterpret_cast<uintptr_t>(address));
}

extern "C" void attn_emulator_trap(const char *where) {
  fail(where, "the kernel gave up");
}

void attn::emulator::checkShared(const char *where, const void *address,
                                 int64_t bytes, int64_t alignment) {
  Launch &l = launch();
  int64_t offset = static_cast<const char *>(address) - l.view.shared;
  if (!l.isShared(address, bytes))
    fail(where,
         "expects %" PRId64 " bytes in shared memory, which has %" PRId64
         " static and %" PRId64 " dynamic from %" PRId64 ", but got offset "
         "%" PRId64,
         bytes, l.staticBytes, l.dynamicBytes, l.dynamicOffset, offset);
  if (offset % alignment)
    fail(where,
         "expects an offset in shared memory that is a multiple of %" PRId64
         " bytes, but got %" PRId64,
         alignment, offset);
}

extern "C" int32_t attn_emulator_register(int32_t which) {
  Launch &l = launch();
  int tid = l.current->tid;
  int lane = tid % kWarpSize;
  switch (which) {
  case ATTN_REG_TID_X:
    return tid % l.block[0];
  case ATTN_REG_TID_Y:
    return tid / l.block[0] % l.block[1];
  case ATTN_REG_TID_Z:
    return tid / (l.block[0] * l.block[1]);
  case ATTN_REG_NTID_X:
  case ATTN_REG_NTID_Y:
  case ATTN_REG_NTID_Z:
    return l.block[which - ATTN_REG_NTID_X];
  case ATTN_REG_CTAID_X:
  case ATTN_REG_CTAID_Y:
  case ATTN_REG_CTAID_Z:
    return static_cast<int32_t>(l.blockIndex[which - ATTN_REG_CTAID_X]);
  case ATTN_REG_NCTAID_X:
  case ATTN_REG_NCTAID_Y:
  case ATTN_REG_NCTAID_Z:
    return static_cast<int32_t>(l.grid[which - ATTN_REG_NCTAID_X]);
  case ATTN_REG_LANEID:
    return lane;
  case ATTN_REG_WARPID:
    return tid / kWarpSize;
  case ATTN_REG_NWARPID:
    return l.numWarps;
  case ATTN_REG_WARPSIZE:
    return kWarpSize;
  case ATTN_REG_LANEMASK_EQ:
    return static_cast<int32_t>(1u << lane);
  case ATTN_REG_LANEMASK_LT:
    return static_cast<int32_t>((1u << lane) - 1);
  case ATTN_REG_LANEMASK_LE:
    return static_cast<int32_t>((1u << lane) - 1 + (1u << lane));
  case ATTN_REG_LANEMASK_GE:
    return static_cast<int32_t>(~((1u << lane) - 1));
  case ATTN_REG_LANEMASK_GT:
    return static_cast<int32_t>(~((1u << lane) - 1 + (1u << lane)));
  case ATTN_REG_SMID:
    return 0;
  case ATTN_REG_NSMID:
    return 1;
  case ATTN_REG_DYNAMIC_SMEM_SIZE:
    return static_cast<int32_t>(l.dynamicBytes);
  case ATTN_REG_TOTAL_SMEM_SIZE:
    return static_cast<int32_t>(l.staticBytes + l.dynamicBytes);
  case ATTN_REG_ZERO:
    return 0;
  case ATTN_REG_ONE:
    return 1;
  default:
    fail(nullptr, "special register %d is not known", which);
  }
}

extern "C" int64_t attn_emulator_clock(void) {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

extern "C" void attn_emulator_poll(const char *where) { poll(where); }
