//===- lib/Target/GPU/EmulateGPUAccesses.cpp - Device memory --------------===//
//
// Part of attn-mlir.
//
// Pointers and accesses of device functions, and what the calls that replace
// device operations need: texts, buffers, constants.
//
//===----------------------------------------------------------------------===//

#include "EmulateGPU.h"

#include "mlir/Interfaces/DataLayoutInterfaces.h"

using namespace mlir;
using namespace mlir::attn::emulate;

bool attn::emulate::isSharedPointer(Type type) {
  auto pointer = dyn_cast<LLVM::LLVMPointerType>(type);
  if (!pointer)
    return false;
  unsigned space = pointer.getAddressSpace();
  return space == static_cast<unsigned>(NVVM::NVVMMemorySpace::Shared) ||
         space == static_cast<unsigned>(NVVM::NVVMMemorySpace::SharedCluster);
}

int64_t attn::emulate::sizeInBytes(Operation *op, Type type) {
  return DataLayout::closest(op).getTypeSize(type);
}

int64_t attn::emulate::alignmentInBytes(Operation *op, Type type) {
  return DataLayout::closest(op).getTypeABIAlignment(type);
}

/// Whether the module of `function` accesses shared memory by the async proxy.
static bool hasAsyncProxy(LLVM::LLVMFuncOp function) {
  auto isAsync = [](Operation *op) {
    StringRef name = op->getName().getStringRef();
    if (auto assembly = dyn_cast<LLVM::InlineAsmOp>(op))
      return assembly.getAsmString().contains("wgmma.mma_async") ||
             assembly.getAsmString().contains("cp.async.bulk");
    return name.starts_with("nvvm.wgmma.mma") ||
           name.starts_with("nvvm.cp.async.bulk");
  };
  return function->getParentOp()
      ->walk([&](Operation *op) {
        return isAsync(op) ? WalkResult::interrupt() : WalkResult::advance();
      })
      .wasInterrupted();
}

FunctionEmulator::FunctionEmulator(
    LLVM::LLVMFuncOp function, ModuleOp host,
    const llvm::StringMap<int64_t> &sharedOffsets)
    : function(function), host(host), sharedOffsets(sharedOffsets),
      builder(function.getContext()),
      ptr(LLVM::LLVMPointerType::get(function.getContext())),
      usesAsyncProxy(hasAsyncProxy(function)) {}

//===----------------------------------------------------------------------===//
// Helpers
//===----------------------------------------------------------------------===//

Value FunctionEmulator::constant(Type type, int64_t value) {
  return LLVM::ConstantOp::create(builder, builder.getUnknownLoc(), type,
                                  builder.getIntegerAttr(type, value));
}

Value FunctionEmulator::toI32(Value value, int64_t otherwise) {
  if (!value)
    return i32(otherwise);
  unsigned width = value.getType().getIntOrFloatBitWidth();
  Location loc = value.getLoc();
  if (value.getType().isFloat())
    value = LLVM::BitcastOp::create(builder, loc, builder.getIntegerType(width),
                                    value);
  if (width < 32)
    return LLVM::ZExtOp::create(builder, loc, builder.getI32Type(), value);
  if (width > 32)
    return LLVM::TruncOp::create(builder, loc, builder.getI32Type(), value);
  return value;
}

Value FunctionEmulator::plain(Value pointer) {
  if (pointer.getType() == ptr)
    return pointer;
  // Goes when address spaces do.
  return LLVM::AddrSpaceCastOp::create(builder, pointer.getLoc(), ptr, pointer);
}

/// The file and line of `loc`, if it has one.
static std::optional<FileLineColLoc> findFileLoc(Location loc) {
  std::optional<FileLineColLoc> found;
  loc->walk([&](Location inner) {
    if (auto file = dyn_cast<FileLineColLoc>(inner)) {
      found = file;
      return WalkResult::interrupt();
    }
    return WalkResult::advance();
  });
  return found;
}

