//===- BlockLocalTest.cpp -------------------------------------------------===//
//
// Part of attn-mlir
//
//===----------------------------------------------------------------------===//
//
// The Block Transformer's local attention: patterns and problems worked by
// hand, and every block by itself against the pattern.
//
//===----------------------------------------------------------------------===//

#include "attn/Reference/BlockLocal.h"

#include "TestUtils.h"

#include <gtest/gtest.h>

using namespace attn::reference;
using namespace attn::reference::test;

/// Blocks of `keys`, and of as many rows unless `rows` says otherwise.
static BlockLocalPattern blocks(int64_t keys, int64_t rows = 0) {
  BlockLocalPattern pattern;
  pattern.blockLen = keys;
  pattern.blockLenQ = rows;
  return pattern;
}

static Rows blockRows(int64_t length, int64_t blockLen, bool isCausal) {
  return pattern(length, length, [&](AttentionProblem &p) {
    p.blockLocal = blocks(blockLen);
    p.windowRight = isCausal ? 0 : -1;
  });
}

namespace {
/// Prefixes of `length` keys a block, over what a problem's rows touch.
struct Prefix {
  Tensor4 key, value;
  Prefix(int64_t length, std::vector<double> k, std::vector<double> v)
      : key({1, 1, int64_t(k.size()), 1}, k),
        value({1, 1, int64_t(v.size()), 1}, v), length(length) {}
  void addTo(AttentionProblem &p) const {
    p.blockLocal->prefixLen = length;
    p.blockLocal->prefixKey = key;
    p.blockLocal->prefixValue = value;
  }
  int64_t length;
};
} // namespace

//===----------------------------------------------------------------------===//
// The pattern
//===----------------------------------------------------------------------===//

TEST(BlockLocalPatternTest, BlocksAndTail) {
  EXPECT_EQ(blockRows(5, 2, /*isCausal=*/false),
            (Rows{"11000", "11000", "00110", "00110", "00001"}));
  EXPECT_EQ(blockRows(5, 2, /*isCausal=*/true),
            (Rows{"10000", "11000", "00100", "00110", "00001"}));
  EXPECT_EQ(blockRows(3, 1, true), (Rows{"100", "010", "001"}));
  // One block is dense; so is one far longer than the sequence.
  EXPECT_EQ(blockRows(2, 2, false), (Rows{"11", "11"}));
  EXPECT_EQ(blockRows(2, int64_t(1) << 62, true), (Rows{"10", "11"}));
  EXPECT_EQ(blockRows(0, 2, true), Rows{});
}

TEST(BlockLocalPatternTest, PositionsAreAbsolute) {
  // Queries 3 to 5 and keys 1 to 4 in blocks of 3: {1, 2}, {3, 4}.
  EXPECT_EQ(pattern(3, 4,
                    [](AttentionProblem &p) {
                      p.blockLocal = blocks(3);
                      p.qOffset = 3;
                      p.kvOffset = 1;
                    }),
            (Rows{"0011", "0011", "0011"}));
  // Rows that begin inside of a block, keys that all come before.
  EXPECT_EQ(pattern(3, 2,
                    [](AttentionProblem &p) {
                      p.blockLocal = blocks(3);
                      p.qOffset = 2;
                    }),
            (Rows{"11", "00", "00"}));
}

TEST(BlockLocalPatternTest, RowsAndKeysOfBlocksMayDifferInNumber) {
  auto set = [](AttentionProblem &p) { p.blockLocal = blocks(3, 1); };
  EXPECT_EQ(pattern(3, 8, set), (Rows{"11100000", "00011100", "00000011"}));
  auto wide = [](AttentionProblem &p) { p.blockLocal = blocks(1, 2); };
  EXPECT_EQ(pattern(5, 2, wide), (Rows{"10", "10", "01", "01", "00"}));
}

TEST(BlockLocalPatternTest, WindowsSpeakOfPositionsInsideBlocks) {
  auto set = [](AttentionProblem &p) {
    p.blockLocal = blocks(3, 2);
    p.windowRight = 0;
  };
  EXPECT_EQ(pattern(4, 6, set), (Rows{"100000", "110000", "000100", "000110"}));
  // The last row of each sees all of its keys.
  const int64_t one = 1;
  auto aligned = [&](AttentionProblem &p) {
    set(p);
    p.causalOffset = makeView<1>(&one, {1});
  };
  EXPECT_EQ(pattern(4, 6, aligned),
            (Rows{"110000", "111000", "000110", "000111"}));
  auto tile = [&](AttentionProblem &p) {
    set(p);
    p.qOffset = 3;
    p.kvOffset = 3;
  };
  EXPECT_EQ(pattern(1, 3, tile), (Rows{"110"}));
}

