//===- EntryPoints.cpp - The C functions of one function ------------------===//
//
// Part of attn-mlir.
//
// Checks attn_tensors, makes memrefs of them and calls compiled functions.
//
//===----------------------------------------------------------------------===//

#include "EntryPoints.h"

#include "AbiHelpers.h"
#include "EntryBody.h"

#include "attn/Runtime/Comm.h"

#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"

using namespace mlir;
using namespace mlir::attn;
using arith::CmpIPredicate;
using llvm::enumerate;

/// Alignment of what is put into a workspace.
static constexpr int64_t kWorkspaceAlignment = 64;

//===----------------------------------------------------------------------===//
// The writer
//===----------------------------------------------------------------------===//

namespace {
class EntryPoints {
public:
  EntryPoints(SymbolTable &symbols, EntryFunction &function)
      : symbols(symbols), function(function),
        context(function.compute.getContext()), loc(function.compute.getLoc()),
        converter(context), ptr(LLVM::LLVMPointerType::get(context)),
        i1(IntegerType::get(context, 1)), i32(IntegerType::get(context, 32)),
        i64(IntegerType::get(context, 64)), tensor(getAbiTensorType(context)) {}

  LogicalResult collectSlots() {
    return attn::collectSlots(function, arguments, results);
  }
  void write();

private:
  void addReasons();

  void writeArguments();
  void writeAccept();
  void writeResultShapes();
  void writeWorkspaceBytes();
  void writeExplain();
  void writeCall();
  void endWithStatus(EntryBody &body);

  Value slotAt(EntryBody &body, Value base, unsigned index) {
    return body.at(tensor, base, {static_cast<int32_t>(index)});
  }
  void checkSlot(EntryBody &body, const EntrySlot &slot, Value at, Value read);
  Value makeMemRef(EntryBody &body, MemRefType type, Value data,
                   function_ref<Value(int64_t)> size,
                   function_ref<Value(int64_t)> stride);
  Value loadMemRef(EntryBody &body, const EntrySlot &slot, Value at);
  Value loadScalar(EntryBody &body, const EntrySlot &slot, Value at);
  SmallVector<Value> loadArguments(EntryBody &body, Value base, bool read);
  Value loadSize(EntryBody &body, Value at, int64_t dim);
  /// The sizes of the tensor results, computed from the arguments; fails with
  /// what is wrong with them.
  SmallVector<SmallVector<Value>> computeShapes(EntryBody &body,
                                                ValueRange arguments);
  func::CallOp call(EntryBody &body, func::FuncOp callee, ValueRange operands) {
    return func::CallOp::create(body.b, callee, operands);
  }
  Value toI64(EntryBody &body, Value index) {
    return arith::IndexCastOp::create(body.b, i64, index);
  }

  SymbolTable &symbols;
  EntryFunction &function;
  MLIRContext *context;
  Location loc;
  LLVMTypeConverter converter;
  Type ptr, i1, i32, i64;
  LLVM::LLVMStructType tensor;

  SmallVector<EntrySlot> arguments, results;
  int32_t argumentCount, resultCount, nullArguments, nullResults, nullWorkspace,
      smallWorkspace, nullBytes, failedMerge, failedLaunch;
  /// Of each tensor result with a dynamic size, by its first reason.
  DenseMap<unsigned, int32_t> otherSizes;
  func::FuncOp checkArguments, accept;
  LLVM::GlobalOp statuses, offsets, texts;
};
} // namespace

