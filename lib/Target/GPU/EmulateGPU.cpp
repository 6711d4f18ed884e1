//===- lib/Target/GPU/EmulateGPU.cpp - Kernels as host functions ----------===//
//
// Part of attn-mlir.
//
// Moves device functions and variables to the host's module.
//
//===----------------------------------------------------------------------===//

#include "EmulateGPU.h"
#include "attn/Target/GPU/Passes.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/IR/SymbolTable.h"

namespace mlir::attn {
#define GEN_PASS_DEF_ATTNEMULATEGPUPASS
#include "attn/Target/GPU/Passes.h.inc"
} // namespace mlir::attn

using namespace mlir;
using namespace mlir::attn::emulate;

namespace {
/// One device module.
class ModuleEmulator {
public:
  ModuleEmulator(gpu::GPUModuleOp device, ModuleOp host)
      : device(device), host(host), builder(device.getContext()) {}

  LogicalResult run();

private:
  LogicalResult check();
  LogicalResult layOutSharedMemory();
  LogicalResult rename(Operation *op);
  LLVM::LLVMFuncOp moveFunction(LLVM::LLVMFuncOp function);
  void makeKernel(LLVM::LLVMFuncOp kernel, ArrayRef<Type> argumentTypes,
                  ArrayRef<DictionaryAttr> argumentAttrs,
                  DictionaryAttr attributes, StringRef name);
  void dropAddressSpaces(Operation *op);

  gpu::GPUModuleOp device;
  ModuleOp host;
  OpBuilder builder;
  /// Where static and dynamic variables lie in shared memory.
  llvm::StringMap<int64_t> sharedOffsets;
  int64_t staticBytes = 0, dynamicOffset = 0;
};

struct EmulateGPU : attn::impl::AttnEmulateGPUPassBase<EmulateGPU> {
  void runOnOperation() override;
};
} // namespace

static bool isKernel(Operation *op) {
  return op->hasAttr(NVVM::NVVMDialect::getKernelFuncAttrName()) ||
         op->hasAttr(gpu::GPUDialect::getKernelFuncAttrName());
}

LogicalResult ModuleEmulator::check() {
  for (Operation &op : *device.getBody())
    if (!isa<LLVM::LLVMFuncOp, LLVM::GlobalOp>(op))
      return op.emitOpError("expects only functions and variables of the LLVM "
                            "dialect in a gpu.module to emulate");
  WalkResult result = device.walk([&](Operation *op) {
    if (op == device ||
        isa_and_nonnull<LLVM::LLVMDialect, NVVM::NVVMDialect>(op->getDialect()))
      return WalkResult::advance();
    op->emitOpError("is not of the LLVM or NVVM dialect, which is all that can "
                    "be emulated");
    return WalkResult::interrupt();
  });
  return failure(result.wasInterrupted());
}

LogicalResult ModuleEmulator::layOutSharedMemory() {
  int64_t dynamicAlignment = 16;
  SmallVector<LLVM::GlobalOp> dynamic;
  for (auto global : device.getOps<LLVM::GlobalOp>()) {
    if (global.getAddrSpace() !=
        static_cast<unsigned>(NVVM::NVVMMemorySpace::Shared))
      continue;
    int64_t size = sizeInBytes(global, global.getGlobalType());
    int64_t alignment = global.getAlignment()
                            ? static_cast<int64_t>(*global.getAlignment())
                            : alignmentInBytes(global, global.getGlobalType());
    if (global.getValueAttr())
      return global.emitOpError("expects a shared variable without a value");
    if (size == 0) {
      dynamic.push_back(global);
      dynamicAlignment = std::max(dynamicAlignment, alignment);
      continue;
    }
    staticBytes = llvm::alignTo(staticBytes, alignment);
    sharedOffsets[global.getSymName()] = staticBytes;
    staticBytes += size;
  }
  // No more aligned than it asks to be.
  dynamicOffset = llvm::alignTo(staticBytes, dynamicAlignment);
  if (dynamicOffset % (2 * dynamicAlignment) == 0 && !dynamic.empty())
    dynamicOffset += dynamicAlignment;
  for (LLVM::GlobalOp global : dynamic)
    sharedOffsets[global.getSymName()] = dynamicOffset;
  return success();
}

