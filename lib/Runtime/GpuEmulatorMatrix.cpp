//===- lib/Runtime/GpuEmulatorMatrix.cpp - Numbers and matrices -----------===//
//
// Part of attn-mlir.
//
// Element types, approximate functions, ldmatrix, stmatrix and mma.sync.
//
//===----------------------------------------------------------------------===//

#include "GpuEmulatorState.h"

#include <math.h>
#include <string.h>

using namespace attn::emulator;

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

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

/// A float of few bits with infinities. Scaling moves the exponent and
/// normalises subnormals, exactly.
static inline float widen(uint32_t bits, int exponentBits, int mantissaBits) {
  int width = exponentBits + mantissaBits;
  uint32_t magnitude = bits & ((1u << width) - 1);
  uint32_t sign = bits >> width << 31;
  float scale = asFloat(
      static_cast<uint32_t>(127 + 127 - ((1 << (exponentBits - 1)) - 1)) << 23);
  float scaled = asFloat(magnitude << (23 - mantissaBits)) * scale;
  uint32_t special = magnitude << (23 - mantissaBits) | 0x7f800000;
  bool isSpecial = magnitude >> mantissaBits == (1u << exponentBits) - 1;
  return asFloat((isSpecial ? special : asBits(scaled)) | sign);
}

static inline float widenE4M3(uint32_t bits) {
  // No infinity: the greatest exponent has numbers, and one NaN.
  if ((bits & 0x7f) == 0x7f)
    return asFloat(0x7fc00000 | (bits & 0x80) << 24);
  float value = asFloat((bits & 0x7f) << 20) * 0x1p120f;
  return bits & 0x80 ? -value : value;
}

float attn::emulator::toFloat(uint32_t bits, int element) {
  switch (element) {
  case ATTN_ELEMENT_F16:
    return widen(bits & 0xffff, 5, 10);
  case ATTN_ELEMENT_BF16:
    return asFloat(bits << 16);
  case ATTN_ELEMENT_TF32:
    return asFloat(bits & 0xffffe000);
  case ATTN_ELEMENT_F32:
    return asFloat(bits);
  case ATTN_ELEMENT_E4M3:
    return widenE4M3(bits & 0xff);
  case ATTN_ELEMENT_E5M2:
    return widen(bits & 0xff, 5, 2);
  case ATTN_ELEMENT_S8:
    return static_cast<int8_t>(bits);
  case ATTN_ELEMENT_U8:
    return static_cast<uint8_t>(bits);
  default:
    return static_cast<float>(static_cast<int32_t>(bits));
  }
}

/// To a float of `mantissaBits` and a smallest normal number 2^minExponent, as
/// a multiple of its last place; the sum's last place is that of the result.
static double roundTo(double value, int mantissaBits, int minExponent) {
  int exponent;
  frexp(value, &exponent);
  int last =
      (exponent - 1 < minExponent ? minExponent : exponent - 1) - mantissaBits;
  return ldexp(nearbyint(ldexp(value, -last)), last);
}

uint32_t attn::emulator::fromFloat(float value, int element, bool saturate) {
  int exponentBits = 5, mantissaBits = 10;
  float greatest = 65504.0f;
  switch (element) {
  case ATTN_ELEMENT_F32:
    return asBits(value);
  case ATTN_ELEMENT_TF32: {
    // cvt.rna: to nearest, ties away from zero.
    uint32_t bits = asBits(value);
    return (value - value == 0 ? bits + 0x1000 : bits) & 0xffffe000;
  }
  case ATTN_ELEMENT_F16:
    break;
  case ATTN_ELEMENT_BF16:
    exponentBits = 8;
    mantissaBits = 7;
    greatest = 0x1.fep127f;
    break;
  case ATTN_ELEMENT_E4M3:
    exponentBits = 4;
    mantissaBits = 3;
    greatest = 448.0f;
    break;
  case ATTN_ELEMENT_E5M2:
    mantissaBits = 2;
    greatest = 57344.0f;
    break;
  default:
    return static_cast<uint32_t>(static_cast<int32_t>(nearbyintf(value)));
  }
  int width = exponentBits + mantissaBits;
  uint32_t sign = asBits(value) >> 31 << width;
  bool isE4M3 = element == ATTN_ELEMENT_E4M3;
  uint32_t infinity = ((1u << exponentBits) - 1) << mantissaBits;
  uint32_t nan = (1u << width) - 1;
  if (value != value)
    return sign | nan;
  int bias = (1 << (exponentBits - 1)) - 1;
  double rounded = roundTo(fabs(double(value)), mantissaBits, 1 - bias);
  if (rounded > greatest) {
    if (!saturate)
      return sign | (isE4M3 ? nan : infinity);
    rounded = greatest;
  }
  int exponent;
  frexp(rounded, &exponent);
  exponent = rounded == 0 || exponent - 1 < 1 - bias ? 1 - bias : exponent - 1;
  // Subnormals have the exponent field 0 and the smallest normal exponent.
  auto mantissa =
      static_cast<uint32_t>(ldexp(rounded, mantissaBits - exponent));
  uint32_t field = static_cast<uint32_t>(exponent + bias - 1);
  return sign | ((field << mantissaBits) + mantissa);
}

