//===- AttentionTest.cpp --------------------------------------------------===//
//
// Part of attn-mlir
//
//===----------------------------------------------------------------------===//
//
// The reference on cases worked by hand: scores, heads, pages.
//
//===----------------------------------------------------------------------===//

#include "TestUtils.h"

#include <gtest/gtest.h>

using namespace attn::reference;
using namespace attn::reference::test;

//===----------------------------------------------------------------------===//
// Softmax
//===----------------------------------------------------------------------===//

TEST(Sdpa, OneKey) {
  // s = 0.5 * (1*3 + 2*4) = 5.5; a softmax over one key is 1.
  Tensor4 query({1, 1, 1, 2}, {1, 2}), key({1, 1, 1, 2}, {3, 4}),
      value({1, 1, 1, 3}, {7, -8, 9});
  AttentionProblem p;
  p.query = query;
  p.key = key;
  p.value = value;
  p.scale = 0.5;
  Result r = runSdpa(p);
  EXPECT_EQ(r.output.data, (std::vector<double>{7, -8, 9}));
  EXPECT_DOUBLE_EQ(r.lse.data[0], 5.5);
}

TEST(Sdpa, UniformScoresGiveTheMean) {
  // All s = 0: O = (1 + 2 + 6) / 3 = 3, lse = ln(3 * e^0).
  Scalar s({0}, {5, -1, 2}, {1, 2, 6});
  Result r = runSdpa(s.problem());
  EXPECT_DOUBLE_EQ(r.output.data[0], 3);
  EXPECT_DOUBLE_EQ(r.lse.data[0], ln3);
}

TEST(Sdpa, TwoKeys) {
  // exp(s) = 1, 3: weights 1/4, 3/4; O = 4/4 + 8*3/4 = 7; lse = ln(1 + 3).
  Scalar s({1}, {0, ln3}, {4, 8});
  Result r = runSdpa(s.problem());
  EXPECT_NEAR(r.output.data[0], 7, 1e-15);
  EXPECT_NEAR(r.lse.data[0], ln4, 1e-15);
}

TEST(Sdpa, LargeScores) {
  // s = S, S - ln3: weights 3/4, 1/4 whatever S is; O = 4*3/4 + 8/4 = 5,
  // lse = S + ln(4/3). exp(1e4) alone would be infinite and exp(-1e4) zero.
  for (double large : {1e4, -1e4}) {
    Scalar s({1}, {large, large - ln3}, {4, 8});
    Result r = runSdpa(s.problem());
    EXPECT_NEAR(r.output.data[0], 5, 1e-11);
    EXPECT_NEAR(r.lse.data[0], large + ln4 - ln3, 1e-11);
  }
}

TEST(Sdpa, FarScoresDoNotMix) {
  // e^-20000 is 0 in f64: the smaller key has no weight, and no NaN appears.
  Scalar s({1}, {1e4, -1e4}, {4, 8});
  Result r = runSdpa(s.problem());
  EXPECT_EQ(r.output.data[0], 4);
  EXPECT_EQ(r.lse.data[0], 1e4);
}

TEST(Sdpa, Scale) {
  // d = 4, <q, k> = 0 and 2 ln3.
  Tensor4 query({1, 1, 1, 4}, {1, 1, 1, 1});
  Tensor4 key({1, 1, 2, 4}, {1, -1, 2, -2, ln3, ln3, ln3, -ln3});
  Tensor4 value({1, 1, 2, 1}, {4, 8});
  AttentionProblem p;
  p.query = query;
  p.key = key;
  p.value = value;

  // Default 1/sqrt(4): s = 0, ln3; weights 1/4, 3/4; O = 7, lse = ln4.
  Result r = runSdpa(p);
  EXPECT_NEAR(r.output.data[0], 7, 1e-14);
  EXPECT_NEAR(r.lse.data[0], ln4, 1e-14);
  // 1: s = 0, ln9; weights 1/10, 9/10; O = 0.4 + 7.2 = 7.6, lse = ln10.
  p.scale = 1.0;
  r = runSdpa(p);
  EXPECT_NEAR(r.output.data[0], 7.6, 1e-14);
  EXPECT_NEAR(r.lse.data[0], std::log(10.0), 1e-14);
  // -1/2: s = 0, -ln3; weights 3/4, 1/4; O = 5, lse = ln(4/3).
  p.scale = -0.5;
  r = runSdpa(p);
  EXPECT_NEAR(r.output.data[0], 5, 1e-14);
  EXPECT_NEAR(r.lse.data[0], ln4 - ln3, 1e-14);
  // 0: uniform; O = 6, lse = ln2.
  p.scale = 0.0;
  r = runSdpa(p);
  EXPECT_DOUBLE_EQ(r.output.data[0], 6);
  EXPECT_DOUBLE_EQ(r.lse.data[0], ln2);
}

