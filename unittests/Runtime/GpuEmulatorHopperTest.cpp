//===- unittests/Runtime/GpuEmulatorHopperTest.cpp - TMA and wgmma --------===//
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

static uint32_t bitsOf(float value, int element) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  return static_cast<uint32_t>(
      attn_emulator_convert(bits, ATTN_ELEMENT_F32, element, 0));
}

static float valueOf(uint32_t bits, int element) {
  bits = attn_emulator_convert(bits, element, ATTN_ELEMENT_F32, 0);
  float value;
  memcpy(&value, &bits, 4);
  return value;
}

/// Waits until the phase with this parity is complete.
static void waitParity(void *mbarrier, int parity) {
  attn_emulator_mbarrier_test("wait", mbarrier, parity, 1, 1);
}

//===----------------------------------------------------------------------===//
// mbarriers and tensor copies
//===----------------------------------------------------------------------===//

/// A warp fills slots, another empties them: the pipeline of a prefill kernel.
static auto pipeline(const attn_emulator_tensor_map &map, bool waitsFull,
                     bool waitsEmpty) {
  return [=, &map](bool &good) {
    char *memory = sharedMemory<char>();
    auto *tiles = reinterpret_cast<uint16_t *>(memory);
    char *full = memory + 2 * 1024, *empty = full + 16;
    int tid = tidX();
    if (tid == 0)
      for (int slot = 0; slot < 2; ++slot) {
        attn_emulator_mbarrier_init("init", full + 8 * slot, 1);
        attn_emulator_mbarrier_init("init", empty + 8 * slot, 32);
      }
    syncThreads();
    for (int i = 0; i < 8; ++i) {
      int slot = i % 2, phase = i / 2 % 2;
      if (tid == 0) {
        if (waitsEmpty)
          waitParity(empty + 8 * slot, phase ^ 1);
        attn_emulator_mbarrier_arrive("expect", full + 8 * slot, 1, 1024, 0);
        int32_t at[2] = {0, 8 * i};
        attn_emulator_tensor_load("tma", tiles + 512 * slot, &map,
                                  full + 8 * slot, 2, at);
      } else if (tid >= 32) {
        if (waitsFull)
          waitParity(full + 8 * slot, phase);
        // Row r of 64 elements; chunks of 8 are exchanged by r % 8.
        int row = tid % 8, column = tid / 8 % 4 * 8 + 3;
        uint16_t got =
            tiles[512 * slot + row * 64 + ((column / 8) ^ row) * 8 + 3];
        good &= got == (8 * i + row) * 64 + column;
        attn_emulator_mbarrier_arrive("free", empty + 8 * slot, 1, 0, 0);
      }
    }
  };
}

TEST_F(GpuEmulator, Control_RemovedMBarrierWaits) {
  std::vector<uint16_t> tensor(64 * 64 + 64);
  auto *base = reinterpret_cast<uint16_t *>(
      (reinterpret_cast<uintptr_t>(tensor.data()) + 15) & ~uintptr_t(15));
  for (int i = 0; i < 64 * 64; ++i)
    base[i] = static_cast<uint16_t>(i);
  uint64_t sizes[2] = {64, 64}, strides[1] = {128};
  uint32_t box[2] = {64, 8};
  attn_emulator_tensor_map map;
  ASSERT_EQ(attn_emulator_encode_tensor_map(&map, 2, 2, base, sizes, strides,
                                            box, 128),
            0);
  EXPECT_FALSE(everFails(64, 4096, pipeline(map, true, true)));
  // Without waiting for a full slot, consumers read what is not there, or are a
  // phase ahead; without waiting for an empty one, the producer is.
  auto isSeen = [&](auto kernel) {
    bool seen = false;
    for (int seed = 1; seed <= 20; ++seed) {
      setenv("ATTN_EMULATOR_SEED", std::to_string(seed).c_str(), 1);
      bool good = true;
      seen |= launch({1}, {64}, 4096, [&] { kernel(good); }) != 0 || !good;
    }
    unsetenv("ATTN_EMULATOR_SEED");
    return seen;
  };
  EXPECT_TRUE(isSeen(pipeline(map, false, true)));
  EXPECT_TRUE(isSeen(pipeline(map, true, false)));
}

