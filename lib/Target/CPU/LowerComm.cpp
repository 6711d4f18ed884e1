//===- LowerComm.cpp - Merges over ranks to calls -------------------------===//
//
// Part of attn-mlir.
//
// Gives attn.dist_merge memory without gaps, and then calls the runtime with
// it. Reads what communicators know.
//
//===----------------------------------------------------------------------===//

#include "AbiHelpers.h"

#include "attn/Dialect/Attn/IR/Attn.h"
#include "attn/Runtime/Abi.h"
#include "attn/Runtime/Comm.h"
#include "attn/Target/CPU/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/Interfaces/DataLayoutInterfaces.h"

#include <cstddef>

namespace mlir::attn {
#define GEN_PASS_DEF_ATTNPREPAREDISTMERGEPASS
#define GEN_PASS_DEF_ATTNLOWERCOMMPASS
#include "attn/Target/CPU/Passes.h.inc"
} // namespace mlir::attn

using namespace mlir;
using namespace mlir::attn;

//===----------------------------------------------------------------------===//
// Memory without gaps
//===----------------------------------------------------------------------===//

/// Whether elements of `type` lie in row-major order without gaps. The stride
/// of a dimension of size 1 says nothing.
static bool isContiguous(MemRefType type) {
  if (type.getLayout().isIdentity())
    return true;
  SmallVector<int64_t> strides;
  int64_t offset, expected = 1;
  if (failed(type.getStridesAndOffset(strides, offset)))
    return false;
  for (int64_t d = type.getRank() - 1; d >= 0; --d) {
    int64_t size = type.getDimSize(d);
    if (size == 1)
      continue;
    if (ShapedType::isDynamic(expected) || strides[d] != expected)
      return false;
    expected = ShapedType::isDynamic(size) ? size : expected * size;
  }
  return true;
}

/// Other threads may be at another merge, or at none.
static LogicalResult checkPlace(DistMergeOp op) {
  for (Operation *parent = op->getParentOp(); parent;
       parent = parent->getParentOp()) {
    if (!isa<scf::ForallOp, scf::ParallelOp>(parent))
      continue;
    auto diag = op.emitOpError("expects not to be in a parallel loop: ranks "
                               "must merge in one order; use scf.for");
    diag.attachNote(parent->getLoc()) << "the loop";
    return failure();
  }
  return success();
}

/// Merges copies of destinations that have gaps.
static void copyDestinations(DistMergeOp op) {
  OpBuilder builder(op);
  Location loc = op.getLoc();
  SmallVector<std::pair<Value, Value>> copies;
  for (OpOperand &init : op.getDpsInitsMutable()) {
    auto type = cast<MemRefType>(init.get().getType());
    if (isContiguous(type))
      continue;
    auto dense = MemRefType::get(type.getShape(), type.getElementType());
    SmallVector<Value> sizes;
    for (int64_t d = 0; d < type.getRank(); ++d)
      if (type.isDynamicDim(d))
        sizes.push_back(memref::DimOp::create(builder, loc, init.get(), d));
    Value copy = memref::AllocOp::create(builder, loc, dense, sizes,
                                         builder.getI64IntegerAttr(64));
    // Not memref.copy: the destination may be an argument that is updated in
    // place, and that is no other way of doing so.
    linalg::makeMemRefCopyOp(builder, loc, init.get(), copy);
    copies.push_back({copy, init.get()});
    init.set(copy);
  }
  builder.setInsertionPointAfter(op);
  for (auto [copy, destination] : copies) {
    linalg::makeMemRefCopyOp(builder, loc, copy, destination);
    memref::DeallocOp::create(builder, loc, copy);
  }
}

