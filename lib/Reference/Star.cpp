//===- Star.cpp -----------------------------------------------------------===//
//
// Part of attn-mlir
//
//===----------------------------------------------------------------------===//
//
// Star Attention: its pattern, and what hosts compute without it.
//
//===----------------------------------------------------------------------===//

#include "attn/Reference/Star.h"

#include "Numbers.h"
#include "Slices.h"

#include <algorithm>

using namespace attn::reference;

bool StarPattern::isVisible(int64_t i, int64_t j, int64_t contextLen) const {
  if (j > i)
    return false;
  if (i >= contextLen)
    return true;
  int64_t ownBlock = i / blockSize, block = j / blockSize;
  if (block == ownBlock)
    return true;
  if (anchor == Anchor::First)
    return j < clampedAnchorSize();
  return block == ownBlock - 1 && j - block * blockSize < clampedAnchorSize();
}

std::vector<StarHost> attn::reference::starHosts(const StarPattern &star,
                                                 int64_t contextLen) {
  std::vector<StarHost> hosts;
  int64_t size = star.blockSize;
  for (int64_t begin = 0; begin < contextLen; begin += size) {
    StarHost host;
    if (begin > 0) {
      bool isFirst = star.anchor == StarPattern::Anchor::First;
      host.numAnchors = star.clampedAnchorSize();
      for (int64_t n = 0; n < host.numAnchors; ++n)
        host.tokens.push_back(isFirst ? n : begin - size + n);
    }
    for (int64_t token = begin; token < std::min(begin + size, contextLen);
         ++token)
      host.tokens.push_back(token);
    hosts.push_back(std::move(host));
  }
  return hosts;
}

std::string attn::reference::checkStarHosts(const AttentionProblem &problem) {
  if (!problem.star)
    return "expects a Star pattern";
  if (problem.batchOffset || problem.headOffset || problem.qOffset ||
      problem.kvOffset)
    return "expects a problem without offsets";
  if (problem.pageTable)
    return "expects key and value without pages";
  if (problem.star->anchorKey)
    return "expects no anchors beside the keys";
  return "";
}

namespace {

/// The indices `list` of dimension `dim`, in that order; a dimension of size 1
/// that stands for `fullSize` stays as it is.
template <typename T>
Owned<std::remove_const_t<T>> take(const View<T, 4> &source, int dim,
                                   const std::vector<int64_t> &list,
                                   int64_t fullSize) {
  std::array<int64_t, 4> sizes = source.sizes;
  bool isBroadcast = sizes[dim] == 1 && fullSize != 1;
  if (!isBroadcast)
    sizes[dim] = list.size();
  Owned<std::remove_const_t<T>> result(sizes);
  for (int64_t a = 0; a < sizes[0]; ++a)
    for (int64_t b = 0; b < sizes[1]; ++b)
      for (int64_t c = 0; c < sizes[2]; ++c)
        for (int64_t d = 0; d < sizes[3]; ++d) {
          std::array<int64_t, 4> from = {a, b, c, d};
          if (!isBroadcast)
            from[dim] = list[from[dim]];
          result.view(a, b, c, d) = source(from[0], from[1], from[2], from[3]);
        }
  return result;
}

/// The problem without its pattern, of one batch entry.
AttentionProblem entryOf(const AttentionProblem &problem, int64_t b) {
  AttentionProblem entry = problem;
  entry.star.reset();
  auto cut = [&](auto &view) {
    if (view && view->sizes[0] != 1)
      view = view->slice(0, b, 1);
  };
  entry.query = problem.query.slice(0, b, 1);
  entry.key = problem.key.slice(0, b, 1);
  entry.value = problem.value.slice(0, b, 1);
  cut(entry.bias);
  cut(entry.mask);
  cut(entry.kvLen);
  cut(entry.qLen);
  cut(entry.keyScale);
  cut(entry.valueScale);
  entry.batchOffset = b;
  return entry;
}

int64_t contextLenOf(const AttentionProblem &problem, int64_t b) {
  int64_t end = std::max(problem.seqLenQ(), problem.seqLenKv());
  if (!problem.star->contextLen)
    return end;
  return std::clamp<int64_t>(problem.star->contextLen->broadcast(b), 0, end);
}

/// Plain causal attention over the sequence of `tokens`; a token keeps the
/// visibility it has among all by windows, lengths and masks, which become a
/// mask here.
void runHost(const AttentionProblem &entry, const StarHost &host, int64_t b,
             View<double, 4> output, const View<double, 3> *lse) {
  // Rows and keys are the same tokens, as far as there are such.
  std::vector<int64_t> rows, keys;
  for (int64_t token : host.tokens) {
    if (token < entry.seqLenQ())
      rows.push_back(token);
    if (token < entry.seqLenKv())
      keys.push_back(token);
  }
  int64_t numRows = rows.size(), numKeys = keys.size();
  int64_t fullQ = entry.seqLenQ(), fullKv = entry.seqLenKv();

  Owned<double> query = take(entry.query, 2, rows, fullQ);
  Owned<double> key = take(entry.key, 2, keys, fullKv);
  Owned<double> value = take(entry.value, 2, keys, fullKv);
  Owned<double> bias({0, 0, 0, 0}), keyScale({0, 0, 0, 0}),
      valueScale({0, 0, 0, 0});
  AttentionProblem sequence = entry;
  sequence.query = query.view;
  sequence.key = key.view;
  sequence.value = value.view;
  if (entry.bias) {
    Owned<double> biasRows = take(*entry.bias, 2, rows, fullQ);
    bias = take(biasRows.view, 3, keys, fullKv);
    sequence.bias = bias.view;
  }
  if (entry.keyScale) {
    keyScale = take(*entry.keyScale, 2, keys, fullKv);
    sequence.keyScale = keyScale.view;
  }
  if (entry.valueScale) {
    valueScale = take(*entry.valueScale, 2, keys, fullKv);
    sequence.valueScale = valueScale.view;
  }

  Owned<int8_t> mask({1, entry.numHeads(), numRows, numKeys});
  for (int64_t h = 0; h < entry.numHeads(); ++h)
    for (int64_t i = 0; i < numRows; ++i)
      for (int64_t j = 0; j < numKeys; ++j)
        mask.view(0, h, i, j) = isVisible(entry, 0, h, rows[i], keys[j]);
  sequence.mask = mask.view;
  sequence.windowLeft = -1;
  sequence.windowRight = 0;
  sequence.kvLen.reset();
  int64_t qLen = numRows;
  if (entry.qLen)
    qLen = std::count_if(rows.begin(), rows.end(), [&](int64_t token) {
      return token < entry.qLen->broadcast(0);
    });
  sequence.qLen = makeView<1>((const int64_t *)&qLen, {1});
  sequence.batchOffset = 0;
  if (entry.score)
    sequence.score = [&](double s, int64_t, int64_t h, int64_t i, int64_t j) {
      return entry.score(s, b, h, rows[i], keys[j]);
    };

  Owned<double> out({1, entry.numHeads(), numRows, entry.headDimV()});
  Owned<double, 3> outLse({1, entry.numHeads(), numRows});
  sdpa(sequence, out.view, &outLse.view);

  for (int64_t h = 0; h < entry.numHeads(); ++h)
    for (int64_t i = std::min(host.numAnchors, numRows); i < numRows; ++i) {
      for (int64_t c = 0; c < entry.headDimV(); ++c)
        output(b, h, rows[i], c) = out.view(0, h, i, c);
      if (lse)
        (*lse)(b, h, rows[i]) = outLse.view(0, h, i);
    }
}

} // namespace

