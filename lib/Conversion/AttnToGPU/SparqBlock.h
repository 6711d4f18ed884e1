//===- SparqBlock.h - Blocks of threads that choose -------------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// What the two launches that choose keys have in common. Blocks of threads
// share the keys of a key head; the one that ends last goes on with what all of
// them found, so that no launch has to wait for it.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOGPU_SPARQBLOCK_H
#define ATTN_LIB_CONVERSION_ATTNTOGPU_SPARQBLOCK_H

#include "RadixBlock.h"
#include "Sparq.h"

namespace mlir::attn::sparq {

/// The code of one thread of a block that has one chunk of a key head's keys.
class ChoosingBlock : public RadixBlock {
public:
  static constexpr int64_t kKeysPerThread = Plan::kKeysPerChunk / kThreads;

  ChoosingBlock(GpuBuilder &b, Plan &plan, const Scratch &scratch,
                const Place &at, Value chunk, Value numChunks);

protected:
  /// The sum over all threads, everywhere.
  Value sum(Value x);
  /// Emits `body` for the block of the key head that ends last. All have to be
  /// done with memory that others read; `ticket` is one of those of Scratch.
  void ifLast(int64_t ticket, function_ref<void()> body);

  Plan &plan;
  const Scratch &scratch;
  Place at;
  Value chunk, numChunks;
  Value zero;
  Value firstKey;         ///< Of the chunk.
  Value flag;             ///< [1].
  Value partial;          ///< [warp].
  Value shifts, inverses; ///< [head]: of the softmax.
};

/// Launches a block of `Kernel`, a ChoosingBlock, for each chunk of each key
/// head.
template <typename Kernel>
void launchForChunks(OpBuilder &builder, Plan &plan, const Scratch &scratch) {
  GpuBuilder b(plan.op.getLoc(), builder, plan.type, /*lanes=*/1);
  Value chunks = plan.getNumChunks(b), slots = plan.getNumSlots(b);
  b.launch(
      b.mul(slots, chunks), ChoosingBlock::kThreads, plan.getChoiceBytes(),
      [&](GpuThread id) {
        Place at = Place::get(b, plan, b.div(id.block, chunks), id.thread);
        Kernel(b, plan, scratch, at, b.rem(id.block, chunks), chunks).emit();
      });
}

} // namespace mlir::attn::sparq

#endif // ATTN_LIB_CONVERSION_ATTNTOGPU_SPARQBLOCK_H