void EntryPoints::addReasons() {
  Reasons &reasons = function.reasons;
  auto count = [&](size_t n, StringRef what) {
    return reasons.add(ATTN_ERROR_ARGUMENT_COUNT, "expects " + Twine(n) + " " +
                                                      what +
                                                      (n == 1 ? "" : "s"));
  };
  argumentCount = count(arguments.size(), "argument");
  resultCount = count(results.size(), "result");
  nullArguments = reasons.add(ATTN_ERROR_NULL, "args is NULL");
  nullResults = reasons.add(ATTN_ERROR_NULL, "results is NULL");
  nullBytes = reasons.add(ATTN_ERROR_NULL, "bytes is NULL");
  if (function.workspaceBytes) {
    nullWorkspace = reasons.add(ATTN_ERROR_NULL, "workspace is NULL");
    smallWorkspace =
        reasons.add(ATTN_ERROR_WORKSPACE,
                    "workspace_bytes is less than NAME_workspace_bytes says");
  }
  if (function.computeMerges)
    failedMerge = reasons.add(ATTN_ERROR_COMM, "a merge over ranks failed");
  if (function.computeLaunches)
    failedLaunch = reasons.add(ATTN_ERROR_DEVICE, "a kernel was not launched");
  for (auto *slots : {&arguments, &results})
    for (EntrySlot &slot : *slots)
      attn::addReasons(reasons, slot);
  for (auto [i, slot] : enumerate(results))
    if (slot.memref() && !slot.memref().hasStaticShape())
      otherSizes[i] = reasons.add(
          ATTN_ERROR_SHAPE,
          slot.name +
              ": its sizes are not those that follow from the arguments");
}

//===----------------------------------------------------------------------===//
// Pieces
//===----------------------------------------------------------------------===//

void EntryPoints::checkSlot(EntryBody &body, const EntrySlot &slot, Value at,
                            Value read) {
  SmallVector<int64_t> sizes;
  if (slot.memref())
    for (int64_t size : slot.memref().getShape())
      sizes.push_back(ShapedType::isDynamic(size) ? -1 : size);
  Value expected =
      sizes.empty() ? Value(LLVM::ZeroOp::create(body.b, ptr))
                    : body.table(symbols, function.name + ".sizes", sizes, 64);
  auto callee = FlatSymbolRefAttr::get(context, kCheckTensor);
  Value fault =
      LLVM::CallOp::create(body.b, TypeRange(i32), callee,
                           ValueRange{at, body.constant(slot.dtype, 32),
                                      body.constant(slot.rank(), 32), expected,
                                      body.constant(getBytes(slot.dtype), 64),
                                      body.constant(slot.alignment, 64), read,
                                      body.constant(slot.written, 1)})
          .getResult();
  Value reason =
      arith::AddIOp::create(body.b, fault, body.constant(slot.firstReason, 32));
  body.require(body.compare(CmpIPredicate::eq, fault, body.constant(0, 32)),
               reason);
}

Value EntryPoints::loadSize(EntryBody &body, Value at, int64_t dim) {
  Value field = body.at(tensor, at, {0, 3, static_cast<int32_t>(dim)});
  return LLVM::LoadOp::create(body.b, i64, field);
}

Value EntryPoints::makeMemRef(EntryBody &body, MemRefType type, Value data,
                              function_ref<Value(int64_t)> size,
                              function_ref<Value(int64_t)> stride) {
  auto descriptor =
      MemRefDescriptor::poison(body.b, loc, converter.convertType(type));
  descriptor.setAllocatedPtr(body.b, loc, data);
  descriptor.setAlignedPtr(body.b, loc, data);
  descriptor.setConstantOffset(body.b, loc, 0);
  for (int64_t d = 0; d < type.getRank(); ++d) {
    if (type.isDynamicDim(d))
      descriptor.setSize(body.b, loc, d, size(d));
    else
      descriptor.setConstantSize(body.b, loc, d, type.getDimSize(d));
    if (d + 1 == type.getRank())
      descriptor.setConstantStride(body.b, loc, d, 1);
    else
      descriptor.setStride(body.b, loc, d, stride(d));
  }
  return UnrealizedConversionCastOp::create(body.b, type, Value(descriptor))
      .getResult(0);
}

Value EntryPoints::loadMemRef(EntryBody &body, const EntrySlot &slot,
                              Value at) {
  return makeMemRef(
      body, slot.memref(), LLVM::LoadOp::create(body.b, ptr, at),
      [&](int64_t d) { return loadSize(body, at, d); },
      [&](int64_t d) {
        Value field = body.at(tensor, at, {0, 4, static_cast<int32_t>(d)});
        return LLVM::LoadOp::create(body.b, i64, field).getResult();
      });
}