/// Gives a symbol of the device the name it has on the host.
LogicalResult ModuleEmulator::rename(Operation *op) {
  StringAttr name = SymbolTable::getSymbolName(op);
  auto renamed =
      builder.getStringAttr(device.getName() + "_" + name.getValue());
  if (Operation *other = SymbolTable::lookupSymbolIn(host, renamed)) {
    auto declaration = dyn_cast<LLVM::LLVMFuncOp>(other);
    if (!declaration || !declaration.isExternal()) {
      InFlightDiagnostic diag = op->emitOpError("becomes '")
                                << renamed.getValue()
                                << "', which the host has already";
      diag.attachNote(other->getLoc()) << "defined here";
      return failure();
    }
    declaration.erase();
  }
  if (failed(SymbolTable::replaceAllSymbolUses(op, renamed, device)))
    return op->emitOpError("expects uses that can be renamed");
  SymbolTable::setSymbolName(op, renamed);
  return success();
}

/// Arguments come through pointers; the block's memory is set up.
void ModuleEmulator::makeKernel(LLVM::LLVMFuncOp kernel,
                                ArrayRef<Type> argumentTypes,
                                ArrayRef<DictionaryAttr> argumentAttrs,
                                DictionaryAttr attributes, StringRef name) {
  Location loc = kernel.getLoc();
  auto ptr = LLVM::LLVMPointerType::get(builder.getContext());
  auto i32 = builder.getI32Type(), i64 = builder.getI64Type();
  Block &entry = kernel.getBody().front();
  builder.setInsertionPointToStart(&entry);
  SmallVector<BlockArgument> arguments(entry.getArguments());
  Value params = entry.addArgument(ptr, loc);
  for (auto [index, argument] : llvm::enumerate(arguments)) {
    Value slot = LLVM::GEPOp::create(builder, loc, ptr, ptr, params,
                                     ArrayRef<LLVM::GEPArg>(index));
    Value value = LLVM::LoadOp::create(builder, loc, ptr, slot);
    DictionaryAttr attrs =
        index < argumentAttrs.size() ? argumentAttrs[index] : DictionaryAttr();
    // What is passed by value is where the pointer points; nobody writes there.
    if (!attrs || !attrs.get(LLVM::LLVMDialect::getByValAttrName()))
      value = LLVM::LoadOp::create(builder, loc, argument.getType(), value);
    argument.replaceAllUsesWith(value);
  }
  entry.eraseArguments(0, arguments.size());

  // attn_emulator_enter comes first.
  builder.setInsertionPointToStart(&entry);
  OpBuilder outside = OpBuilder::atBlockBegin(host.getBody());
  auto text = LLVM::GlobalOp::create(
      outside, loc,
      LLVM::LLVMArrayType::get(builder.getI8Type(), name.size() + 1),
      /*isConstant=*/true, LLVM::Linkage::Internal,
      (kernel.getName() + "_name").str(),
      builder.getStringAttr(name + Twine('\0')));
  auto constant = [&](Type type, int64_t value) -> Value {
    return LLVM::ConstantOp::create(builder, loc, type,
                                    builder.getIntegerAttr(type, value));
  };
  SmallVector<Value> operands = {LLVM::AddressOfOp::create(builder, loc, text),
                                 constant(i64, staticBytes),
                                 constant(i64, dynamicOffset)};
  auto size = attributes.getAs<DenseI32ArrayAttr>(
      NVVM::NVVMDialect::getReqntidAttrName());
  for (size_t i = 0; i < 3; ++i)
    operands.push_back(constant(i32, !size ? 0
                                     : i < static_cast<size_t>(size.size())
                                         ? size[i]
                                         : 1));
  auto type =
      LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(builder.getContext()),
                                  {ptr, i64, i64, i32, i32, i32});
  StringRef enter = "attn_emulator_enter";
  if (!host.lookupSymbol(enter))
    LLVM::LLVMFuncOp::create(outside, loc, enter, type);
  LLVM::CallOp::create(builder, loc, type, enter, operands);
}

