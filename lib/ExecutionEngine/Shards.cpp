//===- lib/ExecutionEngine/Shards.cpp - Parts of values -------------------===//
//
// Part of attn-mlir.
//
// Cuts inputs for each rank and joins results.
//
//===----------------------------------------------------------------------===//

#include "Shards.h"

#include "attn/Dialect/Attn/IR/Attn.h"

#include "llvm/Support/MathExtras.h"

#include <cstring>
#include <numeric>

using namespace llvm;
using namespace mlir;
using namespace mlir::attn;

//===----------------------------------------------------------------------===//
// Ranges
//===----------------------------------------------------------------------===//

int64_t ShardRanges::begin(int64_t rank) const {
  int64_t numUnits = static_cast<int64_t>(divideCeil(total, unit));
  // Without a product of both, which may be large.
  int64_t each = numUnits / numRanks, rest = numUnits % numRanks;
  int64_t first = each * rank + rest * rank / numRanks;
  return std::min(total, first * unit);
}

static ShardAttr getShard(func::FuncOp function, unsigned number) {
  return function.getArgAttrOfType<ShardAttr>(number, kShardAttrName);
}

/// Positions along the cut dimension of `input`.
static int64_t countPositions(ShardAttr shard, const TensorValue &input) {
  int64_t size = input.shape()[shard.getDim()];
  return shard.getKind() == ShardKind::pages ? size * shard.getUnit() : size;
}

Expected<ShardRanges> attn::planShards(func::FuncOp function,
                                       ArrayRef<TensorValue> inputs,
                                       int64_t numRanks) {
  ShardRanges ranges;
  ranges.numRanks = numRanks;
  std::optional<unsigned> first;
  for (auto [i, input] : enumerate(inputs)) {
    ShardAttr shard = getShard(function, i);
    if (!shard || !shard.isCut())
      continue;
    ranges.unit = std::lcm(ranges.unit, shard.getUnit());
    int64_t positions = countPositions(shard, input);
    // Of all keys at once, most likely; what is wrong is found when it runs.
    if (shard.getKind() == ShardKind::keys && positions == 1)
      continue;
    if (first && positions != ranges.total)
      return createStringError(
          "argument " + Twine(*first) + " has " + Twine(ranges.total) +
          " positions and argument " + Twine(i) + " " + Twine(positions) +
          ": they cannot be cut at the same ones");
    first = i;
    ranges.total = positions;
  }
  // One key in all.
  if (!first && any_of(seq<unsigned>(0, inputs.size()), [&](unsigned i) {
        ShardAttr shard = getShard(function, i);
        return shard && shard.isCut();
      }))
    ranges.total = 1;
  return ranges;
}

//===----------------------------------------------------------------------===//
// Parts
//===----------------------------------------------------------------------===//

namespace {
/// A value as `count` pieces of `size` x `inner` bytes along a dimension.
struct Pieces {
  Pieces(const TensorValue &value, int64_t dim)
      : size(value.shape()[dim]), inner(value.format().bytes()) {
    for (int64_t before : value.shape().take_front(dim))
      count *= before;
    for (int64_t after : value.shape().drop_front(dim + 1))
      inner *= after;
  }
  int64_t count = 1, size, inner;
};
} // namespace

/// Elements [begin, begin + size) of `input` along `dim`; zeros where it ends
/// earlier.
static Expected<TensorValue> cut(const TensorValue &input, int64_t dim,
                                 int64_t begin, int64_t size) {
  SmallVector<int64_t> shape(input.shape());
  shape[dim] = size;
  Expected<TensorValue> part = TensorValue::create(input.element(), shape);
  if (!part)
    return part.takeError();
  Pieces all(input, dim);
  int64_t found = std::clamp<int64_t>(all.size - begin, 0, size);
  for (int64_t i = 0; i < all.count && found > 0; ++i)
    std::memcpy(part->data() + i * size * all.inner,
                input.data() + (i * all.size + begin) * all.inner,
                found * all.inner);
  return part;
}

Expected<SmallVector<TensorValue>> attn::cutInputs(func::FuncOp function,
                                                   ArrayRef<TensorValue> inputs,
                                                   const ShardRanges &ranges,
                                                   int64_t rank) {
  SmallVector<TensorValue> parts;
  int64_t begin = ranges.begin(rank), size = ranges.size(rank);
  for (unsigned i = 0; i < function.getNumArguments(); ++i) {
    ShardAttr shard = getShard(function, i);
    Type type = function.getArgument(i).getType();
    if (!shard && i < inputs.size()) {
      parts.push_back(inputs[i].clone());
      continue;
    }
    Expected<TensorValue> part = [&]() -> Expected<TensorValue> {
      if (!shard) // A communicator.
        return TensorValue::create(type, {}, /*isScalar=*/true);
      switch (shard.getKind()) {
      case ShardKind::keys:
        if (inputs[i].shape()[shard.getDim()] == 1 && ranges.total != 1)
          return inputs[i].clone();
        [[fallthrough]];
      case ShardKind::rows:
        return cut(inputs[i], shard.getDim(), begin, size);
      case ShardKind::pages:
        return cut(inputs[i], shard.getDim(), begin / shard.getUnit(),
                   divideCeil(size, shard.getUnit()));
      case ShardKind::pool:
        return inputs[i].clone();
      case ShardKind::anchor: {
        int64_t dim = getShard(function, shard.getOf()).getDim();
        return cut(inputs[shard.getOf()], dim, 0,
                   cast<ShapedType>(type).getDimSize(dim));
      }
      case ShardKind::offset: {
        Expected<TensorValue> offset =
            TensorValue::create(type, {}, /*isScalar=*/true);
        if (offset)
          offset->format().storeInteger(offset->data(), begin);
        return offset;
      }
      }
      llvm_unreachable("every kind is named");
    }();
    if (!part)
      return part.takeError();
    parts.push_back(std::move(*part));
  }
  return std::move(parts);
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

int64_t attn::getCutDim(func::FuncOp function, unsigned number) {
  auto shard = function.getResultAttrOfType<ShardAttr>(number, kShardAttrName);
  return shard ? shard.getDim() : -1;
}

bool attn::placePart(TensorValue &whole, int64_t dim, ArrayRef<char> bytes,
                     const ShardRanges &ranges, int64_t rank) {
  Pieces all(whole, dim);
  int64_t begin = ranges.begin(rank), piece = ranges.size(rank) * all.inner;
  if (static_cast<int64_t>(bytes.size()) != all.count * piece)
    return false;
  for (int64_t i = 0; i < all.count && piece > 0; ++i)
    std::memcpy(whole.data() + (i * all.size + begin) * all.inner,
                bytes.data() + i * piece, piece);
  return true;
}
