//===- Fragments.h - Matrix instructions of a warp --------------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Pieces of kernels that multiply matrices of f16 or bf16 with mma.sync: rows
// in shared memory, copies into them that nobody waits for, and the fragments
// of matrices that the lanes of a warp hold.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOGPU_FRAGMENTS_H
#define ATTN_LIB_CONVERSION_ATTNTOGPU_FRAGMENTS_H

#include "GpuBuilder.h"

namespace mlir::attn {

/// Rows of 16-bit numbers in shared memory, a multiple of 16 of them a row. Of
/// eight consecutive rows, the same 16 bytes lie in different banks: the number
/// of a row's chunk of 16 bytes is changed by exclusive or with some bits of
/// the row's number.
struct SharedRows {
  int64_t columns;

  int64_t chunks() const { return columns / 8; }
  int64_t rowBytes() const { return columns * 2; }
  /// The chunks that change places with each other: 2, 4 or 8.
  int64_t period() const;
  /// The bits of `row` that its chunks are changed by.
  int64_t swizzle(int64_t row) const;
};

/// The lane's sums of a product, of 16 rows and 8 columns: rows g and g + 8,
/// columns 2t and 2t + 1, for lane 4g + t.
using Sums = std::array<Value, 4>;

/// Builds the code of one lane. Addresses are 32-bit offsets from pointers to
/// shared memory (!llvm.ptr<3>), and 64-bit ones from pointers to global memory
/// (!llvm.ptr<1>).
class Fragments {
public:
  /// `element` is f16 or bf16; `thread` the thread's number in its block.
  /// `isLate` finds out the lane in another way, so that what follows from it
  /// is not kept in registers from where it was computed before.
  Fragments(GpuBuilder &b, Type element, Value thread, bool isLate = false);
  /// The block's number (i32), read once more, for the same reason.
  Value blockAgain();

  //===--------------------------------------------------------------------===//
  // Who this is, as i32
  //===--------------------------------------------------------------------===//

  Value thread, warp, lane;
  Value group;   ///< Of four lanes, that hold the same rows of sums.
  Value inGroup; ///< Lane in the group.
  Value integer(int64_t value) { return b.integer(value, b.getI32Type()); }
  /// An index, known to be small, as i32, and the reverse.
  Value toInt(Value index);
  Value toIndex(Value integer);
  /// As i64, for offsets in global memory.
  Value toLong(Value x);

  //===--------------------------------------------------------------------===//
  // Addresses
  //===--------------------------------------------------------------------===//

  /// The dynamic shared memory.
  Value sharedMemory();
  /// Element 0 of a memref in global memory.
  Value globalMemory(Value memref);
  /// Stride of `axis` in bytes, as i64.
  Value strideBytes(Value memref, int64_t axis);
  /// `pointer` plus bytes.
  Value at(Value pointer, Value bytes);
  Value at(Value pointer, int64_t bytes);
  /// The bits of `row` that its chunks are changed by.
  Value swizzle(Value row, SharedRows rows);

  //===--------------------------------------------------------------------===//
  // Copies from global to shared memory, 16 bytes each
  //===--------------------------------------------------------------------===//

  /// Copies a chunk. Where `exists` is false, zeros are written and nothing is
  /// read.
  void copyAsync(Value to, Value from, Value exists = {});
  void commitCopies();
  /// Waits until at most `pending` groups of this thread's copies are not done.
  void waitForCopies(int64_t pending);
  /// `x` of the warp's first lane.
  Value first(Value x);
  /// `x` of the warp's lane `lane`.
  Value ofLane(Value x, Value lane);
  /// Waits for all lanes of the warp, and sees what they have written.
  void syncWarp();

  //===--------------------------------------------------------------------===//
  // Matrices
  //===--------------------------------------------------------------------===//

  /// Four 8x8 matrices whose rows the lanes point to, eight lanes a matrix.
  std::array<Value, 4> loadMatrices(Value pointer, bool isTransposed);
  /// sums + a * b: 16 x 16 times 16 x 8, `b` by columns.
  Sums multiply(ArrayRef<Value> a, Value b0, Value b1, const Sums &sums);
  Sums zeros();
  /// Two f32 rounded to a word of two elements, `low` first.
  Value pack(Value low, Value high);
  /// Of the four lanes that hold a row.
  Value rowMax(Value x);
  Value rowSum(Value x);
  /// The greater one, the other one where one is NaN.
  Value maximum(Value x, Value y);

private:
  GpuBuilder &b;
  Type element;
  Type word, sharedPtr, globalPtr;
};

/// Where the lanes of a warp point to in rows in shared memory, for
/// loadMatrices.
class MatrixRows {
public:
  /// Lanes are at `row` (i32, equal modulo 8 to the row in its matrix) and at
  /// every second chunk from `chunk` (i32, 0 or 1) on; row 0 is `first` bytes
  /// (i32, a multiple of 128) behind `base`.
  MatrixRows(Fragments &f, GpuBuilder &b, SharedRows rows, Value base,
             Value first, Value row, Value chunk);

  /// The same rows `bytes` (i32, a multiple of 128) further.
  MatrixRows shifted(Value bytes) const;
  /// The pointer for chunks 2 * pair and 2 * pair + 1, `firstRow` rows (a
  /// multiple of 8) down.
  Value at(int64_t firstRow, int64_t pair) const;

private:
  Fragments *f;
  GpuBuilder *b;
  SharedRows rows;
  Value base, offset;
};

/// Threads that copy rows to shared memory together: neighbours copy
/// neighbouring chunks.
class RowCopy {
public:
  /// `thread` (i32) is the thread's number among the `numThreads`, a power of
  /// two, that copy.
  RowCopy(Fragments &f, GpuBuilder &b, SharedRows rows, Value thread,
          int64_t numThreads);

  /// Where the row that a thread copies lies, from its number in the tile
  /// (i32): a pointer to its beginning and whether it exists (or null).
  using Source = function_ref<std::pair<Value, Value>(Value row, int64_t pass)>;
  /// Calls `move` for all chunks of `numRows` rows that the thread has: its
  /// place in shared memory, relative to row 0 at `base`, and the place in the
  /// row that `source` says.
  void
  forEach(Value base, int64_t numRows, Source source,
          function_ref<void(Value shared, Value global, Value exists)> move);
  /// Rows between those of one thread.
  int64_t rowsPerPass() const { return perPass; }
  /// The first row of the thread.
  Value firstRow() const { return row; }

private:
  Fragments &f;
  GpuBuilder &b;
  SharedRows rows;
  int64_t width, perPass;
  Value row, chunk;
  Value offset; ///< Of the thread's chunk of its first row.
};

} // namespace mlir::attn

#endif // ATTN_LIB_CONVERSION_ATTNTOGPU_FRAGMENTS_H
