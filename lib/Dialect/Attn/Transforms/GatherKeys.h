//===- GatherKeys.h - Keys as a kernel wants them ---------------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// A tile of keys or values out of pages, out of 8 bits, out of a scale.
//
//===----------------------------------------------------------------------===//

#ifndef LIB_ATTN_DIALECT_ATTN_TRANSFORMS_GATHERKEYS_H
#define LIB_ATTN_DIALECT_ATTN_TRANSFORMS_GATHERKEYS_H

#include "attn/Dialect/Attn/IR/AttnTiles.h"

namespace mlir::attn {

/// Keys or values `keys` of one batch entry and key head, as numbers of `type`
/// in the layout of `parts`. `source` is the key or value of `parts` and
/// `scale` (or null) its scale: already cut to `keys` without a page table;
/// with one, `source` is the whole pool.
Value gatherKeys(OpBuilder &builder, Location loc, const AttentionParts &parts,
                 Value source, Value scale, DimRange keys, Type type);

} // namespace mlir::attn

#endif // LIB_ATTN_DIALECT_ATTN_TRANSFORMS_GATHERKEYS_H
