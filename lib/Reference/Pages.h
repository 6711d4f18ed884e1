//===- Pages.h ------------------------------------------------------------===//
//
// Part of attn-mlir
//
//===----------------------------------------------------------------------===//
//
// Which keys have memory behind them, private to this room.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_REFERENCE_PAGES_H
#define ATTN_LIB_REFERENCE_PAGES_H

#include "attn/Reference/Attention.h"

namespace attn::reference {

/// Whether the memory behind local key j may be touched at all.
inline bool isReadable(const AttentionProblem &p, int64_t b, int64_t j) {
  return !p.pageTable || !p.kvLen || j + p.kvOffset < p.kvLen->broadcast(b);
}

} // namespace attn::reference

#endif // ATTN_LIB_REFERENCE_PAGES_H