void ModuleEmulator::dropAddressSpaces(Operation *op) {
  AttrTypeReplacer replacer;
  replacer.addReplacement(
      [](LLVM::LLVMPointerType type) -> std::optional<Type> {
        return LLVM::LLVMPointerType::get(type.getContext());
      });
  replacer.addReplacement(
      [&](LLVM::LLVMStructType type) -> std::optional<Type> {
        if (type.isIdentified())
          return type;
        return LLVM::LLVMStructType::getLiteral(
            type.getContext(),
            llvm::map_to_vector(type.getBody(),
                                [&](Type t) { return replacer.replace(t); }),
            type.isPacked());
      });
  replacer.recursivelyReplaceElementsIn(op, /*replaceAttrs=*/true,
                                        /*replaceLocs=*/false,
                                        /*replaceTypes=*/true);
}

LLVM::LLVMFuncOp ModuleEmulator::moveFunction(LLVM::LLVMFuncOp function) {
  bool kernel = isKernel(function);
  auto type = function.getFunctionType();
  SmallVector<DictionaryAttr> argumentAttrs;
  for (unsigned i = 0, e = function.getNumArguments(); i < e; ++i)
    argumentAttrs.push_back(function.getArgAttrDict(i));
  auto hostType = kernel
                      ? LLVM::LLVMFunctionType::get(
                            type.getReturnType(),
                            {LLVM::LLVMPointerType::get(builder.getContext())})
                      : type;
  builder.setInsertionPointToEnd(host.getBody());
  auto moved = LLVM::LLVMFuncOp::create(
      builder, function.getLoc(), function.getName(), hostType,
      kernel ? LLVM::Linkage::External : LLVM::Linkage::Internal);
  moved.getBody().takeBody(function.getBody());
  if (kernel)
    makeKernel(moved, type.getParams(), argumentAttrs,
               function->getAttrDictionary(),
               function.getName().drop_front(device.getName().size() + 1));
  dropAddressSpaces(moved);
  moved.walk([](LLVM::AddrSpaceCastOp cast) {
    cast.replaceAllUsesWith(cast.getArg());
    cast.erase();
  });
  return moved;
}

LogicalResult ModuleEmulator::run() {
  if (failed(check()) || failed(layOutSharedMemory()))
    return failure();
  for (auto function : device.getOps<LLVM::LLVMFuncOp>())
    if (!function.isExternal() &&
        failed(FunctionEmulator(function, host, sharedOffsets).run()))
      return failure();
  SmallVector<Operation *> toMove;
  for (Operation &op : llvm::make_early_inc_range(*device.getBody())) {
    auto function = dyn_cast<LLVM::LLVMFuncOp>(op);
    auto global = dyn_cast<LLVM::GlobalOp>(op);
    if ((function && function.isExternal()) ||
        (global && sharedOffsets.count(global.getSymName())))
      continue;
    if (failed(rename(&op)))
      return failure();
    toMove.push_back(&op);
  }
  for (Operation *op : toMove) {
    if (auto function = dyn_cast<LLVM::LLVMFuncOp>(op)) {
      moveFunction(function);
      continue;
    }
    auto global = cast<LLVM::GlobalOp>(op);
    global->remove();
    host.getBody()->push_back(global);
    global.setAddrSpace(0);
    global.setLinkage(LLVM::Linkage::Internal);
    dropAddressSpaces(global);
  }
  device.erase();
  return success();
}

void EmulateGPU::runOnOperation() {
  ModuleOp host = getOperation();
  SmallVector<gpu::GPUModuleOp> modules(host.getOps<gpu::GPUModuleOp>());
  WalkResult result = host.walk([&](gpu::LaunchFuncOp launch) {
    launch.emitOpError("expects launches to have become calls before kernels "
                       "are emulated");
    return WalkResult::interrupt();
  });
  if (result.wasInterrupted())
    return signalPassFailure();
  for (gpu::GPUModuleOp module : modules)
    if (failed(ModuleEmulator(module, host).run()))
      return signalPassFailure();
  host->removeAttr(gpu::GPUDialect::getContainerModuleAttrName());
}
