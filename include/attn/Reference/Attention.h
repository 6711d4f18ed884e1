//===- attn/Reference/Attention.h -----------------------------------------===//
//
// Part of attn-mlir
//
//===----------------------------------------------------------------------===//
//
// The plain-loop attention oracle every lowering is compared with: f64
// throughout, strided views, no MLIR and no LLVM.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_REFERENCE_ATTENTION_H
#define ATTN_REFERENCE_ATTENTION_H

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

namespace attn::reference {

//===----------------------------------------------------------------------===//
// Views
//===----------------------------------------------------------------------===//

/// A strided window on memory that somebody else owns. Strides count elements
/// and may be zero or negative.
template <typename T, int Rank>
struct View {
  T *data = nullptr;
  std::array<int64_t, Rank> sizes{};
  std::array<int64_t, Rank> strides{};

  /// The element at `indices`, one index a dimension; not bounds-checked.
  template <typename... Indices>
  T &operator()(Indices... indices) const {
    static_assert(sizeof...(Indices) == Rank, "one index a dimension");
    const int64_t list[] = {static_cast<int64_t>(indices)...};
    int64_t offset = 0;
    for (int dim = 0; dim < Rank; ++dim)
      offset += list[dim] * strides[dim];
    return data[offset];
  }

  /// The element at `indices`, where a dimension of size 1 answers every index
  /// (how bias, mask, lengths and scales broadcast).
  template <typename... Indices>
  T &broadcast(Indices... indices) const {
    static_assert(sizeof...(Indices) == Rank, "one index a dimension");
    const int64_t list[] = {static_cast<int64_t>(indices)...};
    int64_t offset = 0;
    for (int dim = 0; dim < Rank; ++dim)
      if (sizes[dim] != 1)
        offset += list[dim] * strides[dim];
    return data[offset];
  }

  /// The product of the sizes.
  int64_t numElements() const {
    int64_t count = 1;
    for (int64_t size : sizes)
      count *= size;
    return count;
  }

  /// The part of `length` indices of dimension `dim` that begins at `begin`.
  View slice(int dim, int64_t begin, int64_t length) const {
    assert(begin >= 0 && length >= 0 && begin + length <= sizes[dim]);
    View part = *this;
    if (length > 0)
      part.data += begin * strides[dim];
    part.sizes[dim] = length;
    return part;
  }

  /// A writable view reads as a read-only one.
  template <typename U, typename = std::enable_if_t<
                            std::is_same_v<U, const T> && !std::is_const_v<T>>>
  operator View<U, Rank>() const {
    return {data, sizes, strides};
  }
};

/// A dense row-major view: the last dimension is contiguous. The rank is
/// written out, makeView<3>(data, {2, 4, 8}).
template <int Rank, typename T>
View<T, Rank> makeView(T *data, const std::array<int64_t, Rank> &sizes) {
  View<T, Rank> view{data, sizes, {}};
  int64_t stride = 1;
  for (int dim = Rank; dim-- > 0;) {
    view.strides[dim] = stride;
    stride *= sizes[dim];
  }
  return view;
}

/// Dense memory in layout `bshd`, [batch, seq_len, heads, dim], seen in the
/// index order [batch, heads, seq_len, dim] that every function here uses.
/// `sizes` are in that index order.
template <typename T>
View<T, 4> makeViewBSHD(T *data, const std::array<int64_t, 4> &sizes) {
  auto [batch, heads, seqLen, dim] = sizes;
  return {data, sizes, {seqLen * heads * dim, dim, heads * dim, 1}};
}

//===----------------------------------------------------------------------===//
// The problem
//===----------------------------------------------------------------------===//

/// The score function: gets the score in natural units and the *absolute*
/// batch, query head, query position and key position; -inf excludes the key.
/// It may be called from several threads at once.
using ScoreFn =
    std::function<double(double s, int64_t b, int64_t h, int64_t i, int64_t j)>;

/// Star Attention's pattern: a context row sees an anchor and its own block, a
/// query row everything before it. Source: algorithms.md 2.3.
struct StarPattern {
  enum class Anchor {
    First,   ///< The first tokens of the context.
    Previous ///< The first tokens of the block before the row's own.
  };