TEST_F(GpuEmulator, Control_MBarrierThatNobodyCompletes) {
  EXPECT_EQ(launch({1}, {32}, 64,
                   [] {
                     char *barrier = sharedMemory<char>();
                     if (tidX() == 0)
                       attn_emulator_mbarrier_init("init", barrier, 2);
                     attn_emulator_warp_sync("sync", kFull);
                     if (tidX() == 0)
                       attn_emulator_mbarrier_arrive("arrive", barrier, 1, 0,
                                                     0);
                     waitParity(barrier, 0);
                   }),
            1);
  EXPECT_TRUE(contains(message, "no thread can go on: 32 wait at wait"))
      << message;
  EXPECT_EQ(
      launch({1}, {1}, 64, [] { waitParity(sharedMemory<char>() + 8, 0); }), 1);
  EXPECT_TRUE(contains(message, "expects an mbarrier that was initialised, at "
                                "offset 8"))
      << message;
  EXPECT_EQ(launch({1}, {1}, 64,
                   [] {
                     char *barrier = sharedMemory<char>();
                     attn_emulator_mbarrier_init("init", barrier, 1);
                     memset(barrier, 0, 4);
                     waitParity(barrier, 0);
                   }),
            1);
  EXPECT_TRUE(contains(message, "was written over")) << message;
}

TEST_F(GpuEmulator, WaitsByStateAndDropsOut) {
  auto kernel = [](bool &good) {
    char *barrier = sharedMemory<char>();
    int tid = tidX();
    if (tid == 0)
      attn_emulator_mbarrier_init("init", barrier, 64);
    syncThreads();
    int64_t state =
        attn_emulator_mbarrier_arrive("arrive", barrier, 1, 0, tid >= 32);
    while (!attn_emulator_mbarrier_test("test", barrier, state, 0, 0)) {
    }
    if (tid >= 32)
      return;
    // Half of the threads have dropped out.
    state = attn_emulator_mbarrier_arrive("again", barrier, 1, 0, 0);
    good &= attn_emulator_mbarrier_test("test", barrier, state, 0, 1) == 1;
  };
  EXPECT_FALSE(everFails(64, 64, kernel));
}

TEST_F(GpuEmulator, CopiesTilesWithZerosOutside) {
  // 3 dimensions, 20 x 5 x 3 of 4 bytes; a box that begins before it and one
  // that ends behind.
  alignas(16) static float tensor[3][5][20];
  for (int z = 0; z < 3; ++z)
    for (int y = 0; y < 5; ++y)
      for (int x = 0; x < 20; ++x)
        tensor[z][y][x] = float(1 + x + 20 * (y + 5 * z));
  uint64_t sizes[3] = {18, 5, 3}, strides[2] = {80, 400};
  uint32_t box[3] = {8, 4, 2};
  attn_emulator_tensor_map map;
  ASSERT_EQ(attn_emulator_encode_tensor_map(&map, 4, 3, tensor, sizes, strides,
                                            box, 32),
            0);
  for (int32_t x : {-3, 4, 14})
    for (int32_t y : {-2, 0, 3})
      for (int32_t z : {-1, 0, 2})
        ASSERT_EQ(
            launch({1}, {1}, 4096,
                   [&] {
                     char *memory = sharedMemory<char>();
                     attn_emulator_mbarrier_init("init", memory, 1);
                     int32_t at[3] = {x, y, z};
                     attn_emulator_tensor_load("tma", memory + 1024, &map,
                                               memory, 3, at);
                     attn_emulator_mbarrier_arrive("arrive", memory, 1, 256, 0);
                     waitParity(memory, 0);
                     for (int k = 0; k < 2; ++k)
                       for (int j = 0; j < 4; ++j)
                         for (int i = 0; i < 8; ++i) {
                           int row = k * 4 + j, chunk = i / 4 ^ (row / 4 % 2);
                           float got;
                           memcpy(&got,
                                  memory + 1024 + row * 32 + chunk * 16 +
                                      i % 4 * 4,
                                  4);
                           int X = x + i, Y = y + j, Z = z + k;
                           bool inside = X >= 0 && X < 18 && Y >= 0 && Y < 5 &&
                                         Z >= 0 && Z < 3;
                           EXPECT_EQ(got, inside ? tensor[Z][Y][X] : 0.0f);
                         }
                   }),
            0)
            << message;
}

