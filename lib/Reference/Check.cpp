//===- Check.cpp ----------------------------------------------------------===//
//
// Part of attn-mlir
//
//===----------------------------------------------------------------------===//
//
// Whether the parts of an attention problem fit together.
//
//===----------------------------------------------------------------------===//

#include "attn/Reference/Attention.h"

#include "Pages.h"

#include <sstream>

using namespace attn::reference;

namespace {

/// Collects the first thing that is wrong.
class Checker {
public:
  std::string message;

  void expect(bool condition, const char *what) {
    if (message.empty() && !condition)
      message = std::string("expects ") + what;
  }

  void expectEqual(const char *what, int64_t a, int64_t b) {
    if (!message.empty() || a == b)
      return;
    std::ostringstream os;
    os << "expects " << what << " to agree, but got " << a << " and " << b;
    message = os.str();
  }

  /// Sizes equal to `full`, or 1 where `mayBroadcast`.
  template <typename T, int Rank>
  void expectSizes(const char *what, const std::optional<View<T, Rank>> &view,
                   const std::vector<int64_t> &full, bool mayBroadcast) {
    if (!message.empty() || !view)
      return;
    for (int dim = 0; dim < Rank; ++dim) {
      int64_t size = view->sizes[dim];
      if (size == full[dim] || (mayBroadcast && size == 1))
        continue;
      std::ostringstream os;
      os << "expects dimension " << dim << " of " << what << " to be "
         << full[dim] << (mayBroadcast ? " or 1" : "") << ", but got " << size;
      message = os.str();
      return;
    }
  }
};

/// Whether all page numbers that will be followed lie inside the pools.
bool arePagesInPool(const AttentionProblem &p) {
  int64_t pageSize = p.key.sizes[2];
  for (int64_t b = 0; b < p.batch(); ++b)
    for (int64_t page = 0; page < p.pageTable->sizes[1]; ++page) {
      if (!isReadable(p, b, page * pageSize))
        continue;
      int64_t entry = (*p.pageTable)(b, page);
      if (entry < 0 || entry >= p.key.sizes[0])
        return false;
    }
  return true;
}

void checkStar(const AttentionProblem &p, Checker &check) {
  const StarPattern &star = *p.star;
  check.expect(star.blockSize > 0, "a positive block_size");
  check.expect(star.anchorSize >= 0, "an anchor_size that is not negative");
  check.expect(!p.causalOffset && !p.bottomRight,
               "no causal_offset and no bottom_right with a Star pattern");
  check.expectSizes("context_len", star.contextLen, {p.batch()}, true);
  check.expect(star.anchorKey.has_value() == star.anchorValue.has_value(),
               "anchors of both keys and values");
  if (!check.message.empty() || !star.anchorKey)
    return;
  check.expect(star.anchor == StarPattern::Anchor::First,
               "anchors of their own to be of the first block");
  check.expect(p.anchorLen() >= star.clampedAnchorSize(),
               "at least anchor_size anchors");
  check.expectSizes("anchor keys", star.anchorKey,
                    {p.batch(), p.numKvHeads(), p.anchorLen(), p.headDim()},
                    false);
  check.expectSizes("anchor values", star.anchorValue,
                    {p.batch(), p.numKvHeads(), p.anchorLen(), p.headDimV()},
                    false);
  // Columns of these belong to the problem's keys.
  check.expect(!(p.bias && p.bias->sizes[3] != 1) &&
                   !(p.mask && p.mask->sizes[3] != 1) &&
                   !(p.keyScale && p.keyScale->sizes[2] != 1) &&
                   !(p.valueScale && p.valueScale->sizes[2] != 1),
               "nothing of single keys beside anchors of their own");
}

void checkBlockLocal(const AttentionProblem &p, Checker &check) {
  const BlockLocalPattern &pattern = *p.blockLocal;
  check.expect(!p.star, "one pattern, not two");
  check.expect(pattern.blockLen > 0, "a positive block_len");
  check.expect(pattern.blockLenQ >= 0, "a block_len_q that is not negative");
  bool hasPrefix = pattern.prefixKey.has_value();
  check.expect(hasPrefix == pattern.prefixValue.has_value(),
               "prefixes of both keys and values");
  if (!check.message.empty() || !hasPrefix)
    return;
  check.expect(pattern.prefixLen > 0, "a positive prefix_len");
  int64_t rows = pattern.numBlocks(p.qOffset, p.seqLenQ()) * pattern.prefixLen;
  check.expectSizes("prefix keys", pattern.prefixKey,
                    {p.batch(), p.numKvHeads(), rows, p.headDim()}, false);
  check.expectSizes("prefix values", pattern.prefixValue,
                    {p.batch(), p.numKvHeads(), rows, p.headDimV()}, false);
  // These are of the problem's keys, by position.
  check.expect(!p.bias && !p.mask && !p.keyScale && !p.valueScale &&
                   !p.pageTable && !p.score,
               "no bias, mask, scales, pages and score function beside "
               "prefixes");
}

} // namespace

std::string attn::reference::checkProblem(const AttentionProblem &p) {
  Checker check;
  for (const View<const double, 4> *view : {&p.query, &p.key, &p.value})
    for (int64_t size : view->sizes)
      check.expect(size >= 0, "sizes that are not negative");
  check.expectEqual("head_dim of query and key", p.headDim(), p.key.sizes[3]);
  check.expectEqual("dimension 0 of key and value", p.key.sizes[0],
                    p.value.sizes[0]);
  check.expectEqual("num_kv_heads of key and value", p.numKvHeads(),
                    p.value.sizes[1]);
  check.expectEqual("dimension 2 of key and value", p.key.sizes[2],
                    p.value.sizes[2]);
  if (p.pageTable) {
    check.expectEqual("batch of query and page_table", p.batch(),
                      p.pageTable->sizes[0]);
    check.expect(p.key.sizes[2] > 0, "a page_size of at least 1");
  } else {
    check.expectEqual("batch of query and key", p.batch(), p.key.sizes[0]);
  }
  if (p.numHeads() > 0)
    check.expect(p.numKvHeads() > 0 && p.numHeads() % p.numKvHeads() == 0,
                 "num_heads to be a multiple of num_kv_heads");
  if (p.softcap)
    check.expect(*p.softcap > 0, "a positive softcap");
  check.expect(!(p.bottomRight && p.causalOffset),
               "causal_offset or bottom_right, not both");

  std::vector<int64_t> pairs = {p.batch(), p.numHeads(), p.seqLenQ(),
                                p.seqLenKv()};
  check.expectSizes("bias", p.bias, pairs, true);
  check.expectSizes("mask", p.mask, pairs, true);
  check.expectSizes("causal_offset", p.causalOffset, {p.batch()}, true);
  check.expectSizes("kv_len", p.kvLen, {p.batch()}, true);
  check.expectSizes("q_len", p.qLen, {p.batch()}, true);
  check.expectSizes("sinks", p.sinks, {p.numHeads()}, false);
  check.expectSizes("key_scale", p.keyScale,
                    {p.batch(), p.numKvHeads(), p.seqLenKv(), p.headDim()},
                    true);
  check.expectSizes("value_scale", p.valueScale,
                    {p.batch(), p.numKvHeads(), p.seqLenKv(), p.headDimV()},
                    true);
  if (p.star)
    checkStar(p, check);
  if (p.blockLocal)
    checkBlockLocal(p, check);
  if (check.message.empty() && p.pageTable)
    check.expect(arePagesInPool(p), "page numbers inside the pool");
  return check.message;
}
