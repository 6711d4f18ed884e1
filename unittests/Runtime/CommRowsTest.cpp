//===- unittests/Runtime/CommRowsTest.cpp - Merges of messages ------------===//
//
// Part of attn-mlir.
//
// Cases worked by hand, in every form in which ranks may merge: pairs, all at
// once, and sums.
//
//===----------------------------------------------------------------------===//

#include "attn/Runtime/CommRows.h"
#include "attn/Runtime/Abi.h"

#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <limits>
#include <random>
#include <vector>

namespace {
constexpr double kInf = std::numeric_limits<double>::infinity();
const double kNaN = std::numeric_limits<double>::quiet_NaN();

/// What a rank has of one row, of two elements.
struct Part {
  double lse, x, y;
};

/// How rows travel, and how they are merged.
struct Form {
  int32_t dtype, payload;
  enum How { Pairs, All, Sums } how;
};

std::string nameOf(const Form &form) {
  const char *hows[] = {"Pairs", "All", "Sums"};
  return std::string(form.dtype == ATTN_F64 ? "F64" : "F32") + "As" +
         (form.payload == ATTN_BF16  ? "BF16"
          : form.payload == ATTN_F32 ? "F32"
                                     : "F64") +
         hows[form.how];
}

template <typename T>
Part mergeAs(const Form &form, const std::vector<Part> &parts) {
  attn_comm_row row = {2, form.dtype, form.payload};
  int64_t bytes = attn_comm_row_bytes(&row);
  // One byte off any alignment.
  std::vector<char> messages(parts.size() * bytes + 1);
  char *first = messages.data() + 1;
  auto max = static_cast<T>(-kInf);
  for (const Part &part : parts)
    max = std::fmax(max, static_cast<T>(part.lse));
  for (size_t p = 0; p < parts.size(); ++p) {
    T o[2] = {static_cast<T>(parts[p].x), static_cast<T>(parts[p].y)};
    auto lse = static_cast<T>(parts[p].lse);
    if (form.how == Form::Sums)
      attn_comm_pack_weighted(&row, o, &lse, &max, 1, first + p * bytes);
    else
      attn_comm_pack(&row, o, &lse, 1, first + p * bytes);
  }
  T o[2] = {7, 7}, lse = 7;
  if (form.how == Form::All) {
    attn_comm_merge_all(&row, first, parts.size(), 1, o, &lse);
    return {lse, o[0], o[1]};
  }
  for (size_t p = 1; p < parts.size(); ++p)
    (form.how == Form::Sums ? attn_comm_add : attn_comm_merge)(
        &row, first + p * bytes, first, 1);
  if (form.how == Form::Sums)
    attn_comm_unpack_weighted(&row, first, &max, 1, o, &lse);
  else
    attn_comm_unpack(&row, first, 1, o, &lse);
  return {lse, o[0], o[1]};
}

struct Merge : testing::TestWithParam<Form> {
  Part merge(const std::vector<Part> &parts) {
    return GetParam().dtype == ATTN_F64 ? mergeAs<double>(GetParam(), parts)
                                        : mergeAs<float>(GetParam(), parts);
  }
  /// Of lse, and of elements.
  double lseUnit() { return GetParam().dtype == ATTN_F64 ? 1e-15 : 1e-6; }
  double unit() {
    return GetParam().payload == ATTN_BF16  ? 1.0 / 128
           : GetParam().payload == ATTN_F32 ? 1e-6
                                            : 1e-15;
  }
};
} // namespace

INSTANTIATE_TEST_SUITE_P(Forms, Merge, testing::ValuesIn([] {
                           std::vector<Form> forms;
                           for (auto how : {Form::Pairs, Form::All, Form::Sums})
                             for (auto [dtype, payload] :
                                  {std::pair(ATTN_F32, ATTN_F32),
                                   std::pair(ATTN_F32, ATTN_BF16),
                                   std::pair(ATTN_F64, ATTN_F64),
                                   std::pair(ATTN_F64, ATTN_F32),
                                   std::pair(ATTN_F64, ATTN_BF16)})
                               forms.push_back({dtype, payload, how});
                           return forms;
                         }()),
                         [](const auto &info) { return nameOf(info.param); });

// Equal weights: the mean, and lse grows by ln 2.
TEST_P(Merge, TwoEqual) {
  Part r = merge({{0, 1, 3}, {0, 3, -1}});
  EXPECT_NEAR(r.lse, std::log(2), lseUnit());
  EXPECT_EQ(r.x, 2);
  EXPECT_EQ(r.y, 1);
}

// Weights 1, 2 and 5 of 8.
TEST_P(Merge, Three) {
  Part r = merge({{0, 8, 0}, {std::log(2), 0, 4}, {std::log(5), 0, 8}});
  EXPECT_NEAR(r.lse, std::log(8), 4 * lseUnit());
  EXPECT_NEAR(r.x, 1, 2 * unit());
  EXPECT_NEAR(r.y, 6, 12 * unit());
}

