//===- StarTest.cpp -------------------------------------------------------===//
//
// Part of attn-mlir
//
//===----------------------------------------------------------------------===//
//
// Star Attention: patterns and problems worked by hand, and what hosts compute
// against the pattern.
//
//===----------------------------------------------------------------------===//

#include "attn/Reference/Star.h"

#include "TestUtils.h"

#include <gtest/gtest.h>

#include <numeric>

using namespace attn::reference;
using namespace attn::reference::test;

using Shards = std::vector<std::vector<int64_t>>;

/// Blocks of b, anchors of a; with lengths, one or one a batch entry.
static StarPattern star(int64_t b, int64_t a,
                        const std::vector<int64_t> *contextLen = nullptr) {
  StarPattern pattern;
  pattern.blockSize = b;
  pattern.anchorSize = a;
  if (contextLen)
    pattern.contextLen =
        makeView<1>(contextLen->data(), {int64_t(contextLen->size())});
  return pattern;
}

static Rows starRows(int64_t length, const StarPattern &pattern) {
  return test::pattern(length, length,
                       [&](AttentionProblem &p) { p.star = pattern; });
}

static Rows causalRows(int64_t length) {
  return test::pattern(length, length,
                       [](AttentionProblem &p) { p.windowRight = 0; });
}

//===----------------------------------------------------------------------===//
// The pattern
//===----------------------------------------------------------------------===//

TEST(StarPatternTest, BlocksAnchorsTailAndQueries) {
  // Blocks {0, 1}, {2, 3}, {4}, queries 5 and 6.
  std::vector<int64_t> length = {5};
  EXPECT_EQ(starRows(7, star(2, 1, &length)),
            (Rows{"1000000", "1100000", "1010000", "1011000", "1000100",
                  "1111110", "1111111"}));
  EXPECT_EQ(starRows(7, star(2, 2, &length)),
            (Rows{"1000000", "1100000", "1110000", "1111000", "1100100",
                  "1111110", "1111111"}));
}

TEST(StarPatternTest, QueriesFollowTheContextNotItsLastBlock) {
  // Row 5 would be of the last block if the context were padded to 6.
  std::vector<int64_t> length = {5};
  EXPECT_EQ(starRows(6, star(3, 0, &length))[5], "111111");
  length = {6};
  EXPECT_EQ(starRows(6, star(3, 0, &length))[5], "000111");
}

TEST(StarPatternTest, WithoutContextLenAllRowsAreContext) {
  EXPECT_EQ(starRows(4, star(2, 0)), (Rows{"1000", "1100", "0010", "0011"}));
}

TEST(StarPatternTest, S3ShortContextIsDense) {
  for (int64_t a : {0, 1, 4})
    EXPECT_EQ(starRows(4, star(4, a)), causalRows(4));
  EXPECT_EQ(starRows(4, star(int64_t(1) << 62, 0)), causalRows(4));
}

TEST(StarPatternTest, S4TwoBlocksAreDenseIfTheAnchorIsABlock) {
  EXPECT_EQ(starRows(8, star(4, 4)), causalRows(8));
  EXPECT_EQ(starRows(7, star(4, 4)), causalRows(7));
  EXPECT_NE(starRows(8, star(4, 3)), causalRows(8));
  EXPECT_NE(starRows(9, star(4, 4)), causalRows(9));
}

TEST(StarPatternTest, S5FirstTwoBlocksAreExact) {
  Rows all = starRows(12, star(4, 4)), dense = causalRows(12);
  for (int64_t i = 0; i < 8; ++i)
    EXPECT_EQ(all[i], dense[i]);
  EXPECT_EQ(all[8], "111100001000");
}

TEST(StarPatternTest, S6BlocksOfOneSeeTokenZeroAndThemselves) {
  EXPECT_EQ(starRows(4, star(1, 1)), (Rows{"1000", "1100", "1010", "1001"}));
}

TEST(StarPatternTest, S7NoAnchorIsBlockDiagonal) {
  EXPECT_EQ(starRows(5, star(2, 0)),
            (Rows{"10000", "11000", "00100", "00110", "00001"}));
}

TEST(StarPatternTest, AnchorBeyondABlockIsABlock) {
  EXPECT_EQ(starRows(7, star(2, 5)), starRows(7, star(2, 2)));
}