Value EntryPoints::loadScalar(EntryBody &body, const EntrySlot &slot,
                              Value at) {
  Value data = LLVM::LoadOp::create(body.b, ptr, at);
  if (slot.dtype == ATTN_COMM)
    return data;
  if (slot.type.isInteger(1)) {
    Value byte = LLVM::LoadOp::create(body.b, body.b.getI8Type(), data);
    return body.compare(CmpIPredicate::ne, byte, body.constant(0, 8));
  }
  if (slot.type.isIndex()) {
    Value wide = LLVM::LoadOp::create(body.b, i64, data);
    return arith::IndexCastOp::create(body.b, slot.type, wide);
  }
  Value value =
      LLVM::LoadOp::create(body.b, converter.convertType(slot.type), data);
  if (value.getType() != slot.type)
    value = UnrealizedConversionCastOp::create(body.b, slot.type, value)
                .getResult(0);
  return value;
}

/// The arguments as the compiled functions take them. Scalars are 0 unless they
/// are read.
SmallVector<Value> EntryPoints::loadArguments(EntryBody &body, Value base,
                                              bool read) {
  SmallVector<Value> values;
  for (auto [i, slot] : enumerate(arguments)) {
    Value at = slotAt(body, base, i);
    if (slot.memref())
      values.push_back(loadMemRef(body, slot, at));
    else if (read)
      values.push_back(loadScalar(body, slot, at));
    else if (slot.dtype == ATTN_COMM)
      values.push_back(LLVM::ZeroOp::create(body.b, ptr));
    else
      values.push_back(arith::ConstantOp::create(
          body.b, cast<TypedAttr>(body.b.getZeroAttr(slot.type))));
  }
  return values;
}

SmallVector<SmallVector<Value>> EntryPoints::computeShapes(EntryBody &body,
                                                           ValueRange values) {
  SmallVector<Value> dynamic;
  if (function.shapes) {
    func::CallOp shapes = call(body, function.shapes, values);
    body.requireNone(shapes.getResult(0));
    llvm::append_range(dynamic, shapes.getResults().drop_front());
  }
  SmallVector<SmallVector<Value>> all;
  unsigned next = 0;
  for (const EntrySlot &slot : results) {
    SmallVector<Value> &sizes = all.emplace_back();
    for (int64_t d = 0; d < slot.rank(); ++d)
      sizes.push_back(slot.memref().isDynamicDim(d)
                          ? toI64(body, dynamic[next++])
                          : body.constant(slot.memref().getDimSize(d), 64));
  }
  return all;
}

/// What a caller has to give so that `bytes` fit from an aligned address on.
static Value withSlack(EntryBody &body, Value bytes) {
  Value none = body.compare(CmpIPredicate::eq, bytes, body.constant(0, 64));
  Value slack = arith::AddIOp::create(
      body.b, bytes, body.constant(kWorkspaceAlignment - 1, 64));
  return arith::SelectOp::create(body.b, none, bytes, slack);
}

/// Ends `body` with ATTN_OK, and its failures with the status of their reason.
void EntryPoints::endWithStatus(EntryBody &body) {
  func::ReturnOp::create(body.b, body.constant(ATTN_OK, 32));
  body.b.setInsertionPointToStart(body.fail);
  Value number = arith::ExtUIOp::create(body.b, i64, body.fail->getArgument(0));
  Value table = LLVM::AddressOfOp::create(body.b, statuses);
  Value entry = body.at(statuses.getGlobalType(), table, {0, number});
  func::ReturnOp::create(body.b,
                         LLVM::LoadOp::create(body.b, i32, entry).getResult());
}

//===----------------------------------------------------------------------===//
// The functions
//===----------------------------------------------------------------------===//

/// NAME.arguments(args, n_args, read: i1) -> reason: of what the types say.
void EntryPoints::writeArguments() {
  EntryBody body(symbols, loc, function.name + ".arguments",
                 FunctionType::get(context, {ptr, i32, i1}, {i32}),
                 /*isPublic=*/false);
  checkArguments = body.func;
  Value args = body.func.getArgument(0), read = body.func.getArgument(2);
  body.require(body.compare(CmpIPredicate::eq, body.func.getArgument(1),
                            body.constant(arguments.size(), 32)),
               argumentCount);
  if (!arguments.empty())
    body.require(
        arith::XOrIOp::create(body.b, body.isNull(args), body.constant(1, 1)),
        nullArguments);
  for (auto [i, slot] : enumerate(arguments))
    checkSlot(body, slot, slotAt(body, args, i), read);
  func::ReturnOp::create(body.b, body.constant(0, 32));
  body.b.setInsertionPointToStart(body.fail);
  func::ReturnOp::create(body.b, body.fail->getArgument(0));
}

