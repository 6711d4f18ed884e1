//===- AttnToVector.h - Attention on memrefs to vector loops ----*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Lowers the layer-B ops on memrefs to loops over fixed-width vectors.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_CONVERSION_ATTNTOVECTOR_ATTNTOVECTOR_H
#define ATTN_CONVERSION_ATTNTOVECTOR_ATTNTOVECTOR_H

#include "attn/Dialect/Attn/IR/Attn.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::attn {

/// What the kernels need to know of the machine.
struct VectorTarget {
  int64_t vectorBits = 512;
  int64_t numRegisters = 32;
  bool bf16Dot = false; ///< An instruction multiplies and adds pairs of bf16.
  bool scalef = false;  ///< vreduceps and vscalefps of AVX-512.

  /// From the `attn.target` attribute of the module around `op`, if it has one
  /// for a CPU.
  static VectorTarget get(Operation *op);
};

/// Scratch buffers on the stack, or on the heap when the stack would be asked
/// for more than 256 KiB. Ops in one scope run one after another, so equal
/// requests of different ops get the same buffer.
class ScratchPool {
public:
  /// A buffer of `shape` for the use named `role` by `op`, 64-byte aligned. It
  /// lies at the start of the outermost parallel loop around `op`, which
  /// becomes a function of its own when loops are outlined, or of the function;
  /// never inside a sequential loop, where every iteration would grow the
  /// stack.
  Value get(Operation *op, StringRef role, ArrayRef<int64_t> shape,
            Type elementType);

private:
  llvm::DenseMap<std::tuple<Block *, Type, StringRef>, Value> buffers;
  llvm::DenseMap<Block *, int64_t> stackBytes;
};

/// True for the ops `lowerToVectors` knows: online, partial, finalize, merge,
/// sparq_step.
bool isLoweredToVectors(Operation *op);

/// Replaces `op` (on memrefs) by loops over vectors. On failure nothing has
/// been changed and the reason has been reported.
LogicalResult lowerToVectors(RewriterBase &rewriter, Operation *op,
                             const VectorTarget &target, ScratchPool &scratch);

} // namespace mlir::attn

#endif // ATTN_CONVERSION_ATTNTOVECTOR_ATTNTOVECTOR_H
