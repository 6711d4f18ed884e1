//===- unittests/Runtime/GpuEmulatorDataTest.cpp - Copies and matrices ----===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//

#include "GpuEmulatorTest.h"

#include <math.h>
#include <string.h>

static bool contains(const std::string &text, const char *part) {
  return text.find(part) != std::string::npos;
}

static float asFloat(uint32_t bits) {
  float value;
  memcpy(&value, &bits, 4);
  return value;
}

static uint32_t asBits(float value) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  return bits;
}

/// The value of `bits` of an element type.
static float valueOf(uint32_t bits, int element) {
  return asFloat(static_cast<uint32_t>(
      attn_emulator_convert(bits, element, ATTN_ELEMENT_F32, 0)));
}

static uint32_t bitsOf(float value, int element, bool saturate = false) {
  return static_cast<uint32_t>(attn_emulator_convert(
      asBits(value), ATTN_ELEMENT_F32, element, saturate));
}

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

TEST_F(GpuEmulator, ConvertsEveryShortNumberBack) {
  struct {
    int element, bits;
  } types[] = {{ATTN_ELEMENT_F16, 16},
               {ATTN_ELEMENT_BF16, 16},
               {ATTN_ELEMENT_E4M3, 8},
               {ATTN_ELEMENT_E5M2, 8}};
  for (auto type : types)
    for (uint32_t bits = 0; bits < 1u << type.bits; ++bits) {
      float value = valueOf(bits, type.element);
      if (value != value)
        continue;
      EXPECT_EQ(bitsOf(value, type.element), bits) << type.element;
    }
}

TEST_F(GpuEmulator, ConvertsLikeTheCompiler) {
  std::mt19937 random(3);
  for (int i = 0; i < 200000; ++i) {
    float value = asFloat(random());
    if (value != value)
      continue;
    auto half = static_cast<_Float16>(value);
    uint16_t expected;
    memcpy(&expected, &half, 2);
    EXPECT_EQ(bitsOf(value, ATTN_ELEMENT_F16), expected) << value;
    EXPECT_EQ(valueOf(expected, ATTN_ELEMENT_F16), float(half));
  }
  // Known ones: the greatest numbers, ties, subnormals, overflow.
  EXPECT_EQ(valueOf(0x7e, ATTN_ELEMENT_E4M3), 448.0f);
  EXPECT_EQ(valueOf(0x01, ATTN_ELEMENT_E4M3), 0x1p-9f);
  EXPECT_EQ(valueOf(0x7b, ATTN_ELEMENT_E5M2), 57344.0f);
  EXPECT_EQ(bitsOf(500.0f, ATTN_ELEMENT_E4M3), 0x7fu);
  EXPECT_EQ(bitsOf(500.0f, ATTN_ELEMENT_E4M3, true), 0x7eu);
  EXPECT_EQ(bitsOf(1e9f, ATTN_ELEMENT_E5M2), 0x7cu);
  EXPECT_EQ(bitsOf(-1e9f, ATTN_ELEMENT_E5M2, true), 0xfbu);
  EXPECT_EQ(bitsOf(1.0f + 0x1p-8f, ATTN_ELEMENT_BF16), 0x3f80u);
  EXPECT_EQ(bitsOf(1.0f + 0x1.8p-7f, ATTN_ELEMENT_BF16), 0x3f82u);
  EXPECT_EQ(bitsOf(1.0f + 0x1p-11f, ATTN_ELEMENT_TF32), 0x3f802000u);
}

TEST_F(GpuEmulator, Approximates) {
  EXPECT_EQ(attn_emulator_math(ATTN_MATH_EX2, -INFINITY), 0.0f);
  EXPECT_EQ(attn_emulator_math(ATTN_MATH_EX2, 3.0f), 8.0f);
  EXPECT_GT(attn_emulator_math(ATTN_MATH_EX2, -130.0f), 0.0f);
  EXPECT_EQ(attn_emulator_math(ATTN_MATH_EX2 | ATTN_MATH_FTZ, -130.0f), 0.0f);
  EXPECT_EQ(attn_emulator_math(ATTN_MATH_LG2, 8.0f), 3.0f);
  EXPECT_EQ(attn_emulator_math(ATTN_MATH_LG2 | ATTN_MATH_FTZ, 0x1p-130f),
            -INFINITY);
  EXPECT_EQ(attn_emulator_math(ATTN_MATH_RSQRT, 4.0f), 0.5f);
  EXPECT_EQ(attn_emulator_math(ATTN_MATH_RCP, 4.0f), 0.25f);
  EXPECT_NEAR(attn_emulator_math(ATTN_MATH_TANH, 0.5f), tanh(0.5), 1e-6);
}