TEST(BlockLocalPatternTest, OtherModifiersAreConjunctions) {
  auto with = [](auto set) {
    return pattern(6, 6, [&](AttentionProblem &p) {
      p.blockLocal = blocks(3);
      set(p);
    });
  };
  Tensor<int8_t, 4> mask({1, 1, 1, 6}, {0, 1, 1, 1, 0, 1});
  EXPECT_EQ(with([&](AttentionProblem &p) { p.mask = mask; }),
            (Rows{"011000", "011000", "011000", "000101", "000101", "000101"}));
  EXPECT_EQ(with([&](AttentionProblem &p) { p.windowLeft = 1; }),
            (Rows{"111000", "111000", "011000", "000111", "000111", "000011"}));
  const int64_t four = 4, five = 5;
  EXPECT_EQ(with([&](AttentionProblem &p) {
              p.windowRight = 0;
              p.kvLen = makeView<1>(&four, {1});
              p.qLen = makeView<1>(&five, {1});
            }),
            (Rows{"100000", "110000", "111000", "000100", "000100", "000000"}));
}

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

// With equal scores a row is the mean of what it sees.
TEST(BlockLocalReference, MeansOfWhatIsSeen) {
  std::vector<double> zeros(5, 0.0);
  Scalar scalar(zeros, zeros, {1, 2, 4, 8, 16});
  AttentionProblem p = scalar.problem();
  p.blockLocal = blocks(2);
  p.windowRight = 0;
  Result r = runSdpa(p);
  const double means[] = {1, 1.5, 4, 6, 16};
  const double counts[] = {1, 2, 1, 2, 1};
  for (int64_t i = 0; i < 5; ++i) {
    EXPECT_DOUBLE_EQ(r.output(0, 0, i, 0), means[i]);
    EXPECT_DOUBLE_EQ(r.lse(0, 0, i), std::log(counts[i]));
  }
}

TEST(BlockLocalReference, EveryRowOfABlockSeesItsPrefixWhole) {
  std::vector<double> zeros(5, 0.0);
  Scalar scalar(zeros, zeros, {1, 2, 4, 8, 16});
  AttentionProblem p = scalar.problem();
  p.blockLocal = blocks(2);
  p.windowRight = 0;
  // Of blocks 0, 1 and 2, which is short; weights of 1.
  Prefix prefix(2, {0, 0, 0, 0, 0, 0}, {10, 20, 100, 200, 1000, 2000});
  prefix.addTo(p);
  EXPECT_EQ(checkProblem(p), "");
  Result r = runSdpa(p);
  const double sums[] = {31, 33, 304, 312, 3016};
  const double counts[] = {3, 4, 3, 4, 3};
  for (int64_t i = 0; i < 5; ++i) {
    EXPECT_DOUBLE_EQ(r.output(0, 0, i, 0), sums[i] / counts[i]);
    EXPECT_DOUBLE_EQ(r.lse(0, 0, i), std::log(counts[i]));
  }
  EXPECT_EQ(visiblePairs(p), 3 + 4 + 3 + 4 + 3);
  EXPECT_TRUE(isVisible(p, 0, 0, 0, 6));
  EXPECT_FALSE(isVisible(p, 0, 0, 0, 7));
  EXPECT_TRUE(isVisible(p, 0, 0, 3, 8));
  EXPECT_FALSE(isVisible(p, 0, 0, 4, 8));

  // As columns behind those of the keys.
  Tensor4 s({1, 1, 5, 11}, -77.0), output({1, 1, 5, 1});
  scores(p, s.view());
  for (double x : s.data)
    EXPECT_EQ(x, 0);
  s(0, 0, 4, 10) = ln3;
  softmaxValue(p, s, output.view());
  EXPECT_DOUBLE_EQ(output(0, 0, 3, 0), 312 / 4.0);
  EXPECT_DOUBLE_EQ(output(0, 0, 4, 0), (16 + 1000 + 3 * 2000) / 5.0);
}

