//===- PositionsTest.cpp ------------------------------------------------===//
//
// Part of attn-mlir
//
//===----------------------------------------------------------------------===//
//
// Which keys every query sees: causal, offset, window, lengths, mask.
//
//===----------------------------------------------------------------------===//

#include "TestUtils.h"

#include <gtest/gtest.h>

using namespace attn::reference;
using namespace attn::reference::test;

TEST(Positions, NoMask) {
  EXPECT_EQ(pattern(2, 3, [](AttentionProblem &) {}), (Rows{"111", "111"}));
}

TEST(Positions, CausalTopLeft) {
  auto causal = [](AttentionProblem &p) { p.windowRight = 0; };
  // j <= i.
  EXPECT_EQ(pattern(3, 4, causal), (Rows{"1000", "1100", "1110"}));
  // More queries than keys.
  EXPECT_EQ(pattern(4, 2, causal), (Rows{"10", "11", "11", "11"}));
}

TEST(Positions, CausalOffset) {
  // j <= i - 1: row 0 sees nothing. j <= i + 2.
  int64_t delta = -1;
  auto causal = [&](AttentionProblem &p) {
    p.windowRight = 0;
    p.causalOffset = makeView<1>((const int64_t *)&delta, {1});
  };
  EXPECT_EQ(pattern(3, 4, causal), (Rows{"0000", "1000", "1100"}));
  delta = 2;
  EXPECT_EQ(pattern(3, 4, causal), (Rows{"1110", "1111", "1111"}));
  // At the ends of int64 the sums must not wrap.
  delta = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(pattern(2, 3, causal), (Rows{"111", "111"}));
  delta = std::numeric_limits<int64_t>::min();
  EXPECT_EQ(pattern(2, 3, causal), (Rows{"000", "000"}));
}

TEST(Positions, CausalOffsetPerBatch) {
  const int64_t deltas[] = {0, 1};
  auto causal = [&](AttentionProblem &p) {
    p.windowRight = 0;
    p.causalOffset = makeView<1>(deltas, {2});
  };
  EXPECT_EQ(pattern(2, 3, causal, 2, 0), (Rows{"100", "110"}));
  EXPECT_EQ(pattern(2, 3, causal, 2, 1), (Rows{"110", "111"}));
}

TEST(Positions, OffsetAloneHidesNothing) {
  const int64_t delta = -5;
  EXPECT_EQ(pattern(2, 3,
                    [&](AttentionProblem &p) {
                      p.causalOffset = makeView<1>(&delta, {1});
                    }),
            (Rows{"111", "111"}));
}

TEST(Positions, BottomRight) {
  auto causal = [](AttentionProblem &p) {
    p.windowRight = 0;
    p.bottomRight = true;
  };
  // delta = 4 - 2 = 2.
  EXPECT_EQ(pattern(2, 4, causal), (Rows{"1110", "1111"}));
  // delta = 2 - 4 = -2: the first two rows see nothing.
  EXPECT_EQ(pattern(4, 2, causal), (Rows{"00", "00", "10", "11"}));
}

TEST(Positions, BottomRightWithLengths) {
  // Batch 0: delta = 3 - 2 = 1, keys j < 3, queries i < 2.
  // Batch 1: delta = 5 - 1 = 4, all keys, one query.
  const int64_t kvLen[] = {3, 5}, qLen[] = {2, 1};
  auto causal = [&](AttentionProblem &p) {
    p.windowRight = 0;
    p.bottomRight = true;
    p.kvLen = makeView<1>(kvLen, {2});
    p.qLen = makeView<1>(qLen, {2});
  };
  EXPECT_EQ(pattern(3, 5, causal, 2, 0), (Rows{"11000", "11100", "00000"}));
  EXPECT_EQ(pattern(3, 5, causal, 2, 1), (Rows{"11111", "00000", "00000"}));
  // Only kv_len: delta = 3 - seq_len_q = 3 - 3 = 0.
  auto onlyKv = [&](AttentionProblem &p) {
    p.windowRight = 0;
    p.bottomRight = true;
    p.kvLen = makeView<1>(kvLen, {1});
  };
  EXPECT_EQ(pattern(3, 5, onlyKv), (Rows{"10000", "11000", "11100"}));
}

