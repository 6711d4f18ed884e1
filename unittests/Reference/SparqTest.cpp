//===- SparqTest.cpp ------------------------------------------------------===//
//
// Part of attn-mlir
//
//===----------------------------------------------------------------------===//
//
// SparQ attention on problems worked by hand.
//
//===----------------------------------------------------------------------===//

#include "attn/Reference/Sparq.h"

#include "TestUtils.h"

#include <gtest/gtest.h>

using namespace attn::reference;
using namespace attn::reference::test;

namespace {

/// One batch entry and key head; keys and values of two components.
struct Problem {
  Tensor4 query, key, value;
  AttentionProblem p;
  SparqOptions options;

  Problem(const std::vector<double> &q, const std::vector<double> &k,
          const std::vector<double> &v)
      : query({1, int64_t(q.size()) / 2, 1, 2}, q),
        key({1, 1, int64_t(k.size()) / 2, 2}, k),
        value({1, 1, int64_t(v.size()), 1}, v) {
    p.query = query;
    p.key = key;
    p.value = value;
    p.scale = 1;
  }
  std::vector<double> run() {
    Tensor4 output({1, p.numHeads(), 1, 1}, -77.0);
    EXPECT_EQ(checkSparq(p, options), "");
    sparq(p, options, output.view());
    return output.data;
  }
  std::vector<int64_t> keys() { return sparqKeys(p, options, 0, 0); }
};

} // namespace

// |q| = (3, 1): component 0 alone scores, times sqrt(4 / 3) for what it lacks.
TEST(Sparq, OneComponentOfTwo) {
  Problem problem({3, -1}, {0, 9, 1, 0, 2, 0}, {1, 2, 4});
  Tensor4 s({1, 1, 1, 3});
  sparqScores(problem.p, problem.options, s.view());
  double factor = std::sqrt(4.0 / 3);
  EXPECT_DOUBLE_EQ(s(0, 0, 0, 0), 0);
  EXPECT_DOUBLE_EQ(s(0, 0, 0, 1), factor * 3);
  EXPECT_DOUBLE_EQ(s(0, 0, 0, 2), factor * 6);
  EXPECT_EQ(problem.keys(), std::vector<int64_t>{2});
  problem.options.realloc = SparqOptions::Realloc::Off;
  EXPECT_DOUBLE_EQ(problem.run()[0], 4);
}

// Equal scores weigh 1/4 each: half of the weight is of the two chosen keys,
// half goes to the mean.
TEST(Sparq, UniformScoresMixInTheMean) {
  Problem problem({1, 0}, {0, 0, 0, 0, 0, 0, 0, 0}, {8, 4, 2, 2});
  problem.options.topK = 2;
  EXPECT_EQ(problem.keys(), (std::vector<int64_t>{0, 1}));
  EXPECT_DOUBLE_EQ(problem.run()[0], 0.5 * 6 + 0.5 * 4);
  problem.options.localWindow = 1;
  EXPECT_EQ(problem.keys(), (std::vector<int64_t>{0, 3}));
  EXPECT_DOUBLE_EQ(problem.run()[0], 0.5 * 5 + 0.5 * 4);
}

// Probabilities are bounded, scores are not: the key that one head likes beyond
// measure wins the sum of scores, the one that both like the other.
TEST(Sparq, GroupsAddProbabilitiesOrScores) {
  Problem problem({1, 0, 0, 1}, {9, -30, 6, 1, 8, 1}, {1, 2, 4});
  problem.options.rank = 2;
  problem.options.realloc = SparqOptions::Realloc::Off;
  EXPECT_EQ(problem.keys(), std::vector<int64_t>{2});
  Problem other({1, 0, 0, 1}, {20, -1, 5, 4, 0, 0}, {1, 2, 4});
  other.options.rank = 2;
  EXPECT_EQ(other.keys(), std::vector<int64_t>{0});
  other.options.groupReduce = SparqOptions::GroupReduce::Logit;
  EXPECT_EQ(other.keys(), std::vector<int64_t>{0});
  Problem third({1, 0, 0, 1}, {10, 0, 0, 3, 12, -8}, {1, 2, 4});
  third.options.rank = 2;
  EXPECT_EQ(third.keys(), std::vector<int64_t>{1});
  third.options.groupReduce = SparqOptions::GroupReduce::Logit;
  EXPECT_EQ(third.keys(), std::vector<int64_t>{0});
}

TEST(Sparq, AllKeysAreDenseWhateverTheRank) {
  Problem problem({1, 2}, {0, ln2, 0, 0}, {3, 9});
  problem.options.topK = 5;
  // exp(2 ln 2) : 1 is 4 : 1.
  EXPECT_DOUBLE_EQ(problem.run()[0], (4 * 3.0 + 9) / 5);
}

TEST(Sparq, NothingVisibleIsZero) {
  Problem problem({1, 2}, {1, 1, 1, 1}, {3, 9});
  std::vector<int8_t> mask = {0, 0};
  problem.p.mask =
      makeView<4>(static_cast<const int8_t *>(mask.data()), {1, 1, 1, 2});
  EXPECT_TRUE(problem.keys().empty());
  EXPECT_EQ(problem.run()[0], 0);
}

TEST(Sparq, ZeroQueryAndQueryZeroInTheChosenComponents) {
  Problem problem({0, 0}, {5, 1, 7, 2, 9, 3}, {3, 6, 9});
  EXPECT_EQ(problem.keys(), std::vector<int64_t>{0});
  // A third of the weight is of key 0.
  EXPECT_DOUBLE_EQ(problem.run()[0], 1 + 2.0 / 3 * 6);
  // Head 0 chooses component 0, of which head 1 has nothing.
  Problem group({4, 0, 0, 1}, {1, 8, 2, 9}, {3, 6});
  Tensor4 s({1, 2, 1, 2});
  sparqScores(group.p, group.options, s.view());
  EXPECT_EQ(s(0, 1, 0, 0), 0);
  EXPECT_EQ(s(0, 1, 0, 1), 0);
}

TEST(Sparq, NaNIsChosenFirst) {
  Problem problem({1, 0}, {1, 0, NaN, 0, 9, 0}, {3, 6, 9});
  EXPECT_EQ(problem.keys(), std::vector<int64_t>{1});
  EXPECT_TRUE(std::isnan(problem.run()[0]));
}

TEST(Sparq, KeyTIsReadInTiles) {
  Problem problem({3, -1}, {0, 0, 0, 0, 0, 0}, {1, 2, 4});
  // Two tiles of two keys, component by component.
  Tensor<double, 5> keyT({1, 1, 2, 2, 2}, {5, 0, 0, 0, 7, NaN, 0, NaN});
  problem.options.keyT = keyT.view();
  EXPECT_EQ(problem.keys(), std::vector<int64_t>{2});
}

TEST(Sparq, RefusesWhatDoesNotFit) {
  Problem problem({1, 2}, {1, 1}, {3});
  problem.options.rank = 0;
  EXPECT_NE(checkSparq(problem.p, problem.options), "");
  problem.options.rank = 1;
  Tensor<double, 5> keyT({1, 1, 1, 2, 0});
  problem.options.keyT = keyT.view();
  EXPECT_NE(checkSparq(problem.p, problem.options), "");
}
