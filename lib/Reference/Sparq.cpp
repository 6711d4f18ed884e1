//===- Sparq.cpp ----------------------------------------------------------===//
//
// Part of attn-mlir
//
//===----------------------------------------------------------------------===//
//
// SparQ attention as written in algorithms.md 3.2, a key head at a time.
//
//===----------------------------------------------------------------------===//

#include "attn/Reference/Sparq.h"

#include "Numbers.h"

#include <algorithm>
#include <cmath>

using namespace attn::reference;

namespace {

/// The `count` largest of `values`, ascending: NaN before everything, of equals
/// the first, -inf never.
std::vector<int64_t> chooseLargest(const std::vector<double> &values,
                                   int64_t count) {
  std::vector<int64_t> order;
  for (int64_t i = 0; i < int64_t(values.size()); ++i)
    if (values[i] != -kInf)
      order.push_back(i);
  std::sort(order.begin(), order.end(), [&](int64_t x, int64_t y) {
    bool xIsNaN = std::isnan(values[x]), yIsNaN = std::isnan(values[y]);
    if (xIsNaN != yIsNaN)
      return xIsNaN;
    bool areEqual = (xIsNaN && yIsNaN) || values[x] == values[y];
    return areEqual ? x < y : values[x] > values[y];
  });
  if (int64_t(order.size()) > count)
    order.resize(count);
  std::sort(order.begin(), order.end());
  return order;
}

/// One key head and the query heads that read it.
class Group {
public:
  Group(const AttentionProblem &p, const SparqOptions &o, int64_t b,
        int64_t kvHead)
      : p(p), o(o), b(b), kvHead(kvHead), size(p.numHeads() / p.numKvHeads()),
        bare(p) {
    bare.mask.reset();
    chooseChannels();
  }

  /// Approximate score of key j before the score function.
  double plainApproximate(int64_t h, int64_t j) const;
  /// Steps 1 and 2: the chosen keys.
  void choose();
  /// Step 3, with the exact scores of the chosen keys.
  void attend(View<double, 4> output) const;

  std::vector<int64_t> chosen;

private:
  int64_t head(int64_t g) const { return kvHead * size + g; }
  /// An element of key or value, through the page table and scaled.
  double load(const View<const double, 4> &source,
              const std::optional<View<const double, 4>> &scale, int64_t j,
              int64_t c) const {
    int64_t block = b, row = j;
    if (p.pageTable) {
      block = (*p.pageTable)(b, j / p.key.sizes[2]);
      row = j % p.key.sizes[2];
    }
    double x = source(block, kvHead, row, c);
    return scale ? x * scale->broadcast(b, kvHead, j, c) : x;
  }
  /// The same from where approximate scores read.
  double loadKey(int64_t j, int64_t c) const {
    if (!o.keyT)
      return load(p.key, p.keyScale, j, c);
    int64_t tile = o.keyT->sizes[4];
    double x = (*o.keyT)(b, kvHead, j / tile, c, j % tile);
    return p.keyScale ? x * p.keyScale->broadcast(b, kvHead, j, c) : x;
  }
  double modify(double product, int64_t h, int64_t j) const {
    double scale = p.scale ? *p.scale : 1.0 / std::sqrt(double(p.headDim()));
    double s = scale * product;
    if (p.softcap)
      s = *p.softcap * std::tanh(s / *p.softcap);
    return p.bias ? s + p.bias->broadcast(b, h, 0, j) : s;
  }
  double applyScore(const ScoreFn &score, double s, int64_t h,
                    int64_t j) const {
    if (!score)
      return s;
    return score(s, b + p.batchOffset, h + p.headOffset, p.qOffset,
                 j + p.kvOffset);
  }
  void chooseChannels();
  /// The mean of value over what head h sees, or what was given.
  std::vector<double> mean(int64_t g) const;

