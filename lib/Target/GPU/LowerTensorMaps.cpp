//===- LowerTensorMaps.cpp - Descriptors of tensor copies -----------------===//
//
// Part of attn-mlir.
//
// On the host, tensor maps are filled in by the runtime; kernels take them by
// value.
//
//===----------------------------------------------------------------------===//

#include "LowerLaunches.h"

#include "attn/Runtime/GpuLaunch.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace mlir::attn {
#define GEN_PASS_DEF_ATTNTAKETENSORMAPSPASS
#include "attn/Target/GPU/Passes.h.inc"
} // namespace mlir::attn

using namespace mlir;
using namespace mlir::attn;

/// Of attn_gpu_tensor.
static constexpr int64_t kMaxRank = 5;
static constexpr int64_t kMaxBox = 256;
/// A CUtensorMap.
static constexpr int64_t kMapBytes = 128;
static constexpr int64_t kMapAlignment = 64;

//===----------------------------------------------------------------------===//
// The host
//===----------------------------------------------------------------------===//

/// The attn_gpu_element that copies move `type` as.
static std::optional<attn_gpu_element> getElement(Type type) {
  if (type.isF16())
    return ATTN_GPU_F16;
  if (type.isBF16())
    return ATTN_GPU_BF16;
  if (type.isF32())
    return ATTN_GPU_F32;
  if (type.isF64())
    return ATTN_GPU_F64;
  if (!type.isIntOrFloat())
    return std::nullopt;
  switch (type.getIntOrFloatBitWidth()) {
  case 8:
    return ATTN_GPU_U8;
  case 16:
    return ATTN_GPU_U16;
  case 32:
    return ATTN_GPU_U32;
  case 64:
    return ATTN_GPU_U64;
  default:
    return std::nullopt;
  }
}

/// The sizes of the box, outermost first; reports what no tensor copy can do.
static FailureOr<SmallVector<int64_t>> getBox(nvgpu::TmaCreateDescriptorOp op,
                                              MemRefType tensor) {
  nvgpu::TensorMapDescriptorType map = op.getTensorMap().getType();
  SmallVector<int64_t> box;
  for (Value size : op.getBoxDimensions()) {
    std::optional<int64_t> known = getConstantIntValue(size);
    if (!known)
      return op.emitOpError("expects a box of constant sizes");
    if (*known < 1 || *known > kMaxBox)
      return op.emitOpError("expects sizes of a box from 1 to ")
             << kMaxBox << ", but got " << *known;
    box.push_back(*known);
  }
  if (static_cast<int64_t>(box.size()) != tensor.getRank() || box.empty() ||
      tensor.getRank() > kMaxRank)
    return op.emitOpError("expects a box of the tensor's rank, 1 to ")
           << kMaxRank << ", but got " << box.size() << " sizes for " << tensor;
  int64_t count = 1;
  for (int64_t size : box)
    count *= size;
  if (count != map.getTensor().getNumElements() ||
      map.getTensor().getElementType() != tensor.getElementType())
    return op.emitOpError("expects a box as big as ")
           << map.getTensor() << ", of its type, but got " << count
           << " elements of " << tensor.getElementType();
  int64_t bytes = box.back() * tensor.getElementTypeBitWidth() / 8;
  int64_t most = map.getSwizzle() == nvgpu::TensorMapSwizzleKind::SWIZZLE_NONE
                     ? bytes
                     : 16 << static_cast<int64_t>(map.getSwizzle());
  if (bytes % 16 != 0 || bytes > most)
    return op.emitOpError("expects rows of a box to be whole 16 bytes, no more "
                          "than are swizzled, but got ")
           << bytes << " bytes";
  return box;
}

