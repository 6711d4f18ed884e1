//===- unittests/Runtime/GpuEmulatorProxyTest.cpp - Fences, registers -----===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//

#include "GpuEmulatorTest.h"

#include <string.h>

static bool contains(const std::string &text, const char *part) {
  return text.find(part) != std::string::npos;
}

//===----------------------------------------------------------------------===//
// Stores that the async proxy is to see
//===----------------------------------------------------------------------===//

static void store(const char *where, char *address, char value) {
  attn_emulator_shared_store(where, address, 1);
  *address = value;
}

/// Who executes the fence.
enum class Fence { Nobody, Writer, Another };

/// Thread 7 stores `value`, and all of the block multiply what is there.
static auto multiplyStored(char value, Fence fence) {
  return [=] {
    char *memory = sharedMemory<char>();
    if (tidX() == 0)
      memset(memory, 0, 16384);
    syncThreads("first");
    if (tidX() == 7)
      store("store at k.mlir:5:5", memory + 20, value);
    if (tidX() == (fence == Fence::Writer ? 7 : 8) && fence != Fence::Nobody)
      attn_emulator_fence_async();
    syncThreads("second");
    // 8 columns of B in rows of 128 bytes, as wide as they are swizzled.
    int64_t descriptor = INT64_C(1) << 62 | INT64_C(64) << 32;
    int32_t acc[4] = {}, registers[4] = {};
    attn_emulator_wgmma("wgmma", 8, ATTN_ELEMENT_F16, ATTN_ELEMENT_F16,
                        ATTN_ELEMENT_F32, ATTN_WGMMA_REGISTERS_A, 0, descriptor,
                        registers, acc);
    attn_emulator_wgmma_commit("commit");
    attn_emulator_wgmma_wait("wait", 0);
  };
}

TEST_F(GpuEmulator, Control_MissingProxyFence) {
  // Byte 20 is of column 0, at k 10.
  const char *said = "wgmma: reads offset 20 of shared memory, where thread 7 "
                     "stored at store at k.mlir:5:5 and did not execute "
                     "fence.proxy.async";
  for (Fence fence : {Fence::Nobody, Fence::Writer, Fence::Another}) {
    bool isWrong = fence != Fence::Writer;
    EXPECT_EQ(launch({2}, {128}, 16384, multiplyStored(1, fence)), isWrong);
    EXPECT_EQ(contains(message, said), isWrong) << message;
  }
  // What was there already may be stored again.
  EXPECT_EQ(launch({1}, {128}, 16384, multiplyStored(0, Fence::Nobody)), 0)
      << message;
}

TEST_F(GpuEmulator, Control_BulkCopiesOfUnfencedStores) {
  alignas(16) char there[64] = {};
  for (bool isLoad : {false, true})
    for (bool isFenced : {false, true}) {
      int32_t status = launch({1}, {32}, 4096, [&] {
        char *memory = sharedMemory<char>(), *barrier = memory + 1024;
        if (tidX())
          return;
        attn_emulator_mbarrier_init("init", barrier, 1);
        store("store", memory + 20, 3);
        if (isFenced)
          attn_emulator_fence_async();
        if (!isLoad) {
          attn_emulator_bulk_store("copy", there, memory, 64);
          attn_emulator_bulk_commit();
          attn_emulator_bulk_wait(0);
          return;
        }
        attn_emulator_mbarrier_arrive("expect", barrier, 1, 64, 0);
        attn_emulator_bulk_load("copy", memory, there, barrier, 64);
        attn_emulator_mbarrier_test("wait", barrier, 0, 1, 1);
      });
      EXPECT_EQ(status, !isFenced) << message;
      EXPECT_EQ(contains(message, isLoad ? "copy: writes offset 16 of shared "
                                           "memory, where thread 0 stored"
                                         : "copy: reads offset 16 of shared "
                                           "memory, where thread 0 stored"),
                !isFenced)
          << message;
      EXPECT_TRUE(isLoad || !isFenced || there[20] == 3);
    }
}

