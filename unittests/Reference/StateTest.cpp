//===- StateTest.cpp ------------------------------------------------------===//
//
// Part of attn-mlir
//
//===----------------------------------------------------------------------===//
//
// The softmax state in pieces: partial, online, finalize, merge, and the two
// phases with a score matrix.
//
//===----------------------------------------------------------------------===//

#include "TestUtils.h"

#include <gtest/gtest.h>

using namespace attn::reference;
using namespace attn::reference::test;

namespace {

/// An unnormalised state; the identity to begin with.
struct State {
  Tensor4 acc;
  Tensor3 rowMax, rowSum;
  explicit State(const AttentionProblem &p)
      : acc({p.batch(), p.numHeads(), p.seqLenQ(), p.headDimV()}),
        rowMax({p.batch(), p.numHeads(), p.seqLenQ()}, -Inf),
        rowSum({p.batch(), p.numHeads(), p.seqLenQ()}) {}
};

} // namespace

static Result finalizeState(const AttentionProblem &p, const State &state,
                            bool withSinks = false) {
  Result result(p);
  View<double, 3> lse = result.lse.view();
  finalize(state.acc, state.rowMax, state.rowSum,
           withSinks ? p.sinks : std::nullopt, result.output.view(), &lse);
  return result;
}

static Result mergeResults(const AttentionProblem &p,
                           const std::vector<Result> &results) {
  std::vector<Part> parts;
  for (const Result &result : results)
    parts.push_back({result.output, result.lse});
  Result merged(p);
  View<double, 3> lse = merged.lse.view();
  merge(parts, merged.output.view(), &lse);
  return merged;
}

/// One row, one channel.
static Result rowResult(double output, double lse) {
  AttentionProblem p;
  p.query.sizes = p.key.sizes = p.value.sizes = {1, 1, 1, 1};
  Result result(p);
  result.output.data[0] = output;
  result.lse.data[0] = lse;
  return result;
}

static Result mergeRows(const std::vector<Result> &rows) {
  AttentionProblem p;
  p.query.sizes = p.key.sizes = p.value.sizes = {1, 1, 1, 1};
  return mergeResults(p, rows);
}

/// The same numbers to `tolerance`, infinities exactly.
static void expectNear(const Result &actual, const Result &expected,
                       double tolerance) {
  ASSERT_EQ(actual.output.data.size(), expected.output.data.size());
  for (size_t n = 0; n < expected.output.data.size(); ++n)
    EXPECT_NEAR(actual.output.data[n], expected.output.data[n], tolerance);
  for (size_t n = 0; n < expected.lse.data.size(); ++n) {
    if (std::isinf(expected.lse.data[n]))
      EXPECT_EQ(actual.lse.data[n], expected.lse.data[n]);
    else
      EXPECT_NEAR(actual.lse.data[n], expected.lse.data[n], tolerance);
  }
}

//===----------------------------------------------------------------------===//
// partialState, finalize
//===----------------------------------------------------------------------===//

TEST(State, PartialByHand) {
  // s = 0, ln2: m = ln2, l = 1/2 + 1, acc = 4/2 + 1*1 = 3.
  Scalar s({1}, {0, ln2}, {4, 1});
  AttentionProblem p = s.problem();
  State state(p);
  partialState(p, state.acc.view(), state.rowMax.view(), state.rowSum.view());
  EXPECT_DOUBLE_EQ(state.rowMax.data[0], ln2);
  EXPECT_DOUBLE_EQ(state.rowSum.data[0], 1.5);
  EXPECT_DOUBLE_EQ(state.acc.data[0], 3);
  // O = 3 / 1.5, lse = ln2 + ln1.5 = ln3.
  Result r = finalizeState(p, state);
  EXPECT_DOUBLE_EQ(r.output.data[0], 2);
  EXPECT_NEAR(r.lse.data[0], ln3, 1e-15);
}

TEST(State, PartialOfNoKeyIsTheIdentity) {
  Scalar s({1}, {NaN}, {NaN});
  Tensor<int8_t, 4> mask({1, 1, 1, 1}, int8_t(0));
  Tensor<double, 1> sinks({1}, 3.0);
  AttentionProblem p = s.problem();
  p.mask = mask;
  p.sinks = sinks; // Not part of the state.
  State state(p);
  state.acc.data[0] = state.rowMax.data[0] = state.rowSum.data[0] = 5;
  partialState(p, state.acc.view(), state.rowMax.view(), state.rowSum.view());
  EXPECT_EQ(state.acc.data[0], 0);
  EXPECT_EQ(state.rowMax.data[0], -Inf);
  EXPECT_EQ(state.rowSum.data[0], 0);
  Result r = finalizeState(p, state);
  EXPECT_EQ(r.output.data[0], 0);
  EXPECT_EQ(r.lse.data[0], -Inf);
  r = finalizeState(p, state, /*withSinks=*/true);
  EXPECT_EQ(r.output.data[0], 0);
  EXPECT_EQ(r.lse.data[0], 3);
}