TEST(BlockLocalReference, PrefixesHaveScores) {
  // exp of the scores: 2, 3 of the prefix, 4 of the key.
  Scalar scalar({1}, {ln4}, {100});
  AttentionProblem p = scalar.problem();
  p.blockLocal = blocks(1);
  Prefix prefix(2, {ln2, ln3}, {1, 10});
  prefix.addTo(p);
  Result r = runSdpa(p);
  EXPECT_DOUBLE_EQ(r.output(0, 0, 0, 0), (2 * 1 + 3 * 10 + 4 * 100) / 9.0);
  EXPECT_DOUBLE_EQ(r.lse(0, 0, 0), std::log(9.0));
  // softcap and scale are theirs, too: 2 tanh(s / 2).
  p.softcap = 2;
  p.scale = -1;
  double capped[3];
  const double scores[] = {-ln2, -ln3, -ln4};
  for (int n = 0; n < 3; ++n)
    capped[n] = std::exp(2 * std::tanh(scores[n] / 2));
  double sum = capped[0] + capped[1] + capped[2];
  EXPECT_DOUBLE_EQ(runSdpa(p).output(0, 0, 0, 0),
                   (capped[0] + 10 * capped[1] + 100 * capped[2]) / sum);
}

TEST(BlockLocalReference, LengthsSayNothingAboutPrefixes) {
  std::vector<double> zeros(4, 0.0);
  Scalar scalar(zeros, zeros, {1, 2, 4, 8});
  AttentionProblem p = scalar.problem();
  p.blockLocal = blocks(2);
  Prefix prefix(1, {0.5, 0.25}, {10, 20});
  prefix.addTo(p);
  Tensor4 ones({1, 1, 4, 1}, 1.0);
  p.query = ones;
  // Keys of block 0 only, one of them; rows of all but the last.
  const int64_t one = 1, three = 3;
  p.kvLen = makeView<1>(&one, {1});
  p.qLen = makeView<1>(&three, {1});
  Result r = runSdpa(p);
  double weight = std::exp(0.5);
  EXPECT_DOUBLE_EQ(r.output(0, 0, 0, 0), (1 + weight * 10) / (1 + weight));
  EXPECT_DOUBLE_EQ(r.output(0, 0, 1, 0), (1 + weight * 10) / (1 + weight));
  EXPECT_DOUBLE_EQ(r.output(0, 0, 2, 0), 20);
  EXPECT_DOUBLE_EQ(r.lse(0, 0, 2), 0.25);
  EXPECT_EQ(r.output(0, 0, 3, 0), 0);
  EXPECT_EQ(r.lse(0, 0, 3), -Inf);
}

TEST(BlockLocalReference, TheFirstPrefixIsOfTheFirstRowsBlock) {
  // Rows 3 to 5 in blocks of 2: of blocks 1 and 2.
  std::vector<double> zeros(3, 0.0);
  Scalar scalar(zeros, zeros, {8, 16, 32});
  AttentionProblem p = scalar.problem();
  p.blockLocal = blocks(2);
  p.qOffset = p.kvOffset = 3;
  Prefix prefix(1, {0, 0}, {100, 200});
  prefix.addTo(p);
  EXPECT_EQ(checkProblem(p), "");
  Result r = runSdpa(p);
  EXPECT_DOUBLE_EQ(r.output(0, 0, 0, 0), 108 / 2.0);
  EXPECT_DOUBLE_EQ(r.output(0, 0, 1, 0), 248 / 3.0);
  EXPECT_DOUBLE_EQ(r.output(0, 0, 2, 0), 248 / 3.0);
}

TEST(BlockLocalReference, B6BlocksOfOneGiveTheirValue) {
  Random random(2, 4, 2, 7, 7, 3, 5, 3);
  AttentionProblem p = random.problem();
  p.blockLocal = blocks(1);
  p.windowRight = 0;
  p.scale = 1;
  Result r = runSdpa(p);
  for (int64_t b = 0; b < 2; ++b)
    for (int64_t h = 0; h < 4; ++h)
      for (int64_t i = 0; i < 7; ++i) {
        double score = 0;
        for (int64_t c = 0; c < 3; ++c)
          score += random.query(b, h, i, c) * random.key(b, h / 2, i, c);
        EXPECT_DOUBLE_EQ(r.lse(b, h, i), score);
        for (int64_t c = 0; c < 5; ++c)
          EXPECT_EQ(r.output(b, h, i, c), random.value(b, h / 2, i, c));
      }
}

