//===- lib/Runtime/GpuEmulatorSync.cpp - Barriers, shuffles, votes --------===//
//
// Part of attn-mlir.
//
// Threads that wait for each other: lanes of a warp, warps of a block.
//
//===----------------------------------------------------------------------===//

#include "GpuEmulatorState.h"

#include <string.h>

using namespace attn::emulator;

//===----------------------------------------------------------------------===//
// Lanes of a warp
//===----------------------------------------------------------------------===//

static Thread &threadOf(Launch &l, int warp, int lane) {
  return l.threads[warp * kWarpSize + lane];
}

bool attn::emulator::meet(const char *where, uint32_t mask, int kind,
                          bool aligned) {
  Launch &l = launch();
  Warp &warp = l.warp();
  Thread &me = *l.current;
  uint32_t bit = 1u << l.lane();
  if (!(mask & bit))
    fail(where, "expects a mask with the lane that executes it, but got 0x%08x",
         mask);
  if (aligned && (mask & warp.gone))
    fail(where,
         "expects all 32 threads of a warp, but lanes 0x%08x have exited or "
         "were never launched",
         mask & warp.gone);
  Rendezvous *meeting = nullptr;
  for (int i = 0; i < warp.numMeetings; ++i) {
    Rendezvous &other = warp.meetings[i];
    if (!(other.mask & mask))
      continue;
    if (other.mask != mask || other.kind != kind ||
        (aligned && other.where != where))
      fail(where,
           "expects the lanes 0x%08x to be together, but lanes 0x%08x wait at "
           "%s with mask 0x%08x",
           mask, other.arrived, other.where, other.mask);
    meeting = &other;
    break;
  }
  if (!meeting) {
    meeting = &warp.meetings[warp.numMeetings++];
    *meeting = Rendezvous();
    meeting->mask = mask;
    meeting->kind = kind;
    meeting->where = where;
  }
  meeting->arrived |= bit;
  if (((meeting->arrived | warp.gone) & mask) == mask)
    return true;
  wait(where);
  bool leader = me.leader;
  me.leader = false;
  return leader;
}

void attn::emulator::finishMeeting(uint32_t mask) {
  Launch &l = launch();
  Warp &warp = l.warp();
  for (int i = 0; i < warp.numMeetings; ++i)
    if (warp.meetings[i].mask == mask) {
      wake(l.currentWarp, warp.meetings[i].arrived & ~(1u << l.lane()));
      warp.meetings[i] = warp.meetings[--warp.numMeetings];
      break;
    }
  progress();
  if (l.preemption && l.random.below(l.preemption) == 0)
    reschedule();
}

void attn::emulator::exitSync() {
  Launch &l = launch();
  Warp &warp = l.warp();
  // Lanes that waited for this one only: one of them computes.
  for (int i = 0; i < warp.numMeetings; ++i) {
    const Rendezvous &meeting = warp.meetings[i];
    if (((meeting.arrived | warp.gone) & meeting.mask) != meeting.mask)
      continue;
    int lane = __builtin_ctz(meeting.arrived);
    threadOf(l, l.currentWarp, lane).leader = true;
    wake(l.currentWarp, 1u << lane);
  }
  for (const Barrier &barrier : l.barriers)
    if (barrier.arrived && !barrier.count)
      fail(barrier.where, "waits for all threads of the block, but this thread "
                          "has exited");
}

namespace {
/// What meets what: no two of them share a meeting.
enum MeetingKind {
  SyncMeeting,
  ShuffleMeeting,
  VoteMeeting = ShuffleMeeting + 4,
  MatchMeeting = VoteMeeting + 4,
  ReduxMeeting = MatchMeeting + 2,
  ElectMeeting = ReduxMeeting + 16
};
} // namespace

/// Lanes of `mask` that take part.
static uint32_t participants(uint32_t mask) {
  return mask & ~launch().warp().gone;
}

/// Calls `function(lane, thread)` for the lanes of `mask` that take part.
template <typename Function>
static void forLanes(uint32_t mask, Function function) {
  Launch &l = launch();
  for (uint32_t lanes = participants(mask); lanes; lanes &= lanes - 1) {
    int lane = __builtin_ctz(lanes);
    function(lane, threadOf(l, l.currentWarp, lane));
  }
}

extern "C" void attn_emulator_warp_sync(const char *where, int32_t mask) {
  if (meet(where, mask, SyncMeeting, /*aligned=*/false))
    finishMeeting(mask);
}

