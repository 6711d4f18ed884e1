//===- WgmmaPrefillKernel.h - Pieces of the kernel for sm_90a ---*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// As many blocks of threads as run at a time take tiles of query rows one after
// the other. In each, the threads of some warpgroups compute 64 rows each; one
// thread of the last asks for tiles of queries, keys and values ahead of them.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOGPU_WGMMAPREFILLKERNEL_H
#define ATTN_LIB_CONVERSION_ATTNTOGPU_WGMMAPREFILLKERNEL_H

#include "PrefillKernel.h"
#include "WgmmaPrefill.h"

namespace mlir::attn {

class WgmmaPrefillKernel : PrefillKernel {
public:
  WgmmaPrefillKernel(GpuBuilder &b, const AttentionStep &step,
                     const WgmmaShape &shape, int64_t numSms);

  /// Launches the kernel, or where tensor copies do not take the operands, what
  /// `standIn` launches. Rows that a mask may exclude keys from are computed
  /// again by `repair`, if marked, see PrefillKernel::emitMarked.
  void emit(function_ref<void()> standIn,
            function_ref<void(Value marks)> repair);

private:
  /// A memref that is copied box by box.
  struct Tensor {
    Value memref;
    SwizzledRows rows; ///< In shared memory.
    int64_t boxRows;   ///< Rows of a copy, that divide those of a page.
    Value map;         ///< On the host the descriptor, then a pointer to it.
  };
  /// What a warpgroup that computes carries from one tile to the next.
  struct Pipeline {
    PrefillState state;
    SmallVector<Value> powers; ///< Of the last tile, pairs of elements.
    RingPlace place;           ///< Of the last tile.

    SmallVector<Value> flat() const;
  };

  /// Host.
  void launch();
  Value createMap(const Tensor &tensor);

  /// One block.
  void emitBlock(GpuThread id);
  void initBarriers();
  /// Calls `body` for all tiles of rows of the block with what it carries.
  SmallVector<Value>
  forEachWork(ValueRange inits,
              function_ref<SmallVector<Value>(ValueRange)> body);
  void findWork(Value number);
  Value barrierAt(int64_t first, Value stage);
  Value queryBarrier(bool isEmpty) { return f->at(barriers, isEmpty ? 8 : 0); }
  Value keyBarrier(bool isEmpty, Value stage);
  Value valueBarrier(bool isEmpty, Value stage);
  RingPlace next(RingPlace place);
  Value flip(Value parity);
  /// Where a stage begins in shared memory.
  Value stageAt(bool isValue, Value stage);

  /// The thread that fetches.
  void produce();
  /// Copies a tile from `row` on of the head, and has `barrier` announce it.
  void copyTile(const Tensor &tensor, Value to, Value row, Value head,
                Value barrier);
  /// The page that has key `row`, and the row's number in it.
  std::pair<Value, Value> findPage(const Tensor &tensor, Value row);
  void fetchTile(bool isValue, Value tile, RingPlace place);

  /// Warpgroups that compute.
  void consume();
  SmallVector<Value> computeWork(ValueRange carried);
  /// Waits until it is this warpgroup's turn to multiply; then the next's.
  void takeTurn();
  void passTurn();
  /// Multiplies queries by the tile of keys at `place` and leaves that in
  /// flight.
  Value multiplyKeys(RingPlace place);
  /// Adds powers times the values at `place` to outputs, in flight.
  void multiplyValues(ArrayRef<Value> powers, RingPlace place,
                      SmallVector<Sums> &outputs);
  SmallVector<Value> computeStep(Value index, ValueRange carried,
                                 bool isMasked);
  /// Scores to powers; returns what outputs are to be multiplied by.
  std::array<Value, 2> takePowers(SmallVector<Sums> scores, Value tile,
                                  bool isMasked, Pipeline &pipeline);
  SmallVector<Value> pack(const SmallVector<Sums> &powers);
  /// Zeroes values of keys that no row of the block sees: they may hold
  /// anything, and 0 times that be NaN.
  void clearValues(Value tile, RingPlace place);
  Pipeline unflatten(ValueRange values);
  /// Marks the warp's rows if an output is not finite, else not. A value that
  /// is excluded from all rows may have got there, times 0.
  void markRows(const SmallVector<Sums> &outputs);
  void release(Value barrier);

  WgmmaShape wgmma;
  int64_t numSms;
  std::optional<Warpgroup> wg;

  // On the host.
  Tensor queryTensor, keyTensor, valueTensor;
  Value gridSize, numWork, sectionHeads;

  // In a block.
  Value block, role, sharedAddress, barriers;
  Value queryDescriptor; ///< Of the warpgroup's rows.
};

} // namespace mlir::attn

#endif // ATTN_LIB_CONVERSION_ATTNTOGPU_WGMMAPREFILLKERNEL_H