TEST(State, FinalizeWithSink) {
  // The state of one key s = 0, v = 8, and a sink of ln3, above the row's max:
  // weights 1/4, 3/4; O = 2, lse = ln4.
  Scalar s({1}, {0}, {8});
  Tensor<double, 1> sinks({1}, ln3);
  AttentionProblem p = s.problem();
  p.sinks = sinks;
  State state(p);
  partialState(p, state.acc.view(), state.rowMax.view(), state.rowSum.view());
  Result r = finalizeState(p, state, /*withSinks=*/true);
  EXPECT_NEAR(r.output.data[0], 2, 1e-15);
  EXPECT_NEAR(r.lse.data[0], ln4, 1e-15);
  // Far above: e^2000 would overflow.
  sinks.data[0] = 2000;
  r = finalizeState(p, state, /*withSinks=*/true);
  EXPECT_EQ(r.output.data[0], 0);
  EXPECT_EQ(r.lse.data[0], 2000);
}

//===----------------------------------------------------------------------===//
// online
//===----------------------------------------------------------------------===//

TEST(State, OnlineByHand) {
  // State m = 0, l = 1, acc = 4 and one key s = ln2, v = 1:
  // m = ln2, l = 1/2 + 1 = 1.5, acc = 4/2 + 1 = 3.
  Scalar s({1}, {ln2}, {1});
  AttentionProblem p = s.problem();
  State state(p);
  state.rowMax.data[0] = 0;
  state.rowSum.data[0] = 1;
  state.acc.data[0] = 4;
  online(p, state.acc.view(), state.rowMax.view(), state.rowSum.view());
  EXPECT_DOUBLE_EQ(state.rowMax.data[0], ln2);
  EXPECT_DOUBLE_EQ(state.rowSum.data[0], 1.5);
  EXPECT_DOUBLE_EQ(state.acc.data[0], 3);
}

TEST(State, OnlineOfNoKeyChangesNothing) {
  Scalar s({1}, {NaN}, {NaN});
  Tensor<int8_t, 4> mask({1, 1, 1, 1}, int8_t(0));
  AttentionProblem p = s.problem();
  p.mask = mask;
  State identity(p);
  online(p, identity.acc.view(), identity.rowMax.view(),
         identity.rowSum.view());
  EXPECT_EQ(identity.acc.data[0], 0);
  EXPECT_EQ(identity.rowMax.data[0], -Inf);
  EXPECT_EQ(identity.rowSum.data[0], 0);

  State state(p);
  state.acc.data[0] = 3;
  state.rowMax.data[0] = -5000;
  state.rowSum.data[0] = 2;
  online(p, state.acc.view(), state.rowMax.view(), state.rowSum.view());
  EXPECT_EQ(state.acc.data[0], 3);
  EXPECT_EQ(state.rowMax.data[0], -5000);
  EXPECT_EQ(state.rowSum.data[0], 2);
}

TEST(State, OnlineKeepsNaN) {
  // A NaN score in the first or the second tile; so does a visible +inf.
  for (double bad : {NaN, Inf})
    for (int64_t where : {0, 1}) {
      Scalar s({1}, {0, 1}, {4, 8});
      s.key.data[where] = bad;
      AttentionProblem p = s.problem();
      State state(p);
      for (int64_t j : {0, 1})
        online(sliceKeys(p, j, j + 1), state.acc.view(), state.rowMax.view(),
               state.rowSum.view());
      Result r = finalizeState(p, state);
      EXPECT_TRUE(std::isnan(r.output.data[0]));
      EXPECT_TRUE(std::isnan(r.lse.data[0]));
    }
}

/// Problems with every kind of mask, some rows without keys.
static std::vector<AttentionProblem> variants(const Random &random,
                                              const Tensor4 &bias,
                                              const Tensor<int8_t, 4> &mask,
                                              const int64_t *kvLen,
                                              const int64_t *delta) {
  std::vector<AttentionProblem> list(5, random.problem());
  list[1].windowRight = 0;
  list[1].causalOffset = makeView<1>(delta, {1});
  list[2].windowLeft = 2;
  list[2].windowRight = 1;
  list[2].kvLen = makeView<1>(kvLen, {2});
  list[3].bias = bias;
  list[3].mask = mask;
  list[3].softcap = 1.5;
  list[4].score = [](double s, int64_t b, int64_t h, int64_t i, int64_t j) {
    return j % 3 == 1 ? -Inf : s - 0.25 * (h + 1) * std::abs(double(i - j)) + b;
  };
  return list;
}

