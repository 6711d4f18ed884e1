//===- Copies.cpp - The kernels of copies ---------------------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// What bufferization copies, because an op writes to a tensor whose old value
// is needed: a thread has a few elements.
//
//===----------------------------------------------------------------------===//

#include "Kernels.h"

#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/SymbolTable.h"

using namespace mlir;
using namespace mlir::attn;
using arith::CmpIPredicate;

/// Threads of a block, and elements that each of them has.
static constexpr int64_t kThreads = 128;
static constexpr int64_t kAtOnce = 4;

/// The one number that all elements of the constant are, or null.
static TypedAttr getSplat(memref::GetGlobalOp constant) {
  auto global = SymbolTable::lookupNearestSymbolFrom<memref::GlobalOp>(
      constant, constant.getNameAttr());
  auto number =
      global ? dyn_cast_or_null<SplatElementsAttr>(global.getInitialValueAttr())
             : SplatElementsAttr();
  return number ? number.getSplatValue<TypedAttr>() : TypedAttr();
}

void attn::emitCopy(OpBuilder &builder, memref::CopyOp op) {
  Value source = op.getSource(), target = op.getTarget();
  auto type = cast<MemRefType>(target.getType());
  auto constant = source.getDefiningOp<memref::GetGlobalOp>();
  TypedAttr splat = constant ? getSplat(constant) : TypedAttr();
  GpuBuilder b(op.getLoc(), builder, builder.getF32Type(), /*lanes=*/1);
  SmallVector<Value> sizes;
  Value count = b.idx(1);
  int64_t rank = type.getRank();
  for (int64_t axis = 0; axis < rank; ++axis) {
    sizes.push_back(b.idx(getDim(b, b.getLoc(), target, axis)));
    count = b.mul(count, sizes.back());
  }
  auto placeOf = [&](Value i) {
    SmallVector<Value> place(rank);
    for (int64_t axis = rank - 1; axis > 0; --axis) {
      place[axis] = b.rem(i, sizes[axis]);
      i = b.div(i, sizes[axis]);
    }
    if (rank)
      place[0] = i;
    return place;
  };
  constexpr int64_t kPerBlock = kThreads * kAtOnce;
  Value blocks = b.div(b.add(count, kPerBlock - 1), b.idx(kPerBlock));
  b.launch(blocks, kThreads, /*sharedBytes=*/0, [&](GpuThread id) {
    Value first = b.add(b.mul(id.block, b.idx(kPerBlock)), id.thread);
    Value last = b.sub(count, b.idx(1));
    // Of several numbers, kernels have a constant of their own.
    if (constant && !splat)
      source = memref::GetGlobalOp::create(b, constant.getType(),
                                           constant.getName());
    SmallVector<Value> elements;
    for (int64_t u = 0; u < kAtOnce; ++u) {
      if (splat)
        elements.push_back(arith::ConstantOp::create(b, splat));
      else
        elements.push_back(
            b.load(source, placeOf(b.min(b.add(first, u * kThreads), last))));
    }
    for (int64_t u = 0; u < kAtOnce; ++u) {
      Value i = b.add(first, u * kThreads);
      b.ifThen(b.compare(CmpIPredicate::slt, i, count),
               [&] { b.store(elements[u], target, placeOf(i)); });
    }
  });
}
