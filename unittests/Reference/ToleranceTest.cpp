//===- ToleranceTest.cpp --------------------------------------------------===//
//
// Part of attn-mlir
//
//===----------------------------------------------------------------------===//
//
// Bounds against numbers computed by hand, and the comparison's treatment of
// special values.
//
//===----------------------------------------------------------------------===//

#include "TestUtils.h"

#include "attn/Reference/Tolerance.h"

#include <gtest/gtest.h>

using namespace attn::reference;
using namespace attn::reference::test;

TEST(Tolerance, OutputBound) {
  EXPECT_DOUBLE_EQ(outputBound(Type::F32, 0, 0, 0), 1e-5);
  EXPECT_DOUBLE_EQ(outputBound(Type::F64, 0, 0, 0), 1e-12);
  EXPECT_DOUBLE_EQ(outputBound(Type::F16, 0, 0, 0), 2e-3);
  EXPECT_DOUBLE_EQ(outputBound(Type::BF16, 0, 0, 0), 2e-2);
  // 1 + |-3| = 4; max(1, 16/16) and max(1, sqrt(4096/4096)) are still 1.
  EXPECT_DOUBLE_EQ(outputBound(Type::F32, -3, 16, 4096), 4e-5);
  // 32/16 = 2; sqrt(16384/4096) = 2.
  EXPECT_DOUBLE_EQ(outputBound(Type::F32, 0, 32, 0), 2e-5);
  EXPECT_DOUBLE_EQ(outputBound(Type::F32, 0, 0, 16384), 2e-5);
  EXPECT_DOUBLE_EQ(outputBound(Type::F32, 1, 32, 16384), 8e-5);
  // Short and small do not tighten it.
  EXPECT_DOUBLE_EQ(outputBound(Type::F32, 0, 1, 16), 1e-5);
  // A broken score must not excuse everything.
  EXPECT_DOUBLE_EQ(outputBound(Type::F32, 0, Inf, 0), 1e-5);
  EXPECT_DOUBLE_EQ(outputBound(Type::F32, 0, NaN, 0), 1e-5);
}

TEST(Tolerance, LseBound) {
  EXPECT_DOUBLE_EQ(lseBound(Type::F32, -4), 5e-5);
  EXPECT_DOUBLE_EQ(lseBound(Type::F16, 4), 5e-5);
  EXPECT_DOUBLE_EQ(lseBound(Type::BF16, 4), 5e-5);
  EXPECT_DOUBLE_EQ(lseBound(Type::F64, 4), 5e-12);
}

/// Whether one pair agrees within 0.5.
static bool agrees(double actual, double expected) {
  Comparison comparison;
  comparison.add(0, actual, expected, 0.5);
  return comparison.ok();
}

TEST(Tolerance, Numbers) {
  EXPECT_TRUE(agrees(1, 1));
  EXPECT_TRUE(agrees(1.5, 1)); // The bound itself is allowed.
  EXPECT_TRUE(agrees(-0.0, 0.0));
  EXPECT_FALSE(agrees(1.51, 1));
  EXPECT_FALSE(agrees(0.49, 1));
}

TEST(Tolerance, SpecialValues) {
  EXPECT_TRUE(agrees(Inf, Inf));
  EXPECT_TRUE(agrees(-Inf, -Inf));
  EXPECT_TRUE(agrees(NaN, NaN));
  EXPECT_FALSE(agrees(Inf, -Inf));
  EXPECT_FALSE(agrees(Inf, 1));
  EXPECT_FALSE(agrees(1, -Inf));
  EXPECT_FALSE(agrees(NaN, 1));
  EXPECT_FALSE(agrees(1, NaN));
  EXPECT_FALSE(agrees(NaN, Inf));
  EXPECT_FALSE(agrees(-Inf, NaN));
}

TEST(Tolerance, BoundsThatAreNotNumbers) {
  // lse -inf has bound inf; a finite answer there is still wrong.
  Comparison comparison;
  comparison.add(0, -1e30, -Inf, lseBound(Type::F32, -Inf));
  EXPECT_EQ(comparison.numFailures, 1);
  comparison.add(1, 2, 1, NaN);
  EXPECT_EQ(comparison.numFailures, 2);
  comparison.add(2, 2, 1, 0);
  EXPECT_EQ(comparison.numFailures, 3);
  comparison.add(3, 1, 1, 0);
  EXPECT_EQ(comparison.numFailures, 3);
}

TEST(Tolerance, WorstElement) {
  // Errors 0.1, 0.4, 0.3 with bounds 1, 1, 0.2: the last is worst (1.5 times
  // its bound) though not the largest.
  Comparison comparison;
  comparison.add(5, 1.1, 1, 1);
  comparison.add(6, 1.4, 1, 1);
  comparison.add(7, 10.3, 10, 0.2);
  EXPECT_FALSE(comparison.ok());
  EXPECT_EQ(comparison.numCompared, 3);
  EXPECT_EQ(comparison.numFailures, 1);
  EXPECT_EQ(comparison.worstIndex, 7);
  EXPECT_EQ(comparison.worstActual, 10.3);
  EXPECT_EQ(comparison.worstExpected, 10);
  EXPECT_NEAR(comparison.worstRatio, 1.5, 1e-12);
  EXPECT_NEAR(comparison.maxError, 0.4, 1e-12);
  EXPECT_EQ(comparison.describe(),
            "1 of 3 elements differ; worst at 7: got 10.300000000000001, "
            "expected 10, error 0.3, bound 0.2; max error 0.4");
}

TEST(Tolerance, NothingCompared) {
  Comparison comparison;
  EXPECT_TRUE(comparison.ok());
  EXPECT_EQ(comparison.worstIndex, -1);
  EXPECT_EQ(comparison.describe(), "0 of 0 elements differ");
}

TEST(Tolerance, CompareViews) {
  // Row-major numbering whatever the strides: element (0, 1, 2, 0) of
  // [1, 2, 3, 1] is 1*3 + 2 = 5.
  std::vector<float> actual(6, 1.0f);
  std::vector<double> expected(6, 1.0);
  std::array<int64_t, 4> sizes = {1, 2, 3, 1};
  View<float, 4> bshd = makeViewBSHD(actual.data(), sizes);
  View<double, 4> bhsd = makeView<4>(expected.data(), sizes);
  EXPECT_TRUE(compareOutput(Type::F32, bshd, bhsd, 0, 3).ok());
  bshd(0, 1, 2, 0) = 1.001f;
  Comparison comparison = compareOutput(Type::F32, bshd, bhsd, 0, 3);
  EXPECT_EQ(comparison.numFailures, 1);
  EXPECT_EQ(comparison.worstIndex, 5);
  bhsd(0, 1, 2, 0) = 1.001;
  EXPECT_TRUE(compareOutput(Type::F32, bshd, bhsd, 0, 3).ok());

  std::vector<double> lseActual = {1, -Inf}, lseExpected = {1, -Inf};
  auto a = makeView<3>(lseActual.data(), {1, 1, 2});
  auto e = makeView<3>(lseExpected.data(), {1, 1, 2});
  EXPECT_TRUE(compareLse(Type::F32, a, e).ok());
  lseActual[1] = 0;
  EXPECT_FALSE(compareLse(Type::F32, a, e).ok());
}