struct Variants : testing::Test {
  Random random{2, 4, 2, 6, 11, 5, 3, 41};
  Tensor4 bias = randomTensor({1, 4, 6, 11}, 44);
  Tensor<int8_t, 4> mask{{2, 1, 6, 11}};
  int64_t kvLen[2] = {0, 8};
  int64_t delta = -2;
  std::vector<AttentionProblem> list;
  Variants() {
    for (size_t n = 0; n < mask.data.size(); ++n)
      mask.data[n] = attn::bernoulli(45, n);
    list = variants(random, bias, mask, kvLen, &delta);
  }
};

TEST_F(Variants, F1OnlineOverSplitsIsSdpa) {
  for (const AttentionProblem &p : list) {
    Result expected = runSdpa(p);
    for (const std::vector<int64_t> &cuts :
         {std::vector<int64_t>{0, 11},
          {0, 4, 8, 11},
          {0, 0, 1, 11, 11},
          {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}}) {
      State state(p);
      for (size_t n = 0; n + 1 < cuts.size(); ++n)
        online(sliceKeys(p, cuts[n], cuts[n + 1]), state.acc.view(),
               state.rowMax.view(), state.rowSum.view());
      expectNear(finalizeState(p, state), expected, 1e-13);
    }
  }
}

TEST_F(Variants, F1MergeOverSplitsIsSdpa) {
  for (const AttentionProblem &p : list) {
    Result expected = runSdpa(p);
    for (const std::vector<int64_t> &cuts :
         {std::vector<int64_t>{0, 11}, {0, 4, 8, 11}, {0, 0, 1, 11, 11}}) {
      std::vector<Result> parts;
      for (size_t n = 0; n + 1 < cuts.size(); ++n)
        parts.push_back(runSdpa(sliceKeys(p, cuts[n], cuts[n + 1])));
      expectNear(mergeResults(p, parts), expected, 1e-13);
    }
  }
}

TEST_F(Variants, QueryTilesAreSdpa) {
  for (AttentionProblem p : list) {
    if (p.bias)
      continue; // Would need slicing of bias and mask as well.
    Result expected = runSdpa(p);
    AttentionProblem tile = p;
    tile.query = p.query.slice(2, 4, 2);
    tile.qOffset = 4;
    Result r = runSdpa(tile);
    for (int64_t b = 0; b < 2; ++b)
      for (int64_t h = 0; h < 4; ++h)
        for (int64_t i = 0; i < 2; ++i) {
          EXPECT_EQ(r.lse(b, h, i), expected.lse(b, h, i + 4));
          EXPECT_EQ(r.output(b, h, i, 1), expected.output(b, h, i + 4, 1));
        }
  }
}

TEST_F(Variants, PartialStateIsSdpa) {
  for (const AttentionProblem &p : list) {
    State state(p);
    partialState(p, state.acc.view(), state.rowMax.view(), state.rowSum.view());
    expectNear(finalizeState(p, state), runSdpa(p), 1e-13);
  }
}

TEST_F(Variants, TwoPhasesAreSdpa) {
  Tensor<double, 1> sinks({4}, {0.5, -3, 2, 0});
  for (AttentionProblem p : list) {
    p.sinks = sinks;
    Result expected = runSdpa(p);
    Tensor4 s({2, 4, 6, 11}, -77.0);
    scores(p, s.view());
    // The second phase reads nothing of query and key but their sizes.
    AttentionProblem second = p;
    second.query.data = second.key.data = nullptr;
    second.key.data = p.value.data; // Readable, and wrong as keys.
    second.key.strides = {0, 0, 0, 0};
    second.scale = NaN;
    second.softcap.reset();
    second.bias.reset();
    Result actual(p);
    View<double, 3> lse = actual.lse.view();
    softmaxValue(second, s, actual.output.view(), &lse);
    EXPECT_EQ(actual.output.data, expected.output.data);
    EXPECT_EQ(actual.lse.data, expected.lse.data);
  }
}

TEST(State, ScoresByHand) {
  // scale 1/2, softcap 2, bias: s = 2 tanh(1/2 * 2 ln3 / 2) + 1/4 = 1.25.
  // Masked keys are computed, and the score function is not applied.
  Scalar s({1}, {2 * ln3}, {1});
  Tensor4 bias({1, 1, 1, 1}, 0.25);
  Tensor<int8_t, 4> mask({1, 1, 1, 1}, int8_t(0));
  const int64_t kvLen = 0;
  AttentionProblem p = s.problem();
  p.scale = 0.5;
  p.softcap = 2.0;
  p.bias = bias;
  p.mask = mask;
  p.kvLen = makeView<1>(&kvLen, {1});
  p.score = [](double, int64_t, int64_t, int64_t, int64_t) { return 99.0; };
  Tensor4 result({1, 1, 1, 1});
  scores(p, result.view());
  EXPECT_NEAR(result.data[0], 1.25, 1e-15);
}

