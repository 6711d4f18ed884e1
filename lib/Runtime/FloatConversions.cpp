//===- lib/Runtime/FloatConversions.cpp - Narrowing -----------------------===//
//
// Part of attn-mlir.
//
// Conversions that compiled code calls where the processor has none.
//
//===----------------------------------------------------------------------===//

#include "attn/Runtime/FloatConversions.h"

#include <stdint.h>
#include <string.h>

template <typename To, typename From>
static To bitCast(From from) {
  static_assert(sizeof(To) == sizeof(From), "same size");
  To to;
  memcpy(&to, &from, sizeof(to));
  return to;
}

/// The bits of `value` in a 16-bit format, rounded to nearest even.
static uint16_t narrow(double value, int exponentBits, int mantissaBits) {
  uint64_t bits = bitCast<uint64_t>(value);
  uint64_t magnitude = bits & ~(UINT64_C(1) << 63);
  uint16_t sign = static_cast<uint16_t>((bits >> 63) << 15);
  int bias = (1 << (exponentBits - 1)) - 1;
  uint16_t infinity =
      static_cast<uint16_t>(((1 << exponentBits) - 1) << mantissaBits);
  if (magnitude > (UINT64_C(0x7ff) << 52))
    return sign | infinity | static_cast<uint16_t>(1 << (mantissaBits - 1));
  if (magnitude < (static_cast<uint64_t>(1 - bias + 1023) << 52)) {
    // The sum's last place is the smallest subnormal: the addition rounds.
    uint64_t magic = static_cast<uint64_t>(1 - bias - mantissaBits + 52 + 1023)
                     << 52;
    double sum = bitCast<double>(magnitude) + bitCast<double>(magic);
    return sign | static_cast<uint16_t>(bitCast<uint64_t>(sum) - magic);
  }
  int shift = 52 - mantissaBits;
  uint64_t rounded =
      magnitude + ((UINT64_C(1) << (shift - 1)) - 1) + (magnitude >> shift & 1);
  rounded =
      (rounded >> shift) - (static_cast<uint64_t>(1023 - bias) << mantissaBits);
  return sign |
         (rounded < infinity ? static_cast<uint16_t>(rounded) : infinity);
}

extern "C" _Float16 attn_rt_truncdfhf2(double value) {
  return bitCast<_Float16>(narrow(value, 5, 10));
}

extern "C" _Float16 attn_rt_truncsfhf2(float value) {
  return bitCast<_Float16>(narrow(value, 5, 10));
}

extern "C" float attn_rt_extendhfsf2(_Float16 value) {
  uint16_t bits = bitCast<uint16_t>(value);
  uint32_t sign = static_cast<uint32_t>(bits & 0x8000) << 16;
  uint32_t magnitude = static_cast<uint32_t>(bits & 0x7fff) << 13;
  // 2^112 moves the exponent and normalises subnormals, exactly.
  float scaled = bitCast<float>(magnitude) * 0x1p112f;
  uint32_t result = (bits & 0x7fff) >= 0x7c00 ? magnitude | 0x7f800000
                                              : bitCast<uint32_t>(scaled);
  return bitCast<float>(result | sign);
}

extern "C" __bf16 attn_rt_truncdfbf2(double value) {
  return bitCast<__bf16>(narrow(value, 8, 7));
}

extern "C" __bf16 attn_rt_truncsfbf2(float value) {
  return bitCast<__bf16>(narrow(value, 8, 7));
}
