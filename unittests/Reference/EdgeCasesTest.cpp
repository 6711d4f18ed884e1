//===- EdgeCasesTest.cpp --------------------------------------------------===//
//
// Part of attn-mlir
//
//===----------------------------------------------------------------------===//
//
// Rows without keys, sinks, infinities, NaN, empty sizes and malformed
// problems.
//
//===----------------------------------------------------------------------===//

#include "TestUtils.h"

#include <gtest/gtest.h>

using namespace attn::reference;
using namespace attn::reference::test;

//===----------------------------------------------------------------------===//
// Rows without keys, sinks
//===----------------------------------------------------------------------===//

TEST(EdgeCases, FullyMaskedRow) {
  Scalar s({1, 1}, {0, ln3}, {4, 8});
  Tensor<int8_t, 4> mask({1, 1, 2, 1}, {0, 1});
  AttentionProblem p = s.problem();
  p.mask = mask;
  Result r = runSdpa(p);
  EXPECT_EQ(r.output.data[0], 0);
  EXPECT_EQ(r.lse.data[0], -Inf);
  EXPECT_NEAR(r.output.data[1], 7, 1e-14);
}

TEST(EdgeCases, InfiniteBiasExcludes) {
  // -inf drops key 1: O = 4, lse = 0. NaN in its V must not come through.
  Scalar s({1}, {0, ln3}, {4, NaN});
  Tensor4 bias({1, 1, 1, 2}, {0, -Inf});
  AttentionProblem p = s.problem();
  p.bias = bias;
  Result r = runSdpa(p);
  EXPECT_EQ(r.output.data[0], 4);
  EXPECT_EQ(r.lse.data[0], 0);
  // All keys dropped.
  bias.data = {-Inf, -Inf};
  r = runSdpa(p);
  EXPECT_EQ(r.output.data[0], 0);
  EXPECT_EQ(r.lse.data[0], -Inf);
}

TEST(EdgeCases, LargeNegativeBiasDoesNotExclude) {
  // -1e30 everywhere is only a shift (0.3): s = -1e30 both, as -1e30 + ln3
  // rounds to it; the mean of V, and a finite lse.
  Scalar s({1}, {0, ln3}, {4, 8});
  Tensor4 bias({1, 1, 1, 1}, -1e30);
  AttentionProblem p = s.problem();
  p.bias = bias;
  Result r = runSdpa(p);
  EXPECT_EQ(r.output.data[0], 6);
  EXPECT_EQ(r.lse.data[0], -1e30);
}

TEST(EdgeCases, ScoreFunctionExcludes) {
  Scalar s({1}, {0, ln3, 5}, {4, 8, NaN});
  AttentionProblem p = s.problem();
  p.score = [](double s, int64_t, int64_t, int64_t, int64_t j) {
    return j == 2 ? -Inf : s;
  };
  Result r = runSdpa(p);
  EXPECT_NEAR(r.output.data[0], 7, 1e-14);
  EXPECT_NEAR(r.lse.data[0], ln4, 1e-14);
}

TEST(EdgeCases, Sink) {
  // exp(0) = 1 for the key and 3 for the sink: weight 1/4, O = 8/4 = 2,
  // lse = ln4. Head 1 has sink 0: weight 1/2, O = 4, lse = ln2.
  Tensor4 query({1, 2, 1, 1}, 0.0), key({1, 1, 1, 1}, 1.0),
      value({1, 1, 1, 1}, 8.0);
  Tensor<double, 1> sinks({2}, {ln3, 0});
  AttentionProblem p;
  p.query = query;
  p.key = key;
  p.value = value;
  p.sinks = sinks;
  Result r = runSdpa(p);
  EXPECT_NEAR(r.output.data[0], 2, 1e-15);
  EXPECT_NEAR(r.lse.data[0], ln4, 1e-15);
  EXPECT_NEAR(r.output.data[1], 4, 1e-15);
  EXPECT_NEAR(r.lse.data[1], ln2, 1e-15);
}

TEST(EdgeCases, SinkLargerThanTheScores) {
  // The sink must take part in the maximum: e^2000 would overflow.
  Scalar s({1}, {0}, {8});
  Tensor<double, 1> sinks({1}, 2000.0);
  AttentionProblem p = s.problem();
  p.sinks = sinks;
  Result r = runSdpa(p);
  EXPECT_EQ(r.output.data[0], 0);
  EXPECT_EQ(r.lse.data[0], 2000);
}