//===----------------------------------------------------------------------===//
// merge
//===----------------------------------------------------------------------===//

TEST(Merge, ByHand) {
  // Weights e^0 : e^ln3 = 1/4 : 3/4; O = 4/4 + 8*3/4 = 7, lse = ln4.
  Result r = mergeRows({rowResult(4, 0), rowResult(8, ln3)});
  EXPECT_NEAR(r.output.data[0], 7, 1e-14);
  EXPECT_NEAR(r.lse.data[0], ln4, 1e-14);
}

TEST(Merge, Identity) {
  Result identity = rowResult(0, -Inf), x = rowResult(4, -3);
  for (const std::vector<Result> &parts : {std::vector<Result>{x},
                                           {identity, x},
                                           {x, identity},
                                           {identity, x, identity}}) {
    Result r = mergeRows(parts);
    EXPECT_DOUBLE_EQ(r.output.data[0], 4);
    EXPECT_DOUBLE_EQ(r.lse.data[0], -3);
  }
}

TEST(Merge, NothingAtAll) {
  Result identity = rowResult(0, -Inf);
  for (const std::vector<Result> &parts :
       {std::vector<Result>{}, {identity}, {identity, identity}}) {
    Result r = mergeRows(parts);
    EXPECT_EQ(r.output.data[0], 0);
    EXPECT_EQ(r.lse.data[0], -Inf);
  }
}

TEST(Merge, FarApart) {
  // a + ln(1 + exp(b - a)) is infinite in f32 above 88.7, in f64 above 709.
  for (double difference : {89.0, 1000.0, 1e300}) {
    for (bool swap : {false, true}) {
      Result low = rowResult(4, 5), high = rowResult(8, 5 + difference);
      Result r = swap ? mergeRows({high, low}) : mergeRows({low, high});
      EXPECT_DOUBLE_EQ(r.output.data[0], 8);
      EXPECT_DOUBLE_EQ(r.lse.data[0], 5 + difference);
    }
  }
}

TEST(Merge, AssociativeAndCommutative) {
  Result a = rowResult(4, 0.3), b = rowResult(-8, 1.7), c = rowResult(5, -2);
  Result all = mergeRows({a, b, c});
  expectNear(mergeRows({mergeRows({a, b}), c}), all, 1e-14);
  expectNear(mergeRows({a, mergeRows({b, c})}), all, 1e-14);
  expectNear(mergeRows({c, a, b}), all, 1e-14);
}

TEST(Merge, NaNStays) {
  for (const std::vector<Result> &parts :
       {std::vector<Result>{rowResult(NaN, NaN), rowResult(1, 0)},
        {rowResult(1, 0), rowResult(NaN, NaN)},
        {rowResult(0, -Inf), rowResult(NaN, NaN)}}) {
    Result r = mergeRows(parts);
    EXPECT_TRUE(std::isnan(r.output.data[0]));
    EXPECT_TRUE(std::isnan(r.lse.data[0]));
  }
  // NaN from V alone leaves lse a number.
  Result r = mergeRows({rowResult(NaN, 0), rowResult(1, 0)});
  EXPECT_TRUE(std::isnan(r.output.data[0]));
  EXPECT_NEAR(r.lse.data[0], ln2, 1e-15);
}

TEST(Merge, ASinkIsAPartWithoutValue) {
  Random random(1, 1, 1, 3, 5, 4, 2, 51);
  AttentionProblem p = random.problem();
  Result keys = runSdpa(p);
  Tensor<double, 1> sinks({1}, 0.75);
  p.sinks = sinks;
  Result sink(p);
  sink.output.data.assign(sink.output.data.size(), 0.0);
  sink.lse.data.assign(sink.lse.data.size(), 0.75);
  expectNear(mergeResults(p, {keys, sink}), runSdpa(p), 1e-14);
}

TEST(Merge, InPlace) {
  Result a = rowResult(4, 0), b = rowResult(8, ln3);
  View<double, 3> lse = a.lse.view();
  merge({{a.output, a.lse}, {b.output, b.lse}}, a.output.view(), &lse);
  EXPECT_NEAR(a.output.data[0], 7, 1e-14);
  EXPECT_NEAR(a.lse.data[0], ln4, 1e-14);
}
