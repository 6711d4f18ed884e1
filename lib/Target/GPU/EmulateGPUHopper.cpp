//===- lib/Target/GPU/EmulateGPUHopper.cpp - mbarrier, TMA, wgmma ---------===//
//
// Part of attn-mlir.
//
// Asynchronous operations of sm_90 as calls of the emulator.
//
//===----------------------------------------------------------------------===//

#include "EmulateGPU.h"
#include "attn/Runtime/GpuEmulator.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::attn::emulate;

void FunctionEmulator::beginPredicated(Operation *op, Value predicate) {
  builder.setInsertionPoint(op);
  if (!predicate)
    return;
  Block *before = op->getBlock();
  Block *after = before->splitBlock(op);
  Block *then = builder.createBlock(after);
  Value condition = predicate;
  builder.setInsertionPointToEnd(before);
  if (condition.getType() != builder.getI1Type())
    condition =
        LLVM::ICmpOp::create(builder, op->getLoc(), LLVM::ICmpPredicate::ne,
                             condition, constant(condition.getType(), 0));
  LLVM::CondBrOp::create(builder, op->getLoc(), condition, then, after);
  builder.setInsertionPointToEnd(then);
  auto branch = LLVM::BrOp::create(builder, op->getLoc(), ValueRange(), after);
  builder.setInsertionPoint(branch);
}

//===----------------------------------------------------------------------===//
// wgmma
//===----------------------------------------------------------------------===//

Value FunctionEmulator::emitWgmma(Operation *op, const WgmmaShape &shape,
                                  Value flags, Value descriptorA,
                                  Value descriptorB, ValueRange registersA,
                                  ValueRange accumulators, Type resultType) {
  Location loc = op->getLoc();
  Value place = where(op);
  Value fromRegisters = resultBuffer(16);
  for (auto [i, value] : llvm::enumerate(registersA)) {
    Value slot = LLVM::GEPOp::create(
        builder, loc, ptr, builder.getI32Type(), fromRegisters,
        ArrayRef<LLVM::GEPArg>(static_cast<int32_t>(i)));
    LLVM::StoreOp::create(builder, loc, value, slot, /*alignment=*/4);
  }
  Value buffer = packOperands(accumulators);
  call("attn_emulator_wgmma", Type(),
       {place, i32(shape.n), i32(shape.a), i32(shape.b), i32(shape.d), flags,
        descriptorA ? descriptorA : i64(0), descriptorB, fromRegisters,
        buffer});
  return LLVM::LoadOp::create(builder, loc, resultType, buffer,
                              /*alignment=*/4);
}

static std::optional<int> getElement(NVVM::WGMMATypes type) {
  switch (type) {
  case NVVM::WGMMATypes::f16:
    return ATTN_ELEMENT_F16;
  case NVVM::WGMMATypes::bf16:
    return ATTN_ELEMENT_BF16;
  case NVVM::WGMMATypes::tf32:
    return ATTN_ELEMENT_TF32;
  case NVVM::WGMMATypes::e4m3:
    return ATTN_ELEMENT_E4M3;
  case NVVM::WGMMATypes::e5m2:
    return ATTN_ELEMENT_E5M2;
  case NVVM::WGMMATypes::s8:
    return ATTN_ELEMENT_S8;
  case NVVM::WGMMATypes::u8:
    return ATTN_ELEMENT_U8;
  case NVVM::WGMMATypes::f32:
    return ATTN_ELEMENT_F32;
  case NVVM::WGMMATypes::s32:
    return ATTN_ELEMENT_S32;
  default:
    return std::nullopt;
  }
}

LogicalResult FunctionEmulator::emulateWgmma(NVVM::WgmmaMmaAsyncOp op) {
  auto a = getElement(op.getTypeA()), b = getElement(op.getTypeB());
  auto d = getElement(op.getTypeD());
  if (!a || !b || !d || op.getSatfinite() == NVVM::MMAIntOverflow::satfinite)
    return op.emitOpError("expects f16, bf16, tf32, e4m3, e5m2, s8 or u8 "
                          "without saturation to be emulated");
  int64_t flags = 0;
  if (op.getScaleD() == NVVM::WGMMAScaleOut::one)
    flags |= ATTN_WGMMA_ACCUMULATE;
  if (op.getScaleA() == NVVM::WGMMAScaleIn::neg)
    flags |= ATTN_WGMMA_NEGATE_A;
  if (op.getScaleB() == NVVM::WGMMAScaleIn::neg)
    flags |= ATTN_WGMMA_NEGATE_B;
  if (op.getLayoutA() == NVVM::MMALayout::col)
    flags |= ATTN_WGMMA_TRANSPOSE_A;
  if (op.getLayoutB() == NVVM::MMALayout::row)
    flags |= ATTN_WGMMA_TRANSPOSE_B;
  WgmmaShape shape = {op.getShape().getN(), *a, *b, *d};
  replace(op, emitWgmma(op, shape, i32(flags), op.getDescriptorA(),
                        op.getDescriptorB(), {}, op.getInouts(),
                        op.getResult().getType()));
  return success();
}

