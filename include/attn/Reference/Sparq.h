//===- attn/Reference/Sparq.h ---------------------------------------------===//
//
// Part of attn-mlir
//
//===----------------------------------------------------------------------===//
//
// The plain-loop oracle of SparQ attention: one query token, all sums in f64.
// Source: algorithms.md 3.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_REFERENCE_SPARQ_H
#define ATTN_REFERENCE_SPARQ_H

#include "attn/Reference/Attention.h"

#include <optional>
#include <string>
#include <vector>

namespace attn::reference {

/// What SparQ attention takes beside an AttentionProblem with one query token
/// and no sinks.
struct SparqOptions {
  enum class Realloc { Auto, On, Off };
  enum class GroupReduce { Prob, Logit };

  int64_t rank = 1;
  int64_t topK = 1;
  int64_t localWindow = 0;
  Realloc realloc = Realloc::Auto;
  GroupReduce groupReduce = GroupReduce::Prob;
  /// [batch, num_kv_heads, tiles, head_dim, tile]: where the approximate scores
  /// read keys from, if not from the problem's.
  std::optional<View<const double, 5>> keyT;
  /// [batch, num_kv_heads, head_dim_v]; absent: the mean over what each head
  /// sees.
  std::optional<View<const double, 3>> valueMean;
  /// The score function of the approximate scores, if not the problem's.
  ScoreFn approximateScore;
};

/// Why `options` do not fit `problem`, which is well formed, or an empty
/// string.
std::string checkSparq(const AttentionProblem &problem,
                       const SparqOptions &options);

/// Approximate scores after scale, softcap and bias, [batch, num_heads, 1,
/// seq_len_kv], for masked positions too. The score function is not applied.
/// Paged keys at or beyond kv_len are not read; their scores are -inf.
void sparqScores(const AttentionProblem &problem, const SparqOptions &options,
                 View<double, 4> s);

/// The chosen keys of (batch, key head), ascending.
std::vector<int64_t> sparqKeys(const AttentionProblem &problem,
                               const SparqOptions &options, int64_t b,
                               int64_t kvHead);

/// SparQ attention; `output` is [batch, num_heads, 1, head_dim_v].
void sparq(const AttentionProblem &problem, const SparqOptions &options,
           View<double, 4> output);

} // namespace attn::reference

#endif // ATTN_REFERENCE_SPARQ_H