// exp(200) is beyond f32 and the other one's weight vanishes, on either side.
TEST_P(Merge, LseGapOverHundred) {
  for (bool swapped : {false, true}) {
    std::vector<Part> parts = {{-100, 5, 5}, {100, 3, -4}};
    if (swapped)
      std::swap(parts[0], parts[1]);
    Part r = merge(parts);
    EXPECT_EQ(r.lse, 100);
    EXPECT_EQ(r.x, 3);
    EXPECT_EQ(r.y, -4);
  }
}

TEST_P(Merge, LargeScores) {
  Part r = merge({{1e4, 1, 1}, {1e4, 3, 3}, {-1e4, 9, 9}});
  EXPECT_NEAR(r.lse, 1e4 + std::log(2), 1e4 * lseUnit());
  EXPECT_NEAR(r.x, 2, GetParam().dtype == ATTN_F64 ? 2 * unit() : 2e-2);
}

// A rank that saw no key adds nothing, whatever it holds.
TEST_P(Merge, EmptyPart) {
  for (double held : {0.0, kNaN, kInf}) {
    Part r = merge({{-kInf, held, held}, {0.5, 2, -3}, {-kInf, held, 0}});
    EXPECT_EQ(r.lse, 0.5);
    EXPECT_EQ(r.x, 2);
    EXPECT_EQ(r.y, -3);
  }
}

TEST_P(Merge, AllEmpty) {
  for (double held : {0.0, kNaN}) {
    Part r = merge({{-kInf, held, 0}, {-kInf, 0, held}, {-kInf, 0, 0}});
    EXPECT_EQ(r.lse, -kInf);
    EXPECT_EQ(r.x, 0);
    EXPECT_EQ(r.y, 0);
  }
}

TEST_P(Merge, OnePart) {
  Part r = merge({{-2.5, 1.5, 0.25}});
  EXPECT_NEAR(r.lse, -2.5, lseUnit());
  EXPECT_EQ(r.x, 1.5);
  EXPECT_EQ(r.y, 0.25);
}

// A NaN stays, on whichever side, beside an empty part too.
TEST_P(Merge, NaNStays) {
  for (double other : {0.0, 300.0, -kInf})
    for (bool swapped : {false, true}) {
      std::vector<Part> parts = {{kNaN, kNaN, kNaN}, {other, 1, 1}};
      if (swapped)
        std::swap(parts[0], parts[1]);
      Part r = merge(parts);
      EXPECT_TRUE(std::isnan(r.lse)) << other;
      EXPECT_TRUE(std::isnan(r.x) && std::isnan(r.y)) << other;
    }
}

// In one element only: lse is a number.
TEST_P(Merge, NaNOfAValue) {
  Part r = merge({{0, kNaN, 1}, {0, 1, 3}});
  EXPECT_NEAR(r.lse, std::log(2), lseUnit());
  EXPECT_TRUE(std::isnan(r.x));
  EXPECT_EQ(r.y, 2);
  // Of a weight that vanishes, as within one rank.
  r = merge({{-200, kNaN, 1}, {200, 1, 3}});
  EXPECT_TRUE(std::isnan(r.x));
  EXPECT_EQ(r.y, 3);
}

// inf - inf, as in a softmax.
TEST_P(Merge, InfiniteLseIsNaN) {
  for (double other : {1.0, kInf, -kInf}) {
    Part r = merge({{kInf, 1, 1}, {other, 1, 1}});
    EXPECT_TRUE(std::isnan(r.lse)) << other;
    EXPECT_TRUE(std::isnan(r.x)) << other;
  }
}

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

template <typename T>
static uint16_t toBF16(T value) {
  attn_comm_row row = {1, sizeof(T) == 8 ? ATTN_F64 : ATTN_F32, ATTN_BF16};
  char message[sizeof(T) + 2];
  T lse = 0;
  attn_comm_pack(&row, &value, &lse, 1, message);
  uint16_t bits;
  std::memcpy(&bits, message + sizeof(T), 2);
  return bits;
}

static float fromBits(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof(bits));
  return value;
}

TEST(CommRows, BF16RoundsToNearestEven) {
  EXPECT_EQ(toBF16(1.0f), 0x3f80);
  EXPECT_EQ(toBF16(1 + 0x1p-8f), 0x3f80);            // A tie: down to even.
  EXPECT_EQ(toBF16(1 + 3 * 0x1p-8f), 0x3f82);        // A tie: up to even.
  EXPECT_EQ(toBF16(1 + 0x1p-8f + 0x1p-20f), 0x3f81); // Over the tie.
  EXPECT_EQ(toBF16(-(1 + 0x1p-8f + 0x1p-20f)), 0xbf81);
  EXPECT_EQ(toBF16(-0.0f), 0x8000);
  EXPECT_EQ(toBF16(0x1p-133f), 0x0001); // Subnormal.
  EXPECT_EQ(toBF16(std::numeric_limits<float>::max()), 0x7f80);
  EXPECT_EQ(toBF16(-std::numeric_limits<float>::infinity()), 0xff80);
}

