//===- Fragments.cpp - Matrix instructions of a warp ----------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Ops of the NVVM dialect, and the arithmetic of their addresses.
//
//===----------------------------------------------------------------------===//

#include "Fragments.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::attn;
using arith::CmpIPredicate;

static constexpr int64_t kChunkBytes = 16;
/// Of one matrix of loadMatrices.
static constexpr int64_t kMatrixRows = 8;

int64_t SharedRows::period() const {
  return std::min<int64_t>(kMatrixRows, chunks() & -chunks());
}

int64_t SharedRows::swizzle(int64_t row) const {
  return row / (kMatrixRows / period()) % period();
}

Fragments::Fragments(GpuBuilder &b, Type element, Value threadIndex,
                     bool isLate)
    : b(b), element(element), word(b.getI32Type()),
      sharedPtr(LLVM::LLVMPointerType::get(
          b.getContext(),
          static_cast<unsigned>(NVVM::NVVMMemorySpace::Shared))),
      globalPtr(LLVM::LLVMPointerType::get(
          b.getContext(),
          static_cast<unsigned>(NVVM::NVVMMemorySpace::Global))) {
  thread = toInt(threadIndex);
  warp = b.div(thread, integer(kWarpSize));
  lane = isLate ? NVVM::LaneIdOp::create(b, b.getI32Type()).getRes()
                : b.rem(thread, integer(kWarpSize));
  group = b.div(lane, integer(4));
  inGroup = b.rem(lane, integer(4));
}

Value Fragments::blockAgain() {
  return LLVM::InlineAsmOp::create(
             b, word, ValueRange(), "mov.u32 $0, %ctaid.x;", "=r",
             /*has_side_effects=*/true, /*is_align_stack=*/false,
             LLVM::TailCallKind::None,
             LLVM::AsmDialectAttr::get(b.getContext(),
                                       LLVM::AsmDialect::AD_ATT),
             /*operand_attrs=*/ArrayAttr())
      .getResult(0);
}

Value Fragments::toInt(Value index) {
  return b.createOrFold<arith::IndexCastOp>(b.getI32Type(), index);
}
Value Fragments::toIndex(Value integer) {
  return b.createOrFold<arith::IndexCastOp>(b.getIndexType(), integer);
}
Value Fragments::toLong(Value x) {
  if (isa<IndexType>(x.getType()))
    return b.createOrFold<arith::IndexCastOp>(b.getI64Type(), x);
  return b.createOrFold<arith::ExtSIOp>(b.getI64Type(), x);
}

//===----------------------------------------------------------------------===//
// Addresses
//===----------------------------------------------------------------------===//

Value Fragments::sharedMemory() {
  auto space = gpu::AddressSpaceAttr::get(
      b.getContext(), gpu::GPUDialect::getWorkgroupAddressSpace());
  auto bytes = MemRefType::get({ShapedType::kDynamic}, b.getI8Type(),
                               MemRefLayoutAttrInterface(), space);
  Value all = gpu::DynamicSharedMemoryOp::create(b, bytes);
  Value address = memref::ExtractAlignedPointerAsIndexOp::create(b, all);
  return LLVM::IntToPtrOp::create(b, sharedPtr, toLong(address));
}

Value Fragments::globalMemory(Value memref) {
  auto type = cast<MemRefType>(memref.getType());
  Value address =
      toLong(memref::ExtractAlignedPointerAsIndexOp::create(b, memref));
  auto [strides, offset] = type.getStridesAndOffset();
  if (offset != 0) {
    Value elements =
        ShapedType::isDynamic(offset)
            ? memref::ExtractStridedMetadataOp::create(b, memref).getOffset()
            : b.idx(offset);
    int64_t bytes = type.getElementTypeBitWidth() / 8;
    address = b.add(address, toLong(b.mul(elements, b.idx(bytes))));
  }
  return LLVM::IntToPtrOp::create(b, globalPtr, address);
}

Value Fragments::strideBytes(Value memref, int64_t axis) {
  auto type = cast<MemRefType>(memref.getType());
  auto [strides, offset] = type.getStridesAndOffset();
  int64_t bytes = type.getElementTypeBitWidth() / 8;
  if (!ShapedType::isDynamic(strides[axis]))
    return b.integer(strides[axis] * bytes, b.getI64Type());
  Value stride =
      memref::ExtractStridedMetadataOp::create(b, memref).getStrides()[axis];
  return toLong(b.mul(stride, b.idx(bytes)));
}

