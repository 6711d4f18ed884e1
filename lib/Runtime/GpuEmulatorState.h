//===- lib/Runtime/GpuEmulatorState.h - A block at work ---------*- C++ -*-===//
//
// Part of attn-mlir.
//
// What the files of the emulator share: threads, warps, how a thread waits, and
// how a launch ends with an error.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_RUNTIME_GPUEMULATORSTATE_H
#define ATTN_LIB_RUNTIME_GPUEMULATORSTATE_H

#include "attn/Runtime/GpuEmulator.h"

#include <stddef.h>
#include <stdint.h>
#include <vector>

#if !defined(__x86_64__) || defined(ATTN_EMULATOR_PORTABLE)
#define ATTN_EMULATOR_UCONTEXT
#include <ucontext.h>
#endif

namespace attn::emulator {

constexpr int kWarpSize = 32;
constexpr int kMaxThreads = 1024;
constexpr int kNumBarriers = 16;
/// What a block may have on the largest machine we know.
constexpr int64_t kMaxSharedBytes = 232448;
/// Bytes of shared memory that are looked at together for missing fences.
constexpr int64_t kProxyChunk = 16;
/// Registers of a multiprocessor; a thread has a multiple of 8 of them.
constexpr int kRegisters = 65536, kRegisterUnit = 8, kMaxRegisters = 255;

/// A number sequence: xorshift64*.
class Random {
public:
  explicit Random(uint64_t seed) : state(mix(seed)) {}
  uint32_t next() {
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return static_cast<uint32_t>((state * UINT64_C(0x2545f4914f6cdd1d)) >> 32);
  }
  /// A number below `n`.
  uint32_t below(uint32_t n) {
    return static_cast<uint32_t>((static_cast<uint64_t>(next()) * n) >> 32);
  }
  static uint64_t mix(uint64_t x) {
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    x ^= x >> 31;
    return x ? x : 1;
  }

private:
  uint64_t state;
};

/// A cp.async under way.
struct Copy {
  char *destination;
  const char *source;
  int32_t size, valid;
};

/// Where a flow of control goes on.
struct Fiber {
#ifdef ATTN_EMULATOR_UCONTEXT
  ucontext_t context;
#else
  void *stackPointer = nullptr;
#endif
  char *bottom = nullptr;
  size_t size = 0;
  /// What AddressSanitizer keeps for it.
  void *fakeStack = nullptr;
};

/// Makes `fiber` start with a call of `entry`, which must not return.
void startFiber(Fiber &fiber, void (*entry)());
/// Goes on at `to` until somebody switches back to `from`; never, if `ends`.
void switchFiber(Fiber &from, Fiber &to, bool ends = false);
/// First in `entry`. The first fiber is started from `host`.
void fiberStarted(Fiber &host);

/// Copies that an mbarrier waits for: bytes they transact, arrivals they make.
struct InFlight {
  std::vector<Copy> copies;
  int64_t bytes;
  int arrivals;
};

struct MBarrier {
  int64_t offset = 0;
  int count = 0, pending = 0;
  int64_t transactions = 0, phase = 0;
  std::vector<InFlight> inFlight;
  /// Threads that wait.
  std::vector<int> waiting;
};

/// What a wgmma under way reads from shared memory, which must stay as it is.
struct MatrixRead {
  const char *where;
  int n, a, b, flags;
  int64_t descriptorA, descriptorB;
  uint64_t seen;
};

/// A store to shared memory that its thread has not fenced.
struct SharedStore {
  const char *where;
  int64_t offset, bytes;
};

struct Thread {
  Fiber fiber;
  int tid = 0;
  bool exited = false;
  /// Computes what the meeting it waits in gives.
  bool leader = false;
  /// The op it waits at.
  const char *where = nullptr;
  /// What the lane brings to a collective and takes from it.
  const void *in = nullptr;
  void *out = nullptr;
  uint64_t value = 0;
  uint32_t argument = 0;
  uint64_t result = 0;
  /// Copies since the last commit, and those of each group.
  std::vector<Copy> open;
  std::vector<std::vector<Copy>> groups;
  /// The same for bulk copies to global memory.
  std::vector<Copy> openBulk;
  std::vector<std::vector<Copy>> bulkGroups;
  /// Kept in kernels with wgmma or bulk copies only.
  std::vector<SharedStore> stores;
};

/// Lanes of a warp that wait for each other.
struct Rendezvous {
  uint32_t mask = 0, arrived = 0;
  const char *where = nullptr;
  int kind = 0;
};

struct Warp {
  /// Lanes that can run, that look again once no other can, and that exited or
  /// never were.
  uint32_t runnable = 0, polling = 0, gone = 0;
  /// In which order lanes are tried.
  uint32_t rotation = 0;
  bool descending = false;
  /// Meetings under way; their masks are disjoint.
  Rendezvous meetings[kWarpSize];
  int numMeetings = 0;
  /// The block barrier that lanes of this warp wait at, and which.
  const char *barrierWhere = nullptr;
  uint32_t atBarrier = 0;
  /// wgmmas since the last commit, those of each group, and all ever.
  std::vector<MatrixRead> openReads;
  std::vector<std::vector<MatrixRead>> readGroups;
  int64_t numWgmma = 0;
  /// Of a thread, and how often that was changed.
  int registers = 0, numChanges = 0;
};

struct Barrier {
  /// Threads that wait in each warp.
  uint32_t waiting[kMaxThreads / kWarpSize] = {};
  int arrived = 0, count = 0, reduction = -1;
  /// Lanes that the last warp lacks are among those that arrived.
  bool countsMissing = false;
  int numTrue = 0;
  const char *where = nullptr;
};

/// When asynchronous copies land.
enum class Landing { WhenWaitedFor, AtOnce, Either };

/// The launch of a host thread. Its first member is what kernels read.
struct Launch {
  attn_emulator_block view;
  void (*kernel)(void *const *params);
  void *const *params;
  int64_t grid[3];
  int32_t block[3];
  int64_t blockIndex[3];
  int numThreads, numWarps;
  int64_t dynamicBytes;
  int64_t staticBytes, dynamicOffset;
  const char *name;