  /// b, in tokens; positive.
  int64_t blockSize = 1;
  /// a, in tokens; more than a block is a block.
  int64_t anchorSize = 0;
  Anchor anchor = Anchor::First;
  /// L, absolute, [batch] or [1]: rows at position >= L are query rows. Absent:
  /// all rows are context rows.
  std::optional<View<const int64_t, 1>> contextLen;

  /// [batch, num_kv_heads, anchor_len, dim], both or none, only of the first
  /// block: keys [0, a) as rows of later blocks see them. Such a row then sees
  /// nothing of the problem's keys but its own block. Query rows and block 0
  /// see the problem's keys alone.
  std::optional<View<const double, 4>> anchorKey;
  std::optional<View<const double, 4>> anchorValue;

  /// a, at most b.
  int64_t clampedAnchorSize() const {
    return anchorSize < blockSize ? anchorSize : blockSize;
  }
  /// Whether the query at position i sees the key at position j, when the
  /// context has `contextLen` tokens.
  bool isVisible(int64_t i, int64_t j, int64_t contextLen) const;
  /// Whether the query at position i reads the key at position j, which it
  /// sees, from the anchors of their own, if there are any.
  bool isInAnchor(int64_t i, int64_t j, int64_t contextLen) const {
    return i < contextLen && j < i / blockSize * blockSize;
  }
  /// L of batch entry b, beyond all positions if it is absent.
  int64_t getContextLen(int64_t b) const {
    return contextLen ? contextLen->broadcast(b)
                      : std::numeric_limits<int64_t>::max();
  }
};

/// The Block Transformer's local attention: every row sees the keys of its own
/// block, and those of the prefix that its block has. Source: algorithms.md 4.
struct BlockLocalPattern {
  /// T, the keys of a block, by absolute positions; positive.
  int64_t blockLen = 1;
  /// R, the rows of a block: block n has rows n * R.. and keys n * T... Zero is
  /// T. Windows speak of positions inside a block: its first row and its first
  /// key are at the same.
  int64_t blockLenQ = 0;

  /// P, the keys of a prefix, beside keys and values of their own: either
  /// nothing of this, or all. [batch, num_kv_heads, N * P, dim] for the N
  /// blocks that the problem's rows touch, in order. A row sees the P of its
  /// block whole, wherever it lies in it: they have no position, so that
  /// windows and kv_len say nothing about them. Rows beyond q_len see none.
  int64_t prefixLen = 0;
  std::optional<View<const double, 4>> prefixKey;
  std::optional<View<const double, 4>> prefixValue;

  /// The block of the query at position i.
  int64_t blockOfRow(int64_t i) const;
  /// The block of the key at position j.
  int64_t blockOfKey(int64_t j) const;
  /// Where, among the positions of keys, windows of the query at position i
  /// are.
  int64_t windowPosition(int64_t i) const;
  /// Whether the query at position i sees the key at position j.
  bool isVisible(int64_t i, int64_t j) const {
    return blockOfRow(i) == blockOfKey(j);
  }
  /// How many blocks the rows at positions [begin, begin + count) touch.
  int64_t numBlocks(int64_t begin, int64_t count) const {
    return count > 0 ? blockOfRow(begin + count - 1) - blockOfRow(begin) + 1
                     : 0;
  }
};

/// One attention problem, everything design.md section 3 can say. For every
/// visible (query i, key j), in this order:
///
///   s = scale * <q_i, k_j>
///   s = softcap * tanh(s / softcap)      if `softcap`
///   s = s + bias                         if `bias`
///   s = score(s, b, h, i, j)             if `score`
///   exclude j if the masks say so, or if s is -inf
///   softmax over the remaining keys (and the sink), times V
///
/// Excluded is excluded: neither the score function nor V sees that key.
/// A visible s of +inf or NaN makes the row NaN, output and lse.
///
/// All operands are indexed by *local* indices (0-based in the views). The
/// offsets say where local index 0 lies; visibility and the score function see
/// absolute positions (i + qOffset, j + kvOffset). Key/value head of query head
/// h is h / (num_heads / num_kv_heads), local on both sides.
struct AttentionProblem {
  /// [batch, num_heads, seq_len_q, head_dim].
  View<const double, 4> query;
  /// [batch, num_kv_heads, seq_len_kv, head_dim]; with `pageTable` the pool
  /// [num_pages, num_kv_heads, page_size, head_dim].
  View<const double, 4> key;
  /// [batch, num_kv_heads, seq_len_kv, head_dim_v]; with `pageTable` the pool
  /// [num_pages, num_kv_heads, page_size, head_dim_v].
  View<const double, 4> value;