//===----------------------------------------------------------------------===//
// Matrices
//===----------------------------------------------------------------------===//

TEST_F(GpuEmulator, LoadsAndStoresMatrices) {
  std::mt19937 random(4);
  for (int num : {1, 2, 4})
    for (int transposed : {0, 1}) {
      uint16_t source[4][8][8], back[4][8][8];
      for (auto &matrix : source)
        for (auto &row : matrix)
          for (uint16_t &element : row)
            element = random();
      ASSERT_EQ(launch({1}, {32}, 8192,
                       [&] {
                         auto *tile = sharedMemory<uint16_t>();
                         int lane = laneId();
                         // Rows 80 bytes apart, none where another is.
                         uint16_t *row = tile + lane * 40;
                         memcpy(row, source[lane / 8][lane % 8], 16);
                         attn_emulator_warp_sync("sync", kFull);
                         int32_t registers[4];
                         attn_emulator_ldmatrix("ldmatrix", row, num,
                                                transposed, registers);
                         for (int m = 0; m < num; ++m)
                           for (int e = 0; e < 2; ++e) {
                             int i = lane / 4, j = lane % 4 * 2 + e;
                             EXPECT_EQ(uint16_t(registers[m] >> (16 * e)),
                                       transposed ? source[m][j][i]
                                                  : source[m][i][j]);
                           }
                         uint16_t *out = tile + 2048 + lane * 40;
                         attn_emulator_stmatrix("stmatrix", out, num,
                                                transposed, registers);
                         memcpy(back[lane / 8][lane % 8], out, 16);
                       }),
                0)
          << message;
      EXPECT_EQ(memcmp(source, back, num * 128), 0);
    }
}

/// One mma of random operands against plain loops.
static void testMma(int k, int a, int b, int d, int saturate,
                    int32_t (*launch)(void (*)(void *const *), void *)) {
  struct State {
    int k, a, b, d, saturate;
    uint32_t bitsA[16][64], bitsB[64][8];
    float c[16][8];
    int32_t ci[16][8];
    float got[16][8];
    int32_t goti[16][8];
  };
  static State s;
  s.k = k, s.a = a, s.b = b, s.d = d, s.saturate = saturate;
  std::mt19937 random(5);
  auto draw = [&](int element) -> uint32_t {
    if (element == ATTN_ELEMENT_S8 || element == ATTN_ELEMENT_U8)
      return random() & 0xff;
    return bitsOf((int(random() % 2001) - 1000) / 500.0f, element);
  };
  for (auto &row : s.bitsA)
    for (uint32_t &bits : row)
      bits = draw(a);
  for (auto &row : s.bitsB)
    for (uint32_t &bits : row)
      bits = draw(b);
  for (int i = 0; i < 16; ++i)
    for (int j = 0; j < 8; ++j) {
      s.c[i][j] = valueOf(bitsOf((int(random() % 2001) - 1000) / 100.0f, d), d);
      s.ci[i][j] =
          saturate ? INT32_MAX - int(random() % 50000) : int(random() % 100000);
    }
  auto kernel = [](void *const *) {
    attn_emulator_enter("mma", 0, 0, 0, 0, 0);
    int group = laneId() / 4, inGroup = laneId() % 4;
    auto width = [](int element) {
      return element == ATTN_ELEMENT_TF32                                  ? 32
             : element == ATTN_ELEMENT_F16 || element == ATTN_ELEMENT_BF16 ? 16
                                                                           : 8;
    };
    int perA = 32 / width(s.a), perB = 32 / width(s.b);
    uint32_t operands[16] = {}, result[4];
    int n = 0;
    // The manual's figures: a register holds neighbours along k; rows 8 apart
    // come first, then columns 4 registers apart.
    for (int half = 0; half < s.k / (4 * perA); ++half)
      for (int below = 0; below < 2; ++below, ++n)
        for (int e = 0; e < perA; ++e)
          operands[n] |=
              s.bitsA[group + 8 * below][half * 4 * perA + inGroup * perA + e]
              << (e * width(s.a));
    for (int half = 0; half < s.k / (4 * perB); ++half, ++n)
      for (int e = 0; e < perB; ++e)
        operands[n] |= s.bitsB[half * 4 * perB + inGroup * perB + e][group]
                       << (e * width(s.b));
    for (int below = 0; below < 2; ++below) {
      int row = group + 8 * below;
      for (int e = 0; e < 2; ++e) {
        int column = 2 * inGroup + e;
        if (s.d == ATTN_ELEMENT_F16)
          operands[n + below] |= bitsOf(s.c[row][column], s.d) << (16 * e);
        else if (s.d == ATTN_ELEMENT_S32)
          operands[n + 2 * below + e] = s.ci[row][column];
        else
          operands[n + 2 * below + e] = asBits(s.c[row][column]);
      }
    }
    attn_emulator_mma("mma", s.k, s.a, s.b, s.d, s.saturate,
                      reinterpret_cast<int32_t *>(operands),
                      reinterpret_cast<int32_t *>(result));
    for (int below = 0; below < 2; ++below)
      for (int e = 0; e < 2; ++e) {
        int row = group + 8 * below, column = 2 * inGroup + e;
        if (s.d == ATTN_ELEMENT_F16)
          s.got[row][column] = valueOf(result[below] >> (16 * e) & 0xffff, s.d);
        else if (s.d == ATTN_ELEMENT_S32)
          s.goti[row][column] = result[2 * below + e];
        else
          s.got[row][column] = asFloat(result[2 * below + e]);
      }
  };
  ASSERT_EQ(launch(kernel, nullptr), 0);
  for (int i = 0; i < 16; ++i)
    for (int j = 0; j < 8; ++j) {
      double sum = s.c[i][j];
      int64_t integer = s.ci[i][j];
      for (int l = 0; l < k; ++l) {
        double x = valueOf(s.bitsA[i][l], a), y = valueOf(s.bitsB[l][j], b);
        sum += x * y;
        integer += int64_t(x) * int64_t(y);
      }
      if (d == ATTN_ELEMENT_S32) {
        if (saturate)
          integer = std::min<int64_t>(integer, INT32_MAX);
        EXPECT_EQ(s.goti[i][j], static_cast<int32_t>(integer));
      } else {
        EXPECT_NEAR(s.got[i][j], sum, d == ATTN_ELEMENT_F16 ? 0.05 : 1e-4);
      }
    }
}