extern "C" int64_t attn_emulator_shuffle(const char *where, int32_t mask,
                                         int32_t value, int32_t offset,
                                         int32_t clamp, int32_t kind) {
  Thread &me = *launch().current;
  me.value = static_cast<uint32_t>(value);
  me.argument =
      (static_cast<uint32_t>(offset) & 31) | static_cast<uint32_t>(clamp) << 8;
  if (meet(where, mask, ShuffleMeeting + kind, /*aligned=*/false)) {
    uint32_t taking = participants(mask);
    forLanes(mask, [&](int lane, Thread &thread) {
      int b = thread.argument & 31;
      int c = thread.argument >> 8 & 31;
      int segments = thread.argument >> 16 & 31;
      // The PTX manual's words: the last and first lane of my segment.
      int maxLane = (lane & segments) | (c & ~segments & 31);
      int minLane = lane & segments;
      int source;
      bool valid;
      switch (kind) {
      case 0:
        source = lane ^ b;
        valid = source <= maxLane;
        break;
      case 1:
        source = lane - b;
        valid = source >= maxLane;
        break;
      case 2:
        source = lane + b;
        valid = source <= maxLane;
        break;
      default:
        source = minLane | (b & ~segments & 31);
        valid = source <= maxLane;
        break;
      }
      if (!valid)
        source = lane;
      if (!(taking >> source & 1))
        fail(where,
             "lane %d reads lane %d, which is not in the mask 0x%08x or has "
             "exited",
             lane, source, mask);
      const Thread &from = threadOf(launch(), launch().currentWarp, source);
      thread.result = from.value | uint64_t(valid) << 32;
    });
    finishMeeting(mask);
  }
  return static_cast<int64_t>(me.result);
}

extern "C" int32_t attn_emulator_vote(const char *where, int32_t mask,
                                      int32_t predicate, int32_t kind) {
  Thread &me = *launch().current;
  me.value = predicate & 1;
  if (meet(where, mask, VoteMeeting + kind, /*aligned=*/false)) {
    uint32_t ballot = 0;
    forLanes(mask, [&](int lane, Thread &thread) {
      ballot |= static_cast<uint32_t>(thread.value) << lane;
    });
    uint32_t taking = participants(mask);
    uint32_t results[4] = {ballot != 0, ballot == taking, ballot,
                           ballot == 0 || ballot == taking};
    forLanes(mask,
             [&](int, Thread &thread) { thread.result = results[kind & 3]; });
    finishMeeting(mask);
  }
  return static_cast<int32_t>(me.result);
}

extern "C" int64_t attn_emulator_match(const char *where, int32_t mask,
                                       int64_t value, int32_t kind) {
  Thread &me = *launch().current;
  me.value = value;
  if (meet(where, mask, MatchMeeting + kind, /*aligned=*/false)) {
    uint32_t taking = participants(mask);
    forLanes(mask, [&](int, Thread &thread) {
      uint32_t same = 0;
      forLanes(mask, [&](int other, Thread &b) {
        same |= static_cast<uint32_t>(b.value == thread.value) << other;
      });
      if (kind == 0)
        thread.result = same;
      else
        thread.result = same == taking ? same | UINT64_C(1) << 32 : 0;
    });
    finishMeeting(mask);
  }
  return static_cast<int64_t>(me.result);
}

static uint32_t reduce(uint32_t a, uint32_t b, int kind, bool nanWins) {
  auto signedOf = [](uint32_t x) { return static_cast<int32_t>(x); };
  float x, y;
  memcpy(&x, &a, 4);
  memcpy(&y, &b, 4);
  switch (kind) {
  case 1:
    return a + b;
  case 2:
    return a & b;
  case 3:
    return signedOf(a) > signedOf(b) ? a : b;
  case 4:
    return signedOf(a) < signedOf(b) ? a : b;
  case 5:
    return a | b;
  case 6:
    return a > b ? a : b;
  case 7:
    return a < b ? a : b;
  case 8:
    return a ^ b;
  default:
    // fmin and fmax.
    if (x != x || y != y)
      return (x != x) == nanWins ? a : b;
    return (kind == 9) == (x < y) ? a : b;
  }
}

extern "C" int32_t attn_emulator_redux(const char *where, int32_t mask,
                                       int32_t value, int32_t kind,
                                       int32_t flags) {
  Thread &me = *launch().current;
  me.value = static_cast<uint32_t>(value) & (flags & 1 ? 0x7fffffffu : ~0u);
  if (meet(where, mask, ReduxMeeting + kind, /*aligned=*/false)) {
    bool first = true;
    uint32_t all = 0;
    forLanes(mask, [&](int, Thread &thread) {
      auto mine = static_cast<uint32_t>(thread.value);
      all = first ? mine : reduce(all, mine, kind, flags & 2);
      first = false;
    });
    forLanes(mask, [&](int, Thread &thread) { thread.result = all; });
    finishMeeting(mask);
  }
  return static_cast<int32_t>(me.result);
}

