//===- Philox.cpp ---------------------------------------------------------===//
//
// Part of attn-mlir
//
//===----------------------------------------------------------------------===//
//
// Philox4x32-10 and Box-Muller.
//
//===----------------------------------------------------------------------===//

#include "attn/Support/Philox.h"

#include <cmath>

using namespace attn;

std::array<uint32_t, 4> attn::philox4x32(std::array<uint32_t, 4> counter,
                                         std::array<uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    uint64_t product0 = uint64_t(0xD2511F53) * counter[0];
    uint64_t product1 = uint64_t(0xCD9E8D57) * counter[2];
    counter = {
        uint32_t(product1 >> 32) ^ counter[1] ^ key[0], uint32_t(product1),
        uint32_t(product0 >> 32) ^ counter[3] ^ key[1], uint32_t(product0)};
    key[0] += 0x9E3779B9;
    key[1] += 0xBB67AE85;
  }
  return counter;
}

std::array<uint32_t, 4> attn::philoxWords(uint64_t seed, uint64_t index) {
  return philox4x32({uint32_t(index), uint32_t(index >> 32), 0, 0},
                    {uint32_t(seed), uint32_t(seed >> 32)});
}

uint32_t attn::bits(uint64_t seed, uint64_t index) {
  return philoxWords(seed, index)[0];
}

bool attn::bernoulli(uint64_t seed, uint64_t index) {
  return bits(seed, index) >> 31;
}

double attn::normal(uint64_t seed, uint64_t index) {
  constexpr double twoPi = 6.283185307179586476925286766559;
  std::array<uint32_t, 4> w = philoxWords(seed, index);
  uint64_t high = uint64_t(w[0]) << 32 | w[1];
  uint64_t low = uint64_t(w[2]) << 32 | w[3];
  // u1 is never 0, so its logarithm is finite.
  double u1 = double((high >> 11) + 1) * 0x1p-53;
  double u2 = double(low >> 11) * 0x1p-53;
  return std::sqrt(-2 * std::log(u1)) * std::cos(twoPi * u2);
}