/// NAME.accept(args, n_args, results, n_results, with_results: i1) -> reason:
/// all that can be wrong with a call.
void EntryPoints::writeAccept() {
  EntryBody body(symbols, loc, function.name + ".accept",
                 FunctionType::get(context, {ptr, i32, ptr, i32, i1}, {i32}),
                 /*isPublic=*/false);
  accept = body.func;
  Value args = body.func.getArgument(0), base = body.func.getArgument(2);
  Value withResults = body.func.getArgument(4);
  Value yes = body.constant(1, 1);
  body.requireNone(call(body, checkArguments,
                        ValueRange{args, body.func.getArgument(1), yes})
                       .getResult(0));
  body.when(withResults, [&] {
    body.require(body.compare(CmpIPredicate::eq, body.func.getArgument(3),
                              body.constant(results.size(), 32)),
                 resultCount);
    if (!results.empty())
      body.require(arith::XOrIOp::create(body.b, body.isNull(base), yes),
                   nullResults);
    for (auto [i, slot] : enumerate(results))
      checkSlot(body, slot, slotAt(body, base, i), yes);
  });
  SmallVector<Value> values = loadArguments(body, args, /*read=*/true);
  if (function.checks)
    body.requireNone(call(body, function.checks, values).getResult(0));
  body.when(withResults, [&] {
    SmallVector<SmallVector<Value>> shapes = computeShapes(body, values);
    for (auto [i, slot] : enumerate(results))
      for (int64_t d = 0; d < slot.rank(); ++d)
        if (slot.memref().isDynamicDim(d))
          body.require(body.compare(CmpIPredicate::eq, shapes[i][d],
                                    loadSize(body, slotAt(body, base, i), d)),
                       otherSizes.lookup(i));
  });
  func::ReturnOp::create(body.b, body.constant(0, 32));
  body.b.setInsertionPointToStart(body.fail);
  func::ReturnOp::create(body.b, body.fail->getArgument(0));
}

void EntryPoints::writeResultShapes() {
  EntryBody body(symbols, loc, function.name + "_result_shapes",
                 FunctionType::get(context, {ptr, i32, ptr, i32}, {i32}),
                 /*isPublic=*/true);
  Value args = body.func.getArgument(0), base = body.func.getArgument(2);
  body.requireNone(call(body, checkArguments,
                        ValueRange{args, body.func.getArgument(1),
                                   body.constant(function.shapesReadData, 1)})
                       .getResult(0));
  body.require(body.compare(CmpIPredicate::eq, body.func.getArgument(3),
                            body.constant(results.size(), 32)),
               resultCount);
  if (!results.empty())
    body.require(
        arith::XOrIOp::create(body.b, body.isNull(base), body.constant(1, 1)),
        nullResults);
  SmallVector<SmallVector<Value>> shapes =
      computeShapes(body, loadArguments(body, args, function.shapesReadData));
  for (auto [i, slot] : enumerate(results)) {
    Value at = slotAt(body, base, i);
    auto store = [&](int64_t value, unsigned width,
                     ArrayRef<LLVM::GEPArg> field) {
      LLVM::StoreOp::create(body.b, body.constant(value, width),
                            body.at(tensor, at, field));
    };
    store(slot.dtype, 32, {0, 1});
    store(slot.rank(), 32, {0, 2});
    Value stride = body.constant(1, 64);
    for (int64_t d = slot.rank() - 1; d >= 0; --d) {
      auto index = static_cast<int32_t>(d);
      LLVM::StoreOp::create(body.b, shapes[i][d],
                            body.at(tensor, at, {0, 3, index}));
      LLVM::StoreOp::create(body.b, stride, body.at(tensor, at, {0, 4, index}));
      stride = arith::MulIOp::create(body.b, stride, shapes[i][d]);
    }
  }
  endWithStatus(body);
}