void attn::reference::starContextRows(const AttentionProblem &problem,
                                      View<double, 4> output,
                                      const View<double, 3> *lse) {
  assert(checkProblem(problem).empty() && checkStarHosts(problem).empty());
  for (int64_t b = 0; b < problem.batch(); ++b) {
    AttentionProblem entry = entryOf(problem, b);
    for (const StarHost &host :
         starHosts(*problem.star, contextLenOf(problem, b)))
      runHost(entry, host, b, output, lse);
  }
}

void attn::reference::starQueryRows(
    const AttentionProblem &problem,
    const std::vector<std::vector<int64_t>> &shards, View<double, 4> output,
    const View<double, 3> *lse) {
  assert(checkProblem(problem).empty() && checkStarHosts(problem).empty());
  for (int64_t b = 0; b < problem.batch(); ++b) {
    int64_t first = contextLenOf(problem, b);
    if (first >= problem.seqLenQ())
      continue;
    AttentionProblem rows =
        sliceRows(entryOf(problem, b), first, problem.seqLenQ());
    rows.windowRight = 0;
    rows.sinks.reset();
    std::array<int64_t, 3> sizes = {1, rows.numHeads(), rows.seqLenQ()};
    std::vector<Owned<double>> outputs;
    std::vector<Owned<double, 3>> lses;
    auto addPart = [&] {
      outputs.emplace_back(std::array<int64_t, 4>{sizes[0], sizes[1], sizes[2],
                                                  rows.headDimV()});
      lses.emplace_back(sizes);
    };
    // One part a run of consecutive keys: a host that holds several joins its
    // own first, which is the same merge.
    for (const std::vector<int64_t> &shard : shards)
      for (size_t n = 0; n < shard.size();) {
        size_t end = n + 1;
        while (end < shard.size() && shard[end] == shard[end - 1] + 1)
          ++end;
        addPart();
        sdpa(sliceKeys(rows, shard[n], shard[end - 1] + 1), outputs.back().view,
             &lses.back().view);
        n = end;
      }
    if (problem.sinks) {
      addPart();
      for (int64_t h = 0; h < sizes[1]; ++h)
        for (int64_t i = 0; i < sizes[2]; ++i) {
          bool isAlive =
              !rows.qLen || i + rows.qOffset < rows.qLen->broadcast(0);
          lses.back().view(0, h, i) = isAlive ? (*problem.sinks)(h) : -kInf;
        }
    }

    std::vector<Part> parts;
    for (size_t n = 0; n < outputs.size(); ++n)
      parts.push_back({outputs[n].view, lses[n].view});
    Owned<double, 3> merged(sizes);
    merge(parts, output.slice(0, b, 1).slice(2, first, sizes[2]), &merged.view);
    if (!lse)
      continue;
    for (int64_t h = 0; h < sizes[1]; ++h)
      for (int64_t i = 0; i < sizes[2]; ++i)
        (*lse)(b, h, first + i) = merged.view(0, h, i);
  }
}