TEST(StarPatternTest, NoContextAndNoQuery) {
  std::vector<int64_t> length = {0};
  EXPECT_EQ(starRows(5, star(2, 1, &length)), causalRows(5));
  length = {5};
  EXPECT_EQ(starRows(5, star(2, 1, &length)), starRows(5, star(2, 1)));
  // A context that goes on behind the rows there are.
  length = {99};
  EXPECT_EQ(starRows(5, star(2, 1, &length)), starRows(5, star(2, 1)));
  EXPECT_EQ(starRows(0, star(2, 1)), Rows{});
}

TEST(StarPatternTest, LengthsPerBatchEntry) {
  std::vector<int64_t> lengths = {3, 5, 0};
  auto set = [&](AttentionProblem &p) { p.star = star(2, 1, &lengths); };
  EXPECT_EQ(pattern(5, 5, set, 3, 0),
            (Rows{"10000", "11000", "10100", "11110", "11111"}));
  EXPECT_EQ(pattern(5, 5, set, 3, 1),
            (Rows{"10000", "11000", "10100", "10110", "10001"}));
  EXPECT_EQ(pattern(5, 5, set, 3, 2), causalRows(5));
}

TEST(StarPatternTest, PreviousBlockAsAnchor) {
  StarPattern previous = star(2, 1);
  previous.anchor = StarPattern::Anchor::Previous;
  EXPECT_EQ(starRows(6, previous),
            (Rows{"100000", "110000", "101000", "101100", "001010", "001011"}));
  previous.anchorSize = 2;
  EXPECT_EQ(starRows(6, previous)[5], "001111");
}

TEST(StarPatternTest, OtherModifiersAreConjunctions) {
  // Blocks of 3 with an anchor of 2; 6 rows would be
  // 100000 110000 111000 110100 110110 110111.
  auto with = [](auto set) {
    return pattern(6, 6, [&](AttentionProblem &p) {
      p.star = star(3, 2);
      set(p);
    });
  };
  Tensor<int8_t, 4> mask({1, 1, 1, 6}, {0, 1, 1, 1, 0, 1});
  EXPECT_EQ(with([&](AttentionProblem &p) { p.mask = mask; }),
            (Rows{"000000", "010000", "011000", "010100", "010100", "010101"}));
  // i - 3 <= j.
  EXPECT_EQ(with([&](AttentionProblem &p) { p.windowLeft = 3; }),
            (Rows{"100000", "110000", "111000", "110100", "010110", "000111"}));
  // A right window beyond the diagonal adds nothing.
  EXPECT_EQ(with([&](AttentionProblem &p) { p.windowRight = 2; }),
            starRows(6, star(3, 2)));
  const int64_t four = 4, five = 5;
  EXPECT_EQ(with([&](AttentionProblem &p) {
              p.kvLen = makeView<1>(&four, {1});
              p.qLen = makeView<1>(&five, {1});
            }),
            (Rows{"100000", "110000", "111000", "110100", "110100", "000000"}));
}

TEST(StarPatternTest, PositionsAreAbsolute) {
  // Queries 3 to 5 of the last case, keys 1 to 4.
  EXPECT_EQ(pattern(3, 4,
                    [](AttentionProblem &p) {
                      p.star = star(3, 2);
                      p.qOffset = 3;
                      p.kvOffset = 1;
                    }),
            (Rows{"1010", "1011", "1011"}));
}

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

// With equal scores a row is the mean of what it sees.
TEST(StarReference, MeansOfWhatIsSeen) {
  std::vector<double> ones(6, 0.0);
  Scalar scalar(ones, ones, {1, 2, 4, 8, 16, 32});
  AttentionProblem p = scalar.problem();
  std::vector<int64_t> length = {5};
  p.star = star(2, 1, &length);
  Result r = runSdpa(p);
  const double means[] = {1, 1.5, 2.5, 13.0 / 3, 8.5, 63.0 / 6};
  const double counts[] = {1, 2, 2, 3, 2, 6};
  for (int64_t i = 0; i < 6; ++i) {
    EXPECT_DOUBLE_EQ(r.output(0, 0, i, 0), means[i]);
    EXPECT_DOUBLE_EQ(r.lse(0, 0, i), std::log(counts[i]));
  }
  // A sink of weight 1 beside them.
  const double sink = 0;
  p.sinks = makeView<1>(&sink, {1});
  Result withSink = runSdpa(p);
  for (int64_t i = 0; i < 6; ++i)
    EXPECT_DOUBLE_EQ(withSink.output(0, 0, i, 0),
                     means[i] * counts[i] / (counts[i] + 1));
}

