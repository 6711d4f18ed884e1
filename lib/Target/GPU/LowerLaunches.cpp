//===- LowerLaunches.cpp - Launches of kernels to calls -------------------===//
//
// Part of attn-mlir.
//
// Hands the arguments of kernels to the runtime, as pointers to LLVM values.
//
//===----------------------------------------------------------------------===//

#include "LowerLaunches.h"

#include "attn/Runtime/GpuLaunch.h"
#include "attn/Target/GPU/Arch.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/SymbolTable.h"

namespace mlir::attn {
#define GEN_PASS_DEF_ATTNLOWERLAUNCHESPASS
#include "attn/Target/GPU/Passes.h.inc"
} // namespace mlir::attn

using namespace mlir;
using namespace mlir::attn;

std::string attn::getHostKernelName(StringRef module, StringRef kernel) {
  return (module + "_" + kernel).str();
}

Value LaunchLowering::allocate(Type type, int64_t count, Location loc,
                               int64_t alignment) {
  OpBuilder b = OpBuilder::atBlockBegin(&func.getBody().front());
  Value one = LLVM::ConstantOp::create(b, loc, i64, b.getI64IntegerAttr(1));
  return LLVM::AllocaOp::create(
      b, loc, ptr, LLVM::LLVMArrayType::get(type, count), one, alignment);
}

Value LaunchLowering::makeArray(OpBuilder &b, Location loc, Type type,
                                ArrayRef<Value> values) {
  Value array = allocate(type, std::max<size_t>(values.size(), 1), loc);
  for (auto [i, value] : llvm::enumerate(values)) {
    Value at = LLVM::GEPOp::create(b, loc, ptr, type, array,
                                   LLVM::GEPArg(static_cast<int32_t>(i)));
    LLVM::StoreOp::create(b, loc, value, at);
  }
  return array;
}

/// Appends `operand` as the lowering of kernels to LLVM takes it.
LogicalResult LaunchLowering::expand(gpu::LaunchFuncOp launch, Value operand,
                                     OpBuilder &b, SmallVector<Value> &values) {
  Location loc = launch.getLoc();
  auto toI64 = [&](OpFoldResult number) -> Value {
    Value index = getValueOrCreateConstantIndexOp(b, loc, number);
    return b.createOrFold<arith::IndexCastOp>(loc, i64, index);
  };
  Type type = operand.getType();
  if (type.isIndex()) {
    values.push_back(toI64(operand));
    return success();
  }
  if (auto memref = dyn_cast<MemRefType>(type)) {
    if (memref.getMemorySpace())
      return launch.emitOpError("expects buffers in the default memory space, "
                                "but got ")
             << memref;
    Value address =
        toI64(memref::ExtractAlignedPointerAsIndexOp::create(b, loc, operand)
                  .getResult());
    address = LLVM::IntToPtrOp::create(b, loc, ptr, address);
    auto metadata = memref::ExtractStridedMetadataOp::create(b, loc, operand);
    values.append(2, address);
    values.push_back(toI64(metadata.getConstifiedMixedOffset()));
    for (OpFoldResult size : metadata.getConstifiedMixedSizes())
      values.push_back(toI64(size));
    for (OpFoldResult stride : metadata.getConstifiedMixedStrides())
      values.push_back(toI64(stride));
    return success();
  }
  if (isa<nvgpu::TensorMapDescriptorType>(type)) {
    FailureOr<Value> map = getTensorMap(launch, operand);
    if (failed(map))
      return failure();
    values.push_back(*map);
    return success();
  }
  bool isScalar = type.isIntOrFloat() && type.getIntOrFloatBitWidth() >= 8 &&
                  type.getIntOrFloatBitWidth() <= 64 &&
                  !isa<Float8E4M3FNType, Float8E5M2Type>(type);
  if (!isScalar && !type.isInteger(1) && !isa<LLVM::LLVMPointerType>(type))
    return launch.emitOpError("expects arguments of kernels to be buffers, "
                              "numbers or pointers, but got ")
           << type;
  values.push_back(operand);
  return success();
}