  const AttentionProblem &p;
  const SparqOptions &o;
  int64_t b, kvHead, size;
  /// The problem without its mask: what structure alone lets be seen.
  AttentionProblem bare;
  std::vector<int64_t> channels;
  /// Of each head: sqrt(|q| / |q[channels]|), approximate scores (-inf where
  /// not visible), their maximum and the sum of exp(score - maximum).
  std::vector<double> factors;
  std::vector<std::vector<double>> scores;
  std::vector<double> maxima, sums;
  int64_t numVisible = 0;
};

void Group::chooseChannels() {
  std::vector<double> magnitudes(p.headDim(), 0.0);
  for (int64_t g = 0; g < size; ++g)
    for (int64_t c = 0; c < p.headDim(); ++c)
      magnitudes[c] += std::fabs(p.query(b, head(g), 0, c));
  channels = chooseLargest(magnitudes, std::min(o.rank, p.headDim()));
  for (int64_t g = 0; g < size; ++g) {
    double all = 0, some = 0;
    for (int64_t c = 0; c < p.headDim(); ++c)
      all += std::fabs(p.query(b, head(g), 0, c));
    for (int64_t c : channels)
      some += std::fabs(p.query(b, head(g), 0, c));
    factors.push_back(some == 0 ? 0 : std::sqrt(all / some));
  }
}

double Group::plainApproximate(int64_t h, int64_t j) const {
  double product = 0;
  for (int64_t c : channels)
    product += p.query(b, h, 0, c) * loadKey(j, c);
  return modify(factors[h - head(0)] * product, h, j);
}

void Group::choose() {
  int64_t seqLen = p.seqLenKv(), end = 0;
  const ScoreFn &score = o.approximateScore ? o.approximateScore : p.score;
  for (int64_t g = 0; g < size; ++g) {
    std::vector<double> &row = scores.emplace_back(seqLen, -kInf);
    double max = -kInf, sum = 0;
    for (int64_t j = 0; j < seqLen; ++j) {
      if (isVisible(p, b, head(g), 0, j))
        row[j] = applyScore(score, plainApproximate(head(g), j), head(g), j);
      max = maxOrNaN(max, row[j]);
    }
    for (double z : row)
      sum += std::exp(z - (max == -kInf ? 0 : max));
    maxima.push_back(max);
    sums.push_back(sum);
  }

  std::vector<double> candidates(seqLen, -kInf);
  for (int64_t j = 0; j < seqLen; ++j) {
    if (isVisible(bare, b, head(0), 0, j))
      end = j + 1;
    double sum = 0;
    bool isSeen = false;
    for (int64_t g = 0; g < size; ++g) {
      double z = scores[g][j];
      if (z == -kInf)
        continue;
      isSeen = true;
      bool isRaw =
          size == 1 || o.groupReduce == SparqOptions::GroupReduce::Logit;
      sum += isRaw ? z : std::exp(z - maxima[g]) / sums[g];
    }
    numVisible += isSeen;
    if (isSeen)
      candidates[j] = sum;
  }
  int64_t local = std::min(o.localWindow, o.topK);
  for (int64_t j = std::max<int64_t>(0, end - local); j < end; ++j)
    if (candidates[j] != -kInf)
      candidates[j] = kInf;
  chosen = chooseLargest(candidates, o.topK);
}

std::vector<double> Group::mean(int64_t g) const {
  std::vector<double> result(p.headDimV(), 0.0);
  if (o.valueMean) {
    for (int64_t c = 0; c < p.headDimV(); ++c)
      result[c] = (*o.valueMean)(b, kvHead, c);
    return result;
  }
  int64_t count = 0;
  for (int64_t j = 0; j < p.seqLenKv(); ++j) {
    if (scores[g][j] == -kInf)
      continue;
    ++count;
    for (int64_t c = 0; c < p.headDimV(); ++c)
      result[c] += load(p.value, p.valueScale, j, c);
  }
  for (double &x : result)
    x = count ? x / count : 0;
  return result;
}

void Group::attend(View<double, 4> output) const {
  for (int64_t g = 0; g < size; ++g) {
    int64_t h = head(g);
    auto write = [&](auto &&element) {
      for (int64_t c = 0; c < p.headDimV(); ++c)
        output(b, h, 0, c) = element(c);
    };
    if (std::isnan(sums[g])) {
      write([](int64_t) { return kNaN; });
      continue;
    }
    if (sums[g] == 0) { // No key.
      write([](int64_t) { return 0.0; });
      continue;
    }

    // Exact attention to the chosen keys.
    std::vector<int64_t> keys;
    std::vector<double> exact;
    double max = -kInf, weight = 0;
    for (int64_t j : chosen) {
      if (scores[g][j] != -kInf)
        weight += std::exp(scores[g][j] - maxima[g]) / sums[g];
      if (!isVisible(p, b, h, 0, j))
        continue;
      double product = 0;
      for (int64_t c = 0; c < p.headDim(); ++c)
        product += p.query(b, h, 0, c) * load(p.key, p.keyScale, j, c);
      double s = applyScore(p.score, modify(product, h, j), h, j);
      if (s == -kInf)
        continue;
      keys.push_back(j);
      exact.push_back(s);
      max = maxOrNaN(max, s);
    }
    std::vector<double> y(p.headDimV(), 0.0);
    double sum = 0;
    for (size_t n = 0; n < keys.size(); ++n) {
      double power = std::exp(exact[n] - max);
      sum += power;
      for (int64_t c = 0; c < p.headDimV(); ++c)
        y[c] += power * load(p.value, p.valueScale, keys[n], c);
    }
    if (std::isnan(max) || max == kInf)
      std::fill(y.begin(), y.end(), kNaN);
    else if (!keys.empty())
      for (double &x : y)
        x /= sum;

    using Realloc = SparqOptions::Realloc;
    bool isOn =
        o.realloc == Realloc::On || (o.realloc == Realloc::Auto && size == 1);
    weight = numVisible <= o.topK ? 1 : std::min(weight, 1.0);
    if (!isOn || weight == 1) {
      write([&](int64_t c) { return y[c]; });
      continue;
    }
    std::vector<double> rest = mean(g);
    write([&](int64_t c) { return weight * y[c] + (1 - weight) * rest[c]; });
  }
}

} // namespace

