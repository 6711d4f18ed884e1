//===- unittests/Runtime/GpuEmulatorSyncTest.cpp - Threads that meet ------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//

#include "GpuEmulatorTest.h"

#include <algorithm>

static bool contains(const std::string &text, const char *part) {
  return text.find(part) != std::string::npos;
}

TEST_F(GpuEmulator, RunsEveryThreadOnce) {
  std::vector<int> seen(2 * 3 * 2 * 5 * 4 * 3);
  ASSERT_EQ(launch({2, 3, 2}, {5, 4, 3}, 0,
                   [&] {
                     auto r = attn_emulator_register;
                     int thread =
                         r(ATTN_REG_TID_X) +
                         5 * (r(ATTN_REG_TID_Y) + 4 * r(ATTN_REG_TID_Z));
                     int block =
                         r(ATTN_REG_CTAID_X) +
                         2 * (r(ATTN_REG_CTAID_Y) + 3 * r(ATTN_REG_CTAID_Z));
                     EXPECT_EQ(r(ATTN_REG_NTID_Y), 4);
                     EXPECT_EQ(r(ATTN_REG_NCTAID_Y), 3);
                     EXPECT_EQ(r(ATTN_REG_LANEID), thread % 32);
                     EXPECT_EQ(r(ATTN_REG_WARPID), thread / 32);
                     ++seen[block * 60 + thread];
                   }),
            0)
      << message;
  for (int count : seen)
    EXPECT_EQ(count, 1);
}

TEST_F(GpuEmulator, ShufflesLikeTheManual) {
  std::mt19937 random(7);
  for (int kind = 0; kind < 4; ++kind)
    for (int width : {32, 16, 8, 4}) {
      int offset = random() % width;
      // As __shfl_sync makes it: the segment mask, and the last or first lane.
      int clamp = (32 - width) << 8 | (kind == 1 ? 0 : 31);
      std::vector<uint32_t> values(32), got(32);
      std::vector<int> valid(32);
      for (uint32_t &value : values)
        value = random();
      ASSERT_EQ(launch({1}, {32}, 0,
                       [&] {
                         int lane = laneId();
                         int64_t both = attn_emulator_shuffle(
                             "shfl", kFull, values[lane], offset, clamp, kind);
                         got[lane] = static_cast<uint32_t>(both);
                         valid[lane] = both >> 32 & 1;
                       }),
                0)
          << message;
      for (int lane = 0; lane < 32; ++lane) {
        int first = lane / width * width, source = lane;
        if (kind == 0)
          source = lane ^ offset;
        else if (kind == 1)
          source = lane - offset;
        else if (kind == 2)
          source = lane + offset;
        else
          source = first + offset;
        bool inside = source >= first && source < first + width;
        EXPECT_EQ(got[lane], values[inside ? source : lane]) << kind << width;
        EXPECT_EQ(valid[lane], inside);
      }
    }
}

TEST_F(GpuEmulator, VotesMatchesAndReduces) {
  std::mt19937 random(8);
  std::vector<int32_t> values(32);
  for (int32_t &value : values)
    value = static_cast<int32_t>(random() % 5) - 2;
  uint32_t ballot = 0;
  int32_t sum = 0, greatest = -9, least = 9;
  uint32_t unsignedGreatest = 0, any = 0;
  for (int lane = 0; lane < 32; ++lane) {
    ballot |= uint32_t(values[lane] > 0) << lane;
    sum += values[lane];
    greatest = std::max(greatest, values[lane]);
    least = std::min(least, values[lane]);
    unsignedGreatest = std::max(unsignedGreatest, uint32_t(values[lane]));
    any ^= values[lane];
  }
  // elect.sync is for the lanes of its mask.
  auto masked = [&] {
    int lane = laneId();
    if (lane >= 4 && lane < 31) {
      EXPECT_EQ(attn_emulator_elect("elect", 0x7ffffff0) != 0, lane == 4);
    }
  };
  ASSERT_EQ(launch({1}, {32}, 0, masked), 0) << message;
  auto whole = [&] {
    int lane = laneId();
    int32_t mine = values[lane];
    EXPECT_EQ(attn_emulator_vote("vote", kFull, mine > 0, 0), ballot != 0);
    EXPECT_EQ(attn_emulator_vote("vote", kFull, mine > 0, 1), ballot == ~0u);
    EXPECT_EQ(uint32_t(attn_emulator_vote("vote", kFull, mine > 0, 2)), ballot);
    EXPECT_EQ(attn_emulator_vote("vote", kFull, 1, 3), 1);
    uint32_t same = 0;
    for (int other = 0; other < 32; ++other)
      same |= uint32_t(values[other] == mine) << other;
    EXPECT_EQ(uint32_t(attn_emulator_match("match", kFull, mine, 0)), same);
    EXPECT_EQ(attn_emulator_match("match", kFull, mine, 1), 0);
    EXPECT_EQ(attn_emulator_match("match", kFull, 3, 1), 0x1ffffffffll);
    EXPECT_EQ(attn_emulator_redux("redux", kFull, mine, 1, 0), sum);
    EXPECT_EQ(attn_emulator_redux("redux", kFull, mine, 3, 0), greatest);
    EXPECT_EQ(attn_emulator_redux("redux", kFull, mine, 4, 0), least);
    EXPECT_EQ(uint32_t(attn_emulator_redux("redux", kFull, mine, 6, 0)),
              unsignedGreatest);
    EXPECT_EQ(uint32_t(attn_emulator_redux("redux", kFull, mine, 8, 0)), any);
  };
  ASSERT_EQ(launch({1}, {32}, 0, whole), 0) << message;
}