TEST_F(GpuEmulator, StoresTilesAndBlocks) {
  alignas(16) static uint16_t out[6][24], line[32], source[32];
  memset(out, 0, sizeof(out));
  memset(line, 0, sizeof(line));
  for (int i = 0; i < 32; ++i)
    source[i] = uint16_t(100 + i);
  uint64_t sizes[2] = {20, 6}, strides[1] = {48};
  uint32_t box[2] = {8, 2};
  attn_emulator_tensor_map map;
  ASSERT_EQ(
      attn_emulator_encode_tensor_map(&map, 2, 2, out, sizes, strides, box, 0),
      0);
  ASSERT_EQ(launch({1}, {1}, 512,
                   [&] {
                     char *memory = sharedMemory<char>();
                     auto *tile = reinterpret_cast<uint16_t *>(memory + 128);
                     attn_emulator_mbarrier_init("init", memory, 1);
                     attn_emulator_bulk_load("load", memory + 256, source,
                                             memory, 64);
                     attn_emulator_mbarrier_arrive("arrive", memory, 1, 64, 0);
                     waitParity(memory, 0);
                     attn_emulator_bulk_store("store", line, memory + 256, 64);
                     for (int i = 0; i < 16; ++i)
                       tile[i] = uint16_t(1 + i);
                     int32_t at[2] = {16, 5};
                     attn_emulator_tensor_store("store", &map, tile, 2, at);
                     attn_emulator_bulk_commit();
                     attn_emulator_bulk_wait(0);
                   }),
            0)
      << message;
  EXPECT_EQ(memcmp(line, source, sizeof(line)), 0);
  // 4 elements of the first row are inside.
  for (int i = 0; i < 24; ++i)
    EXPECT_EQ(out[5][i], i >= 16 && i < 20 ? i - 15 : 0);
}

TEST_F(GpuEmulator, RefusesTensorMapsAndBulkCopies) {
  alignas(16) static char memory[64];
  attn_emulator_tensor_map map;
  uint64_t sizes[2] = {64, 64}, strides[1] = {128};
  uint32_t box[2] = {64, 8};
  auto encode = attn_emulator_encode_tensor_map;
  EXPECT_EQ(encode(&map, 2, 2, memory, sizes, strides, box, 128), 0);
  EXPECT_EQ(encode(&map, 2, 2, memory + 8, sizes, strides, box, 128), 1);
  EXPECT_EQ(encode(&map, 2, 2, memory, sizes, strides, box, 64), 1);
  EXPECT_EQ(encode(&map, 2, 6, memory, sizes, strides, box, 128), 1);
  uint64_t odd[1] = {120};
  EXPECT_EQ(encode(&map, 2, 2, memory, sizes, odd, box, 128), 1);
  uint32_t wide[2] = {64, 257};
  EXPECT_EQ(encode(&map, 2, 2, memory, sizes, strides, wide, 128), 1);
  EXPECT_EQ(launch({1}, {1}, 4096,
                   [&] {
                     char *shared = sharedMemory<char>();
                     attn_emulator_mbarrier_init("init", shared, 1);
                     int32_t at[2] = {0, 0};
                     attn_emulator_tensor_load("tma", shared + 64, &map, shared,
                                               2, at);
                   }),
            1);
  EXPECT_TRUE(contains(message, "tma: expects")) << message;
  EXPECT_EQ(launch({1}, {1}, 4096,
                   [&] {
                     char *shared = sharedMemory<char>();
                     attn_emulator_mbarrier_init("init", shared, 1);
                     attn_emulator_bulk_load("bulk", shared + 64, memory,
                                             shared, 24);
                   }),
            1);
  EXPECT_TRUE(contains(message, "a multiple of 16 bytes, but got 24"))
      << message;
}

//===----------------------------------------------------------------------===//
// wgmma
//===----------------------------------------------------------------------===//

namespace {
/// How a test lays a matrix of `rows` along m or n and 32 bytes along k out.
struct Layout {
  int swizzle;
  bool transposed;
  int element, bytes, rows;
  int leading, stride;

