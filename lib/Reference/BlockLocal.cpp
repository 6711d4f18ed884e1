//===- BlockLocal.cpp -----------------------------------------------------===//
//
// Part of attn-mlir
//
//===----------------------------------------------------------------------===//
//
// The Block Transformer's local attention: its pattern, and every block without
// it.
//
//===----------------------------------------------------------------------===//

#include "attn/Reference/BlockLocal.h"

#include "Numbers.h"
#include "Slices.h"

#include <algorithm>

using namespace attn::reference;

static int64_t floorDiv(int64_t a, int64_t b) {
  return a / b - (a % b < 0 ? 1 : 0);
}

int64_t BlockLocalPattern::blockOfRow(int64_t i) const {
  return floorDiv(i, blockLenQ > 0 ? blockLenQ : blockLen);
}

int64_t BlockLocalPattern::blockOfKey(int64_t j) const {
  return floorDiv(j, blockLen);
}

int64_t BlockLocalPattern::windowPosition(int64_t i) const {
  return blockLenQ > 0 ? i + blockOfRow(i) * (blockLen - blockLenQ) : i;
}

std::vector<LocalBlock>
attn::reference::localBlocks(const AttentionProblem &problem) {
  const BlockLocalPattern &pattern = *problem.blockLocal;
  std::vector<LocalBlock> blocks;
  for (int64_t i = 0; i < problem.seqLenQ(); ++i) {
    int64_t block = pattern.blockOfRow(i + problem.qOffset);
    if (i > 0 && block == pattern.blockOfRow(i - 1 + problem.qOffset)) {
      blocks.back().rowEnd = i + 1;
      continue;
    }
    int64_t begin = block * pattern.blockLen - problem.kvOffset;
    auto clamp = [&](int64_t j) {
      return std::clamp<int64_t>(j, 0, problem.seqLenKv());
    };
    blocks.push_back({i, i + 1, clamp(begin), clamp(begin + pattern.blockLen)});
  }
  return blocks;
}

std::string attn::reference::checkBlockForms(const AttentionProblem &problem) {
  if (!problem.blockLocal)
    return "expects a pattern of local blocks";
  if (problem.pageTable)
    return "expects key and value without pages";
  if (problem.bottomRight)
    return "expects no bottom_right";
  return "";
}

namespace {

/// The rows and keys of one block, without pattern and prefix.
struct BlockProblem : AttentionProblem {
  /// Where the diagonal lies in each batch entry, if rows and keys differ in
  /// number.
  std::vector<int64_t> diagonals;

  BlockProblem(const AttentionProblem &problem, const LocalBlock &block)
      : AttentionProblem(
            sliceKeys(sliceRows(problem, block.rowBegin, block.rowEnd),
                      block.keyBegin, block.keyEnd)) {
    for (int64_t b = 0; b < batch(); ++b)
      diagonals.push_back((causalOffset ? causalOffset->broadcast(b) : 0) +
                          blockLocal->windowPosition(qOffset) - qOffset);
    causalOffset = makeView<1>((const int64_t *)diagonals.data(), {batch()});
    blockLocal.reset();
  }
  BlockProblem(const BlockProblem &) = delete;
};

/// The n-th prefix of K or V.
View<const double, 4> prefixOf(const AttentionProblem &problem,
                               const View<const double, 4> &rows, size_t n) {
  int64_t size = problem.blockLocal->prefixLen;
  return rows.slice(2, n * size, size);
}

/// Without what positions of keys decide.
AttentionProblem withoutPositions(AttentionProblem problem) {
  problem.windowLeft = problem.windowRight = -1;
  problem.causalOffset.reset();
  problem.kvLen.reset();
  return problem;
}

/// `front` and then `back`, along the keys.
Owned<double> concatenate(const View<const double, 4> &front,
                          const View<const double, 4> &back) {
  std::array<int64_t, 4> sizes = back.sizes;
  sizes[2] += front.sizes[2];
  Owned<double> whole(sizes);
  for (int64_t b = 0; b < sizes[0]; ++b)
    for (int64_t h = 0; h < sizes[1]; ++h)
      for (int64_t j = 0; j < sizes[2]; ++j)
        for (int64_t c = 0; c < sizes[3]; ++c)
          whole.view(b, h, j, c) = j < front.sizes[2]
                                       ? front(b, h, j, c)
                                       : back(b, h, j - front.sizes[2], c);
  return whole;
}

/// The rows of a block in a result.
struct ResultRows {
  View<double, 4> output;
  std::optional<View<double, 3>> lse;
  ResultRows(const LocalBlock &block, View<double, 4> output,
             const View<double, 3> *lse)
      : output(output.slice(2, block.rowBegin, block.rowEnd - block.rowBegin)) {
    if (lse)
      this->lse = lse->slice(2, block.rowBegin, block.rowEnd - block.rowBegin);
  }
  const View<double, 3> *lseOrNull() const { return lse ? &*lse : nullptr; }
};

} // namespace