TEST(BlockLocalReference, B3NaNReachesNoOtherBlock) {
  for (int64_t token : {0, 3, 6}) {
    std::vector<double> zeros(7, 0.0), keys(7, 0.0);
    keys[token] = NaN;
    Scalar scalar(zeros, keys, zeros);
    AttentionProblem p = scalar.problem();
    p.blockLocal = blocks(3);
    p.windowRight = 0;
    Prefix prefix(1, {0, 0, 0}, {1, 2, 3});
    prefix.addTo(p);
    Result r = runSdpa(p);
    for (int64_t i = 0; i < 7; ++i)
      EXPECT_EQ(std::isnan(r.output(0, 0, i, 0)),
                i >= token && i / 3 == token / 3)
          << token << ", " << i;
  }
  // Nor does that of another block's prefix.
  std::vector<double> zeros(7, 0.0);
  Scalar scalar(zeros, zeros, zeros);
  AttentionProblem p = scalar.problem();
  p.blockLocal = blocks(3);
  Prefix prefix(1, {0, NaN, 0}, {NaN, 2, 3});
  prefix.addTo(p);
  Result r = runSdpa(p);
  for (int64_t i = 0; i < 7; ++i)
    EXPECT_EQ(std::isnan(r.output(0, 0, i, 0)), i < 6) << i;
}

TEST(BlockLocalReference, RefusesWhatDoesNotFit) {
  std::vector<double> zeros(3, 0.0);
  Scalar scalar(zeros, zeros, zeros);
  AttentionProblem p = scalar.problem();
  p.blockLocal = blocks(0);
  EXPECT_EQ(checkProblem(p), "expects a positive block_len");
  p.blockLocal = blocks(1, -1);
  EXPECT_EQ(checkProblem(p), "expects a block_len_q that is not negative");
  p.blockLocal = blocks(2);
  p.star = StarPattern();
  EXPECT_EQ(checkProblem(p), "expects one pattern, not two");
  p.star.reset();
  Tensor4 two({1, 1, 2, 1}), three({1, 1, 3, 1});
  p.blockLocal->prefixKey = two;
  EXPECT_EQ(checkProblem(p), "expects prefixes of both keys and values");
  p.blockLocal->prefixValue = two;
  EXPECT_EQ(checkProblem(p), "expects a positive prefix_len");
  p.blockLocal->prefixLen = 1;
  EXPECT_EQ(checkProblem(p), "");
  // One for each block that rows touch, not for others.
  p.blockLocal->prefixKey = three;
  EXPECT_EQ(checkProblem(p),
            "expects dimension 2 of prefix keys to be 2, but got 3");
  p.blockLocal->prefixKey = two;
  p.blockLocal->prefixValue = three;
  EXPECT_EQ(checkProblem(p),
            "expects dimension 2 of prefix values to be 2, but got 3");
  p.blockLocal->prefixValue = two;
  Tensor<int8_t, 4> mask({1, 1, 1, 1}, {1});
  p.mask = mask;
  EXPECT_EQ(checkProblem(p), "expects no bias, mask, scales, pages and score "
                             "function beside prefixes");
}

//===----------------------------------------------------------------------===//
// Every block by itself
//===----------------------------------------------------------------------===//

TEST(BlockForms, BlocksOfAProblem) {
  std::vector<double> zeros(7, 0.0);
  Scalar scalar({0, 0, 0, 0}, zeros, zeros);
  AttentionProblem p = scalar.problem();
  p.blockLocal = blocks(3);
  p.qOffset = 2;
  p.kvOffset = 1;
  // Rows 2, 3, 4, 5 and keys 1 to 7.
  std::vector<LocalBlock> list = localBlocks(p);
  ASSERT_EQ(list.size(), 2u);
  auto expect = [&](const LocalBlock &block, std::array<int64_t, 4> expected) {
    EXPECT_EQ((std::array<int64_t, 4>{block.rowBegin, block.rowEnd,
                                      block.keyBegin, block.keyEnd}),
              expected);
  };
  expect(list[0], {0, 1, 0, 2});
  expect(list[1], {1, 4, 2, 5});
  p.blockLocal = blocks(5, 4);
  list = localBlocks(p);
  ASSERT_EQ(list.size(), 2u);
  expect(list[0], {0, 2, 0, 4});
  expect(list[1], {2, 4, 4, 7});
}