void EntryPoints::writeWorkspaceBytes() {
  EntryBody body(symbols, loc, function.name + "_workspace_bytes",
                 FunctionType::get(context, {ptr, i32, ptr, ptr}, {i32}),
                 /*isPublic=*/true);
  Value args = body.func.getArgument(0), exec = body.func.getArgument(2);
  Value bytesAt = body.func.getArgument(3);
  bool read = function.shapesReadData;
  body.requireNone(
      call(body, checkArguments,
           ValueRange{args, body.func.getArgument(1), body.constant(read, 1)})
          .getResult(0));
  body.require(
      arith::XOrIOp::create(body.b, body.isNull(bytesAt), body.constant(1, 1)),
      nullBytes);
  SmallVector<Value> operands = loadArguments(body, args, read);
  SmallVector<SmallVector<Value>> shapes = computeShapes(body, operands);
  Value bytes = body.constant(0, 64);
  if (function.workspaceBytes) {
    for (auto [i, slot] : enumerate(results)) {
      ArrayRef<Value> sizes = shapes[i];
      if (!slot.memref())
        continue;
      // A result has no memory yet.
      SmallVector<Value> strides(slot.rank());
      Value stride = body.constant(1, 64);
      for (int64_t d = slot.rank() - 1; d >= 0; --d) {
        strides[d] = stride;
        stride = arith::MulIOp::create(body.b, stride, sizes[d]);
      }
      operands.push_back(makeMemRef(
          body, slot.memref(), LLVM::ZeroOp::create(body.b, ptr),
          [&](int64_t d) { return sizes[d]; },
          [&](int64_t d) { return strides[d]; }));
    }
    if (function.workspaceTakesExec)
      operands.push_back(exec);
    bytes =
        toI64(body, call(body, function.workspaceBytes, operands).getResult(0));
    bytes = withSlack(body, bytes);
  }
  LLVM::StoreOp::create(body.b, bytes, bytesAt);
  endWithStatus(body);
}

/// NAME_explain(args, n_args, results, n_results) -> text or NULL.
void EntryPoints::writeExplain() {
  EntryBody body(symbols, loc, function.name + "_explain",
                 FunctionType::get(context, {ptr, i32, ptr, i32}, {ptr}),
                 /*isPublic=*/true);
  Value base = body.func.getArgument(2);
  Value withResults =
      arith::XOrIOp::create(body.b, body.isNull(base), body.constant(1, 1));
  Value reason =
      call(body, accept,
           ValueRange{body.func.getArgument(0), body.func.getArgument(1), base,
                      body.func.getArgument(3), withResults})
          .getResult(0);
  body.requireNone(reason);
  func::ReturnOp::create(body.b, LLVM::ZeroOp::create(body.b, ptr).getResult());
  body.b.setInsertionPointToStart(body.fail);
  Value number = arith::ExtUIOp::create(body.b, i64, body.fail->getArgument(0));
  Value table = LLVM::AddressOfOp::create(body.b, offsets);
  Value offset = LLVM::LoadOp::create(
      body.b, i32, body.at(offsets.getGlobalType(), table, {0, number}));
  Value text = LLVM::AddressOfOp::create(body.b, texts);
  func::ReturnOp::create(body.b, body.at(body.b.getI8Type(), text, {offset}));
}

