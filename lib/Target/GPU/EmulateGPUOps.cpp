//===- lib/Target/GPU/EmulateGPUOps.cpp - Device operations ---------------===//
//
// Part of attn-mlir.
//
// Operations of the NVVM dialect and intrinsics as calls of the emulator.
//
//===----------------------------------------------------------------------===//

#include "EmulateGPU.h"
#include "attn/Runtime/GpuEmulator.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::attn::emulate;

LogicalResult FunctionEmulator::run() {
  if (failed(verifyWgmmaRegisters(function)))
    return failure();
  SmallVector<Operation *> ops;
  function.walk([&](Operation *op) {
    if (op != function)
      ops.push_back(op);
  });
  // These first: what they become depends on address spaces that go.
  for (Operation *&op : ops) {
    emulateAccess(op);
    if (!isa<LLVM::PtrToIntOp>(op))
      continue;
    if (failed(emulatePointerOp(op)))
      return failure();
    op = nullptr;
  }
  for (Operation *op : ops) {
    if (!op)
      continue;
    builder.setInsertionPoint(op);
    LogicalResult result = success();
    if (isa<NVVM::NVVMDialect>(op->getDialect()))
      result = emulateNVVM(op);
    else if (auto intrinsic = dyn_cast<LLVM::CallIntrinsicOp>(op))
      result = emulateIntrinsic(intrinsic);
    else if (auto callOp = dyn_cast<LLVM::CallOp>(op))
      result = emulateCall(callOp);
    else if (auto assembly = dyn_cast<LLVM::InlineAsmOp>(op))
      result = emulateAssembly(assembly);
    else if (isa<LLVM::Trap, LLVM::DebugTrap>(op)) {
      call("attn_emulator_trap", Type(), {where(op)});
      op->erase();
    } else if (auto fence = dyn_cast<LLVM::FenceOp>(op)) {
      fence.erase();
    } else {
      result = emulatePointerOp(op);
    }
    if (failed(result))
      return failure();
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Special registers
//===----------------------------------------------------------------------===//

void FunctionEmulator::emulateSpecialRegister(Operation *op, StringRef name) {
  int which = llvm::StringSwitch<int>(name)
                  .Case("tid.x", ATTN_REG_TID_X)
                  .Case("tid.y", ATTN_REG_TID_Y)
                  .Case("tid.z", ATTN_REG_TID_Z)
                  .Case("ntid.x", ATTN_REG_NTID_X)
                  .Case("ntid.y", ATTN_REG_NTID_Y)
                  .Case("ntid.z", ATTN_REG_NTID_Z)
                  .Case("ctaid.x", ATTN_REG_CTAID_X)
                  .Case("ctaid.y", ATTN_REG_CTAID_Y)
                  .Case("ctaid.z", ATTN_REG_CTAID_Z)
                  .Case("nctaid.x", ATTN_REG_NCTAID_X)
                  .Case("nctaid.y", ATTN_REG_NCTAID_Y)
                  .Case("nctaid.z", ATTN_REG_NCTAID_Z)
                  .Case("laneid", ATTN_REG_LANEID)
                  .Case("warpid", ATTN_REG_WARPID)
                  .Case("nwarpid", ATTN_REG_NWARPID)
                  .Case("warpsize", ATTN_REG_WARPSIZE)
                  .Case("lanemask.eq", ATTN_REG_LANEMASK_EQ)
                  .Case("lanemask.le", ATTN_REG_LANEMASK_LE)
                  .Case("lanemask.lt", ATTN_REG_LANEMASK_LT)
                  .Case("lanemask.ge", ATTN_REG_LANEMASK_GE)
                  .Case("lanemask.gt", ATTN_REG_LANEMASK_GT)
                  .Case("smid", ATTN_REG_SMID)
                  .Case("nsmid", ATTN_REG_NSMID)
                  .Case("dynamic.smem.size", ATTN_REG_DYNAMIC_SMEM_SIZE)
                  .Case("total.smem.size", ATTN_REG_TOTAL_SMEM_SIZE)
                  // A cluster is one block.
                  .Case("clusterid.x", ATTN_REG_CTAID_X)
                  .Case("clusterid.y", ATTN_REG_CTAID_Y)
                  .Case("clusterid.z", ATTN_REG_CTAID_Z)
                  .Case("nclusterid.x", ATTN_REG_NCTAID_X)
                  .Case("nclusterid.y", ATTN_REG_NCTAID_Y)
                  .Case("nclusterid.z", ATTN_REG_NCTAID_Z)
                  .Cases({"cluster.ctaid.x", "cluster.ctaid.y",
                          "cluster.ctaid.z", "cluster.ctarank"},
                         ATTN_REG_ZERO)
                  .Cases({"cluster.nctaid.x", "cluster.nctaid.y",
                          "cluster.nctaid.z", "cluster.nctarank"},
                         ATTN_REG_ONE)
                  .Default(-1);
  Type type = op->getResult(0).getType();
  if (which >= 0)
    return replace(op, call("attn_emulator_register", builder.getI32Type(),
                            {i32(which)}, /*pure=*/true));
  Value time = call("attn_emulator_clock", builder.getI64Type(), {});
  if (type != builder.getI64Type())
    time = LLVM::TruncOp::create(builder, op->getLoc(), type, time);
  replace(op, time);
}

static bool isKnownRegister(StringRef name) {
  return llvm::StringSwitch<bool>(name)
      .StartsWith("envreg", false)
      .Cases({"gridid", "aggr.smem.size"}, false)
      .Default(true);
}

//===----------------------------------------------------------------------===//
// Collectives of a warp
//===----------------------------------------------------------------------===//

void FunctionEmulator::emulateShuffle(NVVM::ShflOp op) {
  Location loc = op.getLoc();
  Type i32Type = builder.getI32Type(), i64Type = builder.getI64Type();
  Value both =
      call("attn_emulator_shuffle", i64Type,
           {where(op), op.getThreadMask(), toI32(op.getVal()), op.getOffset(),
            op.getMaskAndClamp(), i32(static_cast<int64_t>(op.getKind()))});
  Value value = LLVM::TruncOp::create(builder, loc, i32Type, both);
  if (op.getVal().getType().isF32())
    value = LLVM::BitcastOp::create(builder, loc, builder.getF32Type(), value);
  if (auto type = dyn_cast<LLVM::LLVMStructType>(op.getType())) {
    Value valid = LLVM::TruncOp::create(
        builder, loc, builder.getI1Type(),
        LLVM::LShrOp::create(builder, loc, both, i64(32)));
    Value pair = LLVM::UndefOp::create(builder, loc, type);
    pair = LLVM::InsertValueOp::create(builder, loc, pair, value,
                                       ArrayRef<int64_t>{0});
    value = LLVM::InsertValueOp::create(builder, loc, pair, valid,
                                        ArrayRef<int64_t>{1});
  }
  replace(op, value);
}

void FunctionEmulator::emulateMatch(NVVM::MatchSyncOp op) {
  Location loc = op.getLoc();
  Type i64Type = builder.getI64Type();
  Value value = op.getVal();
  if (value.getType() != i64Type)
    value = LLVM::ZExtOp::create(builder, loc, i64Type, value);
  Value both = call("attn_emulator_match", i64Type,
                    {where(op), op.getThreadMask(), value,
                     i32(static_cast<int64_t>(op.getKind()))});
  Value mask = LLVM::TruncOp::create(builder, loc, builder.getI32Type(), both);
  if (auto type = dyn_cast<LLVM::LLVMStructType>(op.getType())) {
    Value all = LLVM::TruncOp::create(
        builder, loc, builder.getI1Type(),
        LLVM::LShrOp::create(builder, loc, both, i64(32)));
    Value pair = LLVM::UndefOp::create(builder, loc, type);
    pair = LLVM::InsertValueOp::create(builder, loc, pair, mask,
                                       ArrayRef<int64_t>{0});
    mask = LLVM::InsertValueOp::create(builder, loc, pair, all,
                                       ArrayRef<int64_t>{1});
  }
  replace(op, mask);
}

//===----------------------------------------------------------------------===//
// Matrices
//===----------------------------------------------------------------------===//

/// Whether `shape` and `type` are 8x8 matrices of 16-bit elements.
static bool is8x8OfB16(NVVM::LdStMatrixShapeAttr shape,
                       NVVM::LdStMatrixEltType type) {
  return shape.getM() == 8 && shape.getN() == 8 &&
         type == NVVM::LdStMatrixEltType::B16;
}

LogicalResult FunctionEmulator::emulateLdMatrix(NVVM::LdMatrixOp op) {
  if (!is8x8OfB16(op.getShape(), op.getEltType()))
    return op.emitOpError("expects 8x8 matrices of b16 to be emulated");
  Value buffer = resultBuffer(4 * op.getNum());
  call("attn_emulator_ldmatrix", Type(),
       {where(op), plain(op.getPtr()), i32(op.getNum()),
        i32(op.getLayout() == NVVM::MMALayout::col), buffer});
  replace(op, LLVM::LoadOp::create(builder, op.getLoc(), op.getType(), buffer,
                                   /*alignment=*/4));
  return success();
}

LogicalResult FunctionEmulator::emulateStMatrix(NVVM::StMatrixOp op) {
  if (!is8x8OfB16(op.getShape(), op.getEltType()))
    return op.emitOpError("expects 8x8 matrices of b16 to be emulated");
  Value buffer = packOperands(op.getSources());
  Value place = where(op);
  if (usesAsyncProxy)
    call("attn_emulator_shared_store_matrix", Type(),
         {place, plain(op.getPtr()), i32(op.getSources().size())});
  call("attn_emulator_stmatrix", Type(),
       {place, plain(op.getPtr()), i32(op.getSources().size()),
        i32(op.getLayout() == NVVM::MMALayout::col), buffer});
  op.erase();
  return success();
}

static std::optional<int> getElement(NVVM::MMATypes type) {
  switch (type) {
  case NVVM::MMATypes::f16:
    return ATTN_ELEMENT_F16;
  case NVVM::MMATypes::bf16:
    return ATTN_ELEMENT_BF16;
  case NVVM::MMATypes::tf32:
    return ATTN_ELEMENT_TF32;
  case NVVM::MMATypes::f32:
    return ATTN_ELEMENT_F32;
  case NVVM::MMATypes::e4m3:
    return ATTN_ELEMENT_E4M3;
  case NVVM::MMATypes::e5m2:
    return ATTN_ELEMENT_E5M2;
  case NVVM::MMATypes::s8:
    return ATTN_ELEMENT_S8;
  case NVVM::MMATypes::u8:
    return ATTN_ELEMENT_U8;
  case NVVM::MMATypes::s32:
    return ATTN_ELEMENT_S32;
  default:
    return std::nullopt;
  }
}

LogicalResult FunctionEmulator::emulateMma(NVVM::MmaOp op) {
  NVVM::MMAShapeAttr shape = op.getShape();
  auto a =
      getElement(op.getMultiplicandAPtxType().value_or(NVVM::MMATypes::f64));
  auto b =
      getElement(op.getMultiplicandBPtxType().value_or(NVVM::MMATypes::f64));
  auto c = getElement(op.accumPtxType()), d = getElement(op.resultPtxType());
  if (shape.getM() != 16 || shape.getN() != 8 || shape.getK() > 32 || !a ||
      !b || !d || c != d || op.getLayoutA() != NVVM::MMALayout::row ||
      op.getLayoutB() != NVVM::MMALayout::col || op.getB1Op())
    return op.emitOpError("expects m16n8 with A by rows and B by columns of "
                          "f16, bf16, tf32, e4m3, e5m2, s8 or u8, and C like "
                          "the result, to be emulated");
  bool saturates = *d == ATTN_ELEMENT_S32 &&
                   op.getIntOverflowBehavior() != NVVM::MMAIntOverflow::wrapped;
  SmallVector<Value> values(op.getOperandA());
  llvm::append_range(values, op.getOperandB());
  llvm::append_range(values, op.getOperandC());
  Value operands = packOperands(values);
  Value result = resultBuffer(16);
  call("attn_emulator_mma", Type(),
       {where(op), i32(shape.getK()), i32(*a), i32(*b), i32(*d), i32(saturates),
        operands, result});
  replace(op, LLVM::LoadOp::create(builder, op.getLoc(), op.getType(), result,
                                   /*alignment=*/4));
  return success();
}

//===----------------------------------------------------------------------===//
// NVVM
//===----------------------------------------------------------------------===//

/// Operations that order memory or advise the machine: here nothing is out of
/// order and nothing is to be advised.
static bool hasNoEffectHere(Operation *op) {
  return isa<NVVM::MembarOp, NVVM::FenceScClusterOp, NVVM::FenceSyncRestrictOp,
             NVVM::FenceMbarrierInitOp, NVVM::FenceProxyAcquireOp,
             NVVM::FenceProxyReleaseOp, NVVM::FenceProxySyncRestrictOp,
             NVVM::PrefetchOp, NVVM::CpAsyncBulkPrefetchOp,
             NVVM::CpAsyncBulkTensorPrefetchOp, NVVM::GriddepcontrolOp,
             NVVM::PMEventOp>(op);
}

LogicalResult FunctionEmulator::emulateNVVM(Operation *op) {
  StringRef name = op->getName().stripDialect();
  if (name.consume_front("read.ptx.sreg.")) {
    if (!isKnownRegister(name))
      return op->emitOpError("is a special register that is not emulated");
    emulateSpecialRegister(op, name);
    return success();
  }
  if (hasNoEffectHere(op)) {
    op->erase();
    return success();
  }
  Type i32Type = builder.getI32Type();
  Type i1Type = builder.getI1Type();
  Location loc = op->getLoc();
  auto toI1 = [&](Value value) -> Value {
    return LLVM::TruncOp::create(builder, loc, i1Type, value);
  };
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case([&](NVVM::Barrier0Op barrier) {
        call("attn_emulator_barrier", i32Type,
             {where(op), i32(0), i32(0), i32(-1), i32(0)});
        op->erase();
        return success();
      })
      .Case([&](NVVM::BarrierOp barrier) {
        auto reduction = barrier.getReductionOp();
        Value result =
            call("attn_emulator_barrier", i32Type,
                 {where(op), toI32(barrier.getBarrierId()),
                  toI32(barrier.getNumberOfThreads()),
                  i32(reduction ? static_cast<int64_t>(*reduction) : -1),
                  toI32(barrier.getReductionPredicate())});
        replace(op, result);
        return success();
      })
      .Case([&](NVVM::BarrierArriveOp barrier) {
        call("attn_emulator_barrier_arrive", Type(),
             {where(op), toI32(barrier.getBarrierId()),
              toI32(barrier.getNumberOfThreads())});
        op->erase();
        return success();
      })
      .Case([&](NVVM::SyncWarpOp sync) {
        call("attn_emulator_warp_sync", Type(), {where(op), sync.getMask()});
        op->erase();
        return success();
      })
      .Case([&](NVVM::ShflOp shuffle) {
        emulateShuffle(shuffle);
        return success();
      })
      .Case([&](NVVM::VoteSyncOp vote) {
        Value result = call("attn_emulator_vote", i32Type,
                            {where(op), vote.getMask(), toI32(vote.getPred()),
                             i32(static_cast<int64_t>(vote.getKind()))});
        replace(op, vote.getType() == i1Type ? toI1(result) : result);
        return success();
      })
      .Case([&](NVVM::MatchSyncOp match) {
        emulateMatch(match);
        return success();
      })
      .Case([&](NVVM::ReduxOp redux) {
        Value result =
            call("attn_emulator_redux", i32Type,
                 {where(op), redux.getMaskAndClamp(), toI32(redux.getVal()),
                  i32(static_cast<int64_t>(redux.getKind())),
                  i32(redux.getAbs() | redux.getNan() << 1)});
        if (redux.getType().isF32())
          result =
              LLVM::BitcastOp::create(builder, loc, redux.getType(), result);
        replace(op, result);
        return success();
      })
      .Case([&](NVVM::ElectSyncOp elect) {
        replace(op, toI1(call("attn_emulator_elect", i32Type,
                              {where(op), toI32(elect.getMembermask(), -1)})));
        return success();
      })
      .Case([&](NVVM::NanosleepOp) {
        call("attn_emulator_poll", Type(), {where(op)});
        op->erase();
        return success();
      })
      .Case([&](NVVM::LdMatrixOp load) { return emulateLdMatrix(load); })
      .Case([&](NVVM::StMatrixOp store) { return emulateStMatrix(store); })
      .Case([&](NVVM::MmaOp mma) { return emulateMma(mma); })
      .Case([&](NVVM::RcpApproxFtzF32Op rcp) {
        replace(op, call("attn_emulator_math", builder.getF32Type(),
                         {i32(ATTN_MATH_RCP | ATTN_MATH_FTZ), rcp.getArg()},
                         /*pure=*/true));
        return success();
      })
      .Case([&](NVVM::CpAsyncOp copy) {
        call("attn_emulator_cp_async", Type(),
             {where(op), plain(copy.getDst()), plain(copy.getSrc()),
              i32(copy.getSize()), toI32(copy.getCpSize(), copy.getSize())});
        op->erase();
        return success();
      })
      .Case([&](NVVM::CpAsyncCommitGroupOp) {
        call("attn_emulator_cp_async_commit", Type(), {});
        op->erase();
        return success();
      })
      .Case([&](NVVM::CpAsyncWaitGroupOp wait) {
        call("attn_emulator_cp_async_wait", Type(), {i32(wait.getN())});
        op->erase();
        return success();
      })
      .Default([&](Operation *) { return emulateHopper(op); });
}

//===----------------------------------------------------------------------===//
// Intrinsics and calls
//===----------------------------------------------------------------------===//

int attn::emulate::getMathFunction(StringRef name) {
  return llvm::StringSwitch<int>(
             name.take_until([](char c) { return c == '.'; }))
      .Case("ex2", ATTN_MATH_EX2)
      .Case("lg2", ATTN_MATH_LG2)
      .Case("rcp", ATTN_MATH_RCP)
      .Case("rsqrt", ATTN_MATH_RSQRT)
      .Case("sqrt", ATTN_MATH_SQRT)
      .Case("tanh", ATTN_MATH_TANH)
      .Case("sin", ATTN_MATH_SIN)
      .Case("cos", ATTN_MATH_COS)
      .Default(-1);
}

/// One argument of f32, f16 or bf16, or a vector of them.
LogicalResult FunctionEmulator::emulateMathIntrinsic(LLVM::CallIntrinsicOp op,
                                                     StringRef name) {
  int which = getMathFunction(name);
  if (name.contains(".ftz"))
    which |= ATTN_MATH_FTZ;
  Location loc = op.getLoc();
  Type f32 = builder.getF32Type();
  auto evaluate = [&](Value value) -> Value {
    Type type = value.getType();
    if (type != f32)
      value = LLVM::FPExtOp::create(builder, loc, f32, value);
    value = call("attn_emulator_math", f32, {i32(which), value}, /*pure=*/true);
    if (type != f32)
      value = LLVM::FPTruncOp::create(builder, loc, type, value);
    return value;
  };
  Value argument = op.getArgs()[0];
  auto vector = dyn_cast<VectorType>(argument.getType());
  if (!vector) {
    replace(op, evaluate(argument));
    return success();
  }
  Value result = LLVM::UndefOp::create(builder, loc, vector);
  for (int64_t i = 0; i < vector.getNumElements(); ++i) {
    Value element =
        LLVM::ExtractElementOp::create(builder, loc, argument, i32(i));
    result = LLVM::InsertElementOp::create(builder, loc, result,
                                           evaluate(element), i32(i));
  }
  replace(op, result);
  return success();
}

LogicalResult FunctionEmulator::emulateIntrinsic(LLVM::CallIntrinsicOp op) {
  StringRef name = op.getIntrin();
  if (!name.consume_front("llvm.nvvm."))
    return success();
  OperandRange arguments = op.getArgs();
  Location loc = op.getLoc();
  Type i32Type = builder.getI32Type();
  auto isFloat16Or32 = [](Type type) {
    Type element = getElementTypeOrSelf(type);
    return element.isF32() || element.isF16() || element.isBF16();
  };
  if (getMathFunction(name) >= 0 && arguments.size() == 1 &&
      isFloat16Or32(arguments[0].getType()))
    return emulateMathIntrinsic(op, name);
  if ((name.starts_with("fmax.") || name.starts_with("fmin.")) &&
      !name.contains("xorsign") && !name.contains(".d")) {
    bool isMax = name.starts_with("fmax.");
    Value a = arguments[0], b = arguments[1], result;
    if (name.contains(".nan"))
      result = isMax ? Value(LLVM::MaximumOp::create(builder, loc, a, b))
                     : Value(LLVM::MinimumOp::create(builder, loc, a, b));
    else
      result = isMax ? Value(LLVM::MaxNumOp::create(builder, loc, a, b))
                     : Value(LLVM::MinNumOp::create(builder, loc, a, b));
    replace(op, result);
    return success();
  }
  if (name == "fma.rn.f" || name == "fma.rn.ftz.f") {
    replace(op, LLVM::FMAOp::create(builder, loc, arguments[0], arguments[1],
                                    arguments[2]));
    return success();
  }
  // Two f32 in one register; the first is the upper half.
  if (name == "ff2f16x2.rn" || name == "ff2bf16x2.rn") {
    auto vector = dyn_cast<VectorType>(op.getResult(0).getType());
    if (vector && vector.getNumElements() == 2) {
      Value result = LLVM::UndefOp::create(builder, loc, vector);
      for (int i = 0; i < 2; ++i) {
        Value half = LLVM::FPTruncOp::create(
            builder, loc, vector.getElementType(), arguments[1 - i]);
        result =
            LLVM::InsertElementOp::create(builder, loc, result, half, i32(i));
      }
      replace(op, result);
      return success();
    }
  }
  if (name == "barrier0" || name == "barrier.cta.sync.aligned.all" ||
      name == "barrier.cta.sync.aligned.count") {
    call("attn_emulator_barrier", i32Type,
         {where(op), arguments.empty() ? i32(0) : arguments[0],
          arguments.size() < 2 ? i32(0) : arguments[1], i32(-1), i32(0)});
    op.erase();
    return success();
  }
  if (name == "cp.async.wait.all") {
    call("attn_emulator_cp_async_wait", Type(), {i32(-1)});
    op.erase();
    return success();
  }
  if (name == "nanosleep") {
    call("attn_emulator_poll", Type(), {where(op)});
    op.erase();
    return success();
  }
  if (name.starts_with("fence.") || name.starts_with("membar.") ||
      name.starts_with("prefetch.")) {
    op.erase();
    return success();
  }
  return op.emitOpError("calls '")
         << op.getIntrin() << "', which is not emulated";
}

LogicalResult FunctionEmulator::emulateCall(LLVM::CallOp op) {
  std::optional<StringRef> callee = op.getCallee();
  if (!callee)
    return op.emitOpError("expects a call of a function by its name");
  // An assert's message comes first.
  if (*callee == "__assertfail" && op.getNumOperands() > 0) {
    call("attn_emulator_trap", Type(), {plain(op.getOperand(0))});
    op.erase();
    return success();
  }
  auto target = SymbolTable::lookupNearestSymbolFrom<LLVM::LLVMFuncOp>(
      op, op.getCalleeAttr());
  if (!target || target.isExternal())
    return op.emitOpError("calls '") << *callee << "', which nobody defines";
  return success();
}
