//===- lib/Runtime/GpuEmulatorWgmma.cpp - Matrices of warpgroups ----------===//
//
// Part of attn-mlir.
//
// wgmma: descriptors and swizzles read as the PTX manual describes them. Each
// warp computes its 16 rows when its lanes have come; what is read is looked at
// again when the group is waited for.
//
//===----------------------------------------------------------------------===//

#include "GpuEmulatorState.h"

#include <algorithm>
#include <string.h>

using namespace attn::emulator;

namespace {
enum MeetingKind {
  WgmmaMeeting = 200,
  CommitMeeting,
  WaitMeeting,
  RegisterMeeting
};

/// A matrix of shared memory: `rows` along m or n, 32 bytes along k.
struct Descriptor {
  int64_t start, leading, stride;
  /// Bytes of a row in which chunks are exchanged; 16 if they are not.
  int width;
  bool transposed;

  Descriptor(uint64_t bits, bool transposed) : transposed(transposed) {
    static const int widths[4] = {16, 128, 64, 32};
    start = (bits & 0x3fff) << 4;
    leading = (bits >> 16 & 0x3fff) << 4;
    stride = (bits >> 32 & 0x3fff) << 4;
    width = widths[bits >> 62];
  }

  /// The offset of element (row, k) of `bytes` each.
  int64_t offset(int row, int k, int bytes) const {
    int64_t at;
    if (!transposed) {
      int along = k * bytes;
      // Groups of 8 rows. Without a swizzle, 16 bytes of 8 rows lie together.
      at = row / 8 * stride + row % 8 * width + along % width +
           along / width * leading;
    } else {
      int along = row * bytes;
      int64_t panel = along / width, group = k / 8;
      at = (width == 16 ? panel * stride + group * leading
                        : panel * leading + group * stride) +
           k % 8 * width + along % width;
    }
    at += start;
    return at ^ ((at >> 7 & (width / 16 - 1)) << 4);
  }
};
} // namespace

static int bytesOf(int element) {
  switch (element) {
  case ATTN_ELEMENT_TF32:
    return 4;
  case ATTN_ELEMENT_F16:
  case ATTN_ELEMENT_BF16:
    return 2;
  default:
    return 1;
  }
}

static uint32_t readElement(const char *where, int64_t offset, int bytes) {
  Launch &l = launch();
  if (offset + bytes > l.view.shared_end)
    fail(where,
         "a descriptor reads offset %lld of shared memory, which ends at %lld",
         static_cast<long long>(offset),
         static_cast<long long>(l.view.shared_end));
  if (l.numUnfenced)
    checkAsyncRead(where, offset, bytes);
  uint32_t bits = 0;
  memcpy(&bits, l.view.shared + offset, bytes);
  return bits;
}

/// Reads `rows` x k elements. Returns a number that tells whether they changed.
template <typename Function>
static uint64_t readMatrix(const char *where, uint64_t bits, bool transposed,
                           int rows, int firstRow, int element, Function take) {
  Descriptor descriptor(bits, transposed);
  int bytes = bytesOf(element);
  uint64_t seen = UINT64_C(14695981039346656037);
  for (int row = 0; row < rows; ++row)
    for (int k = 0; k < 32 / bytes; ++k) {
      uint32_t value = readElement(
          where, descriptor.offset(firstRow + row, k, bytes), bytes);
      seen = (seen ^ value) * UINT64_C(1099511628211);
      take(row, k, value);
    }
  return seen;
}

/// The same of both operands of a wgmma for the current warp.
template <typename TakeA, typename TakeB>
static uint64_t readOperands(const MatrixRead &read, TakeA takeA, TakeB takeB) {
  uint64_t seen = 0;
  if (!(read.flags & ATTN_WGMMA_REGISTERS_A))
    seen = readMatrix(read.where, read.descriptorA,
                      read.flags & ATTN_WGMMA_TRANSPOSE_A, 16,
                      launch().currentWarp % 4 * 16, read.a, takeA);
  return seen ^ readMatrix(read.where, read.descriptorB,
                           read.flags & ATTN_WGMMA_TRANSPOSE_B, read.n, 0,
                           read.b, takeB);
}

namespace {
/// Operands of one warp. Integers up to 2^24 are exact, and so are sums of
/// their products in double.
struct WgmmaTile {
  float a[16][32], b[32][256];
  double sums[256];
};
} // namespace

