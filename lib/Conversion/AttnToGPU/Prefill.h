//===- Prefill.h - Attention by matrix instructions -------------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// The kernel of prompts, and of decoding steps whose heads share keys: mma.sync
// of f16 and bf16, sm_80 and later.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOGPU_PREFILL_H
#define ATTN_LIB_CONVERSION_ATTNTOGPU_PREFILL_H

#include "Kernels.h"

namespace mlir::attn {

/// Numbers of elements the kernel works on at a time.
struct PrefillShape {
  int64_t headDim, headDimV;
  int64_t warps;
  int64_t rowTiles; ///< Of 16 rows, a warp.
  int64_t blockKv;  ///< Keys of a warp's step.
  int64_t stages;   ///< Tiles of keys and values in shared memory.
  /// Warps that have the same rows: each has tiles of keys of its own. Else
  /// warps have rows of their own, and the same keys.
  int64_t keyWarps = 1;

  int64_t threads() const { return warps * kWarpSize; }
  int64_t warpRows() const { return 16 * rowTiles; }
  int64_t blockQ() const { return warps / keyWarps * warpRows(); }
  int64_t queryBytes() const { return blockQ() * headDim * 2; }
  int64_t keyBytes() const { return blockKv * headDim * 2; }
  int64_t tileBytes() const { return blockKv * (headDim + headDimV) * 2; }
  int64_t stageBytes() const { return keyWarps * tileBytes(); }
  /// Of one row of a warp's state, where warps have the same rows: sums, the
  /// maximum, and the sum of powers. Eight rows lie in different banks.
  int64_t stateBytes() const { return headDimV * 4 + 32; }
  /// Rows of query and the stages; in the end the same memory has the output,
  /// or the states.
  int64_t sharedBytes() const;
  /// Whether the queries of a warp stay in its registers.
  bool keepsQuery() const { return rowTiles == 1 && headDim <= 128; }

  /// The same tiles of rows and keys by more warps, where those have rows of
  /// their own and are few: a lane has less to hold.
  PrefillShape withOneRowTile() const;

  /// `config` for heads of these sizes, or the reason why it is none for this
  /// kernel.
  static FailureOr<PrefillShape> get(int64_t headDim, int64_t headDimV,
                                     TileConfigAttr config,
                                     const GpuTarget &target,
                                     std::string &reason);
};

/// Query rows that share a key head, if known.
std::optional<int64_t> getRowsOfKeyHead(AttentionInterface op);
/// Why the kernel does not take `step`, whatever its configuration; empty if it
/// does.
std::string getPrefillObstacle(const AttentionStep &step,
                               const GpuTarget &target);
/// How the kernel computes `step` if nothing is said; null if it cannot.
TileConfigAttr choosePrefillConfig(const AttentionStep &step,
                                   const GpuTarget &target);
/// Launches attention by matrix instructions. `config` is that of this kernel.
/// On failure nothing has been emitted and the reason reported.
LogicalResult emitPrefill(OpBuilder &builder, const AttentionStep &step,
                          TileConfigAttr config, const GpuTarget &target);

} // namespace mlir::attn

#endif // ATTN_LIB_CONVERSION_ATTNTOGPU_PREFILL_H
