//===- LaneSums.h - Sums over the lanes of many vectors ---------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// The tree of additions that leaves many sums over lanes in one vector.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOVECTOR_LANESUMS_H
#define ATTN_LIB_CONVERSION_ATTNTOVECTOR_LANESUMS_H

#include "VectorBuilder.h"

namespace mlir::attn {

/// One vector whose lane i is the sum of the elements of part i, of at most as
/// many parts as lanes, which come in any order. Each round adds two halves of
/// two vectors into one: inside 128 bits first, then whole 128-bit pieces,
/// which are the shuffles machines have.
class LaneSums {
public:
  /// With a part for every lane, or for those only that `isPresent` says.
  explicit LaneSums(VectorBuilder &b,
                    llvm::function_ref<bool(int64_t lane)> isPresent = {});

  void add(int64_t lane, Value part);
  /// When all parts are there. Lanes without one have any number.
  Value get() const { return rounds.back().front(); }

private:
  Value addHalves(int64_t round, Value x, Value y);

  VectorBuilder &b;
  SmallVector<SmallVector<Value>> rounds;
  SmallVector<SmallVector<bool>> present;
};

} // namespace mlir::attn

#endif // ATTN_LIB_CONVERSION_ATTNTOVECTOR_LANESUMS_H
