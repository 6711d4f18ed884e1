//===- GpuBuilder.cpp - Emits kernels for GPUs ----------------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Launches, shuffles, and memory.
//
//===----------------------------------------------------------------------===//

#include "GpuBuilder.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;
using namespace mlir::attn;

//===----------------------------------------------------------------------===//
// Blocks of threads
//===----------------------------------------------------------------------===//

void GpuBuilder::launch(Value numBlocks, int64_t numThreads,
                        int64_t sharedBytes,
                        function_ref<void(GpuThread)> body) {
  Value one = idx(1), threads = idx(numThreads);
  Value bytes = sharedBytes ? integer(sharedBytes, getI32Type()) : Value();
  auto op = gpu::LaunchOp::create(*this, numBlocks, one, one, threads, one, one,
                                  bytes);
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToStart(&op.getBody().front());
  body({op.getBlockIds().x, op.getThreadIds().x});
  gpu::TerminatorOp::create(*this);
}

Value GpuBuilder::shared(Type type, int64_t count, int64_t offset) {
  auto space = gpu::AddressSpaceAttr::get(
      getContext(), gpu::GPUDialect::getWorkgroupAddressSpace());
  auto bytes = MemRefType::get({ShapedType::kDynamic}, getI8Type(),
                               MemRefLayoutAttrInterface(), space);
  Value all = gpu::DynamicSharedMemoryOp::create(*this, bytes);
  auto view =
      MemRefType::get({count}, type, MemRefLayoutAttrInterface(), space);
  return memref::ViewOp::create(*this, view, all, idx(offset), ValueRange());
}

void GpuBuilder::barrier() { gpu::BarrierOp::create(*this); }

//===----------------------------------------------------------------------===//
// Warps
//===----------------------------------------------------------------------===//

Value GpuBuilder::shuffleXor(Value x, int64_t mask) {
  if (auto type = dyn_cast<VectorType>(x.getType())) {
    SmallVector<Value> elements;
    for (int64_t i = 0, e = type.getNumElements(); i < e; ++i)
      elements.push_back(shuffleXor(
          vector::ExtractOp::create(*this, x, ArrayRef<int64_t>{i}), mask));
    return vector::FromElementsOp::create(*this, type, elements);
  }
  return gpu::ShuffleOp::create(*this, x, static_cast<int32_t>(mask),
                                static_cast<int32_t>(kWarpSize),
                                gpu::ShuffleMode::XOR)
      .getShuffleResult();
}

Value GpuBuilder::allReduce(Value x, int64_t width,
                            function_ref<Value(Value, Value)> combine) {
  for (int64_t mask = width / 2; mask >= 1; mask /= 2)
    x = combine(x, shuffleXor(x, mask));
  return x;
}

Value GpuBuilder::shuffleUp(Value x, int64_t distance) {
  return gpu::ShuffleOp::create(*this, x, static_cast<int32_t>(distance),
                                static_cast<int32_t>(kWarpSize),
                                gpu::ShuffleMode::UP)
      .getShuffleResult();
}

Value GpuBuilder::shuffleFirst(Value x) {
  return gpu::ShuffleOp::create(*this, x, /*offset=*/0,
                                static_cast<int32_t>(kWarpSize),
                                gpu::ShuffleMode::IDX)
      .getShuffleResult();
}

Value GpuBuilder::ballot(Value condition) {
  Type i32 = getI32Type();
  return NVVM::VoteSyncOp::create(*this, i32, integer(-1, i32), condition,
                                  NVVM::VoteSyncKind::ballot);
}

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

Value GpuBuilder::fma(Value x, Value y, Value z) {
  if (isa<VectorType>(x.getType()))
    return VectorBuilder::fma(x, y, z);
  return LLVM::FMAOp::create(*this, x, y, z);
}