TEST(StarReference, NaNOfAnAnchorReachesAllOfABlockOnlyItsOwn) {
  for (int64_t token : {0, 3}) {
    std::vector<double> zeros(7, 0.0), keys(7, 0.0);
    keys[token] = NaN;
    Scalar scalar(zeros, keys, zeros);
    AttentionProblem p = scalar.problem();
    std::vector<int64_t> length = {6};
    p.star = star(2, 1, &length);
    Result r = runSdpa(p);
    for (int64_t i = 0; i < 7; ++i)
      EXPECT_EQ(std::isnan(r.output(0, 0, i, 0)),
                token == 0 || i == 3 || i == 6)
          << token << ", " << i;
  }
}

// b = 2, a = 1, keys of weight 1. The anchor beside the keys has value 100.
TEST(StarReference, AnchorsOfTheirOwn) {
  std::vector<double> zeros(6, 0.0);
  Scalar scalar(zeros, zeros, {1, 2, 4, 8, 16, 32});
  // One more than anchor_size is not looked at.
  Tensor4 anchorKey({1, 1, 2, 1}, {0, NaN}),
      anchorValue({1, 1, 2, 1}, {100, NaN});
  AttentionProblem p = scalar.problem();
  std::vector<int64_t> length = {5};
  p.star = star(2, 1, &length);
  p.star->anchorKey = anchorKey;
  p.star->anchorValue = anchorValue;
  EXPECT_EQ(checkProblem(p), "");
  Result r = runSdpa(p);
  const double means[] = {1, 1.5, 52, 112.0 / 3, 58, 63.0 / 6};
  for (int64_t i = 0; i < 6; ++i)
    EXPECT_DOUBLE_EQ(r.output(0, 0, i, 0), means[i]);
  EXPECT_EQ(visiblePairs(p), 1 + 2 + 2 + 3 + 2 + 6);
  EXPECT_TRUE(isVisible(p, 0, 0, 2, 6));
  EXPECT_FALSE(isVisible(p, 0, 0, 2, 0));
  EXPECT_FALSE(isVisible(p, 0, 0, 1, 6));
  EXPECT_FALSE(isVisible(p, 0, 0, 5, 6));
  EXPECT_FALSE(isVisible(p, 0, 0, 2, 7));

  // The shard of one host: tokens 2 and 3.
  AttentionProblem shard = sliceKeys(p, 2, 4);
  shard.query = shard.query.slice(2, 2, 2);
  shard.qOffset = 2;
  Result part = runSdpa(shard);
  EXPECT_DOUBLE_EQ(part.output(0, 0, 0, 0), means[2]);
  EXPECT_DOUBLE_EQ(part.output(0, 0, 1, 0), means[3]);

  // Their score function sees them where they stand.
  p.score = [](double s, int64_t, int64_t, int64_t i, int64_t j) {
    return i == 2 && j == 0 ? s + ln3 : s;
  };
  EXPECT_DOUBLE_EQ(runSdpa(p).output(0, 0, 2, 0), (3 * 100 + 4) / 4.0);

  // As columns behind those of the keys.
  Tensor4 s({1, 1, 6, 8}, -77.0), output({1, 1, 6, 1});
  scores(p, s.view());
  EXPECT_EQ(s(0, 0, 2, 6), 0);
  EXPECT_TRUE(std::isnan(s(0, 0, 2, 7)));
  softmaxValue(p, s, output.view());
  EXPECT_DOUBLE_EQ(output(0, 0, 2, 0), (3 * 100 + 4) / 4.0);
  EXPECT_DOUBLE_EQ(output(0, 0, 3, 0), means[3]);
}

TEST(StarReference, RefusesWhatDoesNotFit) {
  std::vector<double> zeros(3, 0.0);
  Scalar scalar(zeros, zeros, zeros);
  AttentionProblem p = scalar.problem();
  p.star = star(0, 0);
  EXPECT_EQ(checkProblem(p), "expects a positive block_size");
  p.star = star(1, -1);
  EXPECT_EQ(checkProblem(p), "expects an anchor_size that is not negative");
  std::vector<int64_t> lengths = {1, 2};
  p.star = star(1, 1, &lengths);
  EXPECT_EQ(checkProblem(p),
            "expects dimension 0 of context_len to be 1 or 1, but got 2");
  p.star = star(2, 2);
  p.bottomRight = true;
  EXPECT_EQ(checkProblem(p),
            "expects no causal_offset and no bottom_right with a Star pattern");
  p.bottomRight = false;
  Tensor4 anchor({1, 1, 1, 1});
  p.star->anchorKey = anchor;
  EXPECT_EQ(checkProblem(p), "expects anchors of both keys and values");
  p.star->anchorValue = anchor;
  EXPECT_EQ(checkProblem(p), "expects at least anchor_size anchors");
  p.star->anchorSize = 1;
  EXPECT_EQ(checkProblem(p), "");
  Tensor<int8_t, 4> mask({1, 1, 1, 3}, {1, 1, 1});
  p.mask = mask;
  EXPECT_EQ(checkProblem(p),
            "expects nothing of single keys beside anchors of their own");
  p.mask.reset();
  p.star->anchor = StarPattern::Anchor::Previous;
  EXPECT_EQ(checkProblem(p),
            "expects anchors of their own to be of the first block");
}