TEST_F(GpuEmulator, LanesThatExitedAreNotWaitedFor) {
  std::vector<int> got(32, -1);
  ASSERT_EQ(launch({1}, {32}, 0,
                   [&] {
                     int lane = laneId();
                     if (lane >= 20)
                       return;
                     got[lane] = attn_emulator_vote("vote", kFull, 1, 2);
                   }),
            0)
      << message;
  for (int lane = 0; lane < 20; ++lane)
    EXPECT_EQ(got[lane], (1 << 20) - 1);
}

TEST_F(GpuEmulator, BarriersReduceAndHaveNames) {
  ASSERT_EQ(
      launch({1}, {128}, 0,
             [&] {
               int tid = tidX();
               EXPECT_EQ(attn_emulator_barrier("popc", 0, 0, 0, tid < 50), 50);
               EXPECT_EQ(attn_emulator_barrier("and", 0, 0, 1, tid < 50), 0);
               EXPECT_EQ(attn_emulator_barrier("or", 0, 0, 2, tid < 50), 1);
               // Warps 0 and 1 at one barrier, 2 and 3 at another.
               for (int i = 0; i < 3; ++i)
                 attn_emulator_barrier(tid < 64 ? "a" : "b", 1 + tid / 64, 64,
                                       -1, 0);
             }),
      0)
      << message;
}

TEST_F(GpuEmulator, CountsAWarpThatIsNotFullAsOne) {
  EXPECT_EQ(launch({1}, {48}, 0,
                   [] {
                     for (int i = 0; i < 2; ++i)
                       attn_emulator_barrier("all", 1, 64, -1, 0);
                     syncThreads();
                   }),
            0)
      << message;
}

TEST_F(GpuEmulator, ProducersArriveAndConsumersWait) {
  auto kernel = [&](bool &good) {
    auto *numbers = sharedMemory<int>();
    int tid = tidX();
    for (int i = 0; i < 8; ++i) {
      if (tid < 32) {
        attn_emulator_barrier("empty", 2, 64, -1, 0);
        numbers[tid] = i;
        attn_emulator_barrier_arrive("full", 1, 64);
      } else {
        attn_emulator_barrier_arrive("free", 2, 64);
        attn_emulator_barrier("filled", 1, 64, -1, 0);
        good &= numbers[tid - 32] == i;
      }
    }
  };
  EXPECT_FALSE(everFails(64, 128, kernel));
}

/// Rotates numbers through shared memory. Without the barrier some order of the
/// warps shows what nobody has written.
static auto rotate(bool barrier) {
  return [=](bool &good) {
    auto *numbers = sharedMemory<int>();
    int tid = tidX();
    numbers[tid] = tid;
    if (barrier)
      syncThreads();
    good &= numbers[(tid + 32) % 128] == (tid + 32) % 128;
  };
}

TEST_F(GpuEmulator, Control_RemovedBarrier) {
  EXPECT_FALSE(everFails(128, 512, rotate(true)));
  EXPECT_TRUE(everFails(128, 512, rotate(false)));
}

static auto rotateInWarp(bool barrier) {
  return [=](bool &good) {
    auto *numbers = sharedMemory<int>();
    int lane = laneId();
    numbers[lane] = lane;
    if (barrier)
      attn_emulator_warp_sync("syncwarp", kFull);
    good &= numbers[(lane + 1) % 32] == (lane + 1) % 32;
  };
}

TEST_F(GpuEmulator, Control_RemovedWarpSync) {
  EXPECT_FALSE(everFails(32, 128, rotateInWarp(true)));
  EXPECT_TRUE(everFails(32, 128, rotateInWarp(false)));
}