Value GpuBuilder::exp2(Value x) {
  if (!x.getType().isF32())
    return VectorBuilder::exp2(x);
  return intrinsic("llvm.nvvm.ex2.approx.ftz.f", x.getType(), x);
}

Value GpuBuilder::log(Value x) {
  if (!x.getType().isF32())
    return VectorBuilder::log(x);
  constexpr double kLn2 = 0.693147180559945309417;
  Value log2 = intrinsic("llvm.nvvm.lg2.approx.f", x.getType(), x);
  return fmul(log2, number(kLn2, x.getType()));
}

Value GpuBuilder::reciprocal(Value x) {
  return intrinsic("llvm.nvvm.rcp.approx.ftz.f", x.getType(), x);
}

Value GpuBuilder::boolean(bool value) {
  return arith::ConstantOp::create(*this, getBoolAttr(value));
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

/// Whether rows of `memref` begin at multiples of `bytes`: arguments of the
/// function are said to, and checked when it is called.
static bool areRowsAligned(Value memref, int64_t bytes) {
  auto type = llvm::cast<MemRefType>(memref.getType());
  if (auto cast = memref.getDefiningOp<memref::CastOp>())
    return areRowsAligned(cast.getSource(), bytes);
  if (memref.getDefiningOp<memref::AllocOp>())
    return true;
  if (auto view = memref.getDefiningOp<memref::SubViewOp>()) {
    auto [strides, offset] = type.getStridesAndOffset();
    SmallVector<int64_t> numbers(ArrayRef(strides).drop_back());
    numbers.push_back(offset);
    int64_t elementBytes = type.getElementTypeBitWidth() / 8;
    return llvm::all_of(numbers,
                        [&](int64_t number) {
                          return !ShapedType::isDynamic(number) &&
                                 number * elementBytes % bytes == 0;
                        }) &&
           areRowsAligned(view.getSource(), bytes);
  }
  auto argument = dyn_cast<BlockArgument>(memref);
  auto func =
      argument
          ? dyn_cast<FunctionOpInterface>(argument.getOwner()->getParentOp())
          : FunctionOpInterface();
  if (!func)
    return false;
  unsigned number = argument.getArgNumber();
  auto known = func.getArgAttrOfType<IntegerAttr>(number, kAlignmentAttrName);
  if (!known || known.getInt() < bytes)
    func.setArgAttr(number, kAlignmentAttrName,
                    Builder(func.getContext()).getI64IntegerAttr(bytes));
  return true;
}

/// How elements of `memref` are accessed, `width` at a time. Without an
/// alignment, LLVM would do so element by element.
static llvm::Align alignOf(Value memref, int64_t width) {
  Type element = llvm::cast<MemRefType>(memref.getType()).getElementType();
  int64_t elementBytes = element.getIntOrFloatBitWidth() / 8;
  int64_t bytes = std::min(width * elementBytes, kMaxAccessBytes);
  return llvm::Align(areRowsAligned(memref, bytes) ? bytes : elementBytes);
}

Value GpuBuilder::loadRow(Value memref, ValueRange at, int64_t width) {
  Type element = llvm::cast<MemRefType>(memref.getType()).getElementType();
  return vector::LoadOp::create(*this, VectorType::get(width, element), memref,
                                at, /*nontemporal=*/false,
                                alignOf(memref, width));
}

void GpuBuilder::storeWhereAligned(Value vector, Value memref, ValueRange at) {
  int64_t width = llvm::cast<VectorType>(vector.getType()).getNumElements();
  vector::StoreOp::create(*this, vector, memref, at, /*nontemporal=*/false,
                          alignOf(memref, width));
}

void GpuBuilder::storeRow(Value vector, Value memref, ValueRange at) {
  auto type = llvm::cast<VectorType>(vector.getType());
  int64_t bytes = type.getNumElements() * type.getElementTypeBitWidth() / 8;
  vector::StoreOp::create(*this, vector, memref, at, /*nontemporal=*/false,
                          llvm::Align(bytes));
}