namespace {

/// A problem with everything that a pattern may meet, in two batch entries.
struct Everything {
  Random random;
  Tensor4 bias, keyScale, prefixKey, prefixValue;
  Tensor<int8_t, 4> mask;
  std::vector<int64_t> kvLen = {20, 11}, qLen = {20, 10}, delta = {0, 2};
  std::vector<double> sinks = {0.5, -1, 2, 0};

  explicit Everything(uint64_t seed)
      : random(2, 4, 2, 20, 20, 3, 2, seed),
        bias(randomTensor({1, 4, 20, 20}, seed + 7)),
        keyScale(randomTensor({2, 1, 20, 1}, seed + 8)),
        prefixKey({0, 0, 0, 0}), prefixValue({0, 0, 0, 0}),
        mask({2, 1, 20, 20}) {
    for (size_t n = 0; n < mask.data.size(); ++n)
      mask.data[n] = attn::normal(seed + 9, n) > -1;
  }
  AttentionProblem problem(const BlockLocalPattern &pattern,
                           int64_t windowRight, int64_t prefixLen,
                           int64_t first) {
    AttentionProblem p = random.problem();
    p.softcap = 3;
    p.kvLen = makeView<1>(kvLen.data(), {2});
    p.qLen = makeView<1>(qLen.data(), {2});
    p.sinks = makeView<1>(sinks.data(), {4});
    p.windowRight = windowRight;
    p.causalOffset = makeView<1>(delta.data(), {2});
    p.qOffset = p.kvOffset = first;
    p.blockLocal = pattern;
    if (prefixLen > 0) {
      int64_t rows = pattern.numBlocks(first, 20) * prefixLen;
      prefixKey = randomTensor({2, 2, rows, 3}, 100);
      prefixValue = randomTensor({2, 2, rows, 2}, 101);
      p.blockLocal->prefixLen = prefixLen;
      p.blockLocal->prefixKey = prefixKey;
      p.blockLocal->prefixValue = prefixValue;
      return p;
    }
    p.bias = bias;
    p.keyScale = keyScale;
    p.mask = mask;
    p.windowLeft = 12;
    p.score = [](double s, int64_t batch, int64_t h, int64_t i, int64_t j) {
      return s + 0.1 * (j - i) * (h + 1) - 0.01 * batch;
    };
    return p;
  }
};

using Form = void (*)(const AttentionProblem &, View<double, 4>,
                      const View<double, 3> *);

void expectFormsAreThePattern(const AttentionProblem &p) {
  ASSERT_EQ(checkProblem(p) + checkBlockForms(p), "");
  Result expected = runSdpa(p);
  for (Form form : {Form(blockLocalBatched), Form(blockLocalMerged)}) {
    Result actual(p);
    View<double, 3> lse = actual.lse.view();
    form(p, actual.output.view(), &lse);
    for (size_t n = 0; n < expected.output.data.size(); ++n)
      EXPECT_NEAR(actual.output.data[n], expected.output.data[n], 1e-13) << n;
    for (size_t n = 0; n < expected.lse.data.size(); ++n)
      if (expected.lse.data[n] == -Inf)
        EXPECT_EQ(actual.lse.data[n], -Inf) << n;
      else
        EXPECT_NEAR(actual.lse.data[n], expected.lse.data[n], 1e-13) << n;
  }
}

} // namespace

TEST(BlockForms, B1EveryFormIsThePattern) {
  for (int64_t keys : {1, 2, 3, 5, 7, 16, 50})
    for (int64_t rows : {int64_t(0), int64_t(1), keys + 1})
      for (int64_t windowRight : {-1, 0})
        for (int64_t first : {0, 4}) {
          Everything everything(10 * keys + rows);
          expectFormsAreThePattern(
              everything.problem(blocks(keys, rows), windowRight, 0, first));
        }
}

TEST(BlockForms, B1EveryFormIsThePatternWithPrefixes) {
  for (int64_t keys : {1, 2, 3, 5, 7, 16, 50})
    for (int64_t prefix : {1, 2, 3, 8})
      for (int64_t windowRight : {-1, 0})
        for (int64_t first : {0, 4}) {
          Everything everything(10 * keys + prefix);
          expectFormsAreThePattern(everything.problem(
              blocks(keys, prefix == 3), windowRight, prefix, first));
        }
}