// A NaN with low bits only would become infinity if they were cut off.
TEST(CommRows, BF16KeepsNaN) {
  EXPECT_EQ(toBF16(fromBits(0x7f800001)) & 0x7fc0, 0x7fc0);
  EXPECT_EQ(toBF16(fromBits(0xff800001)) & 0xffc0, 0xffc0);
  EXPECT_EQ(toBF16(fromBits(0x7fffffff)) & 0x7fc0, 0x7fc0);
  EXPECT_EQ(toBF16(std::numeric_limits<double>::quiet_NaN()) & 0x7fc0, 0x7fc0);
}

// By way of f32 these would be ties.
TEST(CommRows, BF16OfF64RoundsOnce) {
  EXPECT_EQ(toBF16(1 + 0x1p-8 + 0x1p-40), 0x3f81);
  EXPECT_EQ(toBF16(1 + 3 * 0x1p-8 - 0x1p-40), 0x3f81);
  EXPECT_EQ(toBF16(-(1 + 0x1p-8 + 0x1p-40)), 0xbf81);
  EXPECT_EQ(toBF16(1 + 0x1p-8), 0x3f80);
  EXPECT_EQ(toBF16(1e300), 0x7f80);
  EXPECT_EQ(toBF16(-1e-300), 0x8000);
  EXPECT_EQ(toBF16(0.0), 0x0000);
}

/// Every f64 that is near a tie, against arithmetic on integers.
TEST(CommRows, BF16OfF64AtRandom) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 20000; ++i) {
    uint64_t bits = random() >> 12 | uint64_t(1023 - 3 + i % 7) << 52;
    // Near multiples of half a step, which is bit 44: by units of f64, and by
    // parts of one of f32, which is bit 29.
    if (i % 3)
      bits = (bits & ~((uint64_t(1) << 44) - 1)) +
             (i % 3 == 1 ? random() % 5 - 2
                         : (random() >> 33) - (uint64_t(1) << 30));
    double value;
    std::memcpy(&value, &bits, sizeof(bits));
    uint64_t step = uint64_t(1) << 45;
    uint64_t rounded = (bits + step / 2 - 1 + (bits / step & 1)) / step * step;
    double expected;
    std::memcpy(&expected, &rounded, sizeof(rounded));
    EXPECT_EQ(fromBits(uint32_t(toBF16(value)) << 16), expected) << value;
  }
}

//===----------------------------------------------------------------------===//
// Messages
//===----------------------------------------------------------------------===//

// algorithms.md 2.5: Llama-3.1-8B, one query token, 32 heads of 128.
TEST(CommRows, BytesOfTheFormula) {
  attn_comm_row bf16 = {128, ATTN_F32, ATTN_BF16};
  attn_comm_row f32 = {128, ATTN_F32, ATTN_F32};
  attn_comm_row f64 = {128, ATTN_F64, ATTN_F64};
  attn_comm_row odd = {3, ATTN_F64, ATTN_BF16};
  EXPECT_EQ(32 * attn_comm_row_bytes(&bf16), 8320);
  EXPECT_EQ(32 * attn_comm_row_bytes(&f32), 16512);
  EXPECT_EQ(attn_comm_row_bytes(&f64), 8 * 129);
  EXPECT_EQ(attn_comm_row_bytes(&odd), 8 + 6);
}

// Ranks that get parts in another order go on with the same bits.
TEST(CommRows, MergeCommutesToTheBit) {
  std::mt19937 random(11);
  std::normal_distribution<float> normal;
  for (int32_t payload : {ATTN_F32, ATTN_BF16}) {
    attn_comm_row row = {33, ATTN_F32, payload};
    int64_t bytes = 40 * attn_comm_row_bytes(&row);
    std::vector<float> o(2 * 40 * 33), lse(2 * 40);
    for (float &x : o)
      x = normal(random);
    for (float &x : lse)
      x = 20 * normal(random);
    lse[0] = lse[41] = -INFINITY;
    std::vector<char> a(bytes), b(bytes), ab, ba;
    attn_comm_pack(&row, o.data(), lse.data(), 40, a.data());
    attn_comm_pack(&row, o.data() + 40 * 33, lse.data() + 40, 40, b.data());
    ab = b;
    attn_comm_merge(&row, a.data(), ab.data(), 40);
    ba = a;
    attn_comm_merge(&row, b.data(), ba.data(), 40);
    EXPECT_EQ(ab, ba);
    EXPECT_NE(ab, a);
    EXPECT_NE(ab, b);
  }
}

// Several rows of several parts, which lie one behind the other.
TEST(CommRows, ManyRowsOfManyParts) {
  attn_comm_row row = {1, ATTN_F32, ATTN_F32};
  float o[6] = {1, 10, 3, 20, 5, 60}, lse[6] = {0, 0, 0, 0, 0, 0};
  char messages[6 * 8];
  for (int p = 0; p < 3; ++p)
    attn_comm_pack(&row, o + 2 * p, lse + 2 * p, 2, messages + 16 * p);
  float merged[2], sums[2];
  attn_comm_merge_all(&row, messages, 3, 2, merged, sums);
  EXPECT_NEAR(merged[0], 3, 1e-6);
  EXPECT_NEAR(merged[1], 30, 1e-5);
  EXPECT_NEAR(sums[1], std::log(3.0), 1e-6);
}