  /// Where element (row, k) is: written as the manual draws it.
  int at(int row, int k) const {
    if (!transposed) {
      int chunk = k * bytes / 16, inChunk = k * bytes % 16;
      if (!swizzle)
        return row / 8 * stride + chunk * leading + row % 8 * 16 + inChunk;
      int exchanged = chunk ^ (row % 8 * swizzle / 128);
      return row / 8 * stride + row % 8 * swizzle + exchanged * 16 + inChunk;
    }
    int width = swizzle ? swizzle : 16;
    int panel = row * bytes / width, inPanel = row * bytes % width;
    int chunk = inPanel / 16, inChunk = inPanel % 16;
    if (!swizzle)
      return panel * stride + k / 8 * leading + k % 8 * 16 + inChunk;
    int exchanged = chunk ^ (k % 8 * swizzle / 128);
    return panel * leading + k / 8 * stride + k % 8 * width + exchanged * 16 +
           inChunk;
  }

  uint64_t descriptor(int64_t start) const {
    uint64_t mode = swizzle == 128 ? 1 : swizzle == 64 ? 2 : swizzle ? 3 : 0;
    return (uint64_t(start) >> 4) | uint64_t(leading >> 4) << 16 |
           uint64_t(stride >> 4) << 32 | mode << 62;
  }
};
} // namespace

/// A layout without gaps between groups of 8 rows or of 8 k.
static Layout makeLayout(int swizzle, bool transposed, int element, int rows) {
  int bytes = element == ATTN_ELEMENT_TF32                                  ? 4
              : element == ATTN_ELEMENT_F16 || element == ATTN_ELEMENT_BF16 ? 2
                                                                            : 1;
  Layout layout = {swizzle, transposed, element, bytes, rows, 0, 0};
  if (!transposed) {
    layout.leading = swizzle ? 16 : 128;
    layout.stride = swizzle ? 8 * swizzle : 256;
  } else {
    // 16 k: two groups of 8.
    layout.stride = swizzle ? 8 * swizzle : 256;
    layout.leading = swizzle ? 16 * swizzle : 128;
  }
  return layout;
}

namespace {
struct WgmmaCase {
  int n, d;
  Layout a, b;
  int flags;
  /// What the descriptor of B is wrong by.
  int wrongStride;
};
} // namespace