//===----------------------------------------------------------------------===//
// Hosts
//===----------------------------------------------------------------------===//

TEST(StarHosts, SequencesOfTheHosts) {
  std::vector<StarHost> hosts = starHosts(star(3, 2), 8);
  ASSERT_EQ(hosts.size(), 3u);
  // No anchor before block 0, original positions, a short tail.
  EXPECT_EQ(hosts[0].tokens, (std::vector<int64_t>{0, 1, 2}));
  EXPECT_EQ(hosts[0].numAnchors, 0);
  EXPECT_EQ(hosts[1].tokens, (std::vector<int64_t>{0, 1, 3, 4, 5}));
  EXPECT_EQ(hosts[1].numAnchors, 2);
  EXPECT_EQ(hosts[2].tokens, (std::vector<int64_t>{0, 1, 6, 7}));
  EXPECT_EQ(hosts[2].numAnchors, 2);
  EXPECT_TRUE(starHosts(star(3, 2), 0).empty());
  EXPECT_EQ(starHosts(star(3, 9), 6)[1].tokens,
            (std::vector<int64_t>{0, 1, 2, 3, 4, 5}));
  StarPattern previous = star(3, 2);
  previous.anchor = StarPattern::Anchor::Previous;
  EXPECT_EQ(starHosts(previous, 8)[2].tokens,
            (std::vector<int64_t>{3, 4, 6, 7}));
}

TEST(StarHosts, S9OneKeptKeyAToken) {
  for (int64_t length : {0, 1, 5, 8, 9, 16})
    for (int64_t a : {0, 1, 4}) {
      std::vector<int64_t> kept;
      for (const StarHost &host : starHosts(star(4, a), length))
        kept.insert(kept.end(), host.tokens.begin() + host.numAnchors,
                    host.tokens.end());
      std::vector<int64_t> all(length);
      std::iota(all.begin(), all.end(), 0);
      EXPECT_EQ(kept, all);
    }
}

namespace {

/// A problem with everything that a pattern may meet, in three batch entries of
/// their own lengths.
struct Everything {
  Random random;
  Tensor4 bias, keyScale;
  Tensor<int8_t, 4> mask;
  std::vector<int64_t> contextLen = {17, 9, 0}, kvLen = {20, 11, 19},
                       qLen = {20, 10, 20};
  std::vector<double> sinks = {0.5, -1, 2, 0};

  explicit Everything(uint64_t seed)
      : random(3, 4, 2, 20, 20, 3, 2, seed),
        bias(randomTensor({1, 4, 20, 20}, seed + 7)),
        keyScale(randomTensor({3, 1, 20, 1}, seed + 8)), mask({3, 1, 20, 20}) {
    for (size_t n = 0; n < mask.data.size(); ++n)
      mask.data[n] = attn::normal(seed + 9, n) > -1;
  }
  AttentionProblem problem(int64_t b, int64_t a) const {
    AttentionProblem p = random.problem();
    p.bias = bias;
    p.keyScale = keyScale;
    p.mask = mask;
    p.windowLeft = 12;
    p.softcap = 3;
    p.kvLen = makeView<1>(kvLen.data(), {3});
    p.qLen = makeView<1>(qLen.data(), {3});
    p.sinks = makeView<1>(sinks.data(), {4});
    p.score = [](double s, int64_t batch, int64_t h, int64_t i, int64_t j) {
      return s + 0.1 * (j - i) * (h + 1) - 0.01 * batch;
    };
    p.star = star(b, a, &contextLen);
    return p;
  }
};

/// Phase 1 and phase 2 as hosts compute them, into one result.
Result runHosts(const AttentionProblem &p, const Shards &shards) {
  EXPECT_EQ(checkProblem(p) + checkStarHosts(p), "");
  Result result(p);
  View<double, 3> lse = result.lse.view();
  starContextRows(p, result.output.view(), &lse);
  starQueryRows(p, shards, result.output.view(), &lse);
  return result;
}

void expectNear(const Result &actual, const Result &expected) {
  for (size_t n = 0; n < expected.output.data.size(); ++n)
    EXPECT_NEAR(actual.output.data[n], expected.output.data[n], 1e-13) << n;
  for (size_t n = 0; n < expected.lse.data.size(); ++n)
    if (expected.lse.data[n] == -Inf)
      EXPECT_EQ(actual.lse.data[n], -Inf) << n;
    else
      EXPECT_NEAR(actual.lse.data[n], expected.lse.data[n], 1e-13) << n;
}

/// [0, n) in `count` contiguous shards that begin at multiples of `size`.
Shards contiguous(int64_t n, int64_t size, int64_t count) {
  Shards shards(count);
  for (int64_t j = 0; j < n; ++j)
    shards[std::min(j / size, count - 1)].push_back(j);
  return shards;
}

} // namespace