TEST(EdgeCases, OnlyASink) {
  Scalar s({1}, {0}, {8});
  Tensor<int8_t, 4> mask({1, 1, 1, 1}, int8_t(0));
  Tensor<double, 1> sinks({1}, -2.5);
  AttentionProblem p = s.problem();
  p.mask = mask;
  p.sinks = sinks;
  Result r = runSdpa(p);
  EXPECT_EQ(r.output.data[0], 0);
  EXPECT_EQ(r.lse.data[0], -2.5);
  // A sink of -inf is no sink.
  sinks.data[0] = -Inf;
  r = runSdpa(p);
  EXPECT_EQ(r.output.data[0], 0);
  EXPECT_EQ(r.lse.data[0], -Inf);
}

TEST(EdgeCases, QueriesBeyondQLenHaveNoSink) {
  Scalar s({1, 1}, {0}, {8});
  Tensor<double, 1> sinks({1}, 0.0);
  const int64_t qLen = 1;
  AttentionProblem p = s.problem();
  p.sinks = sinks;
  p.qLen = makeView<1>(&qLen, {1});
  Result r = runSdpa(p);
  EXPECT_EQ(r.output.data, (std::vector<double>{4, 0}));
  EXPECT_NEAR(r.lse.data[0], ln2, 1e-15);
  EXPECT_EQ(r.lse.data[1], -Inf);
}

//===----------------------------------------------------------------------===//
// NaN and infinity
//===----------------------------------------------------------------------===//

TEST(EdgeCases, NaNInMaskedKeysDoesNotLeak) {
  // Key 1 is garbage and hidden three ways; only key 0 is left: O = 4, lse = 0.
  Scalar s({1}, {0, NaN}, {4, NaN});
  Tensor<int8_t, 4> mask({1, 1, 1, 2}, {1, 0});
  const int64_t one = 1;
  AttentionProblem byMask = s.problem(), byWindow = s.problem(),
                   byLength = s.problem();
  byMask.mask = mask;
  byWindow.windowRight = 0;
  byLength.kvLen = makeView<1>(&one, {1});
  for (const AttentionProblem &p : {byMask, byWindow, byLength}) {
    Result r = runSdpa(p);
    EXPECT_EQ(r.output.data[0], 4);
    EXPECT_EQ(r.lse.data[0], 0);
  }
  // Infinities likewise.
  s.key.data[1] = Inf;
  s.value.data[1] = -Inf;
  EXPECT_EQ(runSdpa(byMask).output.data[0], 4);
}

TEST(EdgeCases, VisibleNaNInKey) {
  // First, last or only: no comparison may drop it.
  for (std::vector<double> key :
       {std::vector<double>{NaN, 1, 2}, std::vector<double>{1, NaN, 2},
        std::vector<double>{1, 2, NaN}}) {
    Scalar s({1}, key, {4, 5, 6});
    Result r = runSdpa(s.problem());
    EXPECT_TRUE(std::isnan(r.output.data[0]));
    EXPECT_TRUE(std::isnan(r.lse.data[0]));
  }
}

TEST(EdgeCases, NaNInOneQueryStaysInItsRow) {
  Scalar s({NaN, 1}, {0, ln3}, {4, 8});
  Result r = runSdpa(s.problem());
  EXPECT_TRUE(std::isnan(r.output.data[0]));
  EXPECT_TRUE(std::isnan(r.lse.data[0]));
  EXPECT_NEAR(r.output.data[1], 7, 1e-14);
}

TEST(EdgeCases, VisibleNaNInValue) {
  // Even with a weight that underflows to 0 (s = -1e4), NaN is not dropped; lse
  // does not depend on V.
  Scalar s({1}, {0, -1e4}, {4, NaN});
  Result r = runSdpa(s.problem());
  EXPECT_TRUE(std::isnan(r.output.data[0]));
  EXPECT_EQ(r.lse.data[0], 0);
}

TEST(EdgeCases, VisiblePlusInfinity) {
  Scalar s({1}, {0, Inf}, {4, 8});
  Result r = runSdpa(s.problem());
  EXPECT_TRUE(std::isnan(r.output.data[0]));
  EXPECT_TRUE(std::isnan(r.lse.data[0]));
}

TEST(EdgeCases, MinusInfinityInKeyExcludes) {
  Scalar s({1}, {0, -Inf}, {4, 8});
  Result r = runSdpa(s.problem());
  EXPECT_EQ(r.output.data[0], 4);
  EXPECT_EQ(r.lse.data[0], 0);
}

TEST(EdgeCases, NaNFromScoreFunctionOrSink) {
  Scalar s({1}, {0}, {4});
  AttentionProblem p = s.problem();
  p.score = [](double, int64_t, int64_t, int64_t, int64_t) { return NaN; };
  EXPECT_TRUE(std::isnan(runSdpa(p).output.data[0]));
  p.score = nullptr;
  for (double bad : {NaN, Inf}) {
    Tensor<double, 1> sinks({1}, bad);
    p.sinks = sinks;
    Result r = runSdpa(p);
    EXPECT_TRUE(std::isnan(r.output.data[0]));
    EXPECT_TRUE(std::isnan(r.lse.data[0]));
  }
}