/// Greatest error of one wgmma against plain loops, or a negative number if the
/// launch failed.
static double runWgmma(const WgmmaCase &test) {
  static WgmmaCase c;
  static uint32_t bitsA[64][32], bitsB[256][32];
  static float start[64][256], got[64][256];
  c = test;
  std::mt19937 random(11);
  auto draw = [&](int element) -> uint32_t {
    if (element == ATTN_ELEMENT_S8 || element == ATTN_ELEMENT_U8)
      return random() & 0xff;
    return bitsOf((int(random() % 2001) - 1000) / 500.0f, element);
  };
  int depth = 32 / c.a.bytes;
  for (auto &row : bitsA)
    for (uint32_t &bits : row)
      bits = draw(c.a.element);
  for (auto &row : bitsB)
    for (uint32_t &bits : row)
      bits = draw(c.b.element);
  for (auto &row : start)
    for (float &x : row)
      x = float(int(random() % 200) - 100) / (c.d == ATTN_ELEMENT_S32 ? 1 : 8);
  if (c.d == ATTN_ELEMENT_S32)
    for (auto &row : start)
      for (float &x : row)
        x = nearbyintf(x);
  auto kernel = [](void *const *) {
    attn_emulator_enter("wgmma", 0, 1024, 128, 1, 1);
    char *memory = attn_emulator_current()->shared + 1024;
    int tid = tidX(), lane = tid % 32, warp = tid / 32;
    int depth = 32 / c.a.bytes;
    char *placeB = memory + 65536;
    for (int row = tid; row < 64; row += 128)
      for (int k = 0; k < depth; ++k)
        memcpy(memory + c.a.at(row, k), &bitsA[row][k], c.a.bytes);
    for (int row = tid; row < c.n; row += 128)
      for (int k = 0; k < depth; ++k)
        memcpy(placeB + c.b.at(row, k), &bitsB[row][k], c.b.bytes);
    syncThreads();
    uint32_t acc[128], registers[4] = {};
    int group = lane / 4, inGroup = lane % 4;
    for (int j = 0; j < c.n / 8; ++j)
      for (int below = 0; below < 2; ++below)
        for (int e = 0; e < 2; ++e) {
          int row = warp * 16 + group + 8 * below,
              col = 8 * j + 2 * inGroup + e;
          uint32_t bits;
          memcpy(&bits, &start[row][col], 4);
          if (c.d == ATTN_ELEMENT_S32)
            bits = static_cast<uint32_t>(int32_t(start[row][col]));
          if (c.d != ATTN_ELEMENT_F16)
            acc[j * 4 + below * 2 + e] = bits;
          else if (e == 0)
            acc[j * 2 + below] = bitsOf(start[row][col], c.d);
          else
            acc[j * 2 + below] |= bitsOf(start[row][col], c.d) << 16;
        }
    int per = 4 / c.a.bytes;
    for (int i = 0; i < 4; ++i)
      for (int e = 0; e < per; ++e)
        registers[i] |= bitsA[warp * 16 + group + 8 * (i & 1)]
                             [(i / 2 * 4 + inGroup) * per + e]
                        << (e * 32 / per);
    Layout wrong = c.b;
    wrong.stride += c.wrongStride;
    attn_emulator_wgmma("wgmma", c.n, c.a.element, c.b.element, c.d, c.flags,
                        c.a.descriptor(1024), wrong.descriptor(1024 + 65536),
                        reinterpret_cast<int32_t *>(registers),
                        reinterpret_cast<int32_t *>(acc));
    attn_emulator_wgmma_commit("commit");
    attn_emulator_wgmma_wait("wait", 0);
    for (int j = 0; j < c.n / 8; ++j)
      for (int below = 0; below < 2; ++below)
        for (int e = 0; e < 2; ++e) {
          int row = warp * 16 + group + 8 * below,
              col = 8 * j + 2 * inGroup + e;
          if (c.d == ATTN_ELEMENT_F16)
            got[row][col] =
                valueOf(acc[j * 2 + below] >> (16 * e) & 0xffff, c.d);
          else if (c.d == ATTN_ELEMENT_S32)
            got[row][col] =
                float(static_cast<int32_t>(acc[j * 4 + below * 2 + e]));
          else
            memcpy(&got[row][col], &acc[j * 4 + below * 2 + e], 4);
        }
  };
  int64_t grid[3] = {1, 1, 1};
  int32_t block[3] = {128, 1, 1};
  if (attn_emulate_launch(kernel, grid, block, 200000, nullptr))
    return -1;
  double worst = 0;
  double sign = (c.flags & ATTN_WGMMA_NEGATE_A ? -1 : 1) *
                (c.flags & ATTN_WGMMA_NEGATE_B ? -1 : 1);
  for (int i = 0; i < 64; ++i)
    for (int j = 0; j < c.n; ++j) {
      double sum = c.flags & ATTN_WGMMA_ACCUMULATE ? start[i][j] : 0;
      for (int k = 0; k < depth; ++k)
        sum += sign * valueOf(bitsA[i][k], c.a.element) *
               valueOf(bitsB[j][k], c.b.element);
      double error = fabs(sum - got[i][j]);
      // NaN counts.
      worst = error <= worst ? worst : error;
    }
  return worst;
}

TEST_F(GpuEmulator, MultipliesInAllLayouts) {
  for (int swizzle : {0, 32, 64, 128})
    for (bool transposed : {false, true})
      for (int n : {8, 64, 128, 256}) {
        // Rows of a transposed matrix are whole panels.
        int perPanel = (swizzle ? swizzle : 16) / 2;
        if (transposed && n % perPanel)
          continue;
        int element = n == 64 ? ATTN_ELEMENT_BF16 : ATTN_ELEMENT_F16;
        WgmmaCase test = {n,
                          ATTN_ELEMENT_F32,
                          makeLayout(swizzle, transposed, element, 64),
                          makeLayout(swizzle, transposed, element, n),
                          ATTN_WGMMA_ACCUMULATE,
                          0};
        if (transposed)
          test.flags |= ATTN_WGMMA_TRANSPOSE_A | ATTN_WGMMA_TRANSPOSE_B;
        EXPECT_LT(runWgmma(test), 1e-4) << swizzle << transposed << n;
        EXPECT_GE(runWgmma(test), 0);
        // A from registers; and what scales do.
        test.flags |= ATTN_WGMMA_REGISTERS_A | ATTN_WGMMA_NEGATE_B;
        EXPECT_LT(runWgmma(test), 1e-4) << swizzle << transposed << n;
        test.flags &= ~ATTN_WGMMA_ACCUMULATE;
        EXPECT_LT(runWgmma(test), 1e-4) << swizzle << transposed << n;
      }
}

