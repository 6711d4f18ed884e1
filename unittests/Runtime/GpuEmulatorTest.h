//===- unittests/Runtime/GpuEmulatorTest.h - Launches of tests --*- C++ -*-===//
//
// Part of attn-mlir.
//
// Kernels written by hand in C++, launched as compiled ones are.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_UNITTESTS_RUNTIME_GPUEMULATORTEST_H
#define ATTN_UNITTESTS_RUNTIME_GPUEMULATORTEST_H

#include "attn/Runtime/GpuEmulator.h"

#include <gtest/gtest.h>

#include <random>
#include <stdlib.h>
#include <string>
#include <vector>

/// The fixture: a launch whose kernel is any function object.
class GpuEmulator : public testing::Test {
protected:
  /// Runs `body` in each thread; returns what the launch says, and keeps what
  /// it prints in `message`.
  template <typename Body>
  int32_t launch(std::vector<int64_t> grid, std::vector<int32_t> block,
                 int64_t shared, Body body) {
    grid.resize(3, 1);
    block.resize(3, 1);
    void *params[] = {&body};
    testing::internal::CaptureStderr();
    int32_t status = attn_emulate_launch(&run<Body>, grid.data(), block.data(),
                                         shared, params);
    message = testing::internal::GetCapturedStderr();
    return status;
  }

  /// The same under many seeds, so that all orders and landings are seen.
  template <typename Body>
  bool everFails(int32_t threads, int64_t shared, Body body) {
    bool failed = false;
    for (int seed = 1; seed <= 40; ++seed) {
      setenv("ATTN_EMULATOR_SEED", std::to_string(seed).c_str(), 1);
      bool good = true;
      EXPECT_EQ(launch({2}, {threads}, shared, [&] { body(good); }), 0)
          << message;
      failed |= !good;
    }
    unsetenv("ATTN_EMULATOR_SEED");
    return failed;
  }

  std::string message;
  /// The block size that kernels say they are made for; 0 is none.
  static inline int32_t madeFor = 0;

private:
  template <typename Body>
  static void run(void *const *params) {
    attn_emulator_enter("test", 0, 0, madeFor, madeFor != 0, madeFor != 0);
    (*static_cast<Body *>(params[0]))();
  }
};

inline int tidX() { return attn_emulator_register(ATTN_REG_TID_X); }
inline int laneId() { return attn_emulator_register(ATTN_REG_LANEID); }
/// Dynamic shared memory as elements.
template <typename T>
T *sharedMemory() {
  return reinterpret_cast<T *>(attn_emulator_current()->shared);
}

constexpr int kFull = -1;

/// Waits for all threads of the block.
inline void syncThreads(const char *where = "barrier") {
  attn_emulator_barrier(where, 0, 0, -1, 0);
}

#endif // ATTN_UNITTESTS_RUNTIME_GPUEMULATORTEST_H