//===----------------------------------------------------------------------===//
// Empty sizes
//===----------------------------------------------------------------------===//

TEST(EdgeCases, NoKeys) {
  Random random(2, 2, 1, 3, 0, 4, 5, 31);
  AttentionProblem p = random.problem();
  Result r = runSdpa(p);
  EXPECT_EQ(r.output.data, std::vector<double>(2 * 2 * 3 * 5, 0.0));
  EXPECT_EQ(r.lse.data, std::vector<double>(2 * 2 * 3, -Inf));
  EXPECT_EQ(visiblePairs(p), 0);
  EXPECT_EQ(maxAbsScore(p), 0);

  Tensor<double, 1> sinks({2}, {1.5, -1});
  p.sinks = sinks;
  r = runSdpa(p);
  EXPECT_EQ(r.output.data, std::vector<double>(2 * 2 * 3 * 5, 0.0));
  EXPECT_EQ(r.lse(1, 0, 2), 1.5);
  EXPECT_EQ(r.lse(1, 1, 2), -1);
}

TEST(EdgeCases, NoPages) {
  Tensor4 query({1, 1, 1, 2}, 1.0), pool({3, 1, 4, 2}, NaN);
  Tensor<int32_t, 2> table({1, 0});
  AttentionProblem p;
  p.query = query;
  p.key = pool;
  p.value = pool;
  p.pageTable = table;
  ASSERT_EQ(checkProblem(p), "");
  Result r = runSdpa(p);
  EXPECT_EQ(r.output.data, (std::vector<double>{0, 0}));
  EXPECT_EQ(r.lse.data[0], -Inf);
}

TEST(EdgeCases, NoQueriesOrBatches) {
  for (std::array<int64_t, 2> sizes :
       {std::array<int64_t, 2>{1, 0}, std::array<int64_t, 2>{0, 3}}) {
    Random random(sizes[0], 2, 1, sizes[1], 4, 3, 3, 32);
    AttentionProblem p = random.problem();
    ASSERT_EQ(checkProblem(p), "");
    Result r = runSdpa(p);
    EXPECT_TRUE(r.output.data.empty());
    EXPECT_EQ(visiblePairs(p), 0);
  }
}

//===----------------------------------------------------------------------===//
// Scores and sizes
//===----------------------------------------------------------------------===//

TEST(EdgeCases, MaxAbsScore) {
  // Visible: -7 and 3 (after scale 1/2); the 100 is masked, NaN and infinity
  // are ignored.
  Scalar s({1}, {-14, 6, NaN, Inf, 200}, {1, 1, 1, 1, 1});
  Tensor<int8_t, 4> mask({1, 1, 1, 5}, {1, 1, 1, 1, 0});
  AttentionProblem p = s.problem();
  p.scale = 0.5;
  p.mask = mask;
  EXPECT_EQ(maxAbsScore(p), 7);
}

TEST(EdgeCases, CheckProblem) {
  Random random(2, 4, 2, 3, 5, 4, 6, 33);
  const AttentionProblem good = random.problem();
  EXPECT_EQ(checkProblem(good), "");

  AttentionProblem p = good;
  p.key.sizes[3] = 5;
  EXPECT_EQ(checkProblem(p),
            "expects head_dim of query and key to agree, but got 4 and 5");
  p = good;
  p.value.sizes[2] = 4;
  EXPECT_EQ(checkProblem(p),
            "expects dimension 2 of key and value to agree, but got 5 and 4");
  p = good;
  p.key.sizes[0] = p.value.sizes[0] = 1;
  EXPECT_EQ(checkProblem(p),
            "expects batch of query and key to agree, but got 2 and 1");
  p = good;
  p.query.sizes[1] = 3;
  EXPECT_EQ(checkProblem(p),
            "expects num_heads to be a multiple of num_kv_heads");
  p = good;
  Tensor4 bias({1, 2, 3, 5});
  p.bias = bias;
  EXPECT_EQ(checkProblem(p),
            "expects dimension 1 of bias to be 4 or 1, but got 2");
  p = good;
  Tensor<double, 1> sinks({1});
  p.sinks = sinks; // One a head: not broadcast.
  EXPECT_EQ(checkProblem(p), "expects dimension 0 of sinks to be 4, but got 1");
  p = good;
  p.softcap = 0;
  EXPECT_EQ(checkProblem(p), "expects a positive softcap");
  p = good;
  const int64_t delta = 0;
  p.bottomRight = true;
  p.causalOffset = makeView<1>(&delta, {1});
  EXPECT_EQ(checkProblem(p), "expects causal_offset or bottom_right, not both");
}