TEST(Sdpa, DefaultScaleUsesHeadDimNotHeadDimV) {
  // d = 4, dv = 1: s = 6 / sqrt(4) = 3.
  Tensor4 query({1, 1, 1, 4}, {1, 2, 3, 0}), key({1, 1, 1, 4}, 1.0),
      value({1, 1, 1, 1}, 1.0);
  AttentionProblem p;
  p.query = query;
  p.key = key;
  p.value = value;
  EXPECT_DOUBLE_EQ(runSdpa(p).lse.data[0], 3);
}

TEST(Sdpa, HeadDimNotAMultipleOfFour) {
  // <q, k> = 1*6 + 2*7 + 3*8 + 4*9 + 5*10 + 6*11 = 196.
  Tensor4 query({1, 1, 1, 6}, {1, 2, 3, 4, 5, 6}),
      key({1, 1, 1, 6}, {6, 7, 8, 9, 10, 11}), value({1, 1, 1, 1}, 1.0);
  AttentionProblem p;
  p.query = query;
  p.key = key;
  p.value = value;
  p.scale = 1.0;
  EXPECT_DOUBLE_EQ(runSdpa(p).lse.data[0], 196);
}

//===----------------------------------------------------------------------===//
// Order of the steps
//===----------------------------------------------------------------------===//

TEST(Sdpa, Softcap) {
  // atanh(1/2) = ln3 / 2, so 2 tanh(ln3 / 2) = 1; one key: lse = s.
  Scalar s({1}, {ln3}, {1});
  AttentionProblem p = s.problem();
  p.softcap = 2.0;
  EXPECT_NEAR(runSdpa(p).lse.data[0], 1, 1e-15);
}

TEST(Sdpa, StepsInOrder) {
  // scale 1/2 of 2 ln3 is ln3; softcap 2 makes it 1; bias 1/4 makes it 1.25;
  // the score function doubles: 2.5. Any other order gives another number.
  Scalar s({1}, {2 * ln3}, {1});
  Tensor4 bias({1, 1, 1, 1}, 0.25);
  AttentionProblem p = s.problem();
  p.scale = 0.5;
  p.softcap = 2.0;
  p.bias = bias;
  p.score = [](double s, int64_t, int64_t, int64_t, int64_t) { return 2 * s; };
  EXPECT_NEAR(runSdpa(p).lse.data[0], 2.5, 1e-14);
}

TEST(Sdpa, BiasBroadcasts) {
  // B = 2, H = 2, Lq = 2, Lk = 1, bias [1, 2, 2, 1]: one key, so lse = bias of
  // (h, i), the same in both batches.
  Tensor4 query({2, 2, 2, 1}, 0.0), key({2, 1, 1, 1}, 0.0),
      value({2, 1, 1, 1}, 1.0);
  Tensor4 bias({1, 2, 2, 1}, {10, 11, 20, 21});
  AttentionProblem p;
  p.query = query;
  p.key = key;
  p.value = value;
  p.bias = bias;
  EXPECT_EQ(runSdpa(p).lse.data,
            (std::vector<double>{10, 11, 20, 21, 10, 11, 20, 21}));
}

TEST(Sdpa, BiasOverKeys) {
  // s = 0 + bias = 0, ln3: weights 1/4, 3/4, O = 7.
  Scalar s({0}, {1, 1}, {4, 8});
  Tensor4 bias({1, 1, 1, 2}, {0, ln3});
  AttentionProblem p = s.problem();
  p.bias = bias;
  EXPECT_NEAR(runSdpa(p).output.data[0], 7, 1e-14);
}