Value FunctionEmulator::where(Operation *op) {
  std::string name = op->getName().getStringRef().str();
  if (auto intrinsic = dyn_cast<LLVM::CallIntrinsicOp>(op))
    name = intrinsic.getIntrin().str();
  int ordinal = ordinals[name]++;
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << name << " #" << ordinal;
  if (std::optional<FileLineColLoc> file = findFileLoc(op->getLoc()))
    stream << " at " << file->getFilename().getValue() << ':' << file->getLine()
           << ':' << file->getColumn();
  text.push_back('\0');
  OpBuilder outside = OpBuilder::atBlockBegin(host.getBody());
  // One for each op, also where texts are the same: its address is what tells
  // collectives apart. The name need not be told from those of others yet.
  std::string symbol;
  do {
    symbol = ("attn_emulator_where_" + Twine(ordinals["where"]++)).str();
  } while (host.lookupSymbol(symbol));
  auto global = LLVM::GlobalOp::create(
      outside, op->getLoc(),
      LLVM::LLVMArrayType::get(builder.getI8Type(), text.size()),
      /*isConstant=*/true, LLVM::Linkage::Internal, symbol,
      builder.getStringAttr(text));
  return LLVM::AddressOfOp::create(builder, op->getLoc(), global);
}

Value FunctionEmulator::call(StringRef name, Type result, ValueRange arguments,
                             bool pure) {
  MLIRContext *context = builder.getContext();
  auto type = LLVM::LLVMFunctionType::get(
      result ? result : LLVM::LLVMVoidType::get(context),
      llvm::to_vector(arguments.getTypes()));
  if (!host.lookupSymbol(name)) {
    OpBuilder outside = OpBuilder::atBlockBegin(host.getBody());
    auto declared =
        LLVM::LLVMFuncOp::create(outside, host.getLoc(), name, type);
    declared.setNoUnwind(true);
    if (pure) {
      declared.setWillReturn(true);
      SmallVector<LLVM::ModRefInfo> none(6, LLVM::ModRefInfo::NoModRef);
      declared.setMemoryEffectsAttr(
          LLVM::MemoryEffectsAttr::get(context, none));
    }
  }
  auto made =
      LLVM::CallOp::create(builder, function.getLoc(), type, name, arguments);
  return result ? made.getResult() : Value();
}

Value FunctionEmulator::createBuffer(Value &buffer, int64_t &size,
                                     int64_t bytes) {
  OpBuilder::InsertionGuard guard(builder);
  if (!buffer) {
    builder.setInsertionPointToStart(&function.getBody().front());
    buffer = LLVM::AllocaOp::create(builder, function.getLoc(), ptr,
                                    builder.getI8Type(), i64(0), 16);
  }
  if (bytes > size) {
    size = bytes;
    auto alloca = buffer.getDefiningOp<LLVM::AllocaOp>();
    auto count = alloca.getArraySize().getDefiningOp<LLVM::ConstantOp>();
    count.setValueAttr(builder.getI64IntegerAttr(size));
  }
  return buffer;
}

Value FunctionEmulator::operandBuffer(int64_t bytes) {
  return createBuffer(operands, operandBytes, bytes);
}

Value FunctionEmulator::resultBuffer(int64_t bytes) {
  return createBuffer(results, resultBytes, bytes);
}

Value FunctionEmulator::packOperands(ValueRange values) {
  int64_t bytes = 0;
  for (Value value : values)
    bytes += sizeInBytes(function, value.getType());
  Value buffer = operandBuffer(bytes);
  int64_t offset = 0;
  for (Value value : values) {
    Location loc = value.getLoc();
    Value slot = LLVM::GEPOp::create(builder, loc, ptr, builder.getI8Type(),
                                     buffer, ArrayRef<LLVM::GEPArg>(offset));
    LLVM::StoreOp::create(builder, loc, value, slot, /*alignment=*/4);
    offset += sizeInBytes(function, value.getType());
  }
  return buffer;
}

Value FunctionEmulator::block() {
  if (!blockValue) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(&function.getBody().front());
    blockValue = call("attn_emulator_current", ptr, {}, /*pure=*/true);
  }
  return blockValue;
}

Value FunctionEmulator::sharedBase() {
  Value from = block();
  return LLVM::LoadOp::create(builder, from.getLoc(), ptr, from);
}

Value FunctionEmulator::sharedAddress(int64_t offset) {
  Value base = sharedBase();
  return LLVM::GEPOp::create(builder, base.getLoc(), ptr, builder.getI8Type(),
                             base, ArrayRef<LLVM::GEPArg>(offset));
}