  /// Multiplies raw scores; absent is 1 / sqrt(head_dim).
  std::optional<double> scale;
  /// Positive; absent is none.
  std::optional<double> softcap;
  /// [batch, num_heads, seq_len_q, seq_len_kv], each size equal or 1.
  std::optional<View<const double, 4>> bias;
  /// Shaped as `bias`; nonzero = visible.
  std::optional<View<const int8_t, 4>> mask;
  /// Absent is the identity.
  ScoreFn score;

  /// Key j is visible to query i only if
  ///   i + delta - windowLeft <= j <= i + delta + windowRight;
  /// a negative bound is no bound. Causal is windowRight = 0.
  int64_t windowLeft = -1;
  int64_t windowRight = -1;
  /// delta, [batch] or [1]; absent is 0. Not together with `bottomRight`.
  std::optional<View<const int64_t, 1>> causalOffset;
  /// delta = (kv_len[b] or seq_len_kv) - (q_len[b] or seq_len_q). The sizes are
  /// those of the views: a slice of a larger problem must bring the lengths.
  bool bottomRight = false;

  /// Absolute lengths, [batch] or [1]: keys at position >= kvLen[b] are not
  /// visible (and with `pageTable` never read); queries at position >= qLen[b]
  /// give output 0 and lse -inf, even with a sink.
  std::optional<View<const int64_t, 1>> kvLen;
  std::optional<View<const int64_t, 1>> qLen;

  /// Key j is visible to query i only if the pattern says so too. At most one
  /// of them.
  std::optional<StarPattern> star;
  std::optional<BlockLocalPattern> blockLocal;

  /// [num_heads], natural units: one more logit a row, with no value.
  std::optional<View<const double, 1>> sinks;

  /// Multiply the elements of K and V; [batch, num_kv_heads, seq_len_kv, dim],
  /// each size equal or 1, indexed by the logical key also when paged.
  std::optional<View<const double, 4>> keyScale;
  std::optional<View<const double, 4>> valueScale;

  /// [batch, P]: logical key j of batch b is pool row
  /// (pageTable[b][j / page_size], j % page_size), seq_len_kv = P * page_size.
  /// Entries none of whose keys lie below kvLen are never looked at.
  std::optional<View<const int32_t, 2>> pageTable;

  /// Absolute index of local index 0.
  int64_t batchOffset = 0;
  int64_t headOffset = 0;
  int64_t qOffset = 0;
  int64_t kvOffset = 0;

  /// Threads for large problems; 0 asks the machine. Results do not depend on
  /// it.
  unsigned numThreads = 0;