//===----------------------------------------------------------------------===//
// mbarriers
//===----------------------------------------------------------------------===//

void FunctionEmulator::emulateArrive(Operation *op, Value address, Value count,
                                     Value transactions, bool drop,
                                     Value predicate) {
  beginPredicated(op, predicate);
  Value state = call("attn_emulator_mbarrier_arrive", builder.getI64Type(),
                     {where(op), plain(address), toI32(count, 1),
                      toI32(transactions), i32(drop)});
  replace(op, state);
}

void FunctionEmulator::emulateMBarrierTest(Operation *op, Value address,
                                           Value phase, bool blocking) {
  bool parity = phase.getType() == builder.getI32Type();
  if (parity)
    phase = LLVM::ZExtOp::create(builder, op->getLoc(), builder.getI64Type(),
                                 phase);
  Value done =
      call("attn_emulator_mbarrier_test", builder.getI32Type(),
           {where(op), plain(address), phase, i32(parity), i32(blocking)});
  if (op->getNumResults())
    done =
        LLVM::TruncOp::create(builder, op->getLoc(), builder.getI1Type(), done);
  replace(op, done);
}

//===----------------------------------------------------------------------===//
// Bulk copies
//===----------------------------------------------------------------------===//

LogicalResult FunctionEmulator::emulateTensorLoad(
    NVVM::CpAsyncBulkTensorGlobalToSharedClusterOp op) {
  if (op.getMode() != NVVM::TMALoadMode::TILE || op.getMulticastMask() ||
      !op.getIm2colOffsets().empty())
    return op.emitOpError("expects tile mode without multicast to be emulated");
  beginPredicated(op, op.getPredicate());
  Value place = where(op);
  Value coordinates = packOperands(op.getCoordinates());
  call("attn_emulator_tensor_load", Type(),
       {place, plain(op.getDstMem()), plain(op.getTmaDescriptor()),
        plain(op.getMbar()), i32(op.getCoordinates().size()), coordinates});
  op.erase();
  return success();
}

