//===- attn/Reference/Star.h ----------------------------------------------===//
//
// Part of attn-mlir
//
//===----------------------------------------------------------------------===//
//
// Star Attention as hosts compute it, each from what it holds alone: the oracle
// of StarPattern's mask form. Source: algorithms.md 2.2, 2.4.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_REFERENCE_STAR_H
#define ATTN_REFERENCE_STAR_H

#include "attn/Reference/Attention.h"

#include <string>
#include <vector>

namespace attn::reference {

/// What one host looks at in phase 1: some tokens of the context, by their
/// original positions and in order.
struct StarHost {
  std::vector<int64_t> tokens;
  /// How many of them, at the front, are the anchor, whose results and K/V are
  /// discarded.
  int64_t numAnchors = 0;
};

/// The hosts of a context, one a block; none if there is no context. Block 0
/// has no anchor.
std::vector<StarHost> starHosts(const StarPattern &star, int64_t contextLen);

/// Why the functions below cannot take `problem`, which is well formed, or an
/// empty string. They take whole problems: no offsets, no pages, no anchors of
/// their own.
std::string checkStarHosts(const AttentionProblem &problem);

/// Phase 1: every host runs plain causal attention over the sequence
/// [anchor ++ block] and keeps the rows of its block. Writes the context rows,
/// and no other. Positions are the original ones for windows, lengths, masks
/// and the score function.
void starContextRows(const AttentionProblem &problem, View<double, 4> output,
                     const View<double, 3> *lse = nullptr);

/// Phase 2: the query rows, i.e. those at position >= L. `shards` says which
/// keys each host holds, every key with one of them; a shard may be empty or
/// scattered. Each host computes its partial result at the keys' positions, and
/// the results are merged, the sink once. Writes no other row.
void starQueryRows(const AttentionProblem &problem,
                   const std::vector<std::vector<int64_t>> &shards,
                   View<double, 4> output,
                   const View<double, 3> *lse = nullptr);

} // namespace attn::reference

#endif // ATTN_REFERENCE_STAR_H