namespace {
struct PrepareDistMerge
    : attn::impl::AttnPrepareDistMergePassBase<PrepareDistMerge> {
  void runOnOperation() override {
    WalkResult result = getOperation().walk([](DistMergeOp op) {
      if (op.hasPureTensorSemantics()) {
        op.emitOpError("expects memrefs; bufferize first");
        return WalkResult::interrupt();
      }
      if (failed(checkPlace(op)))
        return WalkResult::interrupt();
      copyDestinations(op);
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};
} // namespace

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

static attn_dtype getDtype(Type type) {
  return type.isBF16() ? ATTN_BF16 : type.isF64() ? ATTN_F64 : ATTN_F32;
}

static attn_comm_algo getAlgo(MergeAlgo algo) {
  switch (algo) {
  case MergeAlgo::tree:
    return ATTN_COMM_TREE;
  case MergeAlgo::allgather:
    return ATTN_COMM_ALLGATHER;
  case MergeAlgo::allreduce:
    return ATTN_COMM_ALLREDUCE;
  }
  llvm_unreachable("unknown algorithm");
}

/// The address of the first element of `memref`.
static Value getAddress(OpBuilder &builder, Location loc, Value memref) {
  auto type = cast<MemRefType>(memref.getType());
  Type i64 = builder.getI64Type();
  Value address =
      memref::ExtractAlignedPointerAsIndexOp::create(builder, loc, memref);
  if (!type.getLayout().isIdentity()) {
    auto metadata =
        memref::ExtractStridedMetadataOp::create(builder, loc, memref);
    Value bytes = arith::ConstantIndexOp::create(
        builder, loc, type.getElementTypeBitWidth() / 8);
    Value skipped =
        arith::MulIOp::create(builder, loc, metadata.getOffset(), bytes);
    address = arith::AddIOp::create(builder, loc, address, skipped);
  }
  address = arith::IndexCastOp::create(builder, loc, i64, address);
  return LLVM::IntToPtrOp::create(
      builder, loc, LLVM::LLVMPointerType::get(builder.getContext()), address);
}

static LogicalResult lower(DistMergeOp op, Type ptr) {
  if (op.hasPureTensorSemantics())
    return op.emitOpError("expects memrefs; bufferize first");
  for (Value init : op.getDpsInits())
    if (!isContiguous(cast<MemRefType>(init.getType())))
      return op.emitOpError("expects memory without gaps, but got ")
             << init.getType() << "; run attn-prepare-dist-merge first";
  if (failed(checkPlace(op)))
    return failure();
  OpBuilder builder(op);
  Location loc = op.getLoc();
  auto output = cast<MemRefType>(op.getOutput().getType());
  Value rows = arith::ConstantIndexOp::create(builder, loc, 1);
  for (int64_t d = 0; d < 3; ++d) {
    Value size = builder.createOrFold<memref::DimOp>(loc, op.getOutput(), d);
    rows = builder.createOrFold<arith::MulIOp>(loc, rows, size);
  }
  auto constant = [&](int64_t value, unsigned width) -> Value {
    return arith::ConstantIntOp::create(builder, loc, value, width);
  };
  std::optional<Type> payload = op.getPayload();
  Value comm =
      UnrealizedConversionCastOp::create(builder, loc, ptr, op.getComm())
          .getResult(0);
  SmallVector<Value> operands = {
      comm,
      getAddress(builder, loc, op.getOutput()),
      getAddress(builder, loc, op.getLse()),
      arith::IndexCastOp::create(builder, loc, builder.getI64Type(), rows),
      constant(output.getDimSize(3), 64),
      constant(getDtype(output.getElementType()), 32),
      constant(getAlgo(op.getAlgo()), 32),
      constant(op.getRoot() ? int64_t(*op.getRoot()) : -1, 32),
      constant(payload ? getDtype(*payload) : 0, 32)};
  auto module = op->getParentOfType<ModuleOp>();
  auto type = builder.getFunctionType(ValueRange(operands).getTypes(), {});
  Operation *declared = module.lookupSymbol(kRuntimeDistMerge);
  auto function = dyn_cast_or_null<func::FuncOp>(declared);
  if (declared && (!function || !function.isDeclaration() ||
                   function.getFunctionType() != type))
    return declared->emitOpError("has the name of the function that merges "
                                 "over ranks; rename it");
  if (!declared) {
    OpBuilder top = OpBuilder::atBlockBegin(module.getBody());
    function =
        func::FuncOp::create(top, module.getLoc(), kRuntimeDistMerge, type);
    function.setPrivate();
  }
  func::CallOp::create(builder, loc, function, operands);
  op.erase();
  return success();
}

/// Whether a function of `module`, or one it declares, has a communicator. They
/// come from nowhere else.
static bool hasCommunicators(ModuleOp module) {
  auto isComm = llvm::IsaPred<CommType>;
  return module
      .walk([&](func::FuncOp func) {
        bool found = llvm::any_of(func.getArgumentTypes(), isComm) ||
                     llvm::any_of(func.getResultTypes(), isComm);
        return found ? WalkResult::interrupt() : WalkResult::advance();
      })
      .wasInterrupted();
}

/// What a communicator knows lies in its first bytes.
static void lowerQuery(Operation *op, Type ptr) {
  OpBuilder builder(op);
  Location loc = op->getLoc();
  int64_t field = isa<CommRankOp>(op) ? offsetof(attn_comm, rank)
                                      : offsetof(attn_comm, size);
  Value comm =
      UnrealizedConversionCastOp::create(builder, loc, ptr, op->getOperand(0))
          .getResult(0);
  Value address =
      LLVM::GEPOp::create(builder, loc, ptr, builder.getI8Type(), comm,
                          ArrayRef<LLVM::GEPArg>{int32_t(field)});
  Value number =
      LLVM::LoadOp::create(builder, loc, builder.getI32Type(), address);
  Value index =
      arith::IndexCastOp::create(builder, loc, builder.getIndexType(), number);
  op->getResult(0).replaceAllUsesWith(index);
  op->erase();
}

namespace {
struct LowerComm : attn::impl::AttnLowerCommPassBase<LowerComm> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (!hasCommunicators(module))
      return;
    Type ptr = LLVM::LLVMPointerType::get(&getContext());
    SmallVector<DistMergeOp> merges;
    module.walk([&](DistMergeOp op) { merges.push_back(op); });
    for (DistMergeOp op : merges)
      if (failed(lower(op, ptr)))
        return signalPassFailure();
    SmallVector<Operation *> queries;
    module.walk([&](Operation *op) {
      if (isa<CommRankOp, CommSizeOp>(op))
        queries.push_back(op);
    });
    for (Operation *op : queries)
      lowerQuery(op, ptr);
    // Elsewhere communicators are only handed on.
    AttrTypeReplacer replacer;
    replacer.addReplacement([&](CommType) { return ptr; });
    replacer.recursivelyReplaceElementsIn(module, /*replaceAttrs=*/true,
                                          /*replaceLocs=*/false,
                                          /*replaceTypes=*/true);
    module.walk([](UnrealizedConversionCastOp cast) {
      if (cast.getOperandTypes() != cast.getResultTypes())
        return;
      cast.replaceAllUsesWith(cast.getOperands());
      cast.erase();
    });
  }
};
} // namespace