TEST(Positions, Window) {
  auto window = [](int64_t left, int64_t right) {
    return [=](AttentionProblem &p) {
      p.windowLeft = left;
      p.windowRight = right;
    };
  };
  // i - 1 <= j.
  EXPECT_EQ(pattern(3, 4, window(1, -1)), (Rows{"1111", "1111", "0111"}));
  // i - 1 <= j <= i.
  EXPECT_EQ(pattern(3, 4, window(1, 0)), (Rows{"1000", "1100", "0110"}));
  // j <= i + 1.
  EXPECT_EQ(pattern(3, 4, window(-1, 1)), (Rows{"1100", "1110", "1111"}));
  // j == i, and a row that runs off the end.
  EXPECT_EQ(pattern(3, 2, window(0, 0)), (Rows{"10", "01", "00"}));
}

TEST(Positions, WindowMovesWithTheOffset) {
  // delta = 1: i + 1 <= j <= i + 2.
  const int64_t delta = 1;
  EXPECT_EQ(pattern(3, 4,
                    [&](AttentionProblem &p) {
                      p.windowLeft = 0;
                      p.windowRight = 1;
                      p.causalOffset = makeView<1>(&delta, {1});
                    }),
            (Rows{"0110", "0011", "0001"}));
}

TEST(Positions, Lengths) {
  const int64_t kvLen[] = {2, 0, 9}, qLen[] = {1, 2, 0};
  auto lengths = [&](AttentionProblem &p) {
    p.kvLen = makeView<1>(kvLen, {3});
    p.qLen = makeView<1>(qLen, {3});
  };
  EXPECT_EQ(pattern(2, 3, lengths, 3, 0), (Rows{"110", "000"}));
  EXPECT_EQ(pattern(2, 3, lengths, 3, 1), (Rows{"000", "000"}));
  EXPECT_EQ(pattern(2, 3, lengths, 3, 2), (Rows{"000", "000"}));
  // A length beyond the keys there are reaches no further than they do.
  const int64_t nine = 9;
  EXPECT_EQ(
      pattern(1, 3,
              [&](AttentionProblem &p) { p.kvLen = makeView<1>(&nine, {1}); }),
      (Rows{"111"}));
}

TEST(Positions, MaskIsAConjunction) {
  // Any nonzero byte is visible.
  Tensor<int8_t, 4> mask({1, 1, 2, 3}, {1, 0, 1, 0, -128, 1});
  EXPECT_EQ(pattern(2, 3, [&](AttentionProblem &p) { p.mask = mask; }),
            (Rows{"101", "011"}));
  auto both = [&](AttentionProblem &p) {
    p.mask = mask;
    p.windowRight = 0;
  };
  EXPECT_EQ(pattern(2, 3, both), (Rows{"100", "010"}));
}

TEST(Positions, MaskBroadcasts) {
  // [B, H, 1, 1]: head 0 of batch 0 and head 1 of batch 1 see, the others not.
  Tensor<int8_t, 4> mask({2, 2, 1, 1}, {1, 0, 0, 1});
  auto set = [&](AttentionProblem &p) { p.mask = mask; };
  EXPECT_EQ(pattern(1, 2, set, 2, 0, 0), (Rows{"11"}));
  EXPECT_EQ(pattern(1, 2, set, 2, 0, 1), (Rows{"00"}));
  EXPECT_EQ(pattern(1, 2, set, 2, 1, 0), (Rows{"00"}));
  EXPECT_EQ(pattern(1, 2, set, 2, 1, 1), (Rows{"11"}));
}

TEST(Positions, PositionOffsets) {
  // Local index 0 is query 2 and key 1: j + 1 <= i + 2.
  auto causal = [](AttentionProblem &p) {
    p.windowRight = 0;
    p.qOffset = 2;
    p.kvOffset = 1;
  };
  EXPECT_EQ(pattern(2, 4, causal), (Rows{"1100", "1110"}));
  // kv_len 3 is absolute: j + 1 < 3. q_len 3 is too: i + 2 < 3.
  const int64_t three = 3;
  auto lengths = [&](AttentionProblem &p) {
    causal(p);
    p.kvLen = makeView<1>(&three, {1});
    p.qLen = makeView<1>(&three, {1});
  };
  EXPECT_EQ(pattern(2, 4, lengths), (Rows{"1100", "0000"}));
}

TEST(Positions, CausalPairs) {
  // L (L + 1) / 2 = 10 pairs a head, 3 heads, 2 batches.
  Random random(2, 3, 1, 4, 4, 2, 2, 1);
  AttentionProblem p = random.problem();
  p.windowRight = 0;
  EXPECT_EQ(visiblePairs(p), 60);
}
