//===- EntrySlots.cpp - What a C function takes and gives -----------------===//
//
// Part of attn-mlir.
//
// The attn_tensors of a function and what can be wrong with them.
//
//===----------------------------------------------------------------------===//

#include "EntrySlots.h"

#include "attn/Dialect/Attn/IR/Attn.h"

#include "mlir/Dialect/LLVMIR/LLVMTypes.h"

using namespace mlir;
using namespace mlir::attn;

int32_t Reasons::add(attn_status status, const Twine &text) {
  statuses.push_back(status);
  offsets.push_back(texts.size());
  texts += text.str();
  texts.push_back('\0');
  return statuses.size() - 1;
}

int32_t Reasons::addOnce(attn_status status, StringRef text) {
  int32_t &number = numbers[{status, text.str()}];
  if (number == 0)
    number = add(status, text);
  return number;
}

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

static std::optional<attn_dtype> getAbiDtype(Type type) {
  if (type.isF32())
    return ATTN_F32;
  if (type.isF16())
    return ATTN_F16;
  if (type.isBF16())
    return ATTN_BF16;
  if (type.isF64())
    return ATTN_F64;
  if (isa<Float8E4M3FNType>(type))
    return ATTN_F8E4M3FN;
  if (isa<Float8E5M2Type>(type))
    return ATTN_F8E5M2;
  if (type.isUnsignedInteger(8))
    return ATTN_U8;
  if (type.isIndex())
    return ATTN_I64;
  if (!type.isSignlessInteger() && !type.isSignedInteger())
    return std::nullopt;
  switch (type.getIntOrFloatBitWidth()) {
  case 1:
    return ATTN_BOOL;
  case 8:
    return ATTN_I8;
  case 16:
    return ATTN_I16;
  case 32:
    return ATTN_I32;
  case 64:
    return ATTN_I64;
  default:
    return std::nullopt;
  }
}

static StringRef getDtypeName(attn_dtype dtype) {
  static constexpr StringLiteral names[] = {
      "",        "f32", "f16", "bf16", "f64", "f8E4M3FN", "f8E5M2",
      "boolean", "i8",  "i16", "i32",  "i64", "u8",       "ATTN_COMM"};
  return names[dtype];
}

int64_t attn::getBytes(attn_dtype dtype) {
  static constexpr int64_t bytes[] = {0, 4, 2, 2, 8, 1, 1,
                                      1, 1, 2, 4, 8, 1, sizeof(void *)};
  return bytes[dtype];
}

static LogicalResult addSlot(func::FuncOp compute,
                             SmallVectorImpl<EntrySlot> &slots, StringRef what,
                             Type type, bool isBool, bool written,
                             unsigned position) {
  Type element = getElementTypeOrSelf(type);
  std::string name = (what + " " + Twine(slots.size())).str();
  std::optional<attn_dtype> dtype = getAbiDtype(element);
  // What attn-lower-comm leaves of a communicator.
  if (isa<LLVM::LLVMPointerType>(type))
    dtype = ATTN_COMM;
  if (!dtype)
    return compute.emitOpError("has no C function: ")
           << name << " has elements of type " << element
           << ", which the C interface does not have";
  auto memref = dyn_cast<MemRefType>(type);
  if (isa<ShapedType>(type) && !memref)
    return compute.emitOpError("has no C function: ")
           << name << " is " << type << "; run attn-bind-destinations first";
  if (memref && memref.getRank() > ATTN_MAX_RANK)
    return compute.emitOpError("has no C function: ")
           << name << " has rank " << memref.getRank()
           << ", and the C interface ends at " << ATTN_MAX_RANK;
  attn_dtype slotDtype = isBool ? ATTN_BOOL : *dtype;
  EntrySlot slot = {name,
                    type,
                    slotDtype,
                    written,
                    position,
                    /*alignment=*/getBytes(slotDtype)};
  if (memref)
    if (auto more =
            compute.getArgAttrOfType<IntegerAttr>(position, kAlignmentAttrName))
      slot.alignment = std::max(slot.alignment, more.getInt());
  slots.push_back(slot);
  return success();
}

LogicalResult attn::collectSlots(EntryFunction &function,
                                 SmallVectorImpl<EntrySlot> &arguments,
                                 SmallVectorImpl<EntrySlot> &results) {
  func::FuncOp compute = function.compute;
  unsigned extra =
      (function.workspaceBytes ? 1 : 0) + (function.computeTakesExec ? 1 : 0) +
      (function.computeMerges ? 1 : 0) + (function.computeLaunches ? 1 : 0);
  // Results that are memory, by their numbers; the others are returned.
  DenseMap<int64_t, unsigned> destinations;
  for (unsigned i = 0; i + extra < compute.getNumArguments(); ++i) {
    if (auto number =
            compute.getArgAttrOfType<IntegerAttr>(i, kResultAttrName)) {
      destinations[number.getInt()] = i;
      continue;
    }
    if (failed(addSlot(compute, arguments, "argument",
                       compute.getArgumentTypes()[i],
                       compute.getArgAttr(i, kBoolAttrName) != nullptr,
                       compute.getArgAttr(i, kInoutAttrName) != nullptr, i)))
      return failure();
  }
  unsigned scalars = 0;
  size_t numResults = destinations.size() + compute.getNumResults();
  for (size_t i = 0; i < numResults; ++i) {
    auto found = destinations.find(i);
    bool isScalar = found == destinations.end();
    unsigned position = isScalar ? scalars++ : found->second;
    Type type = isScalar ? compute.getResultTypes()[position]
                         : compute.getArgumentTypes()[position];
    bool isBool = !isScalar && compute.getArgAttr(position, kBoolAttrName);
    if (failed(addSlot(compute, results, "result", type, isBool,
                       /*written=*/true, position)))
      return failure();
  }
  return success();
}

static std::string describeSizes(MemRefType type) {
  std::string text;
  for (int64_t size : type.getShape())
    text += (text.empty() ? "" : "x") +
            (ShapedType::isDynamic(size) ? "?" : std::to_string(size));
  return text;
}

void attn::addReasons(Reasons &reasons, EntrySlot &slot) {
  // In the order of TensorFault.
  slot.firstReason =
      reasons.add(ATTN_ERROR_NULL, slot.name + ": data is NULL") - 1;
  reasons.add(ATTN_ERROR_DTYPE, slot.name + ": expects elements of type " +
                                    getDtypeName(slot.dtype));
  reasons.add(ATTN_ERROR_RANK,
              slot.name + ": expects rank " + Twine(slot.rank()));
  reasons.add(ATTN_ERROR_SHAPE,
              slot.name +
                  (slot.rank() == 0
                       ? ": sizes"
                       : ": expects sizes " + describeSizes(slot.memref())));
  reasons.add(ATTN_ERROR_STRIDE,
              slot.name + (slot.written ? ": expects a last stride of 1 and "
                                          "no stride of 0"
                                        : ": expects a last stride of 1"));
  StringRef what = slot.alignment > getBytes(slot.dtype)
                       ? ": expects data and strides aligned to "
                       : ": expects data aligned to ";
  reasons.add(ATTN_ERROR_ALIGNMENT,
              slot.name + what + Twine(slot.alignment) + " bytes");
}