static float numberOf(uint32_t bits, int element) {
  return toFloat(bits, element);
}

static void compute(const MatrixRead &read, int d, uint64_t &seen) {
  Launch &l = launch();
  Thread *lanes = &l.threads[l.currentWarp * kWarpSize];
  static thread_local WgmmaTile tile;
  int per = 4 / bytesOf(read.a), depth = 32 / bytesOf(read.a);
  float signA = read.flags & ATTN_WGMMA_NEGATE_A ? -1.0f : 1.0f;
  float signB = read.flags & ATTN_WGMMA_NEGATE_B ? -1.0f : 1.0f;
  seen = readOperands(
      read,
      [&](int row, int k, uint32_t bits) {
        tile.a[row][k] = signA * numberOf(bits, read.a);
      },
      [&](int column, int k, uint32_t bits) {
        tile.b[k][column] = signB * numberOf(bits, read.b);
      });
  if (read.flags & ATTN_WGMMA_REGISTERS_A)
    for (int lane = 0; lane < kWarpSize; ++lane)
      for (int i = 0; i < 4; ++i)
        for (int e = 0; e < per; ++e) {
          uint32_t reg = static_cast<const uint32_t *>(lanes[lane].in)[i];
          tile.a[lane / 4 + 8 * (i & 1)][(i / 2 * 4 + lane % 4) * per + e] =
              signA * numberOf(reg >> (e * 32 / per), read.a);
        }
  bool keeps = read.flags & ATTN_WGMMA_ACCUMULATE;
  for (int row = 0; row < 16; ++row) {
    float sums[256] = {};
    if (d == ATTN_ELEMENT_S32) {
      for (int j = 0; j < read.n; ++j)
        tile.sums[j] = 0;
      for (int k = 0; k < depth; ++k)
        for (int j = 0; j < read.n; ++j)
          tile.sums[j] += double(tile.a[row][k]) * tile.b[k][j];
    } else {
      for (int k = 0; k < depth; ++k)
        for (int j = 0; j < read.n; ++j)
          sums[j] += tile.a[row][k] * tile.b[k][j];
    }
    // Lanes 4 * (row % 8) and the next three have the row, pairs of columns
    // each; rows 8 below are in the next register or pair.
    for (int j = 0; j < read.n; ++j) {
      Thread &lane = lanes[row % 8 * 4 + j % 8 / 2];
      auto *registers = static_cast<uint32_t *>(lane.out);
      if (d == ATTN_ELEMENT_F16) {
        uint32_t &pair = registers[j / 8 * 2 + row / 8];
        int shift = j % 2 * 16;
        float old = keeps ? toFloat(pair >> shift, ATTN_ELEMENT_F16) : 0.0f;
        pair = (pair & ~(0xffffu << shift)) |
               fromFloat(old + sums[j], ATTN_ELEMENT_F16, false) << shift;
        continue;
      }
      uint32_t &reg = registers[j / 8 * 4 + row / 8 * 2 + j % 2];
      if (d == ATTN_ELEMENT_S32) {
        reg = (keeps ? reg : 0) +
              static_cast<uint32_t>(static_cast<int32_t>(tile.sums[j]));
        continue;
      }
      float old = 0.0f;
      if (keeps)
        memcpy(&old, &reg, 4);
      old += sums[j];
      memcpy(&reg, &old, 4);
    }
  }
}

extern "C" void attn_emulator_wgmma(const char *where, int32_t n, int32_t a,
                                    int32_t b, int32_t d, int32_t flags,
                                    int64_t descriptor_a, int64_t descriptor_b,
                                    const int32_t *registers_a,
                                    int32_t *accumulators) {
  Launch &l = launch();
  Thread &me = *l.current;
  me.in = registers_a;
  me.out = accumulators;
  me.value = static_cast<uint64_t>(descriptor_a);
  me.result = static_cast<uint64_t>(descriptor_b);
  if (!meet(where, ~0u, WgmmaMeeting, /*aligned=*/true))
    return;
  for (int lane = 0; lane < kWarpSize; ++lane) {
    const Thread &other = l.threads[l.currentWarp * kWarpSize + lane];
    if (other.result != me.result ||
        (!(flags & ATTN_WGMMA_REGISTERS_A) && other.value != me.value))
      fail(where, "expects the same descriptors in all lanes of a warp");
  }
  MatrixRead read = {where, n, a, b, flags, descriptor_a, descriptor_b, 0};
  compute(read, d, read.seen);
  l.warp().openReads.push_back(read);
  ++l.warp().numWgmma;
  finishMeeting(~0u);
}

