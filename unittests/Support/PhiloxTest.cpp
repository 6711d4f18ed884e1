//===- PhiloxTest.cpp -----------------------------------------------------===//
//
// Part of attn-mlir
//
//===----------------------------------------------------------------------===//
//
// Philox against Random123's known answers, and the numbers made from it
// against a separate implementation in Python.
//
//===----------------------------------------------------------------------===//

#include "attn/Support/Philox.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

using namespace attn;

using Words = std::array<uint32_t, 4>;

TEST(Philox, KnownAnswers) {
  // Random123, tests/kat_vectors, philox4x32 with 10 rounds.
  EXPECT_EQ(philox4x32({0, 0, 0, 0}, {0, 0}),
            (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  constexpr uint32_t ones = 0xffffffff;
  EXPECT_EQ(philox4x32({ones, ones, ones, ones}, {ones, ones}),
            (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
                       {0xa4093822, 0x299f31d0}),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Philox, CounterAndKeyLayout) {
  EXPECT_EQ(
      philoxWords(0x1111222233334444, 0x5555666677778888),
      philox4x32({0x77778888, 0x55556666, 0, 0}, {0x33334444, 0x11112222}));
}

TEST(Philox, Bits) {
  EXPECT_EQ(bits(0, 0), 0x6627e8d5u);
  EXPECT_EQ(bits(7, 0), 0xf4607a2du);
  EXPECT_EQ(bits(7, 1), 0x682e8e9bu);
  EXPECT_EQ(bits(7, 1ull << 32), 0x2ec4f55du);
  EXPECT_EQ(bits((1ull << 32) + 7, 1), 0x0de2d9b0u);
}

TEST(Philox, BernoulliIsTheTopBit) {
  EXPECT_TRUE(bernoulli(7, 0));  // 0xf...
  EXPECT_FALSE(bernoulli(7, 1)); // 0x6...
  int64_t heads = 0, count = 100000;
  for (int64_t n = 0; n < count; ++n)
    heads += bernoulli(3, n);
  // Standard deviation sqrt(count) / 2 = 158.
  EXPECT_NEAR(heads, count / 2, 800);
}

TEST(Philox, Normal) {
  // From a Python implementation of the header's text.
  EXPECT_NEAR(normal(0, 0), -0.12151797595308224, 1e-14);
  EXPECT_NEAR(normal(7, 0), 0.22970816692959925, 1e-14);
  EXPECT_NEAR(normal(7, 1), 0.632674558736723, 1e-14);
  EXPECT_NEAR(normal(7, 1ull << 32), 1.7940642507332758, 1e-14);
  EXPECT_NEAR(normal((1ull << 32) + 7, 1), -2.1144711565479613, 1e-14);
  constexpr uint64_t last = std::numeric_limits<uint64_t>::max();
  EXPECT_NEAR(normal(last, last), -0.10691389307132906, 1e-14);
}

TEST(Philox, NormalMoments) {
  constexpr int64_t count = 200000;
  double sum = 0, squares = 0, fourths = 0, neighbours = 0;
  double previous = normal(5, count);
  for (int64_t n = 0; n < count; ++n) {
    double x = normal(5, n);
    sum += x;
    squares += x * x;
    fourths += x * x * x * x;
    neighbours += x * previous;
    previous = x;
  }
  // Standard deviations of these means: 1, sqrt(2), sqrt(96) and 1 over
  // sqrt(count) = 447, that is 0.0022, 0.0032, 0.022, 0.0022; five of each.
  EXPECT_NEAR(sum / count, 0, 0.011);
  EXPECT_NEAR(squares / count, 1, 0.016);
  EXPECT_NEAR(fourths / count, 3, 0.11);
  EXPECT_NEAR(neighbours / count, 0, 0.011);
}