FailureOr<LLVM::LLVMFuncOp> LaunchLowering::declare(StringRef name, Type result,
                                                    ArrayRef<Type> arguments,
                                                    Operation *user) {
  auto type = LLVM::LLVMFunctionType::get(result, arguments);
  if (Operation *taken = symbols.lookup(name)) {
    auto declared = dyn_cast<LLVM::LLVMFuncOp>(taken);
    if (declared && declared.getFunctionType() == type)
      return declared;
    return taken->emitOpError("has a name that is kept for launching kernels");
  }
  OpBuilder b = OpBuilder::atBlockBegin(
      &func->getParentOfType<ModuleOp>().getBodyRegion().front());
  auto declared = LLVM::LLVMFuncOp::create(b, user->getLoc(), name, type);
  symbols.insert(declared);
  return declared;
}

/// The address of what stands for the kernel on the host.
FailureOr<Value> LaunchLowering::getKernel(OpBuilder &b,
                                           gpu::LaunchFuncOp launch) {
  Location loc = launch.getLoc();
  std::string name = getHostKernelName(launch.getKernelModuleName().getValue(),
                                       launch.getKernelName().getValue());
  if (emulate) {
    FailureOr<LLVM::LLVMFuncOp> kernel =
        declare(name, LLVM::LLVMVoidType::get(b.getContext()), {ptr}, launch);
    if (failed(kernel))
      return failure();
    return LLVM::AddressOfOp::create(b, loc, *kernel).getResult();
  }
  return getConstant(b, loc, name);
}

Value LaunchLowering::getLaunched(Location loc) {
  if (launched)
    return launched;
  launched = allocate(i32, 1, loc);
  OpBuilder b(launched.getContext());
  b.setInsertionPointAfterValue(launched);
  Value no = LLVM::ConstantOp::create(b, loc, i32, b.getI32IntegerAttr(0));
  LLVM::StoreOp::create(b, loc, no, launched);
  return launched;
}

FailureOr<Value> LaunchLowering::getConstant(OpBuilder &b, Location loc,
                                             StringRef name) {
  Operation *taken = symbols.lookup(name);
  auto global = dyn_cast_if_present<LLVM::GlobalOp>(taken);
  if (taken && !global)
    return taken->emitOpError("has a name that is kept for launching kernels");
  if (!global) {
    OpBuilder top = OpBuilder::atBlockBegin(
        &func->getParentOfType<ModuleOp>().getBodyRegion().front());
    // What it is, the one who compiles the kernels says.
    global = LLVM::GlobalOp::create(
        top, loc, LLVM::LLVMArrayType::get(b.getI8Type(), 0),
        /*isConstant=*/true, LLVM::Linkage::External, name, Attribute());
    symbols.insert(global);
  }
  return LLVM::AddressOfOp::create(b, loc, global).getResult();
}

LogicalResult LaunchLowering::lower(RunsOnOp op) {
  llvm::Expected<const GpuArch *> arch = findGpuArch(op.getArch());
  if (!arch) {
    consumeError(arch.takeError());
    return op.emitOpError("expects a GPU that is known, but got ")
           << op.getArch();
  }
  OpBuilder b(op);
  Location loc = op.getLoc();
  Value isThis;
  if (emulate) {
    auto target = func->getParentOfType<ModuleOp>()->getAttrOfType<TargetAttr>(
        kTargetAttrName);
    isThis = arith::ConstantOp::create(
        b, loc, b.getBoolAttr(target && target.getArch() == op.getArch()));
  } else {
    FailureOr<Value> module = getConstant(b, loc, kGpuModuleName);
    if (failed(module))
      return failure();
    FailureOr<LLVM::LLVMFuncOp> callee =
        declare(kRuntimeGpuArch, i32, {ptr}, op);
    if (failed(callee))
      return failure();
    Value found = LLVM::CallOp::create(b, loc, *callee, *module).getResult();
    Value wanted =
        arith::ConstantOp::create(b, loc,
                                  b.getI32IntegerAttr(ATTN_GPU_ARCH(
                                      (*arch)->capability, (*arch)->isExact)));
    isThis =
        arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, found, wanted);
  }
  op.replaceAllUsesWith(isThis);
  op.erase();
  return success();
}

