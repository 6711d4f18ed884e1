//===- LaneSums.cpp - Sums over the lanes of many vectors -----------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// The tree of additions that leaves many sums over lanes in one vector.
//
//===----------------------------------------------------------------------===//

#include "LaneSums.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::attn;

LaneSums::LaneSums(VectorBuilder &b,
                   llvm::function_ref<bool(int64_t)> isPresent)
    : b(b) {
  for (int64_t count = b.lanes; count > 0; count /= 2) {
    rounds.emplace_back(count);
    SmallVector<bool> there(count);
    for (int64_t i = 0; i < count; ++i)
      there[i] = present.empty()
                     ? !isPresent || isPresent(i)
                     : present.back()[2 * i] || present.back()[2 * i + 1];
    present.push_back(std::move(there));
  }
}

void LaneSums::add(int64_t lane, Value part) {
  // A pair is added as soon as it is there: few parts are in registers.
  for (auto [round, parts] : llvm::enumerate(rounds)) {
    parts[lane] = part;
    if (parts.size() == 1)
      return;
    Value x = parts[lane & ~1], y = parts[lane | 1];
    if (!present[round][lane ^ 1])
      x = y = part;
    if (!x || !y)
      return;
    part = addHalves(round, x, y);
    lane /= 2;
  }
}

Value LaneSums::addHalves(int64_t round, Value x, Value y) {
  int64_t lanes = b.lanes;
  int64_t piece = std::min<int64_t>(lanes, 128 / b.floatType.getWidth());
  int64_t chunk = int64_t(1) << round;
  SmallVector<int64_t> low, high;
  if (chunk < piece) {
    for (int64_t base = 0; base < lanes; base += piece)
      for (int64_t i = 0; i < piece / 2; i += chunk)
        for (int64_t from : {base, lanes + base})
          for (int64_t j = 0; j < chunk; ++j) {
            low.push_back(from + i + j);
            high.push_back(from + piece / 2 + i + j);
          }
  } else {
    for (int64_t base = 0; base < 2 * lanes; base += 2 * piece)
      for (int64_t i = 0; i < piece; ++i) {
        low.push_back(base + i);
        high.push_back(base + piece + i);
      }
  }
  return b.fadd(vector::ShuffleOp::create(b, x, y, low),
                vector::ShuffleOp::create(b, x, y, high));
}