LogicalResult FunctionEmulator::emulateHopper(Operation *op) {
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case([&](NVVM::MBarrierInitOp init) -> LogicalResult {
        beginPredicated(op, init.getPredicate());
        call("attn_emulator_mbarrier_init", Type(),
             {where(op), plain(init.getAddr()), init.getCount()});
        op->erase();
        return success();
      })
      .Case([&](NVVM::MBarrierInvalOp inval) -> LogicalResult {
        call("attn_emulator_mbarrier_inval", Type(),
             {where(op), plain(inval.getAddr())});
        op->erase();
        return success();
      })
      .Case([&](NVVM::MBarrierArriveOp arrive) -> LogicalResult {
        emulateArrive(op, arrive.getAddr(), arrive.getCount(), Value(),
                      /*drop=*/false, Value());
        return success();
      })
      .Case([&](NVVM::MBarrierArriveDropOp arrive) -> LogicalResult {
        emulateArrive(op, arrive.getAddr(), arrive.getCount(), Value(),
                      /*drop=*/true, Value());
        return success();
      })
      .Case([&](NVVM::MBarrierArriveNocompleteOp arrive) -> LogicalResult {
        emulateArrive(op, arrive.getAddr(), arrive.getCount(), Value(),
                      /*drop=*/false, Value());
        return success();
      })
      .Case([&](NVVM::MBarrierArriveExpectTxOp arrive) -> LogicalResult {
        if (arrive.getPredicate() && arrive->getNumResults())
          return op->emitOpError("expects no result under a predicate to be "
                                 "emulated");
        emulateArrive(op, arrive.getAddr(), Value(), arrive.getTxcount(),
                      /*drop=*/false, arrive.getPredicate());
        return success();
      })
      .Case([&](NVVM::MBarrierExpectTxOp expect) -> LogicalResult {
        call("attn_emulator_mbarrier_expect", Type(),
             {where(op), plain(expect.getAddr()), expect.getTxcount()});
        op->erase();
        return success();
      })
      .Case([&](NVVM::MBarrierTryWaitParityOp wait) -> LogicalResult {
        emulateMBarrierTest(op, wait.getAddr(), wait.getPhase(),
                            /*blocking=*/true);
        return success();
      })
      .Case([&](NVVM::MBarrierTryWaitOp wait) -> LogicalResult {
        // It may wait for as long as it likes.
        emulateMBarrierTest(op, wait.getAddr(), wait.getStateOrPhase(),
                            /*blocking=*/true);
        return success();
      })
      .Case([&](NVVM::MBarrierTestWaitOp test) -> LogicalResult {
        emulateMBarrierTest(op, test.getAddr(), test.getStateOrPhase(),
                            /*blocking=*/false);
        return success();
      })
      .Case([&](NVVM::CpAsyncMBarrierArriveOp arrive) -> LogicalResult {
        call("attn_emulator_cp_async_mbarrier_arrive", Type(),
             {where(op), plain(arrive.getAddr()), i32(arrive.getNoinc())});
        op->erase();
        return success();
      })
      .Case([&](NVVM::CpAsyncBulkTensorGlobalToSharedClusterOp load)
                -> LogicalResult { return emulateTensorLoad(load); })
      .Case([&](NVVM::CpAsyncBulkTensorSharedCTAToGlobalOp store)
                -> LogicalResult {
        if (store.getMode() != NVVM::TMAStoreMode::TILE)
          return op->emitOpError("expects tile mode to be emulated");
        beginPredicated(op, store.getPredicate());
        Value place = where(op);
        Value coordinates = packOperands(store.getCoordinates());
        call("attn_emulator_tensor_store", Type(),
             {place, plain(store.getTmaDescriptor()), plain(store.getSrcMem()),
              i32(store.getCoordinates().size()), coordinates});
        op->erase();
        return success();
      })
      .Case(
          [&](NVVM::CpAsyncBulkGlobalToSharedClusterOp load) -> LogicalResult {
            if (load.getMulticastMask())
              return op->emitOpError("expects no multicast to be emulated");
            call("attn_emulator_bulk_load", Type(),
                 {where(op), plain(load.getDstMem()), plain(load.getSrcMem()),
                  plain(load.getMbar()), load.getSize()});
            op->erase();
            return success();
          })
      .Case([&](NVVM::CpAsyncBulkSharedCTAToGlobalOp store) -> LogicalResult {
        if (store.getByteMask())
          return op->emitOpError("expects no byte mask to be emulated");
        call("attn_emulator_bulk_store", Type(),
             {where(op), plain(store.getDstMem()), plain(store.getSrcMem()),
              store.getSize()});
        op->erase();
        return success();
      })
      .Case([&](NVVM::CpAsyncBulkCommitGroupOp) -> LogicalResult {
        call("attn_emulator_bulk_commit", Type(), {});
        op->erase();
        return success();
      })
      .Case([&](NVVM::CpAsyncBulkWaitGroupOp wait) -> LogicalResult {
        call("attn_emulator_bulk_wait", Type(), {i32(wait.getGroup())});
        op->erase();
        return success();
      })
      .Case([&](NVVM::FenceProxyOp fence) -> LogicalResult {
        if (fence.getKind() == NVVM::ProxyKind::async ||
            fence.getKind() == NVVM::ProxyKind::async_shared)
          call("attn_emulator_fence_async", Type(), {});
        op->erase();
        return success();
      })
      .Case([&](NVVM::SetMaxRegisterOp set) -> LogicalResult {
        call("attn_emulator_set_registers", Type(),
             {where(op), i32(set.getRegCount()),
              i32(set.getAction() == NVVM::SetMaxRegisterAction::increase)});
        op->erase();
        return success();
      })
      .Case([&](NVVM::WgmmaMmaAsyncOp wgmma) -> LogicalResult {
        return emulateWgmma(wgmma);
      })
      .Case([&](NVVM::WgmmaFenceAlignedOp) -> LogicalResult {
        op->erase();
        return success();
      })
      .Case([&](NVVM::WgmmaGroupSyncAlignedOp) -> LogicalResult {
        call("attn_emulator_wgmma_commit", Type(), {where(op)});
        op->erase();
        return success();
      })
      .Case([&](NVVM::WgmmaWaitGroupSyncOp wait) -> LogicalResult {
        call("attn_emulator_wgmma_wait", Type(),
             {where(op), i32(wait.getGroup())});
        op->erase();
        return success();
      })
      .Default([&](Operation *) -> LogicalResult {
        return op->emitOpError("is not emulated");
      });
}
