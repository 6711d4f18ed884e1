//===- Attention.cpp ------------------------------------------------------===//
//
// Part of attn-mlir
//
//===----------------------------------------------------------------------===//
//
// The plain-loop attention oracle: written to be read beside algorithms.md, not
// to be fast.
//
//===----------------------------------------------------------------------===//

#include "attn/Reference/Attention.h"

#include "Numbers.h"
#include "Pages.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <thread>

using namespace attn::reference;

namespace {

//===----------------------------------------------------------------------===//
// Positions
//===----------------------------------------------------------------------===//

int64_t saturatingAdd(int64_t a, int64_t b) {
  int64_t sum;
  if (!__builtin_add_overflow(a, b, &sum))
    return sum;
  return b < 0 ? std::numeric_limits<int64_t>::min()
               : std::numeric_limits<int64_t>::max();
}

int64_t saturatingNegate(int64_t a) {
  return a == std::numeric_limits<int64_t>::min()
             ? std::numeric_limits<int64_t>::max()
             : -a;
}

/// The absolute key positions query i may see but for pattern and mask:
/// lo <= j <= hi.
struct KeyRange {
  int64_t lo = std::numeric_limits<int64_t>::min();
  int64_t hi = std::numeric_limits<int64_t>::max();
};

bool isLiveQuery(const AttentionProblem &p, int64_t b, int64_t i) {
  return !p.qLen || i + p.qOffset < p.qLen->broadcast(b);
}

KeyRange getKeyRange(const AttentionProblem &p, int64_t b, int64_t i) {
  KeyRange range;
  if (!isLiveQuery(p, b, i)) {
    range.hi = range.lo;
    range.lo += 1;
    return range;
  }
  int64_t delta = 0;
  if (p.bottomRight) {
    int64_t kvLen = p.kvLen ? p.kvLen->broadcast(b) : p.seqLenKv();
    int64_t qLen = p.qLen ? p.qLen->broadcast(b) : p.seqLenQ();
    delta = saturatingAdd(kvLen, saturatingNegate(qLen));
  } else if (p.causalOffset) {
    delta = p.causalOffset->broadcast(b);
  }
  int64_t row = i + p.qOffset;
  int64_t center = saturatingAdd(
      p.blockLocal ? p.blockLocal->windowPosition(row) : row, delta);
  if (p.windowLeft >= 0)
    range.lo = saturatingAdd(center, -p.windowLeft);
  if (p.windowRight >= 0)
    range.hi = saturatingAdd(center, p.windowRight);
  if (p.kvLen)
    range.hi =
        std::min(range.hi, saturatingAdd(p.kvLen->broadcast(b), int64_t(-1)));
  return range;
}

int64_t positionOfKey(const AttentionProblem &p, int64_t j) {
  return j < p.seqLenKv() ? j + p.kvOffset : j - p.seqLenKv();
}

/// Star's pattern, and that each key is read from one place only.
bool isVisibleInStar(const AttentionProblem &p, int64_t b, int64_t i,
                     int64_t j) {
  const StarPattern &star = *p.star;
  int64_t row = i + p.qOffset, position = positionOfKey(p, j);
  int64_t contextLen = star.getContextLen(b);
  if (!star.isVisible(row, position, contextLen))
    return false;
  return !star.anchorKey ||
         star.isInAnchor(row, position, contextLen) == (j >= p.seqLenKv());
}

/// Whether local query i sees local key j of the prefixes.
bool isVisibleInPrefix(const AttentionProblem &p, int64_t b, int64_t i,
                       int64_t j) {
  const BlockLocalPattern &pattern = *p.blockLocal;
  int64_t block =
      pattern.blockOfRow(i + p.qOffset) - pattern.blockOfRow(p.qOffset);
  return isLiveQuery(p, b, i) &&
         (j - p.seqLenKv()) / pattern.prefixLen == block;
}

bool isVisibleInRange(const AttentionProblem &p, const KeyRange &range,
                      int64_t b, int64_t h, int64_t i, int64_t j) {
  if (p.blockLocal && j >= p.seqLenKv())
    return isVisibleInPrefix(p, b, i, j);
  int64_t position = positionOfKey(p, j);
  if (position < range.lo || position > range.hi)
    return false;
  if (p.star && !isVisibleInStar(p, b, i, j))
    return false;
  if (p.blockLocal && !p.blockLocal->isVisible(i + p.qOffset, position))
    return false;
  return !p.mask || p.mask->broadcast(b, h, i, j) != 0;
}

//===----------------------------------------------------------------------===//
// Scores
//===----------------------------------------------------------------------===//

double scaleOf(const AttentionProblem &p) {
  return p.scale ? *p.scale : 1.0 / std::sqrt(double(p.headDim()));
}

/// Copies K or V of one (batch, kv head), and the keys of their own (`extra`)
/// after them, to a dense [keys, dim] array, through the page table and times
/// the element scale. Keys that may not be touched become NaN, so that using
/// one shows.
std::vector<double>
gatherHead(const AttentionProblem &p, const View<const double, 4> &source,
           const std::optional<View<const double, 4>> &extra,
           const std::optional<View<const double, 4>> &elementScale, int64_t b,
           int64_t h) {
  int64_t seqLenKv = p.seqLenKv(), dim = source.sizes[3];
  int64_t kvHead = h / (p.numHeads() / p.numKvHeads());
  std::vector<double> dense(p.numKeys() * dim, kNaN);
  for (int64_t j = 0, e = p.numKeys(); j < e; ++j) {
    bool isExtra = j >= seqLenKv;
    if (!isExtra && !isReadable(p, b, j))
      continue;
    int64_t block = b, row = isExtra ? j - seqLenKv : j;
    if (p.pageTable && !isExtra) {
      int64_t pageSize = p.key.sizes[2];
      block = (*p.pageTable)(b, j / pageSize);
      row = j % pageSize;
    }
    for (int64_t c = 0; c < dim; ++c) {
      double x = (isExtra ? *extra : source)(block, kvHead, row, c);
      if (elementScale)
        x *= elementScale->broadcast(b, kvHead, j, c);
      dense[j * dim + c] = x;
    }
  }
  return dense;
}

std::vector<double> gatherKey(const AttentionProblem &p, int64_t b, int64_t h) {
  return gatherHead(p, p.key,
                    p.star         ? p.star->anchorKey
                    : p.blockLocal ? p.blockLocal->prefixKey
                                   : std::nullopt,
                    p.keyScale, b, h);
}

std::vector<double> gatherValue(const AttentionProblem &p, int64_t b,
                                int64_t h) {
  return gatherHead(p, p.value,
                    p.star         ? p.star->anchorValue
                    : p.blockLocal ? p.blockLocal->prefixValue
                                   : std::nullopt,
                    p.valueScale, b, h);
}

std::vector<double> gatherQuery(const AttentionProblem &p, int64_t b, int64_t h,
                                int64_t i) {
  std::vector<double> row(p.headDim());
  for (int64_t c = 0; c < p.headDim(); ++c)
    row[c] = p.query(b, h, i, c);
  return row;
}

double dot(const double *x, const double *y, int64_t n) {
  // Four sums, so that additions do not wait for one another.
  double sum[4] = {0, 0, 0, 0};
  int64_t c = 0;
  for (; c + 4 <= n; c += 4)
    for (int lane = 0; lane < 4; ++lane)
      sum[lane] += x[c + lane] * y[c + lane];
  for (; c < n; ++c)
    sum[0] += x[c] * y[c];
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

/// Scale, softcap and bias: what `scores` stores.
double plainScore(const AttentionProblem &p, double product, double scale,
                  int64_t b, int64_t h, int64_t i, int64_t j) {
  double s = scale * product;
  if (p.softcap)
    s = *p.softcap * std::tanh(s / *p.softcap);
  if (p.bias)
    s += p.bias->broadcast(b, h, i, j);
  return s;
}

/// The keys of one row that take part in its softmax, with their scores.
struct Row {
  std::vector<int64_t> keys;
  std::vector<double> scores;
};

/// Fills `row` with the visible keys; `getPlainScore(j)` is asked only for
/// those.
template <typename GetPlainScore>
void collectRow(const AttentionProblem &p, int64_t b, int64_t h, int64_t i,
                GetPlainScore getPlainScore, Row &row) {
  row.keys.clear();
  row.scores.clear();
  KeyRange range = getKeyRange(p, b, i);
  for (int64_t j = 0, e = p.numKeys(); j < e; ++j) {
    if (!isVisibleInRange(p, range, b, h, i, j))
      continue;
    double s = getPlainScore(j);
    if (p.score)
      s = p.score(s, b + p.batchOffset, h + p.headOffset, i + p.qOffset,
                  positionOfKey(p, j));
    if (s == -kInf) // Excluded; NaN compares unequal and stays.
      continue;
    row.keys.push_back(j);
    row.scores.push_back(s);
  }
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

/// Calls work(b, h, iBegin, iEnd) so that every row of the problem is covered
/// once, from several threads when the problem is large. Rows do not depend on
/// each other, so the result does not depend on the threads.
template <typename Work>
void forEachRowBlock(const AttentionProblem &p, Work work) {
  constexpr int64_t rowsABlock = 64;
  int64_t batch = p.batch(), numHeads = p.numHeads(), seqLenQ = p.seqLenQ();
  int64_t blocksAHead = (seqLenQ + rowsABlock - 1) / rowsABlock;
  int64_t numBlocks = batch * numHeads * blocksAHead;
  auto run = [&](int64_t block) {
    int64_t iBegin = block % blocksAHead * rowsABlock;
    int64_t head = block / blocksAHead;
    work(head / numHeads, head % numHeads, iBegin,
         std::min(iBegin + rowsABlock, seqLenQ));
  };

  double macs = double(batch) * numHeads * seqLenQ * p.numKeys() *
                double(p.headDim() + p.headDimV());
  int64_t numThreads =
      p.numThreads ? p.numThreads : std::thread::hardware_concurrency();
  numThreads = std::min(numThreads, numBlocks);
  if (macs < 1e8 || numThreads <= 1) {
    for (int64_t block = 0; block < numBlocks; ++block)
      run(block);
    return;
  }
  std::atomic<int64_t> next{0};
  auto drain = [&] {
    for (int64_t block; (block = next++) < numBlocks;)
      run(block);
  };
  std::vector<std::thread> threads;
  for (int64_t t = 1; t < numThreads; ++t)
    threads.emplace_back(drain);
  drain();
  for (std::thread &thread : threads)
    thread.join();
}

/// Calls use(b, h, i, row, value) for every query row, with its visible keys
/// and V of its head, dense [seq_len_kv, head_dim_v].
template <typename Use>
void forEachRow(const AttentionProblem &p, Use use) {
  double scale = scaleOf(p);
  forEachRowBlock(p, [&](int64_t b, int64_t h, int64_t iBegin, int64_t iEnd) {
    std::vector<double> key = gatherKey(p, b, h);
    std::vector<double> value = gatherValue(p, b, h);
    Row row;
    for (int64_t i = iBegin; i < iEnd; ++i) {
      std::vector<double> query = gatherQuery(p, b, h, i);
      auto getPlainScore = [&](int64_t j) {
        double product =
            dot(query.data(), key.data() + j * p.headDim(), p.headDim());
        return plainScore(p, product, scale, b, h, i, j);
      };
      collectRow(p, b, h, i, getPlainScore, row);
      use(b, h, i, row, value);
    }
  });
}

//===----------------------------------------------------------------------===//
// Softmax
//===----------------------------------------------------------------------===//

/// sum_j exp(s_j - shift), and the same sum times v_j into `acc`.
double accumulateRow(const Row &row, double shift,
                     const std::vector<double> &value,
                     std::vector<double> &acc) {
  double sum = 0;
  int64_t dim = acc.size();
  for (size_t n = 0; n < row.keys.size(); ++n) {
    double weight = std::exp(row.scores[n] - shift);
    const double *v = value.data() + row.keys[n] * dim;
    sum += weight;
    for (int64_t c = 0; c < dim; ++c)
      acc[c] += weight * v[c]; // 0 * NaN stays NaN: that V is visible.
  }
  return sum;
}

/// The two-pass softmax of one row, times V, into `output` and `lse`.
void softmaxRow(const AttentionProblem &p, int64_t b, int64_t h, int64_t i,
                const Row &row, const std::vector<double> &value,
                View<double, 4> output, const View<double, 3> *lse) {
  int64_t dim = p.headDimV();
  auto write = [&](double lseValue, auto &&element) {
    for (int64_t c = 0; c < dim; ++c)
      output(b, h, i, c) = element(c);
    if (lse)
      (*lse)(b, h, i) = lseValue;
  };

  // A query beyond q_len has no row at all, so not even a sink.
  double sink = p.sinks && isLiveQuery(p, b, i) ? (*p.sinks)(h) : -kInf;
  double max = sink;
  for (double s : row.scores)
    max = maxOrNaN(max, s);
  if (std::isnan(max) || max == kInf)
    return write(kNaN, [](int64_t) { return kNaN; });
  if (max == -kInf) // No key, no sink.
    return write(-kInf, [](int64_t) { return 0.0; });

  std::vector<double> acc(dim, 0.0);
  double sum = accumulateRow(row, max, value, acc) + std::exp(sink - max);
  write(max + std::log(sum), [&](int64_t c) { return acc[c] / sum; });
}

#ifndef NDEBUG
bool isOutput(const AttentionProblem &p, const View<double, 4> &output,
              const View<double, 3> *lse) {
  std::array<int64_t, 3> rows = {p.batch(), p.numHeads(), p.seqLenQ()};
  return output.sizes ==
             std::array<int64_t, 4>{rows[0], rows[1], rows[2], p.headDimV()} &&
         (!lse || lse->sizes == rows);
}
#endif

} // namespace

//===----------------------------------------------------------------------===//
// Visibility
//===----------------------------------------------------------------------===//

bool attn::reference::isVisible(const AttentionProblem &p, int64_t b, int64_t h,
                                int64_t i, int64_t j) {
  return isVisibleInRange(p, getKeyRange(p, b, i), b, h, i, j);
}

int64_t attn::reference::visiblePairs(const AttentionProblem &p) {
  assert(checkProblem(p).empty());
  int64_t count = 0;
  for (int64_t b = 0; b < p.batch(); ++b)
    for (int64_t i = 0; i < p.seqLenQ(); ++i) {
      KeyRange range = getKeyRange(p, b, i);
      for (int64_t h = 0; h < p.numHeads(); ++h)
        for (int64_t j = 0; j < p.numKeys(); ++j)
          count += isVisibleInRange(p, range, b, h, i, j);
    }
  return count;
}

double attn::reference::maxAbsScore(const AttentionProblem &p) {
  assert(checkProblem(p).empty());
  std::vector<double> rowMax(p.batch() * p.numHeads() * p.seqLenQ(), 0.0);
  forEachRow(p, [&](int64_t b, int64_t h, int64_t i, const Row &row,
                    const std::vector<double> &) {
    double &max = rowMax[(b * p.numHeads() + h) * p.seqLenQ() + i];
    for (double s : row.scores)
      if (std::isfinite(s))
        max = std::max(max, std::abs(s));
  });
  double max = 0;
  for (double x : rowMax)
    max = std::max(max, x);
  return max;
}

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

void attn::reference::sdpa(const AttentionProblem &p, View<double, 4> output,
                           const View<double, 3> *lse) {
  assert(checkProblem(p).empty() && isOutput(p, output, lse));
  forEachRow(p, [&](int64_t b, int64_t h, int64_t i, const Row &row,
                    const std::vector<double> &value) {
    softmaxRow(p, b, h, i, row, value, output, lse);
  });
}

void attn::reference::partialState(const AttentionProblem &p,
                                   View<double, 4> acc, View<double, 3> rowMax,
                                   View<double, 3> rowSum) {
  assert(checkProblem(p).empty() && isOutput(p, acc, &rowMax) &&
         isOutput(p, acc, &rowSum));
  forEachRow(p, [&](int64_t b, int64_t h, int64_t i, const Row &row,
                    const std::vector<double> &value) {
    double max = -kInf;
    for (double s : row.scores)
      max = maxOrNaN(max, s);
    std::vector<double> sums(p.headDimV(), 0.0);
    rowSum(b, h, i) = accumulateRow(row, max, value, sums);
    rowMax(b, h, i) = max;
    for (int64_t c = 0; c < p.headDimV(); ++c)
      acc(b, h, i, c) = sums[c];
  });
}

void attn::reference::online(const AttentionProblem &p, View<double, 4> acc,
                             View<double, 3> rowMax, View<double, 3> rowSum) {
  assert(checkProblem(p).empty() && isOutput(p, acc, &rowMax) &&
         isOutput(p, acc, &rowSum));
  forEachRow(p, [&](int64_t b, int64_t h, int64_t i, const Row &row,
                    const std::vector<double> &value) {
    double &m = rowMax(b, h, i), &l = rowSum(b, h, i);
    double newMax = m;
    for (double s : row.scores)
      newMax = maxOrNaN(newMax, s);
    // The safe shift keeps exp(-inf - -inf) out; the stored max stays -inf.
    double shift = newMax == -kInf ? 0.0 : newMax;
    double correction = std::exp(m - shift);
    std::vector<double> sums(p.headDimV(), 0.0);
    l = correction * l + accumulateRow(row, shift, value, sums);
    m = newMax;
    for (int64_t c = 0; c < p.headDimV(); ++c)
      acc(b, h, i, c) = correction * acc(b, h, i, c) + sums[c];
  });
}

//===----------------------------------------------------------------------===//
// With a materialised score matrix
//===----------------------------------------------------------------------===//

void attn::reference::scores(const AttentionProblem &p, View<double, 4> s) {
  assert(checkProblem(p).empty());
  assert((s.sizes == std::array<int64_t, 4>{p.batch(), p.numHeads(),
                                            p.seqLenQ(), p.numKeys()}));
  double scale = scaleOf(p);
  forEachRowBlock(p, [&](int64_t b, int64_t h, int64_t iBegin, int64_t iEnd) {
    std::vector<double> key = gatherKey(p, b, h);
    for (int64_t i = iBegin; i < iEnd; ++i) {
      std::vector<double> query = gatherQuery(p, b, h, i);
      for (int64_t j = 0, e = p.numKeys(); j < e; ++j) {
        if (j < p.seqLenKv() && !isReadable(p, b, j)) {
          s(b, h, i, j) = -kInf;
          continue;
        }
        double product =
            dot(query.data(), key.data() + j * p.headDim(), p.headDim());
        s(b, h, i, j) = plainScore(p, product, scale, b, h, i, j);
      }
    }
  });
}

void attn::reference::softmaxValue(const AttentionProblem &p,
                                   View<const double, 4> s,
                                   View<double, 4> output,
                                   const View<double, 3> *lse) {
  assert(checkProblem(p).empty() && isOutput(p, output, lse));
  assert((s.sizes == std::array<int64_t, 4>{p.batch(), p.numHeads(),
                                            p.seqLenQ(), p.numKeys()}));
  forEachRowBlock(p, [&](int64_t b, int64_t h, int64_t iBegin, int64_t iEnd) {
    std::vector<double> value = gatherValue(p, b, h);
    Row row;
    for (int64_t i = iBegin; i < iEnd; ++i) {
      auto getPlainScore = [&](int64_t j) { return s(b, h, i, j); };
      collectRow(p, b, h, i, getPlainScore, row);
      softmaxRow(p, b, h, i, row, value, output, lse);
    }
  });
}