TEST_F(GpuEmulator, Control_BarrierUnderDivergence) {
  EXPECT_EQ(launch({1}, {32}, 0,
                   [] {
                     if (tidX() < 16)
                       syncThreads("barrier at k.mlir:1:1");
                   }),
            1);
  EXPECT_TRUE(contains(message, "has exited") ||
              contains(message, "have exited"))
      << message;
  EXPECT_TRUE(contains(message, "attn-emulator: error: kernel 'test', block "
                                "(0, 0, 0), thread ("))
      << message;
  EXPECT_TRUE(contains(message, "barrier at k.mlir:1:1")) << message;
  EXPECT_TRUE(contains(message, "ATTN_EMULATOR_SEED=1")) << message;

  EXPECT_EQ(launch({1}, {64}, 0,
                   [] {
                     if (tidX() % 32 < 16)
                       syncThreads("this barrier");
                     else
                       syncThreads("that barrier");
                   }),
            1);
  EXPECT_TRUE(contains(message, "expects all threads of a warp together"))
      << message;
}

TEST_F(GpuEmulator, Control_Deadlock) {
  EXPECT_EQ(launch({1}, {64}, 0,
                   [] {
                     if (tidX() < 32)
                       attn_emulator_barrier("one", 1, 64, -1, 0);
                     else
                       attn_emulator_barrier("two", 2, 64, -1, 0);
                   }),
            1);
  EXPECT_TRUE(contains(message, "no thread can go on: 32 wait at ")) << message;
  EXPECT_TRUE(contains(message, "one (the first is (0, 0, 0))")) << message;
  EXPECT_TRUE(contains(message, "two (the first is (32, 0, 0))")) << message;
  // The launch after one that failed is whole again.
  EXPECT_EQ(launch({1}, {64}, 0, [] { syncThreads(); }), 0) << message;
}

TEST_F(GpuEmulator, Control_LooksForWhatNobodyDoes) {
  EXPECT_EQ(launch({1}, {2}, 0,
                   [] {
                     for (;;)
                       attn_emulator_poll("spin");
                   }),
            1);
  EXPECT_TRUE(contains(message, "threads look for what nobody does any more: 2 "
                                "wait at spin"))
      << message;
}

TEST_F(GpuEmulator, Control_LanesApart) {
  EXPECT_EQ(launch({1}, {32}, 0,
                   [] {
                     if (laneId() < 8)
                       attn_emulator_warp_sync("sync", 0xffff);
                     else
                       attn_emulator_vote("vote", kFull, 1, 0);
                   }),
            1);
  EXPECT_TRUE(contains(message, "to be together")) << message;
  EXPECT_EQ(launch({1}, {32}, 0, [] { attn_emulator_warp_sync("sync", 1); }),
            1);
  EXPECT_TRUE(contains(message,
                       "expects a mask with the lane that executes it, "
                       "but got 0x00000001"))
      << message;
  EXPECT_EQ(launch({1}, {32}, 0,
                   [] {
                     if (laneId() < 8)
                       attn_emulator_shuffle("shfl", 0xff, 0, 9, 31, 3);
                   }),
            1);
  EXPECT_TRUE(contains(message, "reads lane 9, which is not in the mask"))
      << message;
}

TEST_F(GpuEmulator, RefusesWhatNoDeviceLaunches) {
  auto nothing = [] {};
  EXPECT_EQ(launch({0}, {32}, 0, nothing), 1);
  EXPECT_TRUE(contains(message, "blocks along x, but got 0")) << message;
  EXPECT_EQ(launch({1, 65536}, {32}, 0, nothing), 1);
  EXPECT_TRUE(contains(message, "along y and z, but got 65536")) << message;
  EXPECT_EQ(launch({1}, {64, 32}, 0, nothing), 1);
  EXPECT_TRUE(contains(message, "at most 1024 threads")) << message;
  EXPECT_EQ(launch({1}, {32}, 232449, nothing), 1);
  EXPECT_TRUE(contains(message, "bytes of shared memory, but got 232449"))
      << message;
}

TEST_F(GpuEmulator, ChecksWhatTheKernelIsMadeFor) {
  auto kernel = [](void *const *) {
    attn_emulator_enter("named", 200000, 200000, 128, 1, 1);
  };
  int64_t grid[3] = {1, 1, 1};
  int32_t block[3] = {64, 1, 1};
  testing::internal::CaptureStderr();
  EXPECT_EQ(attn_emulate_launch(kernel, grid, block, 0, nullptr), 1);
  std::string text = testing::internal::GetCapturedStderr();
  EXPECT_TRUE(contains(text, "kernel 'named'")) << text;
  EXPECT_TRUE(contains(text, "made for blocks of (128, 1, 1) threads, but "
                             "launched with (64, 1, 1)"))
      << text;
  block[0] = 128;
  testing::internal::CaptureStderr();
  EXPECT_EQ(attn_emulate_launch(kernel, grid, block, 40000, nullptr), 1);
  text = testing::internal::GetCapturedStderr();
  EXPECT_TRUE(contains(text,
                       "expects at most 232448 bytes of shared memory, but "
                       "got 200000 static and 40000 dynamic"))
      << text;
}
