//===- GpuBuilder.h - Emits kernels for GPUs --------------------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// A VectorBuilder for the code of one thread, with what threads of a warp and
// of a block do together.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOGPU_GPUBUILDER_H
#define ATTN_LIB_CONVERSION_ATTNTOGPU_GPUBUILDER_H

#include "../AttnToVector/VectorBuilder.h"
#include "attn/Dialect/Attn/IR/Attn.h"

namespace mlir::attn {

/// Threads that run in step.
inline constexpr int64_t kWarpSize = 32;
/// The widest access of a thread to memory.
inline constexpr int64_t kMaxAccessBytes = 16;

/// Facts of a GPU, by default of the oldest one we compile for.
struct GpuTarget {
  StringRef arch = "sm_80"; ///< "sm_90a"; of several, that of one.
  int64_t computeCapability = 80;
  int64_t numSms = 108;
  int64_t sharedBytes = 99 << 10; ///< Of one block of threads.
  bool hasWgmma = false;          ///< Matrix instructions of four warps.
};

/// What the code of a launch knows of where it runs.
struct GpuThread {
  Value block;  ///< Number of the block of threads, index.
  Value thread; ///< In its block, index.
};

/// Builds the code of one thread; numbers are scalars, or vectors of a few
/// elements that the thread has of a row.
class GpuBuilder : public VectorBuilder {
public:
  using VectorBuilder::VectorBuilder;

  /// Launches `numBlocks` blocks of `numThreads` threads with `sharedBytes` of
  /// dynamic shared memory each, and emits what a thread does by `body`.
  /// Nothing is launched if `numBlocks` is 0.
  void launch(Value numBlocks, int64_t numThreads, int64_t sharedBytes,
              function_ref<void(GpuThread)> body);
  /// `count` elements of `type` of the dynamic shared memory, from byte
  /// `offset` on.
  Value shared(Type type, int64_t count, int64_t offset);
  /// Waits for all threads of the block.
  void barrier();

  /// `x` of the lane whose number differs from this one's in the bits of
  /// `mask`. Scalars of 32 bits or f64, and vectors of them.
  Value shuffleXor(Value x, int64_t mask);
  /// `combine` of `x` of all `width` lanes (a power of two) beside each other,
  /// in each of them.
  Value allReduce(Value x, int64_t width,
                  function_ref<Value(Value, Value)> combine);

  /// `x` of the lane `distance` before this one; where there is none, anything.
  Value shuffleUp(Value x, int64_t distance);
  /// `x` of the first lane.
  Value shuffleFirst(Value x);
  /// A bit for each lane of the warp: whether its `condition` holds, of i32.
  Value ballot(Value condition);

  /// x * y + z in one instruction, which every GPU has.
  Value fma(Value x, Value y, Value z);
  /// 2^x, of f32 in one instruction.
  Value exp2(Value x);
  /// ln(x).
  Value log(Value x);
  /// 1 / x of f32 in one instruction, to a unit in the last place.
  Value reciprocal(Value x);

  /// `width` elements of a row of `memref`, at a multiple of `width`, by one
  /// access if rows begin at multiples of its size. Those of arguments of the
  /// function are to: they get kAlignmentAttrName.
  Value loadRow(Value memref, ValueRange at, int64_t width);
  /// The opposite, of memory whose rows are known to begin there.
  void storeRow(Value vector, Value memref, ValueRange at);
  /// The opposite of loadRow.
  void storeWhereAligned(Value vector, Value memref, ValueRange at);
  /// `count` as i1.
  Value boolean(bool value);
  /// Both.
  Value both(Value x, Value y) { return createOrFold<arith::AndIOp>(x, y); }
  Value either(Value x, Value y) { return createOrFold<arith::OrIOp>(x, y); }
};

} // namespace mlir::attn

#endif // ATTN_LIB_CONVERSION_ATTNTOGPU_GPUBUILDER_H