extern "C" void attn_emulator_wgmma_commit(const char *where) {
  if (!meet(where, ~0u, CommitMeeting, /*aligned=*/true))
    return;
  Warp &warp = launch().warp();
  warp.readGroups.push_back(std::move(warp.openReads));
  warp.openReads.clear();
  finishMeeting(~0u);
}

extern "C" void attn_emulator_wgmma_wait(const char *where,
                                         int32_t pending_groups) {
  if (!meet(where, ~0u, WaitMeeting, /*aligned=*/true))
    return;
  Warp &warp = launch().warp();
  auto pending = static_cast<size_t>(pending_groups);
  while (warp.readGroups.size() > pending) {
    for (const MatrixRead &read : warp.readGroups.front()) {
      auto nothing = [](int, int, uint32_t) {};
      if (readOperands(read, nothing, nothing) != read.seen)
        fail(read.where,
             "what it reads in shared memory changed before its "
             "group was waited for at %s",
             where);
    }
    warp.readGroups.erase(warp.readGroups.begin());
  }
  finishMeeting(~0u);
}

//===----------------------------------------------------------------------===//
// Registers that warps hand to each other
//===----------------------------------------------------------------------===//

void attn::emulator::resetRegisters() {
  Launch &l = launch();
  l.freeRegisters = 0;
  l.waitingForRegisters.clear();
  // As many as ptxas gives a kernel that is alone on a multiprocessor.
  int each = kRegisters / (l.numWarps * kWarpSize);
  for (int i = 0; i < l.numWarps; ++i)
    l.warps[i].registers =
        std::min(each, kMaxRegisters) / kRegisterUnit * kRegisterUnit;
}

extern "C" void attn_emulator_set_registers(const char *where, int32_t count,
                                            int32_t increase) {
  Launch &l = launch();
  if (!l.hasBlockSize)
    fail(where, "expects a kernel that is made for blocks of one size "
                "(nvvm.reqntid): elsewhere ptxas ignores it");
  if (count < 24 || count > 256 || count % kRegisterUnit)
    fail(where, "expects a multiple of 8 registers from 24 to 256, but got %d",
         count);
  // The last lane to come waits for all.
  if (!meet(where, ~0u, RegisterMeeting, /*aligned=*/true))
    return;
  Warp &warp = l.warp();
  if (increase ? count < warp.registers : count > warp.registers)
    fail(where,
         "expects no %s registers than the %d that threads have, but "
         "got %d",
         increase ? "fewer" : "more", warp.registers, count);
  int more = (count - warp.registers) * kWarpSize;
  while (more > l.freeRegisters) {
    l.waitingForRegisters.push_back(l.current->tid);
    wait(where);
  }
  l.freeRegisters -= more;
  warp.registers = count;
  ++warp.numChanges;
  if (more < 0) {
    for (int tid : l.waitingForRegisters)
      wake(tid / kWarpSize, 1u << (tid % kWarpSize));
    l.waitingForRegisters.clear();
  }
  finishMeeting(~0u);
}

void attn::emulator::checkWarpgroups() {
  Launch &l = launch();
  for (int i = 0; i < l.numWarps; ++i) {
    const Warp &warp = l.warps[i];
    if (!warp.openReads.empty())
      fail(warp.openReads[0].where, "is in no group: nobody waited for it");
    if (!warp.readGroups.empty() && !warp.readGroups[0].empty())
      fail(warp.readGroups[0][0].where, "nobody waited for its group");
    const Warp &other = l.warps[i / 4 * 4];
    int64_t first = other.numWgmma;
    bool whole = i / 4 * 4 + 4 <= l.numWarps;
    if (l.warps[i].numWgmma != first || (first && !whole))
      fail(nullptr,
           "warp %d has issued %lld wgmmas and the first of its warpgroup "
           "%lld: all four warps take part",
           i, static_cast<long long>(l.warps[i].numWgmma),
           static_cast<long long>(first));
    if (warp.numChanges != other.numChanges ||
        warp.registers != other.registers || (warp.numChanges && !whole))
      fail(nullptr,
           "warp %d has set its registers %d times, last to %d, and the first "
           "of its warpgroup %d times, last to %d: all four warps do so "
           "together",
           i, warp.numChanges, warp.registers, other.numChanges,
           other.registers);
  }
}