extern "C" int32_t attn_emulator_convert(int32_t value, int32_t from,
                                         int32_t to, int32_t saturate) {
  return static_cast<int32_t>(fromFloat(
      toFloat(static_cast<uint32_t>(value), from), to, saturate != 0));
}

static float flush(float value) {
  return fabsf(value) < 0x1p-126f ? copysignf(0.0f, value) : value;
}

extern "C" float attn_emulator_math(int32_t function, float value) {
  bool ftz = function & ATTN_MATH_FTZ;
  float x = ftz ? flush(value) : value;
  float y = 0;
  switch (function & ~ATTN_MATH_FTZ) {
  case ATTN_MATH_EX2:
    y = exp2f(x);
    break;
  case ATTN_MATH_LG2:
    y = log2f(x);
    break;
  case ATTN_MATH_RCP:
    y = 1.0f / x;
    break;
  case ATTN_MATH_RSQRT:
    y = 1.0f / sqrtf(x);
    break;
  case ATTN_MATH_SQRT:
    y = sqrtf(x);
    break;
  case ATTN_MATH_TANH:
    y = tanhf(x);
    break;
  case ATTN_MATH_SIN:
    y = sinf(x);
    break;
  case ATTN_MATH_COS:
    y = cosf(x);
    break;
  default:
    fail(nullptr, "function %d is not known", function);
  }
  return ftz ? flush(y) : y;
}

//===----------------------------------------------------------------------===//
// Matrices
//===----------------------------------------------------------------------===//

namespace {
enum MeetingKind { LoadMeeting = 100, StoreMeeting, MmaMeeting };
} // namespace

static Thread *lanesOfWarp() {
  Launch &l = launch();
  return &l.threads[l.currentWarp * kWarpSize];
}

/// Row `row` of matrix `matrix`, which lane 8 * matrix + row names.
static char *rowOf(const char *where, Thread *lanes, int matrix, int row) {
  const Thread &lane = lanes[8 * matrix + row];
  checkShared(where, lane.in, 16, 16);
  return static_cast<char *>(const_cast<void *>(lane.in));
}

extern "C" void attn_emulator_ldmatrix(const char *where, const void *address,
                                       int32_t num, int32_t transposed,
                                       int32_t *registers) {
  Thread &me = *launch().current;
  me.in = address;
  me.out = registers;
  if (!meet(where, ~0u, LoadMeeting, /*aligned=*/true))
    return;
  Thread *lanes = lanesOfWarp();
  for (int matrix = 0; matrix < num; ++matrix) {
    uint16_t elements[8][8];
    for (int row = 0; row < 8; ++row)
      memcpy(elements[row], rowOf(where, lanes, matrix, row), 16);
    for (int lane = 0; lane < kWarpSize; ++lane) {
      int i = lane / 4, j = lane % 4 * 2;
      uint32_t low = transposed ? elements[j][i] : elements[i][j];
      uint32_t high = transposed ? elements[j + 1][i] : elements[i][j + 1];
      static_cast<uint32_t *>(lanes[lane].out)[matrix] = low | high << 16;
    }
  }
  finishMeeting(~0u);
}

extern "C" void attn_emulator_stmatrix(const char *where, void *address,
                                       int32_t num, int32_t transposed,
                                       const int32_t *registers) {
  Thread &me = *launch().current;
  me.in = address;
  me.out = const_cast<int32_t *>(registers);
  if (!meet(where, ~0u, StoreMeeting, /*aligned=*/true))
    return;
  Thread *lanes = lanesOfWarp();
  for (int matrix = 0; matrix < num; ++matrix) {
    uint16_t elements[8][8];
    for (int lane = 0; lane < kWarpSize; ++lane) {
      int i = lane / 4, j = lane % 4 * 2;
      uint32_t pair = static_cast<const uint32_t *>(lanes[lane].out)[matrix];
      (transposed ? elements[j][i] : elements[i][j]) =
          static_cast<uint16_t>(pair);
      (transposed ? elements[j + 1][i] : elements[i][j + 1]) =
          static_cast<uint16_t>(pair >> 16);
    }
    for (int row = 0; row < 8; ++row)
      memcpy(rowOf(where, lanes, matrix, row), elements[row], 16);
  }
  finishMeeting(~0u);
}

static int bitsOf(int element) {
  switch (element) {
  case ATTN_ELEMENT_F16:
  case ATTN_ELEMENT_BF16:
    return 16;
  case ATTN_ELEMENT_E4M3:
  case ATTN_ELEMENT_E5M2:
  case ATTN_ELEMENT_S8:
  case ATTN_ELEMENT_U8:
    return 8;
  default:
    return 32;
  }
}