TEST(StarHosts, S2HostFormIsThePattern) {
  for (int64_t b : {1, 3, 4, 8, 20, 50})
    for (int64_t a : {int64_t(0), int64_t(1), b / 2, b, b + 3}) {
      Everything everything(10 * b + a);
      AttentionProblem p = everything.problem(b, a);
      expectNear(runHosts(p, contiguous(20, b, 20)), runSdpa(p));
      p.star->anchor = StarPattern::Anchor::Previous;
      expectNear(runHosts(p, contiguous(20, b, 20)), runSdpa(p));
    }
}

TEST(StarHosts, S1AnyPartitionOfTheKeys) {
  Everything everything(77);
  AttentionProblem p = everything.problem(4, 2);
  Result expected = runSdpa(p);
  // Round robin; many empty hosts; shards with fewer keys than queries.
  Shards roundRobin(3), single(20);
  for (int64_t j = 0; j < 20; ++j) {
    roundRobin[j % 3].push_back(j);
    single[19 - j].push_back(j);
  }
  Shards mostlyEmpty(9);
  mostlyEmpty[4] = contiguous(20, 20, 1)[0];
  for (const Shards &shards :
       {roundRobin, single, mostlyEmpty, contiguous(20, 6, 4)})
    expectNear(runHosts(p, shards), expected);
}

// Two hosts with two keys each, then two queries; values 1, 2, 4, 8 and 16, 32.
// The published code lines every shard up with its last key ("bottom right"),
// so that query 4 misses key 1 of host 0: algorithms.md 2.6, 6.
TEST(StarHosts, PartialsUseOffsetsNotAlignment) {
  std::vector<double> zeros(6, 0.0);
  Scalar scalar(zeros, zeros, {1, 2, 4, 8, 16, 32});
  AttentionProblem p = scalar.problem();
  std::vector<int64_t> length = {4};
  p.star = star(2, 2, &length);
  Result r = runHosts(p, {{0, 1}, {2, 3, 4, 5}});
  EXPECT_DOUBLE_EQ(r.output(0, 0, 4, 0), 31.0 / 5);
  EXPECT_DOUBLE_EQ(r.output(0, 0, 5, 0), 63.0 / 6);

  AttentionProblem host = sliceKeys(p, 0, 2);
  host.star.reset();
  host.query = host.query.slice(2, 4, 2);
  host.kvOffset = 0;
  host.windowRight = 0;
  host.bottomRight = true;
  Result aligned = runSdpa(host);
  EXPECT_DOUBLE_EQ(aligned.output(0, 0, 0, 0), 1);
  EXPECT_DOUBLE_EQ(aligned.output(0, 0, 1, 0), 1.5);
}

TEST(StarHosts, RefusesPartsOfProblems) {
  std::vector<double> zeros(3, 0.0);
  Scalar scalar(zeros, zeros, zeros);
  AttentionProblem p = scalar.problem();
  EXPECT_EQ(checkStarHosts(p), "expects a Star pattern");
  p.star = star(2, 1);
  EXPECT_EQ(checkStarHosts(p), "");
  p.kvOffset = 1;
  EXPECT_EQ(checkStarHosts(p), "expects a problem without offsets");
  p.kvOffset = 0;
  const int32_t page = 0;
  p.pageTable = makeView<2>(&page, {1, 1});
  EXPECT_EQ(checkStarHosts(p), "expects key and value without pages");
  p.pageTable.reset();
  Tensor4 anchor({1, 1, 1, 1});
  p.star->anchorKey = anchor;
  p.star->anchorValue = anchor;
  EXPECT_EQ(checkStarHosts(p), "expects no anchors beside the keys");
}