TEST_F(GpuEmulator, Control_UnfencedMatrixStore) {
  alignas(16) char there[1024];
  for (bool isFenced : {false, true}) {
    int32_t status = launch({1}, {32}, 4096, [&] {
      char *memory = sharedMemory<char>();
      char *row = memory + 16 * laneId();
      int32_t registers[1] = {laneId()};
      attn_emulator_shared_store_matrix("stmatrix", row, 1);
      attn_emulator_stmatrix("stmatrix", row, 1, 0, registers);
      if (isFenced)
        attn_emulator_fence_async();
      attn_emulator_warp_sync("sync", kFull);
      if (laneId() == 0) {
        attn_emulator_bulk_store("copy", there, memory, 128);
        attn_emulator_bulk_commit();
        attn_emulator_bulk_wait(0);
      }
    });
    EXPECT_EQ(status, !isFenced) << message;
    EXPECT_EQ(contains(message, "stored at stmatrix"), !isFenced) << message;
  }
}

//===----------------------------------------------------------------------===//
// Registers that warps hand to each other
//===----------------------------------------------------------------------===//

/// Two warpgroups that compute and one that fetches.
static auto takeRegisters(int fetching, int computing) {
  return [=] {
    bool isFetching = tidX() >= 256;
    attn_emulator_set_registers("setmaxnreg", isFetching ? fetching : computing,
                                !isFetching);
  };
}

TEST_F(GpuEmulator, Control_MoreRegistersThanThereAre) {
  madeFor = 384;
  for (int seed = 1; seed <= 10; ++seed) {
    setenv("ATTN_EMULATOR_SEED", std::to_string(seed).c_str(), 1);
    EXPECT_EQ(launch({2}, {384}, 0, takeRegisters(24, 240)), 0) << message;
    EXPECT_EQ(launch({2}, {384}, 0, takeRegisters(32, 232)), 0) << message;
    // 168 are there at first: 80 + 2 * 224 are more than three times that.
    EXPECT_EQ(launch({1}, {384}, 0, takeRegisters(80, 224)), 1);
    EXPECT_TRUE(contains(message, "no thread can go on: ")) << message;
    EXPECT_TRUE(contains(message, " at setmaxnreg")) << message;
    EXPECT_EQ(launch({1}, {384}, 0, takeRegisters(24, 248)), 1);
    EXPECT_TRUE(contains(message, "no thread can go on: ")) << message;
  }
  unsetenv("ATTN_EMULATOR_SEED");
  madeFor = 512;
  EXPECT_EQ(launch({1}, {512}, 0,
                   [] {
                     bool isFetching = tidX() >= 384;
                     attn_emulator_set_registers(
                         "setmaxnreg", isFetching ? 32 : 160, !isFetching);
                   }),
            0)
      << message;
  madeFor = 0;
}

TEST_F(GpuEmulator, Control_RegistersNoWarpMayHave) {
  madeFor = 128;
  auto set = [&](int count, bool increase) {
    return launch({1}, {128}, 0, [=] {
      attn_emulator_set_registers("setmaxnreg", count, increase);
    });
  };
  EXPECT_EQ(set(200, false), 0) << message;
  for (int count : {16, 100, 264}) {
    EXPECT_EQ(set(count, false), 1);
    EXPECT_TRUE(contains(message, "setmaxnreg: expects a multiple of 8 "
                                  "registers from 24 to 256, but got "))
        << message;
  }
  EXPECT_EQ(set(200, true), 1);
  EXPECT_TRUE(contains(message, "setmaxnreg: expects no fewer registers than "
                                "the 248 that threads have, but got 200"))
      << message;
  EXPECT_EQ(set(256, false), 1);
  EXPECT_TRUE(contains(message, "setmaxnreg: expects no more registers than "
                                "the 248 that threads have, but got 256"))
      << message;
  // Three warps of four.
  EXPECT_EQ(launch({1}, {128}, 0,
                   [] {
                     if (tidX() < 96)
                       attn_emulator_set_registers("setmaxnreg", 40, 0);
                   }),
            1);
  EXPECT_TRUE(contains(message, "warp 3 has set its registers 0 times, last to "
                                "248, and the first of its warpgroup 1 times, "
                                "last to 40: all four warps do so together"))
      << message;
  // Half a warp.
  EXPECT_EQ(launch({1}, {128}, 0,
                   [] {
                     if (tidX() % 32 < 16)
                       attn_emulator_set_registers("setmaxnreg", 40, 0);
                   }),
            1);
  madeFor = 0;
  EXPECT_EQ(set(40, false), 1);
  EXPECT_TRUE(contains(message, "setmaxnreg: expects a kernel that is made for "
                                "blocks of one size (nvvm.reqntid): elsewhere "
                                "ptxas ignores it"))
      << message;
}
