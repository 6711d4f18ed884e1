//===- lib/Runtime/GpuEmulatorBulk.cpp - mbarriers and bulk copies --------===//
//
// Part of attn-mlir.
//
// Barriers in shared memory, and the copies of blocks and of tiles of tensors
// that complete their phases.
//
//===----------------------------------------------------------------------===//

#include "GpuEmulatorState.h"

#include <algorithm>
#include <string.h>

using namespace attn::emulator;

//===----------------------------------------------------------------------===//
// mbarriers
//===----------------------------------------------------------------------===//

/// What the memory of an mbarrier holds: who writes there is found.
static constexpr uint64_t kMBarrierMark = UINT64_C(0x6d62617272696572);

static int64_t offsetOf(const char *where, const void *address) {
  checkShared(where, address, 8, 8);
  return static_cast<const char *>(address) - launch().view.shared;
}

static MBarrier &findMBarrier(const char *where, const void *address) {
  int64_t offset = offsetOf(where, address);
  uint64_t mark;
  memcpy(&mark, address, 8);
  for (MBarrier &barrier : launch().mbarriers)
    if (barrier.offset == offset) {
      if (mark != kMBarrierMark)
        fail(where, "the mbarrier at offset %lld was written over",
             static_cast<long long>(offset));
      return barrier;
    }
  fail(where, "expects an mbarrier that was initialised, at offset %lld",
       static_cast<long long>(offset));
}

/// Completes the phase if it is, and lands copies if that completes it and
/// somebody waits.
static void settle(MBarrier &barrier) {
  int deferred = 0;
  for (const InFlight &flight : barrier.inFlight)
    deferred += flight.arrivals;
  if (!barrier.inFlight.empty() && !barrier.waiting.empty() &&
      barrier.pending == deferred) {
    std::vector<InFlight> flights = std::move(barrier.inFlight);
    barrier.inFlight.clear();
    for (const InFlight &flight : flights) {
      for (const Copy &copy : flight.copies)
        land(copy);
      barrier.transactions -= flight.bytes;
      barrier.pending -= flight.arrivals;
    }
    progress();
  }
  if (barrier.pending || barrier.transactions)
    return;
  ++barrier.phase;
  barrier.pending = barrier.count;
  std::vector<int> waiting = std::move(barrier.waiting);
  barrier.waiting.clear();
  for (int tid : waiting)
    wake(tid / kWarpSize, 1u << (tid % kWarpSize));
  progress();
}

/// Copies on their way: they land at once, or when `barrier` is waited for.
static void start(const char *where, MBarrier &barrier, InFlight flight) {
  // Those of bulk copies, which transact bytes, are by the async proxy.
  Launch &l = launch();
  if (l.numUnfenced && flight.bytes)
    for (const Copy &copy : flight.copies)
      checkAsyncWrite(where, copy.destination - l.view.shared, copy.size);
  if (landsAtOnce()) {
    for (const Copy &copy : flight.copies)
      land(copy);
    barrier.transactions -= flight.bytes;
    barrier.pending -= flight.arrivals;
  } else {
    for (const Copy &copy : flight.copies)
      memset(copy.destination, 0xff, copy.size);
    barrier.inFlight.push_back(std::move(flight));
  }
  settle(barrier);
}

extern "C" void attn_emulator_mbarrier_init(const char *where, void *address,
                                            int32_t count) {
  if (count < 1)
    fail(where, "expects a count of at least 1, but got %d", count);
  Launch &l = launch();
  int64_t offset = offsetOf(where, address);
  MBarrier *barrier = nullptr;
  for (MBarrier &other : l.mbarriers)
    if (other.offset == offset)
      barrier = &other;
  if (!barrier) {
    l.mbarriers.emplace_back();
    barrier = &l.mbarriers.back();
  }
  *barrier = MBarrier();
  barrier->offset = offset;
  barrier->count = barrier->pending = count;
  memcpy(address, &kMBarrierMark, 8);
}

extern "C" void attn_emulator_mbarrier_inval(const char *where, void *address) {
  MBarrier &barrier = findMBarrier(where, address);
  if (!barrier.waiting.empty())
    fail(where, "threads wait at the mbarrier");
  Launch &l = launch();
  l.mbarriers.erase(l.mbarriers.begin() + (&barrier - l.mbarriers.data()));
  memset(address, 0xff, 8);
}

extern "C" int64_t attn_emulator_mbarrier_arrive(const char *where,
                                                 void *address, int32_t count,
                                                 int32_t transactions,
                                                 int32_t drop) {
  MBarrier &barrier = findMBarrier(where, address);
  int64_t phase = barrier.phase;
  if (count < 1 || count > barrier.pending)
    fail(where,
         "%d arrive in a phase of the mbarrier that only expects %d more of %d",
         count, barrier.pending, barrier.count);
  barrier.transactions += transactions;
  barrier.pending -= count;
  if (drop)
    barrier.count -= count;
  settle(barrier);
  return phase;
}

