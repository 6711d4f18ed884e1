//===- WgmmaPrefill.h - Attention by warps with roles -----------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// The kernel of prompts for sm_90a: FlashAttention-3, arXiv 2407.08608.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOGPU_WGMMAPREFILL_H
#define ATTN_LIB_CONVERSION_ATTNTOGPU_WGMMAPREFILL_H

#include "Prefill.h"
#include "Warpgroup.h"

namespace mlir::attn {

/// Numbers of elements the kernel works on at a time.
struct WgmmaShape {
  int64_t headDim, headDimV;
  int64_t consumers; ///< Warpgroups that compute, 64 rows each.
  int64_t blockKv;
  int64_t stages; ///< Tiles of keys, and of values, in shared memory.

  int64_t blockQ() const { return consumers * kWarpgroupRows; }
  int64_t numConsumerWarps() const { return 4 * consumers; }
  int64_t numConsumerThreads() const { return consumers * kWarpgroupSize; }
  /// One more warpgroup fetches.
  int64_t threads() const { return numConsumerThreads() + kWarpgroupSize; }
  /// Registers of a thread that fetches, and of one that computes. All threads
  /// begin with the same number of the multiprocessor's 65536, a multiple of
  /// 8; what some give back others may take, no more.
  int64_t producerRegisters() const { return consumers == 2 ? 24 : 32; }
  int64_t consumerRegisters() const { return consumers == 2 ? 240 : 160; }

  SwizzledRows queryRows() const { return {blockQ(), headDim}; }
  SwizzledRows keyRows() const { return {blockKv, headDim}; }
  SwizzledRows valueRows() const { return {blockKv, headDimV}; }
  int64_t keyOffset() const { return queryRows().bytes(); }
  int64_t valueOffset() const {
    return keyOffset() + stages * keyRows().bytes();
  }
  int64_t barrierOffset() const {
    return valueOffset() + stages * valueRows().bytes();
  }
  /// Two of the queries, and four of each stage.
  int64_t numBarriers() const { return 2 + 4 * stages; }
  int64_t sharedBytes() const { return barrierOffset() + 8 * numBarriers(); }

  /// `config` for heads of these sizes, or the reason why it is none for this
  /// kernel.
  static FailureOr<WgmmaShape> get(int64_t headDim, int64_t headDimV,
                                   TileConfigAttr config,
                                   const GpuTarget &target,
                                   std::string &reason);
};

/// Rows of a copy of `blockKv` rows of key or value: of these if they are
/// pools, as many as lie in one page; 0 if tiles and pages do not divide each
/// other.
int64_t getBoxRows(AttentionInterface op, int64_t blockKv);

/// Why the kernel does not take `step`, whatever its configuration; empty if it
/// does.
std::string getWgmmaObstacle(const AttentionStep &step,
                             const GpuTarget &target);
/// How the kernel computes `step` if nothing is said; null if it cannot, or if
/// there are too few queries for it.
TileConfigAttr chooseWgmmaConfig(const AttentionStep &step,
                                 const GpuTarget &target);
/// Launches the kernel, or where rows may lie such that tensor copies do not
/// take them, that of mma_sync. `config` is that of this kernel. On failure
/// nothing has been emitted and the reason reported.
LogicalResult emitWgmmaPrefill(OpBuilder &builder, const AttentionStep &step,
                               TileConfigAttr config, const GpuTarget &target);

} // namespace mlir::attn

#endif // ATTN_LIB_CONVERSION_ATTNTOGPU_WGMMAPREFILL_H
