//===- Warpgroup.h - Instructions of sm_90a ---------------------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Pieces of kernels whose warps have different tasks: tiles of tensors that one
// thread asks for and mbarriers announce, and matrix instructions that four
// warps issue together and wait for later.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOGPU_WARPGROUP_H
#define ATTN_LIB_CONVERSION_ATTNTOGPU_WARPGROUP_H

#include "Fragments.h"

namespace mlir::attn {

/// Threads of four warps that issue wgmma together.
inline constexpr int64_t kWarpgroupSize = 4 * kWarpSize;
/// Rows of the left operand and of the sums of one wgmma.
inline constexpr int64_t kWarpgroupRows = 64;

/// Rows of 16-bit numbers in shared memory as tensor copies write them and
/// wgmma reads them: panels of columns behind each other, in which chunks of 16
/// bytes are changed by exclusive or with the number of the 128 bytes they are
/// in. Panels are whole: nobody is known to have wgmma read a part of one.
struct SwizzledRows {
  int64_t numRows; ///< A multiple of 16.
  int64_t columns; ///< A multiple of 16.

  /// 64, 32 or 16; as many bytes of a row are swizzled.
  int64_t panelColumns() const {
    return columns % 64 == 0 ? 64 : columns % 32 == 0 ? 32 : 16;
  }
  int64_t rowBytes() const { return 2 * panelColumns(); }
  int64_t numPanels() const { return columns / panelColumns(); }
  /// Panels begin at multiples of what swizzles repeat after, 8 rows.
  int64_t panelBytes() const { return numRows * rowBytes(); }
  int64_t bytes() const { return numPanels() * panelBytes(); }
};

/// A stage of a ring, and the parity of the round it is in, as i32: what to
/// wait for at the barriers of the stage.
struct RingPlace {
  Value stage, parity;
};

/// Builds the code of one thread.
class Warpgroup {
public:
  /// `element` is f16 or bf16.
  Warpgroup(GpuBuilder &b, Fragments &f, Type element)
      : b(b), f(f), element(element) {}

  //===--------------------------------------------------------------------===//
  // Roles
  //===--------------------------------------------------------------------===//

  /// `x`, equal in all lanes, such that the compiler knows.
  Value uniform(Value x);
  /// All threads of the warpgroup have `count` registers from here on.
  void setRegisters(int64_t count, bool isMore);
  /// Waits at barrier `id` (i32, 1 to 15) until `numThreads` have come to it.
  void barrier(Value id, int64_t numThreads);
  /// Comes to the barrier, and does not wait.
  void arriveAtBarrier(Value id, int64_t numThreads);

  //===--------------------------------------------------------------------===//
  // mbarriers: pointers to 8 bytes of shared memory
  //===--------------------------------------------------------------------===//

  /// One thread does; after it, fenceBarriers and a barrier of all.
  void initBarrier(Value barrier, int64_t count);
  void fenceBarriers();
  /// Waits for the end of the phase of this parity (i32).
  void wait(Value barrier, Value parity);
  void arrive(Value barrier);
  /// Arrives, and has the phase wait for `bytes` that copies bring.
  void arriveExpecting(Value barrier, int64_t bytes);

  //===--------------------------------------------------------------------===//
  // Copies of boxes of tensors
  //===--------------------------------------------------------------------===//

  /// Copies the box at `at` (i32, innermost first) of the tensor that `map`
  /// (!llvm.ptr) describes to shared memory; what lies outside is zeros.
  void copyBox(Value to, Value map, ArrayRef<Value> at, Value barrier);
  /// Brings what `map` points to into the cache.
  void prefetchMap(Value map);
  /// What threads have written to shared memory is seen by wgmma and by
  /// copies.
  void fenceSharedMemory();

  //===--------------------------------------------------------------------===//
  // wgmma
  //===--------------------------------------------------------------------===//

  /// The descriptor (i64) of rows whose first panel begins at `address` (i32,
  /// of shared memory). Operands whose rows lie along k are `transposed`.
  Value describe(Value address, SwizzledRows rows, bool transposed);
  /// The same `bytes` (a multiple of 16) further.
  Value advance(Value descriptor, int64_t bytes);
  /// Registers are ready: before the first of some multiplications.
  void fence();
  /// 64 x columns sums of a product of matrices in shared memory over 16
  /// numbers, plus `sums` unless it is null.
  Value multiplyShared(Value a, Value descriptorB, Value sums, int64_t columns);
  /// sums + a * b, `a` in registers as in Fragments::multiply, `b` transposed.
  void multiplyRegisters(ArrayRef<Value> a, Value descriptorB,
                         SmallVector<Sums> &sums);
  /// The multiplications since the last commit become a group.
  void commit();
  /// Waits until at most `pending` groups are not done.
  void waitForGroups(int64_t pending);
  /// `sums` after a wait for their group: nothing that reads them may be moved
  /// before it, and nothing written to registers that were `read` for them.
  void settle(SmallVector<Sums> &sums, ArrayRef<Value> read = {});
  /// Has all that leads to `numbers` (f32, none of them negative) computed
  /// while groups are in flight: the wait that comes next is not moved before
  /// it.
  void computeBeforeWait(ValueRange numbers);
  /// What multiplyShared returned, as numbers.
  SmallVector<Sums> unpack(Value sums, int64_t columns);

private:
  Type sumsType(int64_t columns);

  GpuBuilder &b;
  Fragments &f;
  Type element;
};

} // namespace mlir::attn

#endif // ATTN_LIB_CONVERSION_ATTNTOGPU_WARPGROUP_H