TEST_F(GpuEmulator, MultipliesMatrices) {
  auto run = [](void (*kernel)(void *const *), void *) {
    int64_t grid[3] = {1, 1, 1};
    int32_t block[3] = {32, 1, 1};
    return attn_emulate_launch(kernel, grid, block, 0, nullptr);
  };
  for (int element : {ATTN_ELEMENT_F16, ATTN_ELEMENT_BF16})
    for (int k : {8, 16})
      testMma(k, element, element, ATTN_ELEMENT_F32, 0, run);
  testMma(8, ATTN_ELEMENT_F16, ATTN_ELEMENT_F16, ATTN_ELEMENT_F16, 0, run);
  testMma(16, ATTN_ELEMENT_F16, ATTN_ELEMENT_F16, ATTN_ELEMENT_F16, 0, run);
  testMma(4, ATTN_ELEMENT_TF32, ATTN_ELEMENT_TF32, ATTN_ELEMENT_F32, 0, run);
  testMma(8, ATTN_ELEMENT_TF32, ATTN_ELEMENT_TF32, ATTN_ELEMENT_F32, 0, run);
  testMma(32, ATTN_ELEMENT_E4M3, ATTN_ELEMENT_E5M2, ATTN_ELEMENT_F32, 0, run);
  testMma(32, ATTN_ELEMENT_E5M2, ATTN_ELEMENT_E4M3, ATTN_ELEMENT_F32, 0, run);
  testMma(16, ATTN_ELEMENT_S8, ATTN_ELEMENT_U8, ATTN_ELEMENT_S32, 0, run);
  testMma(32, ATTN_ELEMENT_U8, ATTN_ELEMENT_U8, ATTN_ELEMENT_S32, 1, run);
}

TEST_F(GpuEmulator, Control_PartOfAWarpMultiplies) {
  EXPECT_EQ(launch({1}, {40}, 0,
                   [] {
                     int32_t operands[10] = {}, result[4];
                     attn_emulator_mma("mma at k.mlir:5:3", 16,
                                       ATTN_ELEMENT_F16, ATTN_ELEMENT_F16,
                                       ATTN_ELEMENT_F32, 0, operands, result);
                   }),
            1);
  EXPECT_TRUE(contains(message,
                       "mma at k.mlir:5:3: expects all 32 threads of a "
                       "warp, but lanes 0xffffff00"))
      << message;
}

//===----------------------------------------------------------------------===//
// Copies
//===----------------------------------------------------------------------===//

