//===- attn/Support/Philox.h ----------------------------------------------===//
//
// Part of attn-mlir
//
//===----------------------------------------------------------------------===//
//
// Counter-based random numbers for test and benchmark inputs: an element
// depends only on (seed, index), so any language can make the same tensor in
// any order.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_SUPPORT_PHILOX_H
#define ATTN_SUPPORT_PHILOX_H

#include <array>
#include <cstdint>

namespace attn {

/// Philox4x32-10: four 32-bit words out of a 128-bit counter and a 64-bit key.
/// Words are in Random123's order (word 0 first).
///
/// One round, with hi/lo the halves of the 64-bit product:
///   c = (hi(0xCD9E8D57 * c2) ^ c1 ^ k0, lo(0xCD9E8D57 * c2),
///        hi(0xD2511F53 * c0) ^ c3 ^ k1, lo(0xD2511F53 * c0))
/// and between rounds k += (0x9E3779B9, 0xBB67AE85). Ten rounds.
/// Source: Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC'11.
std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> counter,
                                   std::array<uint32_t, 2> key);

/// The four words w of element `index` of stream `seed`, the only use of Philox
/// in this project:
///   counter = (index mod 2^32, index / 2^32, 0, 0)
///   key     = (seed mod 2^32, seed / 2^32)
std::array<uint32_t, 4> philoxWords(uint64_t seed, uint64_t index);

/// 32 uniform random bits: w[0].
uint32_t bits(uint64_t seed, uint64_t index);

/// A fair coin: the top bit of w[0].
bool bernoulli(uint64_t seed, uint64_t index);

/// A standard normal number, by Box-Muller, one a counter (the sine half is not
/// used), natural log:
///   u1 = (floor((w[0] * 2^32 + w[1]) / 2^11) + 1) * 2^-53     in (0, 1]
///   u2 =  floor((w[2] * 2^32 + w[3]) / 2^11)      * 2^-53     in [0, 1)
///   sqrt(-2 ln u1) * cos(2 pi u2)
/// Equal everywhere up to the last bits of log and cos; |x| <= 8.6.
double normal(uint64_t seed, uint64_t index);

} // namespace attn

#endif // ATTN_SUPPORT_PHILOX_H
