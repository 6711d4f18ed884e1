//===- attn/Reference/BlockLocal.h ----------------------------------------===//
//
// Part of attn-mlir
//
//===----------------------------------------------------------------------===//
//
// The Block Transformer's local attention as a model computes it, each block by
// itself: the oracle of BlockLocalPattern's mask form. Source: algorithms.md
// 4.2.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_REFERENCE_BLOCKLOCAL_H
#define ATTN_REFERENCE_BLOCKLOCAL_H

#include "attn/Reference/Attention.h"

#include <string>
#include <vector>

namespace attn::reference {

/// The rows and keys of one block, as local indices of a problem.
struct LocalBlock {
  int64_t rowBegin = 0, rowEnd = 0;
  int64_t keyBegin = 0, keyEnd = 0;
};

/// The blocks that have rows in the problem, in order; those at its edges may
/// have fewer rows or keys than others, or no key.
std::vector<LocalBlock> localBlocks(const AttentionProblem &problem);

/// Why the functions below cannot take `problem`, which is well formed, or an
/// empty string. They take no pages, and no bottom_right.
std::string checkBlockForms(const AttentionProblem &problem);

/// The batch form: every block is a problem of its own, dense but for the other
/// modifiers, over the keys [prefix ++ block]. Source: algorithms.md 4.2.
void blockLocalBatched(const AttentionProblem &problem, View<double, 4> output,
                       const View<double, 3> *lse = nullptr);

/// The merge form: of every block, the keys of its prefix, its own keys and the
/// sink are parts, normalised by themselves and merged. Source: algorithms.md
/// 4.2, 0.2.
void blockLocalMerged(const AttentionProblem &problem, View<double, 4> output,
                      const View<double, 3> *lse = nullptr);

} // namespace attn::reference

#endif // ATTN_REFERENCE_BLOCKLOCAL_H