TEST_F(GpuEmulator, MultipliesAllTypes) {
  auto test = [](int a, int b, int d, int flags) {
    WgmmaCase made = {
        64,    d, makeLayout(128, false, a, 64), makeLayout(128, false, b, 64),
        flags, 0};
    double error = runWgmma(made);
    EXPECT_GE(error, 0);
    return error;
  };
  int keep = ATTN_WGMMA_ACCUMULATE;
  EXPECT_LT(test(ATTN_ELEMENT_TF32, ATTN_ELEMENT_TF32, ATTN_ELEMENT_F32, keep),
            1e-4);
  EXPECT_LT(test(ATTN_ELEMENT_E4M3, ATTN_ELEMENT_E5M2, ATTN_ELEMENT_F32, keep),
            1e-4);
  EXPECT_LT(test(ATTN_ELEMENT_F16, ATTN_ELEMENT_F16, ATTN_ELEMENT_F16, keep),
            0.05);
  EXPECT_EQ(test(ATTN_ELEMENT_S8, ATTN_ELEMENT_U8, ATTN_ELEMENT_S32, keep), 0);
  EXPECT_LT(test(ATTN_ELEMENT_E4M3, ATTN_ELEMENT_E4M3, ATTN_ELEMENT_F32,
                 keep | ATTN_WGMMA_REGISTERS_A),
            1e-4);
}

TEST_F(GpuEmulator, Control_WrongDescriptor) {
  WgmmaCase test = {64,
                    ATTN_ELEMENT_F32,
                    makeLayout(128, false, ATTN_ELEMENT_F16, 64),
                    makeLayout(128, false, ATTN_ELEMENT_F16, 64),
                    0,
                    -512};
  double error = runWgmma(test);
  EXPECT_FALSE(error < 0.1 && error >= 0) << error;
  test.wrongStride = 32768;
  testing::internal::CaptureStderr();
  EXPECT_LT(runWgmma(test), 0);
  std::string text = testing::internal::GetCapturedStderr();
  EXPECT_TRUE(contains(text, "wgmma: a descriptor reads offset ")) << text;
}

/// Zeroes the accumulators of a wgmma whose operands begin at offset 0.
static void multiplyZeros() {
  int32_t acc[4] = {}, registers[4] = {};
  Layout layout = makeLayout(128, false, ATTN_ELEMENT_F16, 64);
  attn_emulator_wgmma("wgmma at k.mlir:9:9", 8, ATTN_ELEMENT_F16,
                      ATTN_ELEMENT_F16, ATTN_ELEMENT_F32, 0,
                      layout.descriptor(0), layout.descriptor(0), registers,
                      acc);
}

TEST_F(GpuEmulator, Control_OperandsChangeBeforeTheWait) {
  for (bool early : {false, true}) {
    int32_t status = launch({1}, {128}, 16384, [=] {
      char *memory = sharedMemory<char>();
      if (tidX() == 0)
        memset(memory, 0, 16384);
      syncThreads();
      multiplyZeros();
      attn_emulator_wgmma_commit("commit");
      if (!early)
        attn_emulator_wgmma_wait("wait", 0);
      syncThreads();
      if (tidX() == 0)
        memory[5] = 1;
      syncThreads();
      if (early)
        attn_emulator_wgmma_wait("wait", 0);
    });
    EXPECT_EQ(status, early) << message;
    EXPECT_EQ(contains(message, "wgmma at k.mlir:9:9: what it reads in shared "
                                "memory changed before its group was waited "
                                "for at wait"),
              early)
        << message;
  }
}

TEST_F(GpuEmulator, Control_WgmmaThatNobodyWaitsFor) {
  EXPECT_EQ(launch({1}, {128}, 16384,
                   [] {
                     multiplyZeros();
                     attn_emulator_wgmma_commit("commit");
                   }),
            1);
  EXPECT_TRUE(contains(message, "nobody waited for its group")) << message;
  EXPECT_EQ(launch({1}, {128}, 16384,
                   [] {
                     if (tidX() >= 32)
                       return;
                     multiplyZeros();
                     attn_emulator_wgmma_commit("commit");
                     attn_emulator_wgmma_wait("wait", 0);
                   }),
            1);
  EXPECT_TRUE(contains(message, "all four warps take part")) << message;
}