extern "C" void attn_emulator_mbarrier_expect(const char *where, void *address,
                                              int32_t transactions) {
  MBarrier &barrier = findMBarrier(where, address);
  barrier.transactions += transactions;
  settle(barrier);
}

extern "C" int32_t attn_emulator_mbarrier_test(const char *where, void *address,
                                               int64_t phase, int32_t parity,
                                               int32_t blocking) {
  auto isComplete = [&] {
    MBarrier &barrier = findMBarrier(where, address);
    return parity ? (barrier.phase & 1) != (phase & 1) : barrier.phase > phase;
  };
  if (isComplete())
    return 1;
  int tid = launch().current->tid;
  {
    MBarrier &barrier = findMBarrier(where, address);
    barrier.waiting.push_back(tid);
    settle(barrier);
  }
  if (!blocking) {
    // It does not wait, but copies may come while it looks.
    MBarrier &barrier = findMBarrier(where, address);
    auto &waiting = barrier.waiting;
    waiting.erase(std::remove(waiting.begin(), waiting.end(), tid),
                  waiting.end());
    if (!isComplete())
      poll(where);
    return isComplete();
  }
  while (!isComplete())
    wait(where);
  return 1;
}

extern "C" void attn_emulator_cp_async_mbarrier_arrive(const char *where,
                                                       void *address,
                                                       int32_t noinc) {
  MBarrier &barrier = findMBarrier(where, address);
  if (!noinc)
    ++barrier.pending;
  Thread &me = *launch().current;
  InFlight flight = {std::move(me.open), 0, 1};
  me.open.clear();
  // Groups stay with the thread too: what lands twice is the same.
  for (const std::vector<Copy> &group : me.groups)
    flight.copies.insert(flight.copies.end(), group.begin(), group.end());
  start(where, barrier, std::move(flight));
}

//===----------------------------------------------------------------------===//
// Bulk copies
//===----------------------------------------------------------------------===//

static void checkBulk(const char *where, const void *shared, const void *global,
                      int32_t size) {
  checkShared(where, shared, size, 16);
  if (size % 16 || size < 16)
    fail(where, "expects a size that is a multiple of 16 bytes, but got %d",
         size);
  if (reinterpret_cast<uintptr_t>(global) % 16)
    fail(where, "expects global memory aligned to 16 bytes, but got %p",
         global);
}

extern "C" void attn_emulator_bulk_load(const char *where, void *destination,
                                        const void *source, void *mbarrier,
                                        int32_t size) {
  checkBulk(where, destination, source, size);
  InFlight flight = {{{static_cast<char *>(destination),
                       static_cast<const char *>(source), size, size}},
                     size,
                     0};
  start(where, findMBarrier(where, mbarrier), std::move(flight));
}

extern "C" void attn_emulator_bulk_store(const char *where, void *destination,
                                         const void *source, int32_t size) {
  checkBulk(where, source, destination, size);
  Launch &l = launch();
  if (l.numUnfenced)
    checkAsyncRead(where, static_cast<const char *>(source) - l.view.shared,
                   size);
  l.current->openBulk.push_back({static_cast<char *>(destination),
                                 static_cast<const char *>(source), size,
                                 size});
}

extern "C" void attn_emulator_bulk_commit(void) {
  Thread &me = *launch().current;
  // What is read at once, or when somebody waits for it to be.
  if (landsAtOnce()) {
    for (const Copy &copy : me.openBulk)
      land(copy);
    me.openBulk.clear();
  }
  me.bulkGroups.push_back(std::move(me.openBulk));
  me.openBulk.clear();
}

void attn::emulator::landBulkGroups(Thread &thread, size_t pending) {
  if (thread.bulkGroups.size() <= pending)
    return;
  size_t count = thread.bulkGroups.size() - pending;
  for (size_t i = 0; i < count; ++i)
    for (const Copy &copy : thread.bulkGroups[i])
      land(copy);
  thread.bulkGroups.erase(thread.bulkGroups.begin(),
                          thread.bulkGroups.begin() + count);
  progress();
}

extern "C" void attn_emulator_bulk_wait(int32_t pending_groups) {
  landBulkGroups(*launch().current, static_cast<size_t>(pending_groups));
}

//===----------------------------------------------------------------------===//
// Tiles of tensors
//===----------------------------------------------------------------------===//

namespace {
/// What attn_emulator_tensor_map holds.
struct TensorMap {
  uint64_t mark;
  char *base;
  int64_t sizes[5];
  int64_t strides[5];
  uint16_t box[5];
  uint8_t rank, elementBytes, swizzle;
};
static_assert(sizeof(TensorMap) <= sizeof(attn_emulator_tensor_map),
              "fits in a CUtensorMap");
constexpr uint64_t kMapMark = UINT64_C(0x74656e736f726d70);
} // namespace