namespace {
/// The operands of one mma as matrices of float or int32_t.
template <typename T>
struct MmaTile {
  static constexpr int kMaxK = 32;
  T a[16][kMaxK], b[kMaxK][8], c[16][8];
};
} // namespace

template <typename T>
static T elementOf(uint32_t reg, int index, int element) {
  int bits = bitsOf(element);
  uint32_t field = reg >> (index * bits);
  if constexpr (sizeof(T) == 4 && T(0.5) == T(0))
    return element == ATTN_ELEMENT_S8 ? T(static_cast<int8_t>(field))
                                      : T(static_cast<uint8_t>(field));
  else
    return toFloat(field, element);
}

/// Elements of A (rows lane / 4 and 8 below) and of B (columns lane / 4): in a
/// register neighbours along k, then 4 lanes of them, then the next register.
template <typename T>
static void gatherOperands(MmaTile<T> &tile, const Thread *lanes, int k, int a,
                           int b) {
  int perA = 32 / bitsOf(a), perB = 32 / bitsOf(b);
  int numA = k / perA / 2, numB = k / perB / 4;
  for (int lane = 0; lane < kWarpSize; ++lane) {
    auto *registers = static_cast<const uint32_t *>(lanes[lane].in);
    int group = lane / 4, inGroup = lane % 4;
    for (int i = 0; i < numA; ++i)
      for (int e = 0; e < perA; ++e)
        tile.a[group + 8 * (i & 1)][(i / 2 * 4 + inGroup) * perA + e] =
            elementOf<T>(registers[i], e, a);
    for (int i = 0; i < numB; ++i)
      for (int e = 0; e < perB; ++e)
        tile.b[(i * 4 + inGroup) * perB + e][group] =
            elementOf<T>(registers[numA + i], e, b);
    const uint32_t *acc = registers + numA + numB;
    for (int i = 0; i < 2; ++i)
      lanes[lane].argument == ATTN_ELEMENT_F16
          ? (void)(tile.c[group + 8 * i][2 * inGroup] =
                       T(toFloat(acc[i], ATTN_ELEMENT_F16)),
                   tile.c[group + 8 * i][2 * inGroup + 1] =
                       T(toFloat(acc[i] >> 16, ATTN_ELEMENT_F16)))
          : (void)memcpy(&tile.c[group + 8 * i][2 * inGroup], acc + 2 * i, 8);
  }
}

template <typename T>
static void scatterResult(const MmaTile<T> &tile, Thread *lanes, int d) {
  for (int lane = 0; lane < kWarpSize; ++lane) {
    auto *result = static_cast<uint32_t *>(lanes[lane].out);
    for (int i = 0; i < 2; ++i) {
      const T *pair = &tile.c[lane / 4 + 8 * i][lane % 4 * 2];
      if (d == ATTN_ELEMENT_F16)
        result[i] = fromFloat(float(pair[0]), d, false) |
                    fromFloat(float(pair[1]), d, false) << 16;
      else
        memcpy(result + 2 * i, pair, 8);
    }
  }
}

/// C += A * B, summed along k in order.
static void multiply(MmaTile<float> &tile, int k) {
  for (int i = 0; i < 16; ++i)
    for (int l = 0; l < k; ++l)
      for (int j = 0; j < 8; ++j)
        tile.c[i][j] += tile.a[i][l] * tile.b[l][j];
}

static void multiplyIntegers(MmaTile<int32_t> &tile, int k, bool saturate) {
  for (int i = 0; i < 16; ++i)
    for (int j = 0; j < 8; ++j) {
      int64_t sum = tile.c[i][j];
      for (int l = 0; l < k; ++l)
        sum += tile.a[i][l] * tile.b[l][j];
      if (saturate)
        sum = sum > INT32_MAX ? INT32_MAX : sum < INT32_MIN ? INT32_MIN : sum;
      tile.c[i][j] = static_cast<int32_t>(static_cast<uint32_t>(sum));
    }
}

extern "C" void attn_emulator_mma(const char *where, int32_t k, int32_t a,
                                  int32_t b, int32_t d, int32_t saturate,
                                  const int32_t *operands, int32_t *result) {
  Thread &me = *launch().current;
  me.in = operands;
  me.out = result;
  me.argument = d;
  if (!meet(where, ~0u, MmaMeeting, /*aligned=*/true))
    return;
  Thread *lanes = lanesOfWarp();
  if (d == ATTN_ELEMENT_S32) {
    MmaTile<int32_t> tile;
    gatherOperands(tile, lanes, k, a, b);
    multiplyIntegers(tile, k, saturate != 0);
    scatterResult(tile, lanes, d);
  } else {
    MmaTile<float> tile;
    gatherOperands(tile, lanes, k, a, b);
    multiply(tile, k);
    scatterResult(tile, lanes, d);
  }
  finishMeeting(~0u);
}