void attn::reference::blockLocalBatched(const AttentionProblem &problem,
                                        View<double, 4> output,
                                        const View<double, 3> *lse) {
  assert(checkProblem(problem).empty() && checkBlockForms(problem).empty());
  std::vector<LocalBlock> blocks = localBlocks(problem);
  for (size_t n = 0; n < blocks.size(); ++n) {
    BlockProblem own(problem, blocks[n]);
    ResultRows rows(blocks[n], output, lse);
    const BlockLocalPattern &pattern = *problem.blockLocal;
    if (!pattern.prefixKey) {
      sdpa(own, rows.output, rows.lseOrNull());
      continue;
    }

    // What positions decide of the own keys becomes a mask, since the prefix
    // moves them.
    int64_t prefixLen = pattern.prefixLen;
    Owned<int8_t> mask(
        {own.batch(), 1, own.seqLenQ(), prefixLen + own.seqLenKv()});
    for (int64_t b = 0; b < own.batch(); ++b)
      for (int64_t i = 0; i < own.seqLenQ(); ++i)
        for (int64_t j = 0; j < prefixLen + own.seqLenKv(); ++j)
          mask.view(b, 0, i, j) =
              j < prefixLen || isVisible(own, b, 0, i, j - prefixLen);
    Owned<double> key =
        concatenate(prefixOf(problem, *pattern.prefixKey, n), own.key);
    Owned<double> value =
        concatenate(prefixOf(problem, *pattern.prefixValue, n), own.value);
    AttentionProblem whole = withoutPositions(own);
    whole.key = key.view;
    whole.value = value.view;
    whole.mask = mask.view;
    sdpa(whole, rows.output, rows.lseOrNull());
  }
}

void attn::reference::blockLocalMerged(const AttentionProblem &problem,
                                       View<double, 4> output,
                                       const View<double, 3> *lse) {
  assert(checkProblem(problem).empty() && checkBlockForms(problem).empty());
  std::vector<LocalBlock> blocks = localBlocks(problem);
  for (size_t n = 0; n < blocks.size(); ++n) {
    BlockProblem own(problem, blocks[n]);
    own.sinks.reset();
    std::array<int64_t, 3> sizes = {own.batch(), own.numHeads(), own.seqLenQ()};
    std::vector<Owned<double>> outputs;
    std::vector<Owned<double, 3>> lses;
    auto addPart = [&] {
      outputs.emplace_back(
          std::array<int64_t, 4>{sizes[0], sizes[1], sizes[2], own.headDimV()});
      lses.emplace_back(sizes);
    };
    auto addKeys = [&](const AttentionProblem &keys) {
      addPart();
      sdpa(keys, outputs.back().view, &lses.back().view);
    };

    addKeys(own);
    const BlockLocalPattern &pattern = *problem.blockLocal;
    if (pattern.prefixKey) {
      AttentionProblem prefix = withoutPositions(own);
      prefix.key = prefixOf(problem, *pattern.prefixKey, n);
      prefix.value = prefixOf(problem, *pattern.prefixValue, n);
      addKeys(prefix);
    }
    if (problem.sinks) {
      addPart();
      for (int64_t b = 0; b < sizes[0]; ++b)
        for (int64_t h = 0; h < sizes[1]; ++h)
          for (int64_t i = 0; i < sizes[2]; ++i) {
            bool isAlive =
                !own.qLen || i + own.qOffset < own.qLen->broadcast(b);
            lses.back().view(b, h, i) = isAlive ? (*problem.sinks)(h) : -kInf;
          }
    }

    std::vector<Part> parts;
    for (size_t part = 0; part < outputs.size(); ++part)
      parts.push_back({outputs[part].view, lses[part].view});
    ResultRows rows(blocks[n], output, lse);
    merge(parts, rows.output, rows.lseOrNull());
  }
}