Value Fragments::at(Value pointer, Value bytes) {
  return LLVM::GEPOp::create(b, pointer.getType(), b.getI8Type(), pointer,
                             ArrayRef<LLVM::GEPArg>{bytes});
}

Value Fragments::at(Value pointer, int64_t bytes) {
  if (bytes == 0)
    return pointer;
  return LLVM::GEPOp::create(
      b, pointer.getType(), b.getI8Type(), pointer,
      ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(bytes)});
}

Value Fragments::swizzle(Value row, SharedRows rows) {
  int64_t period = rows.period();
  // Rows whose chunks lie in different banks as they are come first.
  Value high = b.div(row, integer(kMatrixRows / period));
  return b.rem(high, integer(period));
}

//===----------------------------------------------------------------------===//
// Copies
//===----------------------------------------------------------------------===//

void Fragments::copyAsync(Value to, Value from, Value exists) {
  Value bytes;
  if (exists)
    bytes = b.select(exists, integer(kChunkBytes), integer(0));
  NVVM::CpAsyncOp::create(b, to, from, static_cast<uint32_t>(kChunkBytes),
                          NVVM::LoadCacheModifierKind::CG, bytes);
}

void Fragments::commitCopies() { NVVM::CpAsyncCommitGroupOp::create(b); }

void Fragments::waitForCopies(int64_t pending) {
  NVVM::CpAsyncWaitGroupOp::create(b, static_cast<uint32_t>(pending));
}

Value Fragments::first(Value x) {
  return gpu::ShuffleOp::create(b, x, /*offset=*/0,
                                static_cast<int32_t>(kWarpSize),
                                gpu::ShuffleMode::IDX)
      .getShuffleResult();
}

Value Fragments::ofLane(Value x, Value lane) {
  return gpu::ShuffleOp::create(b, x, lane, integer(kWarpSize),
                                gpu::ShuffleMode::IDX)
      .getShuffleResult();
}

void Fragments::syncWarp() { NVVM::SyncWarpOp::create(b, integer(-1)); }

//===----------------------------------------------------------------------===//
// Matrices
//===----------------------------------------------------------------------===//

std::array<Value, 4> Fragments::loadMatrices(Value pointer, bool isTransposed) {
  MLIRContext *context = b.getContext();
  auto type =
      LLVM::LLVMStructType::getLiteral(context, SmallVector<Type>(4, word));
  Value all = NVVM::LdMatrixOp::create(
      b, type, pointer, 4u,
      isTransposed ? NVVM::MMALayout::col : NVVM::MMALayout::row,
      NVVM::LdStMatrixShapeAttr::get(context, kMatrixRows, 8),
      NVVM::LdStMatrixEltType::B16);
  std::array<Value, 4> words;
  for (int64_t i = 0; i < 4; ++i)
    words[i] = LLVM::ExtractValueOp::create(b, all, ArrayRef<int64_t>{i});
  return words;
}

Sums Fragments::multiply(ArrayRef<Value> a, Value b0, Value b1,
                         const Sums &sums) {
  bool isBF16 = element.isBF16();
  // Elements are words where they are bf16, else pairs.
  auto pair = [&](Value x) -> Value {
    if (isBF16)
      return x;
    return LLVM::BitcastOp::create(b, VectorType::get(2, element), x);
  };
  SmallVector<Value> as = llvm::map_to_vector(a, pair);
  SmallVector<Value> bs = {pair(b0), pair(b1)};
  SmallVector<Value> cs(sums.begin(), sums.end());
  auto type = LLVM::LLVMStructType::getLiteral(
      b.getContext(), SmallVector<Type>(4, b.getF32Type()));
  NVVM::MMATypes number = isBF16 ? NVVM::MMATypes::bf16 : NVVM::MMATypes::f16;
  Value all = NVVM::MmaOp::create(
      b, type, as, bs, cs, ArrayRef<int64_t>{16, 8, 16}, std::nullopt,
      std::nullopt, std::array<NVVM::MMATypes, 2>{number, number},
      std::array<NVVM::MMALayout, 2>{NVVM::MMALayout::row,
                                     NVVM::MMALayout::col});
  Sums next;
  for (int64_t i = 0; i < 4; ++i)
    next[i] = LLVM::ExtractValueOp::create(b, all, ArrayRef<int64_t>{i});
  return next;
}

