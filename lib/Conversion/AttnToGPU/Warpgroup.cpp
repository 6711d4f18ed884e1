//===- Warpgroup.cpp - Instructions of sm_90a -----------------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Ops of the NVVM dialect, and inline PTX for what it has not got.
//
//===----------------------------------------------------------------------===//

#include "Warpgroup.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

using namespace mlir;
using namespace mlir::attn;

/// Nanoseconds a thread may sleep before it looks at an mbarrier again.
static constexpr int64_t kSleep = 10000000;
/// Bytes of 16 numbers along k in a row.
static constexpr int64_t kStepColumns = 16;

//===----------------------------------------------------------------------===//
// Roles
//===----------------------------------------------------------------------===//

Value Warpgroup::uniform(Value x) {
  return NVVM::ShflOp::create(b, b.getI32Type(), f.integer(-1), x, f.integer(0),
                              f.integer(kWarpSize - 1), NVVM::ShflKind::idx,
                              UnitAttr());
}

void Warpgroup::setRegisters(int64_t count, bool isMore) {
  NVVM::SetMaxRegisterOp::create(b, static_cast<uint32_t>(count),
                                 isMore ? NVVM::SetMaxRegisterAction::increase
                                        : NVVM::SetMaxRegisterAction::decrease);
}

void Warpgroup::barrier(Value id, int64_t numThreads) {
  NVVM::BarrierOp::create(b, TypeRange(), id, f.integer(numThreads),
                          NVVM::BarrierReductionAttr(), Value());
}

void Warpgroup::arriveAtBarrier(Value id, int64_t numThreads) {
  NVVM::BarrierArriveOp::create(b, id, f.integer(numThreads));
}

//===----------------------------------------------------------------------===//
// mbarriers
//===----------------------------------------------------------------------===//

void Warpgroup::initBarrier(Value barrier, int64_t count) {
  NVVM::MBarrierInitOp::create(b, barrier, f.integer(count), Value());
}

void Warpgroup::fenceBarriers() { NVVM::FenceMbarrierInitOp::create(b); }

void Warpgroup::wait(Value barrier, Value parity) {
  NVVM::MBarrierTryWaitParityOp::create(b, barrier, parity, f.integer(kSleep));
}

void Warpgroup::arrive(Value barrier) {
  NVVM::MBarrierArriveOp::create(b, b.getI64Type(), barrier);
}

void Warpgroup::arriveExpecting(Value barrier, int64_t bytes) {
  NVVM::MBarrierArriveExpectTxOp::create(b, TypeRange(),
                                         ValueRange{barrier, f.integer(bytes)});
}

//===----------------------------------------------------------------------===//
// Copies
//===----------------------------------------------------------------------===//

void Warpgroup::copyBox(Value to, Value map, ArrayRef<Value> at,
                        Value barrier) {
  NVVM::CpAsyncBulkTensorGlobalToSharedClusterOp::create(
      b, to, map, at, barrier, ValueRange(), /*multicastMask=*/Value(),
      /*l2CacheHint=*/Value(), NVVM::TMALoadMode::TILE, /*isCTAOnly=*/true,
      NVVM::CTAGroupKindAttr(), /*predicate=*/Value());
}

// Of nvvm.prefetch LLVM makes two, one of the parameter and one of its generic
// address.
void Warpgroup::prefetchMap(Value map) {
  LLVM::InlineAsmOp::create(
      b, TypeRange(), map, "prefetch.tensormap [$0];", "l",
      /*has_side_effects=*/true, /*is_align_stack=*/false,
      LLVM::TailCallKind::None,
      LLVM::AsmDialectAttr::get(b.getContext(), LLVM::AsmDialect::AD_ATT),
      /*operand_attrs=*/ArrayAttr());
}

void Warpgroup::fenceSharedMemory() {
  NVVM::FenceProxyOp::create(
      b,
      NVVM::ProxyKindAttr::get(b.getContext(), NVVM::ProxyKind::async_shared),
      NVVM::SharedSpaceAttr::get(b.getContext(),
                                 NVVM::SharedSpace::shared_cta));
}

//===----------------------------------------------------------------------===//
// wgmma
//===----------------------------------------------------------------------===//

// PTX ISA, "Matrix descriptor": 14 bits each, in units of 16 bytes, of the
// address, of the distance of panels (read for transposed operands only: in
// others the columns of one instruction are in one panel), and of that of
// groups of 8 rows; from bit 62 on the swizzle, 1 being that of 128 bytes, 2 of
// 64, 3 of 32.
Value Warpgroup::describe(Value address, SwizzledRows rows, bool transposed) {
  int64_t leading = transposed ? rows.panelBytes() : 16;
  int64_t stride = 8 * rows.rowBytes();
  uint64_t swizzle = rows.rowBytes() == 128 ? 1 : rows.rowBytes() == 64 ? 2 : 3;
  uint64_t fields = swizzle << 62 | uint64_t(stride / 16) << 32 |
                    uint64_t(leading / 16) << 16;
  Value units = b.both(b.div(address, f.integer(16)), f.integer(0x3fff));
  Value wide = b.createOrFold<arith::ExtUIOp>(b.getI64Type(), units);
  return b.createOrFold<arith::OrIOp>(
      wide, b.integer(static_cast<int64_t>(fields), b.getI64Type()));
}

Value Warpgroup::advance(Value descriptor, int64_t bytes) {
  if (bytes == 0)
    return descriptor;
  return b.add(descriptor, b.integer(bytes / 16, b.getI64Type()));
}