  std::vector<Thread> threads;
  Warp warps[kMaxThreads / kWarpSize];
  /// Warps with a lane that can run, and with one that polls.
  uint32_t runnableWarps, pollingWarps;
  int numExited;
  /// Polls since something happened that could end them.
  uint64_t fruitlessPolls;
  Barrier barriers[kNumBarriers];
  std::vector<MBarrier> mbarriers;
  Thread *current;
  int currentWarp;
  Fiber host;
  Random random{1};
  Landing landing;
  /// One in how many meetings lets another warp run; 0 for none.
  uint32_t preemption;
  uint64_t seed;
  bool failed;
  /// The kernel is made for blocks of a known size.
  bool hasBlockSize;
  /// Registers that warps gave back, and threads whose warps wait for some.
  int freeRegisters;
  std::vector<int> waitingForRegisters;
  /// Stores by chunk that are not fenced, and what the async proxy sees there.
  int64_t numUnfenced = 0;
  uint16_t unfenced[kMaxSharedBytes / kProxyChunk] = {};
  char asyncView[kMaxSharedBytes];

  Warp &warp() { return warps[currentWarp]; }
  int lane() const { return current->tid % kWarpSize; }
  bool isShared(const void *address, int64_t bytes) const {
    int64_t offset = static_cast<const char *>(address) - view.shared;
    return offset >= 0 && bytes >= 0 && offset <= view.shared_end - bytes;
  }
};

/// The launch this host thread is in.
Launch &launch();

/// Ends the launch with a message about the thread that runs. `format` as for
/// printf.
[[noreturn]] void fail(const char *where, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/// Runs other threads until somebody wakes this one.
void wait(const char *where);
/// Lets lanes that wait run again.
void wake(int warp, uint32_t lanes);
/// Lets any warp run.
void reschedule();
/// Something happened that others may look for.
void progress();
/// Lets all others run before this thread looks again.
void poll(const char *where);

/// Waits for the lanes of `mask` that have not exited, all at ops of this kind
/// and, if `aligned`, at this very op. True for the last to come: it computes
/// the results of all, then calls finishMeeting.
bool meet(const char *where, uint32_t mask, int kind, bool aligned);
void finishMeeting(uint32_t mask);
/// What exits changes for those that wait.
void exitSync();

/// The copies of all groups but `pending` land.
void landGroups(Thread &thread, size_t pending);
void landBulkGroups(Thread &thread, size_t pending);
void land(const Copy &copy);
/// Whether a copy that begins now lands at once.
bool landsAtOnce();
/// The warps of a warpgroup have issued as many wgmmas and waited for them.
void checkWarpgroups();

/// Forgets stores of the last block, and who had which registers.
void resetProxies();
void resetRegisters();
/// The async proxy sees what was stored to these bytes, or may write them. To
/// be called while stores are not fenced.
void checkAsyncRead(const char *where, int64_t offset, int64_t bytes);
void checkAsyncWrite(const char *where, int64_t offset, int64_t bytes);

/// Checks an access to shared memory.
void checkShared(const char *where, const void *address, int64_t bytes,
                 int64_t alignment);

/// The value of an element whose bits are the low ones of `bits`.
float toFloat(uint32_t bits, int element);
/// The bits of `value` in an element type, rounded to nearest even.
uint32_t fromFloat(float value, int element, bool saturate);

} // namespace attn::emulator

#endif // ATTN_LIB_RUNTIME_GPUEMULATORSTATE_H