Sums Fragments::zeros() {
  Value zero = b.number(0.0, b.getF32Type());
  return {zero, zero, zero, zero};
}

Value Fragments::pack(Value low, Value high) {
  auto floats = VectorType::get(2, b.getF32Type());
  Value pair = vector::FromElementsOp::create(b, floats, ValueRange{low, high});
  Value rounded = arith::TruncFOp::create(b, VectorType::get(2, element), pair);
  return LLVM::BitcastOp::create(b, word, rounded);
}

Value Fragments::maximum(Value x, Value y) {
  return arith::MaxNumFOp::create(b, x, y);
}

Value Fragments::rowMax(Value x) {
  return b.allReduce(x, 4, [&](Value x, Value y) { return maximum(x, y); });
}

Value Fragments::rowSum(Value x) {
  return b.allReduce(x, 4, [&](Value x, Value y) { return b.fadd(x, y); });
}

//===----------------------------------------------------------------------===//
// MatrixRows
//===----------------------------------------------------------------------===//

MatrixRows::MatrixRows(Fragments &f, GpuBuilder &b, SharedRows rows, Value base,
                       Value first, Value row, Value chunk)
    : f(&f), b(&b), rows(rows), base(base) {
  Value place = b.createOrFold<arith::XOrIOp>(chunk, f.swizzle(row, rows));
  offset = b.add(b.add(first, b.mul(row, f.integer(rows.rowBytes()))),
                 b.mul(place, f.integer(kChunkBytes)));
}

MatrixRows MatrixRows::shifted(Value bytes) const {
  MatrixRows other = *this;
  other.offset = b->add(offset, bytes);
  return other;
}

Value MatrixRows::at(int64_t firstRow, int64_t pair) const {
  // Rows begin at multiples of the period: the number of a chunk in it is some
  // bits of the offset.
  int64_t pairs = rows.period() / 2;
  int64_t bits = pair % pairs * 2 * kChunkBytes;
  Value place =
      bits ? b->createOrFold<arith::XOrIOp>(offset, f->integer(bits)) : offset;
  return f->at(f->at(base, place), firstRow * rows.rowBytes() +
                                       pair / pairs * pairs * 2 * kChunkBytes);
}

//===----------------------------------------------------------------------===//
// RowCopy
//===----------------------------------------------------------------------===//

RowCopy::RowCopy(Fragments &f, GpuBuilder &b, SharedRows rows, Value thread,
                 int64_t numThreads)
    : f(f), b(b), rows(rows), width(rows.period()),
      perPass(numThreads / width) {
  row = b.div(thread, f.integer(width));
  chunk = b.rem(thread, f.integer(width));
  Value place = b.createOrFold<arith::XOrIOp>(chunk, f.swizzle(row, rows));
  offset = b.add(b.mul(row, f.integer(rows.rowBytes())),
                 b.mul(place, f.integer(kChunkBytes)));
}

void RowCopy::forEach(
    Value base, int64_t numRows, Source source,
    function_ref<void(Value shared, Value global, Value exists)> move) {
  for (int64_t first = 0; first < numRows; first += perPass) {
    // The number of a row is that of the thread's first one and `first`, which
    // have no bit in common.
    int64_t bits = rows.swizzle(first) * kChunkBytes;
    Value place =
        bits ? b.createOrFold<arith::XOrIOp>(offset, f.integer(bits)) : offset;
    Value mine = f.at(base, place);
    Value current = b.add(row, f.integer(first));
    auto copyRow = [&] {
      auto [begin, exists] = source(current, first / perPass);
      Value from = f.at(begin, f.toLong(b.mul(chunk, f.integer(kChunkBytes))));
      for (int64_t c = 0; c < rows.chunks(); c += width)
        move(f.at(mine, first * rows.rowBytes() + c * kChunkBytes),
             f.at(from, c * kChunkBytes), exists);
    };
    if (first + perPass <= numRows)
      copyRow();
    else
      b.ifThen(b.compare(CmpIPredicate::slt, current, f.integer(numRows)),
               copyRow);
  }
}