TEST(Sdpa, ScoreFunctionSeesAbsoluteIndices) {
  // One key a row, so lse is what the function returns for it. Local (1, 1, 1,
  // 0) is absolute (1+1, 1+2, 1+30, 0+400).
  Tensor4 query({2, 2, 2, 1}, 0.0), key({2, 2, 1, 1}, 0.0),
      value({2, 2, 1, 1}, 1.0);
  AttentionProblem p;
  p.query = query;
  p.key = key;
  p.value = value;
  p.batchOffset = 1;
  p.headOffset = 2;
  p.qOffset = 30;
  p.kvOffset = 400;
  p.score = [](double, int64_t b, int64_t h, int64_t i, int64_t j) {
    return b * 1e8 + h * 1e6 + i * 1e3 + j;
  };
  Result r = runSdpa(p);
  EXPECT_DOUBLE_EQ(r.lse(0, 0, 0), 102030400.);
  EXPECT_DOUBLE_EQ(r.lse(0, 0, 1), 102031400.);
  EXPECT_DOUBLE_EQ(r.lse(0, 1, 0), 103030400.);
  EXPECT_DOUBLE_EQ(r.lse(1, 1, 1), 203031400.);
}

TEST(Sdpa, ScoreFunctionOverKeys) {
  // ALiBi-like, slope ln3, absolute distance |i - j| with i = 7 and j = 5, 6:
  // s = -2 ln3, -ln3; weights 1/4, 3/4; O = 7; lse = ln(1/9 + 1/3) = ln(4/9).
  Scalar s({0}, {1, 1}, {4, 8});
  AttentionProblem p = s.problem();
  p.qOffset = 7;
  p.kvOffset = 5;
  p.score = [](double s, int64_t, int64_t, int64_t i, int64_t j) {
    return s - ln3 * std::abs(double(i - j));
  };
  Result r = runSdpa(p);
  EXPECT_NEAR(r.output.data[0], 7, 1e-14);
  EXPECT_NEAR(r.lse.data[0], std::log(4.0 / 9), 1e-14);
}

TEST(Sdpa, ScoreFunctionIsNotAskedAboutMaskedKeys) {
  Scalar s({0, 0}, {1, 1, 1}, {4, 8, 9});
  AttentionProblem p = s.problem();
  p.windowRight = 0;
  int64_t calls = 0;
  p.score = [&](double s, int64_t, int64_t, int64_t i, int64_t j) {
    EXPECT_LE(j, i);
    ++calls;
    return s;
  };
  runSdpa(p);
  EXPECT_EQ(calls, 3); // (0,0), (1,0), (1,1)
}

//===----------------------------------------------------------------------===//
// Heads, layouts, pages, element scales
//===----------------------------------------------------------------------===//

TEST(Sdpa, GroupedHeadsAreContiguous) {
  // Hq = 4, Hkv = 2: query heads 0, 1 use kv head 0 and 2, 3 use kv head 1.
  // One key: O = v, lse = q * k with k = 1 and 100.
  Tensor4 query({1, 4, 1, 1}, {1, 2, 3, 4}), key({1, 2, 1, 1}, {1, 100}),
      value({1, 2, 1, 1}, {10, 20});
  AttentionProblem p;
  p.query = query;
  p.key = key;
  p.value = value;
  Result r = runSdpa(p);
  EXPECT_EQ(r.output.data, (std::vector<double>{10, 10, 20, 20}));
  EXPECT_EQ(r.lse.data, (std::vector<double>{1, 2, 300, 400}));
}

TEST(Sdpa, BatchesAreApart) {
  Tensor4 query({2, 1, 1, 1}, {1, 1}), key({2, 1, 1, 1}, {3, 4}),
      value({2, 1, 1, 1}, {5, 6});
  AttentionProblem p;
  p.query = query;
  p.key = key;
  p.value = value;
  Result r = runSdpa(p);
  EXPECT_EQ(r.output.data, (std::vector<double>{5, 6}));
  EXPECT_EQ(r.lse.data, (std::vector<double>{3, 4}));
}

/// The same numbers, laid out [batch, seq_len, heads, dim].
static std::vector<double> toBSHD(Tensor4 &x) {
  std::vector<double> data(x.data.size());
  View<double, 4> view = makeViewBSHD(data.data(), x.sizes);
  for (int64_t b = 0; b < x.sizes[0]; ++b)
    for (int64_t h = 0; h < x.sizes[1]; ++h)
      for (int64_t i = 0; i < x.sizes[2]; ++i)
        for (int64_t c = 0; c < x.sizes[3]; ++c)
          view(b, h, i, c) = x(b, h, i, c);
  return data;
}