extern "C" int32_t
attn_emulator_encode_tensor_map(attn_emulator_tensor_map *map,
                                int32_t element_bytes, int32_t rank, void *base,
                                const uint64_t *sizes, const uint64_t *strides,
                                const uint32_t *box, int32_t swizzle) {
  TensorMap made = {};
  if (rank < 1 || rank > 5 || reinterpret_cast<uintptr_t>(base) % 16 ||
      (element_bytes != 1 && element_bytes != 2 && element_bytes != 4 &&
       element_bytes != 8))
    return 1;
  if (swizzle != 0 && swizzle != 32 && swizzle != 64 && swizzle != 128)
    return 1;
  made.mark = kMapMark;
  made.base = static_cast<char *>(base);
  made.rank = static_cast<uint8_t>(rank);
  made.elementBytes = static_cast<uint8_t>(element_bytes);
  made.swizzle = static_cast<uint8_t>(swizzle);
  made.strides[0] = element_bytes;
  for (int i = 0; i < rank; ++i) {
    if (sizes[i] < 1 || sizes[i] > UINT64_C(1) << 32 || box[i] < 1 ||
        box[i] > 256)
      return 1;
    made.sizes[i] = static_cast<int64_t>(sizes[i]);
    made.box[i] = static_cast<uint16_t>(box[i]);
    if (i == 0)
      continue;
    if (strides[i - 1] % 16 || strides[i - 1] >= UINT64_C(1) << 40)
      return 1;
    made.strides[i] = static_cast<int64_t>(strides[i - 1]);
  }
  uint32_t innerBytes = box[0] * element_bytes;
  if (innerBytes % 16 || (swizzle && innerBytes > uint32_t(swizzle)))
    return 1;
  memset(map, 0, sizeof(*map));
  memcpy(map, &made, sizeof(made));
  return 0;
}

/// Where 16 bytes of shared memory at `offset` are with rows swizzled: chunks
/// of a row are exchanged by the number of the row.
static int64_t swizzled(int64_t offset, int swizzle) {
  return offset ^ ((offset >> 7 & (swizzle / 16 - 1)) << 4);
}

/// Calls `copy(shared, global, bytes)` for the pieces of a box, with a null
/// `global` outside of the tensor. Returns the bytes of the box.
template <typename Function>
static int64_t forBox(const char *where, const void *shared, const void *map,
                      int rank, const int32_t *coordinates, Function copy) {
  Launch &l = launch();
  TensorMap tensor;
  memcpy(&tensor, map, sizeof(tensor));
  if (tensor.mark != kMapMark)
    fail(where, "expects a tensor map that attn_emulator_encode_tensor_map "
                "made");
  if (tensor.rank != rank)
    fail(where, "expects %d coordinates, but got %d", tensor.rank, rank);
  int64_t rows = 1;
  for (int i = 1; i < rank; ++i)
    rows *= tensor.box[i];
  int inner = tensor.box[0] * tensor.elementBytes;
  checkShared(where, shared, rows * inner, 128);
  int64_t first = static_cast<const char *>(shared) - l.view.shared;
  int pitch = tensor.swizzle ? tensor.swizzle : inner;
  for (int64_t row = 0; row < rows; ++row) {
    char *line = tensor.base;
    bool inside = true;
    int64_t rest = row;
    for (int i = 1; i < rank; ++i) {
      int64_t x = coordinates[i] + rest % tensor.box[i];
      rest /= tensor.box[i];
      inside &= x >= 0 && x < tensor.sizes[i];
      line += x * tensor.strides[i];
    }
    for (int byte = 0; byte < inner; byte += 16) {
      int64_t offset = first + row * pitch + byte;
      if (tensor.swizzle)
        offset = swizzled(offset, tensor.swizzle);
      char *chunk = l.view.shared + offset;
      int64_t begin = coordinates[0] * int64_t(tensor.elementBytes) + byte;
      int64_t end = tensor.sizes[0] * tensor.elementBytes;
      if (inside && begin >= 0 && begin + 16 <= end) {
        copy(chunk, line + begin, 16);
        continue;
      }
      for (int e = 0; e < 16; e += tensor.elementBytes) {
        bool has = inside && begin + e >= 0 && begin + e < end;
        copy(chunk + e, has ? line + begin + e : nullptr, tensor.elementBytes);
      }
    }
  }
  return rows * inner;
}

extern "C" void attn_emulator_tensor_load(const char *where, void *destination,
                                          const void *map, void *mbarrier,
                                          int32_t rank,
                                          const int32_t *coordinates) {
  InFlight flight = {{}, 0, 0};
  flight.bytes = forBox(where, destination, map, rank, coordinates,
                        [&](char *shared, const char *global, int bytes) {
                          flight.copies.push_back(
                              {shared, global, bytes, global ? bytes : 0});
                        });
  start(where, findMBarrier(where, mbarrier), std::move(flight));
}

extern "C" void attn_emulator_tensor_store(const char *where, const void *map,
                                           const void *source, int32_t rank,
                                           const int32_t *coordinates) {
  Launch &l = launch();
  std::vector<Copy> &open = l.current->openBulk;
  forBox(where, source, map, rank, coordinates,
         [&](const char *shared, char *global, int bytes) {
           if (l.numUnfenced)
             checkAsyncRead(where, shared - l.view.shared, bytes);
           if (global)
             open.push_back({global, shared, bytes, bytes});
         });
}