LogicalResult LaunchLowering::lower(gpu::LaunchFuncOp launch) {
  if (launch.getAsyncToken() || !launch.getAsyncDependencies().empty())
    return launch.emitOpError("expects a launch without tokens: kernels run in "
                              "order, on the caller's stream");
  if (launch.hasClusterSize())
    return launch.emitOpError("expects cluster sizes that are known when the "
                              "kernel is compiled; use nvvm.cluster_dim");
  OpBuilder b(launch);
  Location loc = launch.getLoc();
  SmallVector<Value> values;
  for (Value operand : launch.getKernelOperands())
    if (failed(expand(launch, operand, b, values)))
      return failure();

  // Each value in a place of eight bytes, but tensor maps where they are: of
  // what is passed by value, the driver wants the address.
  SmallVector<Value> addresses;
  Value places = allocate(i64, std::max<size_t>(values.size(), 1), loc);
  for (auto [i, value] : llvm::enumerate(values)) {
    if (maps.contains(value)) {
      addresses.push_back(value);
      continue;
    }
    Value at = LLVM::GEPOp::create(b, loc, ptr, i64, places,
                                   LLVM::GEPArg(static_cast<int32_t>(i)));
    // A boolean is a byte to whoever reads it from memory.
    if (value.getType().isInteger(1))
      value = arith::ExtUIOp::create(b, loc, b.getI8Type(), value);
    LLVM::StoreOp::create(b, loc, value, at);
    addresses.push_back(at);
  }
  Value params = makeArray(b, loc, ptr, addresses);
  auto cast = [&](Value number, Type type) -> Value {
    if (number.getType().isIndex())
      return b.createOrFold<arith::IndexCastOp>(loc, type, number);
    unsigned from = number.getType().getIntOrFloatBitWidth();
    unsigned to = type.getIntOrFloatBitWidth();
    if (from == to)
      return number;
    return from < to
               ? arith::ExtUIOp::create(b, loc, type, number).getResult()
               : arith::TruncIOp::create(b, loc, type, number).getResult();
  };
  gpu::KernelDim3 grid = launch.getGridSizeOperandValues();
  gpu::KernelDim3 block = launch.getBlockSizeOperandValues();
  Value gridAt = makeArray(
      b, loc, i64, {cast(grid.x, i64), cast(grid.y, i64), cast(grid.z, i64)});
  Value blockAt =
      makeArray(b, loc, i32,
                {cast(block.x, i32), cast(block.y, i32), cast(block.z, i32)});
  Value shared = launch.getDynamicSharedMemorySize();
  shared = shared
               ? cast(shared, i64)
               : LLVM::ConstantOp::create(b, loc, i64, b.getI64IntegerAttr(0))
                     .getResult();
  Value count =
      LLVM::ConstantOp::create(b, loc, i32, b.getI32IntegerAttr(values.size()));
  FailureOr<Value> kernel = getKernel(b, launch);
  if (failed(kernel))
    return failure();
  SmallVector<Value> arguments = {*kernel, gridAt, blockAt,
                                  shared,  params, count};
  // Emulated kernels run one after the other.
  if (!emulate)
    arguments.push_back(getLaunched(loc));
  FailureOr<LLVM::LLVMFuncOp> callee =
      declare(emulate ? kRuntimeEmulateLaunch : kRuntimeGpuLaunch,
              emulate ? Type(LLVM::LLVMVoidType::get(b.getContext())) : i32,
              llvm::to_vector(ValueRange(arguments).getTypes()), launch);
  if (failed(callee))
    return failure();
  LLVM::CallOp::create(b, loc, *callee, arguments);
  launch.erase();
  return success();
}

namespace {
struct LowerLaunches : attn::impl::AttnLowerLaunchesPassBase<LowerLaunches> {
  using Base::Base;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    SymbolTable symbols(module);
    for (auto func : llvm::to_vector(module.getOps<func::FuncOp>())) {
      SmallVector<gpu::LaunchFuncOp> launches;
      func.walk([&](gpu::LaunchFuncOp op) { launches.push_back(op); });
      LaunchLowering lowering(func, symbols, emulate);
      for (gpu::LaunchFuncOp launch : launches)
        if (failed(lowering.lower(launch)))
          return signalPassFailure();
      SmallVector<RunsOnOp> questions;
      func.walk([&](RunsOnOp op) { questions.push_back(op); });
      for (RunsOnOp op : questions)
        if (failed(lowering.lower(op)))
          return signalPassFailure();
      if (failed(lowering.finish()))
        return signalPassFailure();
    }
  }
};
} // namespace