extern "C" int32_t attn_emulator_elect(const char *where, int32_t mask) {
  Thread &me = *launch().current;
  if (meet(where, mask, ElectMeeting, /*aligned=*/false)) {
    int leader = __builtin_ctz(participants(mask));
    forLanes(mask, [&](int lane, Thread &t) { t.result = lane == leader; });
    finishMeeting(mask);
  }
  return static_cast<int32_t>(me.result);
}

//===----------------------------------------------------------------------===//
// Warps of a block
//===----------------------------------------------------------------------===//

/// Takes part in barrier `id`. True if this completes it.
static bool arrive(const char *where, int id, int count, int reduction,
                   bool predicate, bool waits) {
  Launch &l = launch();
  if (id < 0 || id >= kNumBarriers)
    fail(where, "expects a barrier from 0 to 15, but got %d", id);
  if (count < 0 || count % kWarpSize)
    fail(where,
         "expects a number of threads that is a multiple of 32, but "
         "got %d",
         count);
  Barrier &barrier = l.barriers[id];
  Warp &warp = l.warp();
  uint32_t bit = 1u << l.lane();
  // Warps are what waits: none of their threads may be elsewhere.
  if (waits && warp.atBarrier && warp.barrierWhere != where)
    fail(where,
         "expects all threads of a warp together, but lanes 0x%08x wait at %s",
         warp.atBarrier, warp.barrierWhere);
  if (!count && l.numExited)
    fail(where, "waits for all threads of the block, but %d have exited",
         l.numExited);
  if (!barrier.arrived) {
    barrier = Barrier();
    barrier.count = count;
    barrier.reduction = reduction;
    barrier.where = where;
  } else if (barrier.count != count) {
    fail(where, "expects %d threads at barrier %d, but %s expects %d", count,
         id, barrier.where, barrier.count);
  } else if (barrier.reduction != reduction && waits) {
    fail(where, "reduces otherwise than %s at barrier %d", barrier.where, id);
  }
  // A last warp that is not full counts as one.
  int missing = l.numWarps * kWarpSize - l.numThreads;
  if (count && missing && l.currentWarp == l.numWarps - 1 &&
      !barrier.countsMissing) {
    barrier.arrived += missing;
    barrier.countsMissing = true;
  }
  ++barrier.arrived;
  barrier.numTrue += predicate;
  if (waits) {
    barrier.waiting[l.currentWarp] |= bit;
    warp.atBarrier |= bit;
    warp.barrierWhere = where;
  }
  int expected = count ? count : l.numThreads;
  if (barrier.arrived > expected)
    fail(where, "expects %d threads at barrier %d, but more have come",
         expected, id);
  return barrier.arrived == expected;
}

static void finishBarrier(const char *where, int id) {
  Launch &l = launch();
  Barrier &barrier = l.barriers[id];
  int result = barrier.numTrue;
  if (barrier.reduction == 1)
    result = barrier.numTrue == barrier.arrived;
  else if (barrier.reduction == 2)
    result = barrier.numTrue != 0;
  for (int i = 0; i < l.numWarps; ++i) {
    uint32_t waiting = barrier.waiting[i];
    if (!waiting)
      continue;
    Warp &warp = l.warps[i];
    if ((waiting | warp.gone) != ~0u)
      fail(where,
           "expects all threads of a warp together, but only lanes 0x%08x of "
           "warp %d have come",
           waiting, i);
    for (uint32_t lanes = waiting; lanes; lanes &= lanes - 1)
      threadOf(l, i, __builtin_ctz(lanes)).result = result;
    warp.atBarrier = 0;
    wake(i, waiting);
  }
  barrier = Barrier();
  progress();
  reschedule();
}

extern "C" int32_t attn_emulator_barrier(const char *where, int32_t id,
                                         int32_t count, int32_t reduction,
                                         int32_t predicate) {
  Thread &me = *launch().current;
  if (arrive(where, id, count, reduction, predicate != 0, /*waits=*/true))
    finishBarrier(where, id);
  else
    wait(where);
  return static_cast<int32_t>(me.result);
}

extern "C" void attn_emulator_barrier_arrive(const char *where, int32_t id,
                                             int32_t count) {
  if (arrive(where, id, count, -1, false, /*waits=*/false))
    finishBarrier(where, id);
}