FailureOr<Value> LaunchLowering::encode(nvgpu::TmaCreateDescriptorOp op) {
  auto cast = op.getTensor().getDefiningOp<memref::CastOp>();
  auto type = cast ? dyn_cast<MemRefType>(cast.getSource().getType()) : nullptr;
  if (!type)
    return op.emitOpError("expects a memref.cast of a buffer with a rank");
  if (type.getMemorySpace())
    return op.emitOpError("expects buffers in the default memory space, but "
                          "got ")
           << type;
  FailureOr<SmallVector<int64_t>> box = getBox(op, type);
  if (failed(box))
    return failure();
  std::optional<attn_gpu_element> element = getElement(type.getElementType());
  if (!element)
    return op.emitOpError("expects elements of 8, 16, 32 or 64 bits, but got ")
           << type.getElementType();
  nvgpu::TensorMapDescriptorType kind = op.getTensorMap().getType();
  if (emulate && kind.getOob() != nvgpu::TensorMapOOBKind::OOB_ZERO)
    return op.emitOpError("expects oob = zero to be emulated");

  OpBuilder b(op);
  Location loc = op.getLoc();
  auto i32Array = LLVM::LLVMArrayType::get(i32, kMaxRank);
  auto i64Array = LLVM::LLVMArrayType::get(i64, kMaxRank);
  auto tensorType = LLVM::LLVMStructType::getLiteral(
      b.getContext(),
      {ptr, i64Array, i64Array, i32Array, i32, i32, i32, i32, i32});
  Value tensor = allocate(tensorType, 1, loc);
  auto store = [&](Value value, ArrayRef<LLVM::GEPArg> at) {
    SmallVector<LLVM::GEPArg> path = {0};
    path.append(at.begin(), at.end());
    LLVM::StoreOp::create(
        b, loc, value,
        LLVM::GEPOp::create(b, loc, ptr, tensorType, tensor, path));
  };
  auto toI64 = [&](OpFoldResult number) -> Value {
    Value index = getValueOrCreateConstantIndexOp(b, loc, number);
    return b.createOrFold<arith::IndexCastOp>(loc, i64, index);
  };
  auto number = [&](int64_t value) -> Value {
    return LLVM::ConstantOp::create(b, loc, i32, b.getI32IntegerAttr(value));
  };
  Value address = toI64(
      memref::ExtractAlignedPointerAsIndexOp::create(b, loc, cast.getSource())
          .getResult());
  auto metadata =
      memref::ExtractStridedMetadataOp::create(b, loc, cast.getSource());
  Value offset = toI64(metadata.getConstifiedMixedOffset());
  Value width = LLVM::ConstantOp::create(
      b, loc, i64, b.getI64IntegerAttr(type.getElementTypeBitWidth() / 8));
  address = arith::AddIOp::create(b, loc, address,
                                  arith::MulIOp::create(b, loc, offset, width));
  store(LLVM::IntToPtrOp::create(b, loc, ptr, address), {0});
  SmallVector<OpFoldResult> sizes = metadata.getConstifiedMixedSizes();
  SmallVector<OpFoldResult> strides = metadata.getConstifiedMixedStrides();
  int32_t rank = static_cast<int32_t>(type.getRank());
  for (int32_t i = 0; i < rank; ++i) {
    int32_t dim = rank - 1 - i;
    store(toI64(sizes[dim]), {1, i});
    store(toI64(strides[dim]), {2, i});
    store(number((*box)[dim]), {3, i});
  }
  // Of these, the numbers are the driver's.
  int32_t field = 4;
  for (int64_t value :
       {static_cast<int64_t>(rank), static_cast<int64_t>(*element),
        static_cast<int64_t>(kind.getSwizzle()),
        static_cast<int64_t>(kind.getL2promo()),
        static_cast<int64_t>(kind.getOob())})
    store(number(value), {field++});

  Value map = allocate(b.getI8Type(), kMapBytes, loc, kMapAlignment);
  FailureOr<LLVM::LLVMFuncOp> callee =
      declare(emulate ? kRuntimeEmulateTensorMap : kRuntimeGpuTensorMap,
              emulate ? Type(LLVM::LLVMVoidType::get(b.getContext())) : i32,
              {ptr, ptr}, op);
  if (failed(callee))
    return failure();
  LLVM::CallOp::create(b, loc, *callee, ValueRange{tensor, map});
  return map;
}