/// Two groups of copies, of all sizes, some with zeros behind.
static auto copyTwoGroups(bool waits) {
  return [=](bool &good) {
    alignas(16) static const int source[64] = {1, 2, 3, 4, 5, 6, 7, 8};
    auto *tile = sharedMemory<int>() + tidX() * 16;
    attn_emulator_cp_async("cp", tile, source, 16, 16);
    attn_emulator_cp_async("cp", tile + 4, source + 2, 8, 8);
    attn_emulator_cp_async_commit();
    attn_emulator_cp_async("cp", tile + 8, source + 4, 16, 6);
    attn_emulator_cp_async("cp", tile + 12, source + 1, 4, 0);
    attn_emulator_cp_async_commit();
    if (waits)
      attn_emulator_cp_async_wait(1);
    good &= tile[0] == 1 && tile[3] == 4 && tile[4] == 3 && tile[5] == 4;
    if (waits)
      attn_emulator_cp_async_wait(0);
    good &= tile[8] == 5 && tile[9] == 6 && tile[10] == 0 && tile[11] == 0 &&
            tile[12] == 0;
  };
}

TEST_F(GpuEmulator, Control_RemovedCopyWait) {
  EXPECT_FALSE(everFails(64, 4096, copyTwoGroups(true)));
  EXPECT_TRUE(everFails(64, 4096, copyTwoGroups(false)));
}

TEST_F(GpuEmulator, Control_FreshSharedMemoryIsNaN) {
  ASSERT_EQ(launch({3}, {32}, 256,
                   [] {
                     float *numbers = sharedMemory<float>();
                     EXPECT_TRUE(isnan(numbers[laneId()]));
                     attn_emulator_warp_sync("sync", kFull);
                     numbers[laneId()] = 1.0f;
                   }),
            0)
      << message;
}

TEST_F(GpuEmulator, Control_CopiesOutOfBoundsOrUnaligned) {
  alignas(16) static const char source[64] = {};
  auto copy = [&](int offset, int from, int size, int valid) {
    return launch({1}, {1}, 256, [=] {
      attn_emulator_cp_async("cp.async at k.mlir:7:1",
                             sharedMemory<char>() + offset, source + from, size,
                             valid);
    });
  };
  EXPECT_EQ(copy(240, 0, 16, 16), 0) << message;
  EXPECT_EQ(copy(256, 0, 16, 16), 1);
  EXPECT_TRUE(contains(message, "cp.async at k.mlir:7:1: expects 16 bytes in "
                                "shared memory, which has 0 static and 256 "
                                "dynamic from 0, but got offset 256"))
      << message;
  EXPECT_EQ(copy(-16, 0, 16, 16), 1);
  EXPECT_TRUE(contains(message, "but got offset -16")) << message;
  EXPECT_EQ(copy(8, 0, 16, 16), 1);
  EXPECT_TRUE(contains(message, "a multiple of 16 bytes, but got 8"))
      << message;
  EXPECT_EQ(copy(0, 4, 16, 16), 1);
  EXPECT_TRUE(contains(message, "expects a source that is a multiple of 16"))
      << message;
  EXPECT_EQ(copy(0, 0, 16, 17), 1);
  EXPECT_TRUE(contains(message, "expects 0 to 16 bytes to be read, but got 17"))
      << message;
}

TEST_F(GpuEmulator, Control_MatricesOutOfBoundsOrUnaligned) {
  auto load = [&](int stride, int num) {
    return launch({1}, {32}, 512, [=] {
      int32_t registers[4];
      attn_emulator_ldmatrix("ldmatrix",
                             sharedMemory<char>() + laneId() * stride, num, 0,
                             registers);
    });
  };
  EXPECT_EQ(load(16, 4), 0) << message;
  EXPECT_EQ(load(8, 4), 1);
  EXPECT_TRUE(contains(message, "a multiple of 16 bytes, but got 8"))
      << message;
  EXPECT_EQ(load(32, 4), 1);
  EXPECT_TRUE(contains(message, "but got offset 512")) << message;
  // Only the rows of matrices that are loaded are looked at.
  EXPECT_EQ(load(32, 2), 0) << message;
}

TEST_F(GpuEmulator, Control_BadAccess) {
  EXPECT_EQ(launch({1}, {1}, 64,
                   [] {
                     attn_emulator_bad_access("load", sharedMemory<char>() + 62,
                                              4, 2, 1);
                   }),
            1);
  EXPECT_TRUE(contains(message, "load: expects 4 bytes in shared memory"))
      << message;
  EXPECT_EQ(launch({1}, {1}, 64, [] { attn_emulator_trap("assert failed"); }),
            1);
  EXPECT_TRUE(contains(message, "assert failed: the kernel gave up"))
      << message;
}