// A prefix is what a causal sequence [prefix ++ block] would have in front.
TEST(BlockForms, PrefixesAreTheFrontOfASequence) {
  constexpr int64_t len = 4, prefixLen = 2, numBlocks = 3,
                    whole = prefixLen + len;
  Random random(1, 2, 1, numBlocks * whole, numBlocks * whole, 3, 2, 5);
  AttentionProblem sequences = random.problem();
  sequences.blockLocal = blocks(whole);
  sequences.windowRight = 0;
  Result expected = runSdpa(sequences);

  Tensor4 query({1, 2, numBlocks * len, 3}), key({1, 1, numBlocks * len, 3}),
      value({1, 1, numBlocks * len, 2}),
      prefixKey({1, 1, numBlocks * prefixLen, 3}),
      prefixValue({1, 1, numBlocks * prefixLen, 2});
  for (int64_t n = 0; n < numBlocks * whole; ++n) {
    int64_t block = n / whole, at = n % whole;
    bool isPrefix = at < prefixLen;
    int64_t row =
        isPrefix ? block * prefixLen + at : block * len + at - prefixLen;
    for (int64_t c = 0; c < 3; ++c) {
      (isPrefix ? prefixKey : key)(0, 0, row, c) = random.key(0, 0, n, c);
      for (int64_t h = 0; h < 2 && !isPrefix; ++h)
        query(0, h, row, c) = random.query(0, h, n, c);
    }
    for (int64_t c = 0; c < 2; ++c)
      (isPrefix ? prefixValue : value)(0, 0, row, c) = random.value(0, 0, n, c);
  }
  AttentionProblem p;
  p.query = query;
  p.key = key;
  p.value = value;
  p.windowRight = 0;
  p.blockLocal = blocks(len);
  p.blockLocal->prefixLen = prefixLen;
  p.blockLocal->prefixKey = prefixKey;
  p.blockLocal->prefixValue = prefixValue;
  Result actual = runSdpa(p);
  for (int64_t h = 0; h < 2; ++h)
    for (int64_t row = 0; row < numBlocks * len; ++row) {
      int64_t n = row / len * whole + prefixLen + row % len;
      EXPECT_NEAR(actual.lse(0, h, row), expected.lse(0, h, n), 1e-14);
      for (int64_t c = 0; c < 2; ++c)
        EXPECT_NEAR(actual.output(0, h, row, c), expected.output(0, h, n, c),
                    1e-14);
    }
}

TEST(BlockForms, B7PermutingBlocksPermutesRows) {
  Random random(1, 2, 2, 12, 12, 3, 2, 9);
  AttentionProblem p = random.problem();
  p.blockLocal = blocks(3);
  p.windowRight = 0;
  Result base = runSdpa(p);
  const int64_t order[] = {2, 0, 3, 1};
  Random permuted = random;
  for (auto [to, from] : {std::pair{&permuted.query, &random.query},
                          {&permuted.key, &random.key},
                          {&permuted.value, &random.value}})
    for (int64_t h = 0; h < 2; ++h)
      for (int64_t i = 0; i < 12; ++i)
        for (int64_t c = 0; c < from->sizes[3]; ++c)
          (*to)(0, h, i, c) = (*from)(0, h, order[i / 3] * 3 + i % 3, c);
  AttentionProblem q = permuted.problem();
  q.blockLocal = blocks(3);
  q.windowRight = 0;
  Result turned = runSdpa(q);
  for (int64_t h = 0; h < 2; ++h)
    for (int64_t i = 0; i < 12; ++i)
      for (int64_t c = 0; c < 2; ++c)
        EXPECT_EQ(turned.output(0, h, i, c),
                  base.output(0, h, order[i / 3] * 3 + i % 3, c));
}

TEST(BlockForms, RefusesWhatCannotBeCutByBlocks) {
  std::vector<double> zeros(3, 0.0);
  Scalar scalar(zeros, zeros, zeros);
  AttentionProblem p = scalar.problem();
  EXPECT_EQ(checkBlockForms(p), "expects a pattern of local blocks");
  p.blockLocal = blocks(2);
  EXPECT_EQ(checkBlockForms(p), "");
  p.bottomRight = true;
  EXPECT_EQ(checkBlockForms(p), "expects no bottom_right");
  p.bottomRight = false;
  const int32_t page = 0;
  p.pageTable = makeView<2>(&page, {1, 1});
  EXPECT_EQ(checkBlockForms(p), "expects key and value without pages");
}
