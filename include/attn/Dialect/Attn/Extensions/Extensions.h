//===- Extensions.h - Upstream interfaces of the attn ops -------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// External models that let upstream passes work on attn ops. Registering one
// loads nothing until the attn dialect is used.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_ATTN_EXTENSIONS_EXTENSIONS_H
#define ATTN_DIALECT_ATTN_EXTENSIONS_EXTENSIONS_H

#include "mlir/IR/DialectRegistry.h"

namespace mlir::attn {

/// BufferizableOpInterface: layer B becomes its memref form, in place where
/// the destinations allow it; layer A is refused with the pass to run first.
void registerBufferizableOpInterfaceExternalModels(DialectRegistry &registry);

/// Lets every attn op on tensors be decomposed into linalg.generic (and tensor,
/// arith, math, affine and, for pages, scf) by AggregatedOpInterface's
/// `decomposeOperation`. On memrefs it fails and changes nothing.
void registerAggregatedOpInterfaceExternalModels(DialectRegistry &registry);

/// TilingInterface of all ops: parallel over (batch, num_heads, seq_len_q), and
/// a reduction over seq_len_kv for attn.online and attn.partial.
void registerTilingInterfaceExternalModels(DialectRegistry &registry);

/// PartialReductionOpInterface of attn.online and attn.partial: seq_len_kv in
/// parallel parts that are merged after the loop.
void registerPartialReductionOpInterfaceExternalModels(
    DialectRegistry &registry);

/// ValueBoundsOpInterface: the sizes of results are those of the query or of
/// the destinations.
void registerValueBoundsOpInterfaceExternalModels(DialectRegistry &registry);

/// RuntimeVerifiableOpInterface of all ops: what the verifiers could not decide
/// for dynamic sizes, and bounds of lengths and page table entries, as
/// cf.assert in the verifiers' words.
void registerRuntimeVerifiableOpInterfaceExternalModels(
    DialectRegistry &registry);

/// ShardingInterface of attn.sdpa, attn.partial, attn.star and attn.sparq:
/// `sharding-propagation` and `shard-partition` cut them over batch, heads and
/// columns of value, the first two also over queries and keys. Over keys, the
/// processes' results are joined by attn.dist_merge.
void registerShardingInterfaceExternalModels(DialectRegistry &registry);

} // namespace mlir::attn

#endif // ATTN_DIALECT_ATTN_EXTENSIONS_EXTENSIONS_H