void FunctionEmulator::replace(Operation *op, Value value) {
  if (op->getNumResults() == 1 && !op->getResult(0).use_empty()) {
    // Types differ in address spaces only, which go.
    op->getResult(0).replaceAllUsesWith(value);
  }
  op->erase();
}

//===----------------------------------------------------------------------===//
// Pointers
//===----------------------------------------------------------------------===//

LogicalResult FunctionEmulator::emulatePointerOp(Operation *op) {
  builder.setInsertionPoint(op);
  Location loc = op->getLoc();
  Type i64Type = builder.getI64Type();
  if (auto addressOf = dyn_cast<LLVM::AddressOfOp>(op)) {
    auto offset = sharedOffsets.find(addressOf.getGlobalName());
    if (offset != sharedOffsets.end())
      replace(op, sharedAddress(offset->second));
    return success();
  }
  if (isa<LLVM::AddrSpaceCastOp>(op)) {
    replace(op, op->getOperand(0));
    return success();
  }
  if (isa<LLVM::ZeroOp>(op)) {
    // Address 0 is the beginning of shared memory.
    if (isSharedPointer(op->getResult(0).getType()))
      replace(op, sharedBase());
    return success();
  }
  if (auto toInt = dyn_cast<LLVM::PtrToIntOp>(op)) {
    if (!isSharedPointer(toInt.getArg().getType()))
      return success();
    Value address =
        LLVM::PtrToIntOp::create(builder, loc, i64Type, plain(toInt.getArg()));
    Value base = LLVM::PtrToIntOp::create(builder, loc, i64Type, sharedBase());
    Value offset = LLVM::SubOp::create(builder, loc, address, base);
    unsigned width = toInt.getType().getIntOrFloatBitWidth();
    if (width < 64)
      offset = LLVM::TruncOp::create(builder, loc, toInt.getType(), offset);
    else if (width > 64)
      offset = LLVM::ZExtOp::create(builder, loc, toInt.getType(), offset);
    replace(op, offset);
    return success();
  }
  if (auto toPtr = dyn_cast<LLVM::IntToPtrOp>(op)) {
    if (!isSharedPointer(toPtr.getType()))
      return success();
    Value offset = toPtr.getArg();
    if (offset.getType().getIntOrFloatBitWidth() < 64)
      offset = LLVM::ZExtOp::create(builder, loc, i64Type, offset);
    Value base = LLVM::PtrToIntOp::create(builder, loc, i64Type, sharedBase());
    Value address = LLVM::AddOp::create(builder, loc, base, offset);
    replace(op, LLVM::IntToPtrOp::create(builder, loc, ptr, address));
    return success();
  }
  if (auto alloca = dyn_cast<LLVM::AllocaOp>(op)) {
    auto count = alloca.getArraySize().getDefiningOp<LLVM::ConstantOp>();
    auto number = count ? dyn_cast<IntegerAttr>(count.getValue()) : nullptr;
    if (!number)
      return op->emitOpError("expects a constant size on the stack of a "
                             "kernel");
    builder.setInsertionPointAfter(op);
    int64_t bytes = number.getInt() * sizeInBytes(op, alloca.getElemType());
    Value poison = constant(builder.getI8Type(), -1);
    LLVM::MemsetOp::create(builder, loc, plain(alloca.getResult()), poison,
                           i64(bytes), /*isVolatile=*/false);
    return success();
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Accesses
//===----------------------------------------------------------------------===//

/// A function `check(block, address, bytes, alignment, where)` of the host that
/// ends the launch if the access is not allowed.
StringRef FunctionEmulator::getCheckFunction(bool shared) {
  StringRef name =
      shared ? "attn_emulator_check_shared" : "attn_emulator_check_aligned";
  if (host.lookupSymbol(name))
    return name;
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToEnd(host.getBody());
  Location loc = host.getLoc();
  auto i64Type = builder.getI64Type();
  auto type =
      LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(builder.getContext()),
                                  {ptr, ptr, i64Type, i64Type, ptr});
  auto check = LLVM::LLVMFuncOp::create(builder, loc, name, type,
                                        LLVM::Linkage::Internal);
  check.setAlwaysInline(true);
  Block *entry = check.addEntryBlock(builder);
  Block *bad = builder.createBlock(&check.getBody());
  Block *good = builder.createBlock(&check.getBody());
  builder.setInsertionPointToStart(entry);
  Value blockArg = entry->getArgument(0), address = entry->getArgument(1);
  Value bytes = entry->getArgument(2), alignment = entry->getArgument(3);
  Value number = LLVM::PtrToIntOp::create(builder, loc, i64Type, address);
  Value rest =
      LLVM::AndOp::create(builder, loc, number,
                          LLVM::SubOp::create(builder, loc, alignment, i64(1)));
  Value wrong =
      LLVM::ICmpOp::create(builder, loc, LLVM::ICmpPredicate::ne, rest, i64(0));
  if (shared) {
    Value base = LLVM::LoadOp::create(builder, loc, i64Type, blockArg);
    Value endSlot = LLVM::GEPOp::create(builder, loc, ptr, i64Type, blockArg,
                                        ArrayRef<LLVM::GEPArg>(1));
    Value end = LLVM::LoadOp::create(builder, loc, i64Type, endSlot);
    Value first = LLVM::SubOp::create(builder, loc, number, base);
    Value last = LLVM::AddOp::create(builder, loc, first, bytes);
    // Two comparisons: the first is also true for what lies before.
    for (Value offset : {first, last})
      wrong = LLVM::OrOp::create(builder, loc, wrong,
                                 LLVM::ICmpOp::create(builder, loc,
                                                      LLVM::ICmpPredicate::ugt,
                                                      offset, end));
  }
  LLVM::CondBrOp::create(builder, loc, wrong, bad, good);
  builder.setInsertionPointToStart(bad);
  call("attn_emulator_bad_access", Type(),
       {entry->getArgument(4), address, bytes, alignment, i32(shared)});
  LLVM::UnreachableOp::create(builder, loc);
  builder.setInsertionPointToStart(good);
  LLVM::ReturnOp::create(builder, loc, ValueRange());
  return name;
}

void FunctionEmulator::emulateAccess(Operation *op) {
  Value address;
  Type type;
  std::optional<uint64_t> claimed;
  bool looksAgain = false, isStore = true;
  if (auto load = dyn_cast<LLVM::LoadOp>(op)) {
    address = load.getAddr();
    type = load.getType();
    claimed = load.getAlignment();
    looksAgain = load.getVolatile_() ||
                 load.getOrdering() != LLVM::AtomicOrdering::not_atomic;
    isStore = false;
    load.removeSyncscopeAttr();
  } else if (auto store = dyn_cast<LLVM::StoreOp>(op)) {
    address = store.getAddr();
    type = store.getValue().getType();
    claimed = store.getAlignment();
    store.removeSyncscopeAttr();
  } else if (auto rmw = dyn_cast<LLVM::AtomicRMWOp>(op)) {
    address = rmw.getPtr();
    type = rmw.getType();
    claimed = rmw.getAlignment();
    looksAgain = true;
    rmw.removeSyncscopeAttr();
  } else if (auto exchange = dyn_cast<LLVM::AtomicCmpXchgOp>(op)) {
    address = exchange.getPtr();
    type = exchange.getVal().getType();
    claimed = exchange.getAlignment();
    looksAgain = true;
    exchange.removeSyncscopeAttr();
  } else {
    return;
  }
  builder.setInsertionPoint(op);
  int64_t bytes = sizeInBytes(op, type);
  int64_t alignment =
      claimed ? static_cast<int64_t>(*claimed) : alignmentInBytes(op, type);
  bool shared = isSharedPointer(address.getType());
  if (shared || alignment > 1) {
    Value place = where(op);
    Value from = shared
                     ? block()
                     : Value(LLVM::ZeroOp::create(builder, op->getLoc(), ptr));
    StringRef check = getCheckFunction(shared);
    call(check, Type(),
         {from, plain(address), i64(bytes), i64(alignment), place});
    if (shared && isStore && usesAsyncProxy)
      call("attn_emulator_shared_store", Type(),
           {place, plain(address), i64(bytes)});
    if (looksAgain)
      call("attn_emulator_poll", Type(), {place});
  } else if (looksAgain) {
    call("attn_emulator_poll", Type(), {where(op)});
  }
}
