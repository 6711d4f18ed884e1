//===- VectorBuilder.cpp - Emits vector arithmetic ------------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Index arithmetic, loops, memory and transposes.
//
//===----------------------------------------------------------------------===//

#include "VectorBuilder.h"

#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::attn;

bool attn::hasContiguousRows(Value memref) {
  return llvm::cast<MemRefType>(memref.getType()).isLastDimUnitStride();
}

VectorBuilder::VectorBuilder(Location loc, const OpBuilder &builder,
                             FloatType floatType, int64_t lanes)
    : ImplicitLocOpBuilder(loc, builder), floatType(floatType), lanes(lanes),
      floats(VectorType::get(lanes, floatType)),
      indices(VectorType::get(lanes, getIndexType())) {}

//===----------------------------------------------------------------------===//
// Index arithmetic
//===----------------------------------------------------------------------===//

Value VectorBuilder::idx(int64_t value) {
  return arith::ConstantIndexOp::create(*this, value);
}
Value VectorBuilder::idx(OpFoldResult value) {
  return getValueOrCreateConstantIndexOp(*this, getLoc(), value);
}
Value VectorBuilder::add(Value x, Value y) {
  return createOrFold<arith::AddIOp>(x, y);
}
Value VectorBuilder::sub(Value x, Value y) {
  return createOrFold<arith::SubIOp>(x, y);
}
Value VectorBuilder::mul(Value x, Value y) {
  return createOrFold<arith::MulIOp>(x, y);
}
Value VectorBuilder::min(Value x, Value y) {
  return createOrFold<arith::MinSIOp>(x, y);
}
Value VectorBuilder::max(Value x, Value y) {
  return createOrFold<arith::MaxSIOp>(x, y);
}
Value VectorBuilder::div(Value x, Value y) {
  return createOrFold<arith::DivUIOp>(x, y);
}
Value VectorBuilder::rem(Value x, Value y) {
  return createOrFold<arith::RemUIOp>(x, y);
}
Value VectorBuilder::roundDown(Value x, int64_t multiple) {
  return createOrFold<arith::AndIOp>(x, idx(-multiple));
}
Value VectorBuilder::compare(arith::CmpIPredicate predicate, Value x, Value y) {
  return createOrFold<arith::CmpIOp>(predicate, x, y);
}
Value VectorBuilder::select(Value condition, Value x, Value y) {
  return createOrFold<arith::SelectOp>(condition, x, y);
}

//===----------------------------------------------------------------------===//
// Control flow
//===----------------------------------------------------------------------===//

SmallVector<Value> VectorBuilder::loop(Value lower, Value upper, Value step,
                                       ValueRange inits, LoopBody body) {
  auto op = scf::ForOp::create(*this, lower, upper, step, inits);
  OpBuilder::InsertionGuard guard(*this);
  // An op without results was given its terminator by the builder.
  if (inits.empty())
    op.getBody()->getTerminator()->erase();
  setInsertionPointToEnd(op.getBody());
  SmallVector<Value> next =
      body(op.getInductionVar(), ValueRange(op.getRegionIterArgs()));
  scf::YieldOp::create(*this, next);
  return SmallVector<Value>(op.getResults());
}

SmallVector<Value> VectorBuilder::loop(Value lower, Value upper, int64_t step,
                                       ValueRange inits, LoopBody body) {
  return loop(lower, upper, idx(step), inits, body);
}

void VectorBuilder::loop(Value lower, Value upper, Value step,
                         function_ref<void(Value)> body) {
  loop(lower, upper, step, ValueRange{}, [&](Value index, ValueRange) {
    body(index);
    return SmallVector<Value>();
  });
}

void VectorBuilder::loop(Value lower, Value upper, int64_t step,
                         function_ref<void(Value)> body) {
  loop(lower, upper, idx(step), body);
}

SmallVector<Value> VectorBuilder::ifElse(TypeRange types, Value condition,
                                         Branch then, Branch otherwise) {
  auto op = scf::IfOp::create(*this, types, condition, /*addThenBlock=*/true,
                              /*addElseBlock=*/true);
  OpBuilder::InsertionGuard guard(*this);
  auto fill = [&](Block *block, Branch branch) {
    block->clear();
    setInsertionPointToEnd(block);
    SmallVector<Value> values = branch();
    scf::YieldOp::create(*this, values);
  };
  fill(op.thenBlock(), then);
  fill(op.elseBlock(), otherwise);
  return SmallVector<Value>(op.getResults());
}

void VectorBuilder::ifThen(Value condition, function_ref<void()> then) {
  auto op = scf::IfOp::create(*this, condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToStart(op.thenBlock());
  then();
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

Value VectorBuilder::load(Value memref, ValueRange at) {
  return memref::LoadOp::create(*this, memref, at);
}

void VectorBuilder::store(Value value, Value memref, ValueRange at) {
  memref::StoreOp::create(*this, value, memref, at);
}

Value VectorBuilder::loadVector(Value memref, ValueRange at) {
  Type element = llvm::cast<MemRefType>(memref.getType()).getElementType();
  return vector::LoadOp::create(*this, VectorType::get(lanes, element), memref,
                                at);
}

void VectorBuilder::storeVector(Value vector, Value memref, ValueRange at) {
  vector::StoreOp::create(*this, vector, memref, at);
}

void VectorBuilder::prefetch(Value memref, ValueRange at, bool isWrite) {
  memref::PrefetchOp::create(*this, memref, at, isWrite, /*localityHint=*/3,
                             /*isDataCache=*/true);
}

Value VectorBuilder::intrinsic(StringRef name, Type result,
                               ValueRange operands) {
  return LLVM::CallIntrinsicOp::create(*this, result, getStringAttr(name),
                                       operands)
      .getResult(0);
}

SmallVector<Value> VectorBuilder::transpose(ArrayRef<Value> rows) {
  assert(static_cast<int64_t>(rows.size()) == lanes && "a square block");
  // Each round interleaves the first half of the rows with the second, a
  // perfect shuffle of the elements; log2(lanes) of them transpose the block.
  SmallVector<int64_t> low, high;
  for (int64_t i = 0; i < lanes; ++i) {
    int64_t from = i / 2 + (i % 2) * lanes;
    low.push_back(from);
    high.push_back(from + lanes / 2);
  }
  SmallVector<Value> current(rows);
  for (int64_t size = lanes; size > 1; size /= 2) {
    SmallVector<Value> next;
    for (int64_t i = 0; i < lanes / 2; ++i) {
      Value x = current[i], y = current[i + lanes / 2];
      next.push_back(vector::ShuffleOp::create(*this, x, y, low));
      next.push_back(vector::ShuffleOp::create(*this, x, y, high));
    }
    current = std::move(next);
  }
  return current;
}