std::string attn::reference::checkSparq(const AttentionProblem &p,
                                        const SparqOptions &o) {
  if (p.seqLenQ() != 1)
    return "expects a seq_len_q of 1";
  if (p.sinks)
    return "expects no sinks";
  if (o.rank < 1 || o.topK < 1 || o.localWindow < 0)
    return "expects rank and top_k of at least 1 and local_window of at least "
           "0";
  if (o.keyT) {
    const auto &sizes = o.keyT->sizes;
    if (sizes[0] != p.batch() || sizes[1] != p.numKvHeads() ||
        sizes[3] != p.headDim() || sizes[2] * sizes[4] < p.seqLenKv())
      return "expects key_t to hold the keys";
  }
  if (o.valueMean) {
    std::array<int64_t, 3> sizes = {p.batch(), p.numKvHeads(), p.headDimV()};
    if (o.valueMean->sizes != sizes)
      return "expects value_mean to be a value of each key head";
  }
  return {};
}

void attn::reference::sparqScores(const AttentionProblem &p,
                                  const SparqOptions &o, View<double, 4> s) {
  int64_t size = p.numKvHeads() ? p.numHeads() / p.numKvHeads() : 0;
  for (int64_t b = 0; b < p.batch(); ++b)
    for (int64_t n = 0; n < p.numKvHeads(); ++n) {
      Group group(p, o, b, n);
      for (int64_t g = 0; g < size; ++g)
        for (int64_t j = 0; j < p.seqLenKv(); ++j) {
          bool isReadable = !p.pageTable || !p.kvLen ||
                            j + p.kvOffset < p.kvLen->broadcast(b);
          s(b, n * size + g, 0, j) =
              isReadable ? group.plainApproximate(n * size + g, j) : -kInf;
        }
    }
}

std::vector<int64_t> attn::reference::sparqKeys(const AttentionProblem &p,
                                                const SparqOptions &o,
                                                int64_t b, int64_t kvHead) {
  Group group(p, o, b, kvHead);
  group.choose();
  return group.chosen;
}

void attn::reference::sparq(const AttentionProblem &p, const SparqOptions &o,
                            View<double, 4> output) {
  assert(checkProblem(p).empty() && checkSparq(p, o).empty());
  for (int64_t b = 0; b < p.batch(); ++b)
    for (int64_t n = 0; n < p.numKvHeads(); ++n) {
      Group group(p, o, b, n);
      group.choose();
      group.attend(output);
    }
}