TEST(Sdpa, LayoutBSHD) {
  // [1, 2, 3, 1] in bshd: heads alternate in memory.
  Tensor4 small({1, 2, 3, 1}, {0, 1, 2, 10, 11, 12});
  EXPECT_EQ(toBSHD(small), (std::vector<double>{0, 10, 1, 11, 2, 12}));

  Random random(2, 4, 2, 5, 6, 3, 2, 7);
  AttentionProblem p = random.problem();
  p.windowRight = 0;
  Result expected = runSdpa(p);
  std::vector<double> q = toBSHD(random.query), k = toBSHD(random.key),
                      v = toBSHD(random.value);
  p.query = makeViewBSHD(q.data(), random.query.sizes);
  p.key = makeViewBSHD(k.data(), random.key.sizes);
  p.value = makeViewBSHD(v.data(), random.value.sizes);
  std::vector<double> out(expected.output.data.size());
  sdpa(p, makeViewBSHD(out.data(), expected.output.sizes));
  EXPECT_EQ(out, toBSHD(expected.output));
}

TEST(Sdpa, PagedEqualsContiguous) {
  // Two batches of 3 pages of 2 keys; page 5 of the pool is never used.
  const int64_t numKvHeads = 2, pageSize = 2, numPages = 6, d = 3, dv = 4;
  Random random(2, 4, numKvHeads, 3, 6, d, dv, 11);
  Tensor<int32_t, 2> table({2, 3}, {4, 0, 2, 1, 3, -7});
  const int64_t kvLen[] = {6, 3}; // Batch 1 ends inside its second page.
  AttentionProblem contiguous = random.problem();
  contiguous.windowRight = 0;
  contiguous.bottomRight = true;
  contiguous.kvLen = makeView<1>(kvLen, {2});

  Tensor4 keyPool({numPages, numKvHeads, pageSize, d}, NaN),
      valuePool({numPages, numKvHeads, pageSize, dv}, NaN);
  for (int64_t b = 0; b < 2; ++b)
    for (int64_t j = 0; j < kvLen[b]; ++j)
      for (int64_t h = 0; h < numKvHeads; ++h) {
        int64_t page = table(b, j / pageSize), row = j % pageSize;
        for (int64_t c = 0; c < d; ++c)
          keyPool(page, h, row, c) = random.key(b, h, j, c);
        for (int64_t c = 0; c < dv; ++c)
          valuePool(page, h, row, c) = random.value(b, h, j, c);
      }
  AttentionProblem paged = contiguous;
  paged.key = keyPool;
  paged.value = valuePool;
  paged.pageTable = table;
  ASSERT_EQ(paged.seqLenKv(), 6);
  ASSERT_EQ(checkProblem(paged), "");

  Result expected = runSdpa(contiguous), actual = runSdpa(paged);
  EXPECT_EQ(actual.output.data, expected.output.data);
  EXPECT_EQ(actual.lse.data, expected.lse.data);

  // scores: masked keys are computed, unreadable ones are -inf.
  Tensor4 s({2, 4, 3, 6}), sPaged({2, 4, 3, 6});
  scores(contiguous, s.view());
  scores(paged, sPaged.view());
  for (int64_t b = 0; b < 2; ++b)
    for (int64_t h = 0; h < 4; ++h)
      for (int64_t i = 0; i < 3; ++i)
        for (int64_t j = 0; j < 6; ++j)
          EXPECT_EQ(sPaged(b, h, i, j), j < kvLen[b] ? s(b, h, i, j) : -Inf);

  // The garbage entry is an error as soon as a key of it can be read.
  const int64_t longer[] = {6, 5};
  paged.kvLen = makeView<1>(longer, {2});
  EXPECT_EQ(checkProblem(paged), "expects page numbers inside the pool");
}

TEST(Sdpa, PagedByHand) {
  // Table [1, 0], pages of 3: keys are pool rows (1,0), (1,1), (1,2), (0,0),
  // ... and kv_len 4 drops the rest. With query 0: O = (30 + 40 + 50 + 10) / 4.
  Tensor4 query({1, 1, 1, 1}, 0.0), key({2, 1, 3, 1}, 1.0),
      value({2, 1, 3, 1}, {10, NaN, NaN, 30, 40, 50});
  Tensor<int32_t, 2> table({1, 2}, {1, 0});
  const int64_t kvLen = 4;
  AttentionProblem p;
  p.query = query;
  p.key = key;
  p.value = value;
  p.pageTable = table;
  p.kvLen = makeView<1>(&kvLen, {1});
  EXPECT_NEAR(runSdpa(p).output.data[0], 32.5, 1e-14);
}