void Warpgroup::fence() { NVVM::WgmmaFenceAlignedOp::create(b); }
void Warpgroup::commit() { NVVM::WgmmaGroupSyncAlignedOp::create(b); }
void Warpgroup::waitForGroups(int64_t pending) {
  NVVM::WgmmaWaitGroupSyncOp::create(b, static_cast<uint64_t>(pending));
}

Type Warpgroup::sumsType(int64_t columns) {
  return LLVM::LLVMStructType::getLiteral(
      b.getContext(), SmallVector<Type>(columns / 2, b.getF32Type()));
}

Value Warpgroup::multiplyShared(Value a, Value descriptorB, Value sums,
                                int64_t columns) {
  Type type = sumsType(columns);
  bool isFirst = !sums;
  if (isFirst)
    sums = LLVM::UndefOp::create(b, type);
  auto number =
      element.isBF16() ? NVVM::WGMMATypes::bf16 : NVVM::WGMMATypes::f16;
  auto shape = NVVM::MMAShapeAttr::get(b.getContext(), kWarpgroupRows,
                                       static_cast<int>(columns), kStepColumns);
  return NVVM::WgmmaMmaAsyncOp::create(
      b, type, sums, a, descriptorB, shape, number, number,
      NVVM::WGMMATypes::f32,
      isFirst ? NVVM::WGMMAScaleOut::zero : NVVM::WGMMAScaleOut::one,
      NVVM::WGMMAScaleIn::one, NVVM::WGMMAScaleIn::one, NVVM::MMALayout::row,
      NVVM::MMALayout::col, NVVM::MMAIntOverflowAttr());
}

/// Inline PTX whose results begin as `sums`, the last operands, and replace
/// them.
static void updateInAssembly(Warpgroup &wg, GpuBuilder &b, StringRef text,
                             StringRef constraints, ArrayRef<Value> operands,
                             SmallVector<Sums> &sums) {
  SmallVector<Value> all(operands);
  for (const Sums &four : sums)
    all.append(four.begin(), four.end());
  int64_t count = 4 * sums.size();
  std::string every;
  for (int64_t i = 0; i < count; ++i)
    every += i ? ",=f" : "=f";
  every += constraints;
  for (int64_t i = 0; i < count; ++i)
    every += "," + std::to_string(i);
  auto type = LLVM::LLVMStructType::getLiteral(
      b.getContext(), SmallVector<Type>(count, b.getF32Type()));
  auto code = LLVM::InlineAsmOp::create(
      b, type, all, text, every, /*has_side_effects=*/true,
      /*is_align_stack=*/false, LLVM::TailCallKind::None,
      LLVM::AsmDialectAttr::get(b.getContext(), LLVM::AsmDialect::AD_ATT),
      /*operand_attrs=*/ArrayAttr());
  sums = wg.unpack(code.getResult(0), 2 * count);
}

// nvvm.wgmma.mma_async has no left operand in registers, LLVM 22.
void Warpgroup::multiplyRegisters(ArrayRef<Value> a, Value descriptorB,
                                  SmallVector<Sums> &sums) {
  int64_t count = 4 * sums.size();
  std::string text;
  llvm::raw_string_ostream os(text);
  StringRef number = element.isBF16() ? "bf16" : "f16";
  os << "wgmma.mma_async.sync.aligned.m64n" << 2 * count << "k16.f32." << number
     << "." << number << " {";
  for (int64_t i = 0; i < count; ++i)
    os << (i ? ", $" : "$") << i;
  os << "}, {$" << count << ", $" << count + 1 << ", $" << count + 2 << ", $"
     << count + 3 << "}, $" << count + 4 << ", 1, 1, 1, 1;";
  SmallVector<Value> operands(a);
  operands.push_back(descriptorB);
  updateInAssembly(*this, b, text, ",r,r,r,r,l", operands, sums);
}

// The wait itself names no registers: as far as LLVM knows, arithmetic on
// results of instructions before it may as well come before it, and so may what
// is written to registers that they read last.
void Warpgroup::settle(SmallVector<Sums> &sums, ArrayRef<Value> read) {
  std::string constraints;
  for (size_t i = 0; i < read.size(); ++i)
    constraints += ",r";
  updateInAssembly(*this, b, "", constraints, read, sums);
}

// To ptxas, arithmetic and waits have nothing to do with each other, and it
// prefers to wait first. It keeps a sleep before a wait, however, even one that
// nobody ever takes.
void Warpgroup::computeBeforeWait(ValueRange numbers) {
  Value least = numbers.front();
  for (Value number : numbers.drop_front())
    least = b.createOrFold<arith::MinNumFOp>(least, number);
  Value isNegative = b.fcompare(arith::CmpFPredicate::OLT, least,
                                b.number(0.0, b.getF32Type()));
  LLVM::InlineAsmOp::create(
      b, TypeRange(), isNegative, "@$0 nanosleep.u32 0;", "b",
      /*has_side_effects=*/true, /*is_align_stack=*/false,
      LLVM::TailCallKind::None,
      LLVM::AsmDialectAttr::get(b.getContext(), LLVM::AsmDialect::AD_ATT),
      /*operand_attrs=*/ArrayAttr());
}

SmallVector<Sums> Warpgroup::unpack(Value sums, int64_t columns) {
  SmallVector<Sums> numbers(columns / 8);
  int64_t next = 0;
  for (Sums &four : numbers)
    for (Value &x : four)
      x = LLVM::ExtractValueOp::create(b, sums, ArrayRef<int64_t>{next++});
  return numbers;
}