FailureOr<Value> LaunchLowering::getTensorMap(gpu::LaunchFuncOp launch,
                                              Value operand) {
  auto op = operand.getDefiningOp<nvgpu::TmaCreateDescriptorOp>();
  if (!op)
    return launch.emitOpError("expects tensor maps that "
                              "nvgpu.tma.create.descriptor makes in the same "
                              "function");
  auto known = tensorMaps.find(op);
  if (known != tensorMaps.end())
    return known->second;
  FailureOr<Value> map = encode(op);
  if (failed(map))
    return failure();
  tensorMaps.insert({op, *map});
  maps.insert(*map);
  return *map;
}

LogicalResult LaunchLowering::finish() {
  SmallVector<nvgpu::TmaCreateDescriptorOp> made;
  func.walk([&](nvgpu::TmaCreateDescriptorOp op) { made.push_back(op); });
  for (nvgpu::TmaCreateDescriptorOp op : made) {
    if (!op->use_empty())
      return op.emitOpError("expects tensor maps to be used by launches only");
    auto cast = op.getTensor().getDefiningOp<memref::CastOp>();
    op.erase();
    if (cast && cast->use_empty())
      cast.erase();
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

/// How many arguments one of `type` becomes in LLVM's form.
static int64_t countArguments(Type type) {
  if (auto memref = dyn_cast<MemRefType>(type))
    return 3 + 2 * memref.getRank();
  return isa<UnrankedMemRefType>(type) ? 2 : 1;
}

/// Makes pointers of tensor maps, and notes which ones they will be.
static LogicalResult takeTensorMaps(gpu::GPUFuncOp func) {
  auto ptr = LLVM::LLVMPointerType::get(func.getContext());
  SmallVector<int64_t> positions;
  SmallVector<Type> types;
  int64_t position = 0;
  for (BlockArgument argument : func.getArguments()) {
    Type type = argument.getType();
    types.push_back(type);
    if (!isa<nvgpu::TensorMapDescriptorType>(type)) {
      position += countArguments(type);
      continue;
    }
    for (Operation *user : llvm::make_early_inc_range(argument.getUsers())) {
      auto cast = dyn_cast<UnrealizedConversionCastOp>(user);
      if (!cast || cast->getNumResults() != 1 ||
          cast->getResult(0).getType() != ptr)
        return user->emitOpError("expects tensor maps to be used as pointers, "
                                 "through builtin.unrealized_conversion_cast");
      cast->getResult(0).replaceAllUsesWith(argument);
      cast->erase();
    }
    argument.setType(ptr);
    types.back() = ptr;
    positions.push_back(position++);
  }
  if (positions.empty())
    return success();
  func.setFunctionType(FunctionType::get(func.getContext(), types,
                                         func.getFunctionType().getResults()));
  func->setAttr(kTensorMapsAttrName,
                DenseI64ArrayAttr::get(func.getContext(), positions));
  return success();
}

void attn::passTensorMapsByValue(LLVM::LLVMFuncOp func) {
  auto positions = func->getAttrOfType<DenseI64ArrayAttr>(kTensorMapsAttrName);
  if (!positions)
    return;
  func->removeAttr(kTensorMapsAttrName);
  Builder b(func.getContext());
  auto type = LLVM::LLVMArrayType::get(b.getI8Type(), kMapBytes);
  for (int64_t position : positions.asArrayRef()) {
    unsigned i = static_cast<unsigned>(position);
    assert(isa<LLVM::LLVMPointerType>(func.getArgument(i).getType()) &&
           "another form of arguments than was foreseen");
    func.setArgAttr(i, LLVM::LLVMDialect::getByValAttrName(),
                    TypeAttr::get(type));
    func.setArgAttr(i, LLVM::LLVMDialect::getAlignAttrName(),
                    b.getI64IntegerAttr(kMapAlignment));
    func.setArgAttr(i, NVVM::NVVMDialect::getGridConstantAttrName(),
                    b.getUnitAttr());
  }
}

namespace {
struct TakeTensorMaps : attn::impl::AttnTakeTensorMapsPassBase<TakeTensorMaps> {
  void runOnOperation() override {
    for (auto func : getOperation().getOps<gpu::GPUFuncOp>())
      if (failed(takeTensorMaps(func)))
        return signalPassFailure();
  }
};
} // namespace