/// The function itself.
void EntryPoints::writeCall() {
  Type size = i64;
  EntryBody body(
      symbols, loc, function.name,
      FunctionType::get(context, {ptr, i32, ptr, i32, ptr, size, ptr}, {i32}),
      /*isPublic=*/true);
  Value args = body.func.getArgument(0), base = body.func.getArgument(2);
  Value workspace = body.func.getArgument(4), exec = body.func.getArgument(6);
  body.requireNone(
      call(body, accept,
           ValueRange{args, body.func.getArgument(1), base,
                      body.func.getArgument(3), body.constant(1, 1)})
          .getResult(0));
  SmallVector<Value> operands = loadArguments(body, args, /*read=*/true);
  for (auto [i, slot] : enumerate(results))
    if (slot.memref())
      operands.push_back(loadMemRef(body, slot, slotAt(body, base, i)));
  if (function.workspaceBytes) {
    SmallVector<Value> sized = operands;
    if (function.workspaceTakesExec)
      sized.push_back(exec);
    Value bytes =
        toI64(body, call(body, function.workspaceBytes, sized).getResult(0));
    Value needed = withSlack(body, bytes);
    body.require(
        body.compare(CmpIPredicate::uge, body.func.getArgument(5), needed),
        smallWorkspace);
    Value none = body.compare(CmpIPredicate::eq, bytes, body.constant(0, 64));
    Value given = arith::XOrIOp::create(body.b, body.isNull(workspace),
                                        body.constant(1, 1));
    body.require(arith::OrIOp::create(body.b, none, given), nullWorkspace);
    // To the next multiple of the alignment.
    Value address = LLVM::PtrToIntOp::create(body.b, i64, workspace);
    Value skipped = arith::AndIOp::create(
        body.b, arith::SubIOp::create(body.b, body.constant(0, 64), address),
        body.constant(kWorkspaceAlignment - 1, 64));
    Value aligned = body.at(body.b.getI8Type(), workspace, {skipped});
    auto type = MemRefType::get(ShapedType::kDynamic, body.b.getI8Type());
    operands.push_back(makeMemRef(
        body, type, aligned, [&](int64_t) { return bytes; }, nullptr));
  }
  if (function.computeTakesExec)
    operands.push_back(exec);
  // Statuses of what may fail halfway, 0 at first, and its reason.
  SmallVector<std::pair<Value, int32_t>> outcomes;
  auto addOutcome = [&](int32_t reason) {
    Value at = LLVM::AllocaOp::create(body.b, ptr, i32, body.constant(1, 64));
    LLVM::StoreOp::create(body.b, body.constant(0, 32), at);
    operands.push_back(at);
    outcomes.push_back({at, reason});
  };
  if (function.computeMerges)
    addOutcome(failedMerge);
  if (function.computeLaunches)
    addOutcome(failedLaunch);
  func::CallOp computed = call(body, function.compute, operands);
  for (auto [at, reason] : outcomes)
    body.require(body.compare(CmpIPredicate::eq,
                              LLVM::LoadOp::create(body.b, i32, at),
                              body.constant(0, 32)),
                 reason);
  for (auto [i, slot] : enumerate(results)) {
    if (slot.memref())
      continue;
    Value value = computed.getResult(slot.position);
    if (slot.type.isInteger(1))
      value = arith::ExtUIOp::create(body.b, body.b.getI8Type(), value);
    else if (slot.type.isIndex())
      value = toI64(body, value);
    else if (Type type = converter.convertType(slot.type); type != slot.type)
      value =
          UnrealizedConversionCastOp::create(body.b, type, value).getResult(0);
    Value data = LLVM::LoadOp::create(body.b, ptr, slotAt(body, base, i));
    LLVM::StoreOp::create(body.b, value, data);
  }
  endWithStatus(body);
}

void EntryPoints::write() {
  addReasons();
  OpBuilder top(context);
  auto makeTable = [&](const Twine &name, ArrayRef<int32_t> values) {
    auto data = DenseElementsAttr::get(
        RankedTensorType::get(values.size(), i32), values);
    auto global = LLVM::GlobalOp::create(
        top, loc, LLVM::LLVMArrayType::get(i32, values.size()),
        /*isConstant=*/true, LLVM::Linkage::Internal, name.str(), data);
    symbols.insert(global);
    return global;
  };
  statuses =
      makeTable(function.name + ".statuses", function.reasons.getStatuses());
  offsets =
      makeTable(function.name + ".offsets", function.reasons.getOffsets());
  StringRef text = function.reasons.getTexts();
  texts = LLVM::GlobalOp::create(
      top, loc, LLVM::LLVMArrayType::get(top.getI8Type(), text.size()),
      /*isConstant=*/true, LLVM::Linkage::Internal, function.name + ".texts",
      top.getStringAttr(text));
  symbols.insert(texts);
  writeArguments();
  writeAccept();
  writeResultShapes();
  writeWorkspaceBytes();
  writeExplain();
  writeCall();
}

LogicalResult attn::writeEntryPoints(SymbolTable &symbols,
                                     EntryFunction &function) {
  EntryPoints entry(symbols, function);
  if (failed(entry.collectSlots()))
    return failure();
  entry.write();
  return success();
}