  int64_t batch() const { return query.sizes[0]; }
  int64_t numHeads() const { return query.sizes[1]; }
  int64_t numKvHeads() const { return key.sizes[1]; }
  int64_t seqLenQ() const { return query.sizes[2]; }
  int64_t seqLenKv() const {
    return pageTable ? pageTable->sizes[1] * key.sizes[2] : key.sizes[2];
  }
  /// Keys of their own that `star` brings; local key seqLenKv() + n is the
  /// n-th of them, at absolute position n.
  int64_t anchorLen() const {
    return star && star->anchorKey ? star->anchorKey->sizes[2] : 0;
  }
  /// Rows of the prefixes that `blockLocal` brings; local key seqLenKv() + n is
  /// the n-th of them.
  int64_t prefixRows() const {
    return blockLocal && blockLocal->prefixKey ? blockLocal->prefixKey->sizes[2]
                                               : 0;
  }
  /// All keys, with those of their own.
  int64_t numKeys() const { return seqLenKv() + anchorLen() + prefixRows(); }
  int64_t headDim() const { return query.sizes[3]; }
  int64_t headDimV() const { return value.sizes[3]; }
};

/// Why `problem` is not well formed (a size that disagrees, a page number
/// outside the pool, ...), or an empty string. Every function below asserts
/// that it is empty.
std::string checkProblem(const AttentionProblem &problem);

//===----------------------------------------------------------------------===//
// Visibility
//===----------------------------------------------------------------------===//

/// Whether local query i may see local key j: window, pattern, lengths and
/// mask. A score of -inf is not asked about here.
bool isVisible(const AttentionProblem &problem, int64_t b, int64_t h, int64_t i,
               int64_t j);

/// How many (b, h, i, j) are visible.
int64_t visiblePairs(const AttentionProblem &problem);

/// The largest |s| over visible keys just before the softmax, ignoring
/// infinities and NaN; 0 if there is none. What Tolerance.h asks for.
double maxAbsScore(const AttentionProblem &problem);

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

/// Attention by the plain two-pass softmax. `output` is
/// [batch, num_heads, seq_len_q, head_dim_v]; `lse`, if not null,
/// [batch, num_heads, seq_len_q], the natural log of the softmax sum including
/// the sink. A row that sees no key gives (0, -inf), with a sink (0, sink).
/// Source: algorithms.md 0.1, 0.4.
void sdpa(const AttentionProblem &problem, View<double, 4> output,
          const View<double, 3> *lse = nullptr);

/// The unnormalised softmax state of the problem's keys, from scratch:
/// rowMax m = max s, rowSum = sum exp(s - m), acc = sum exp(s - m) v. A row
/// that sees no key gets the identity (acc 0, max -inf, sum 0). Sinks are
/// ignored: they belong to `finalize`. In a row with a visible +inf or NaN
/// score rowSum and acc are NaN, and rowMax is +inf or NaN.
void partialState(const AttentionProblem &problem, View<double, 4> acc,
                  View<double, 3> rowMax, View<double, 3> rowSum);

/// Folds the problem's keys, as one tile, into an existing state. Sinks are
/// ignored. Source: algorithms.md 1.1.
void online(const AttentionProblem &problem, View<double, 4> acc,
            View<double, 3> rowMax, View<double, 3> rowSum);

/// Normalises a state, optionally together with one sink a head:
/// output = acc / l and lse = m + ln l, or (0, -inf) where l is 0. It knows no
/// q_len: with sinks, rows beyond q_len come out as (0, sink).
void finalize(View<const double, 4> acc, View<const double, 3> rowMax,
              View<const double, 3> rowSum,
              const std::optional<View<const double, 1>> &sinks,
              View<double, 4> output, const View<double, 3> *lse = nullptr);

/// One normalised partial result over a set of keys.
struct Part {
  View<const double, 4> output;
  View<const double, 3> lse;
};

/// Attention over the union of the parts' disjoint key sets; no part at all
/// gives the identity (0, -inf). Source: algorithms.md 0.2. The result may
/// alias a part of the same strides.
void merge(const std::vector<Part> &parts, View<double, 4> output,
           const View<double, 3> *lse = nullptr);

//===----------------------------------------------------------------------===//
// With a materialised score matrix
//===----------------------------------------------------------------------===//

/// Scores after scale, softcap and bias, [batch, num_heads, seq_len_q,
/// all keys], for masked positions too. The score function is
/// not applied. Paged keys at or beyond kv_len are not read; their scores are
/// -inf.
void scores(const AttentionProblem &problem, View<double, 4> s);

/// The rest of `sdpa`, from what `scores` wrote: score function, masks, sinks,
/// softmax, product with V. `problem.query` and `problem.key` give only sizes
/// here, and scale, softcap and bias are not looked at.
void softmaxValue(const AttentionProblem &problem, View<const double, 4> s,
                  View<double, 4> output, const View<double, 3> *lse = nullptr);

} // namespace attn::reference

#endif // ATTN_REFERENCE_ATTENTION_H