TEST(Sdpa, ElementScales) {
  // K times (ln3 / 2, 0): s = 2 ln3 / 2 = ln3 and 0; weights 3/4, 1/4. V times
  // 4: O = 4*3/4 + 8/4 = 5.
  Scalar s({1}, {2, 4}, {1, 2});
  Tensor4 keyScale({1, 1, 2, 1}, {ln3 / 2, 0}), valueScale({1, 1, 1, 1}, 4.0);
  AttentionProblem p = s.problem();
  p.keyScale = keyScale;
  p.valueScale = valueScale;
  Result r = runSdpa(p);
  EXPECT_NEAR(r.output.data[0], 5, 1e-14);
  EXPECT_NEAR(r.lse.data[0], ln4, 1e-14);
}

TEST(Sdpa, ElementScalesPerKvHead) {
  // Hq = 4, Hkv = 2; one key k = 1, v = 1, q = 1: lse is key_scale of the kv
  // head, O its value_scale.
  Tensor4 query({1, 4, 1, 1}, 1.0), key({1, 2, 1, 1}, 1.0),
      value({1, 2, 1, 1}, 1.0);
  Tensor4 keyScale({1, 2, 1, 1}, {3, 5}), valueScale({1, 2, 1, 1}, {7, 9});
  AttentionProblem p;
  p.query = query;
  p.key = key;
  p.value = value;
  p.keyScale = keyScale;
  p.valueScale = valueScale;
  Result r = runSdpa(p);
  EXPECT_EQ(r.lse.data, (std::vector<double>{3, 3, 5, 5}));
  EXPECT_EQ(r.output.data, (std::vector<double>{7, 7, 9, 9}));
}

//===----------------------------------------------------------------------===//
// Invariances and threads
//===----------------------------------------------------------------------===//

TEST(Sdpa, F4ShiftInvariance) {
  Random random(1, 2, 1, 5, 7, 4, 3, 21);
  AttentionProblem p = random.problem();
  Result plain = runSdpa(p);
  Tensor4 bias({1, 1, 5, 1}, {1, -2, 30, 0, 5});
  p.bias = bias;
  Result shifted = runSdpa(p);
  for (size_t n = 0; n < plain.output.data.size(); ++n)
    EXPECT_NEAR(shifted.output.data[n], plain.output.data[n], 1e-13);
  for (int64_t i = 0; i < 5; ++i)
    EXPECT_NEAR(shifted.lse(0, 1, i), plain.lse(0, 1, i) + bias(0, 0, i, 0),
                1e-13);
}

TEST(Sdpa, F5KeyOrderDoesNotMatter) {
  Random random(1, 2, 2, 5, 7, 4, 3, 22);
  AttentionProblem p = random.problem();
  Result plain = runSdpa(p);
  // Backwards, by a negative stride.
  for (View<const double, 4> *view : {&p.key, &p.value}) {
    view->data += (view->sizes[2] - 1) * view->strides[2];
    view->strides[2] = -view->strides[2];
  }
  Result backwards = runSdpa(p);
  for (size_t n = 0; n < plain.output.data.size(); ++n)
    EXPECT_NEAR(backwards.output.data[n], plain.output.data[n], 1e-13);
}

TEST(Sdpa, ThreadsGiveTheSameBits) {
  // 2 * 500 * 1030 * 128 multiply-adds: above the threshold, and the rows do
  // not fill the last block.
  Random random(1, 2, 1, 500, 1030, 64, 64, 23);
  AttentionProblem p = random.problem();
  p.windowRight = 0;
  p.numThreads = 1;
  Result one = runSdpa(p);
  p.numThreads = 3;
  Result three = runSdpa(p);
  EXPECT_EQ(three.output.data, one.output.data);
  EXPECT_EQ(three.lse.data, one.lse.data);
  // Row 0 of a causal problem is v_0; no row was left unwritten.
  EXPECT_EQ(one.output(0, 1, 0, 5), random.value(0, 0, 0, 5));
  for (double x : one.lse.data)
    EXPECT_NE(x, -77.0);
}
