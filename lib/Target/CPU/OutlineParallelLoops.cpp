//===- lib/Target/CPU/OutlineParallelLoops.cpp - Loops to thread bodies ---===//
//
// Part of attn-mlir.
//
// Turns outermost parallel loops into functions called by a thread pool.
//
//===----------------------------------------------------------------------===//

#include "attn/Target/CPU/Passes.h"

#include "ParallelLoops.h"

#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SCF/Transforms/Transforms.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Transforms/RegionUtils.h"

namespace mlir::attn {
#define GEN_PASS_DEF_ATTNOUTLINEPARALLELLOOPSPASS
#include "attn/Target/CPU/Passes.h.inc"
} // namespace mlir::attn

using namespace mlir;

static constexpr StringLiteral kParallelFor = "attn_rt_parallel_for";

bool attn::isTaskLoop(Operation *op) {
  if (auto forall = dyn_cast<scf::ForallOp>(op))
    return forall.getNumResults() == 0 && forall.getOutputs().empty();
  auto parallel = dyn_cast<scf::ParallelOp>(op);
  return parallel && parallel.getNumResults() == 0 &&
         parallel->getParentOfType<FunctionOpInterface>();
}

Operation *attn::getTaskLoop(Operation *op) {
  Operation *outermost = nullptr;
  for (Operation *parent = op->getParentOp();
       parent && !isa<FunctionOpInterface>(parent);
       parent = parent->getParentOp())
    if (isTaskLoop(parent))
      outermost = parent;
  return outermost;
}

/// The calls in `root` that ask which thread they are on.
static SmallVector<func::CallOp> getThreadCalls(Operation *root) {
  SmallVector<func::CallOp> calls;
  root->walk([&](func::CallOp call) {
    if (call.getCallee() == attn::kThread)
      calls.push_back(call);
  });
  return calls;
}

/// True for values that are cheaper to compute again in the body than to pass.
static bool isRecomputed(Value value) {
  Operation *def = value.getDefiningOp();
  return def &&
         (matchPattern(def, m_Constant()) || isa<memref::GetGlobalOp>(def));
}

namespace {
/// Outlines the loops of one module.
class LoopOutliner {
public:
  explicit LoopOutliner(ModuleOp module)
      : module(module), symbols(module), converter(module.getContext()),
        rewriter(module.getContext()) {}

  /// Outlines `loop`; on failure the reason has been reported.
  LogicalResult outline(scf::ParallelOp loop);

private:
  /// The values the body needs, split by how they get there.
  struct Captures {
    SmallVector<Value> recomputed;
    SmallVector<Value> fields;
    LLVM::LLVMStructType type;
  };

  SmallVector<Value> tripCounts(scf::ParallelOp loop);
  LogicalResult collect(scf::ParallelOp loop, ValueRange extra,
                        Captures &captures);
  Value packCaptures(scf::ParallelOp loop, const Captures &captures);
  func::FuncOp createBody(scf::ParallelOp loop, ValueRange trips,
                          const Captures &captures);
  LLVM::LLVMFuncOp parallelForDecl();

  ModuleOp module;
  SymbolTable symbols;
  LLVMTypeConverter converter;
  IRRewriter rewriter;
};
} // namespace

/// The number of iterations of each dimension, never negative.
SmallVector<Value> LoopOutliner::tripCounts(scf::ParallelOp loop) {
  Location loc = loop.getLoc();
  SmallVector<Value> trips;
  Value zero = arith::ConstantIndexOp::create(rewriter, loc, 0);
  Value one = arith::ConstantIndexOp::create(rewriter, loc, 1);
  for (auto [lower, upper, step] : llvm::zip_equal(
           loop.getLowerBound(), loop.getUpperBound(), loop.getStep())) {
    Value length = rewriter.createOrFold<arith::SubIOp>(loc, upper, lower);
    length = rewriter.createOrFold<arith::MaxSIOp>(loc, length, zero);
    if (!matchPattern(step, m_One())) {
      Value last = rewriter.createOrFold<arith::SubIOp>(loc, step, one);
      length = rewriter.createOrFold<arith::AddIOp>(loc, length, last);
      length = rewriter.createOrFold<arith::DivUIOp>(loc, length, step);
    }
    trips.push_back(length);
  }
  return trips;
}

LogicalResult LoopOutliner::collect(scf::ParallelOp loop, ValueRange extra,
                                    Captures &captures) {
  llvm::SetVector<Value> used;
  getUsedValuesDefinedAbove(loop.getRegion(), used);
  used.insert_range(extra);
  SmallVector<Type> types;
  for (Value value : used) {
    if (isRecomputed(value)) {
      captures.recomputed.push_back(value);
      continue;
    }
    Type type = converter.convertType(value.getType());
    if (!type || isa<TensorType>(value.getType())) {
      InFlightDiagnostic diag =
          loop.emitOpError("cannot be outlined: it captures a value of type ")
          << value.getType() << "; bufferize and lower such values first";
      diag.attachNote(value.getLoc()) << "captured value defined here";
      return diag;
    }
    captures.fields.push_back(value);
    types.push_back(type);
  }
  captures.type = LLVM::LLVMStructType::getLiteral(module.getContext(), types);
  return success();
}

/// `value` as `type`, through a cast that the later lowering resolves.
static Value castTo(OpBuilder &builder, Location loc, Value value, Type type) {
  if (value.getType() == type)
    return value;
  return UnrealizedConversionCastOp::create(builder, loc, type, value)
      .getResult(0);
}

Value LoopOutliner::packCaptures(scf::ParallelOp loop,
                                 const Captures &captures) {
  Location loc = loop.getLoc();
  auto ptr = LLVM::LLVMPointerType::get(module.getContext());
  if (captures.fields.empty())
    return LLVM::ZeroOp::create(rewriter, loc, ptr);
  Value context;
  {
    // In the entry block, so that a loop around us does not grow the stack.
    OpBuilder::InsertionGuard guard(rewriter);
    auto func = loop->getParentOfType<FunctionOpInterface>();
    rewriter.setInsertionPointToStart(&func.getFunctionBody().front());
    Value one = LLVM::ConstantOp::create(rewriter, loc, rewriter.getI64Type(),
                                         rewriter.getI64IntegerAttr(1));
    context = LLVM::AllocaOp::create(rewriter, loc, ptr, captures.type, one);
  }
  for (auto [i, value] : llvm::enumerate(captures.fields)) {
    Type type = captures.type.getBody()[i];
    Value slot =
        LLVM::GEPOp::create(rewriter, loc, ptr, captures.type, context,
                            ArrayRef<LLVM::GEPArg>{0, static_cast<int>(i)});
    LLVM::StoreOp::create(rewriter, loc, castTo(rewriter, loc, value, type),
                          slot);
  }
  return context;
}

func::FuncOp LoopOutliner::createBody(scf::ParallelOp loop, ValueRange trips,
                                      const Captures &captures) {
  OpBuilder::InsertionGuard guard(rewriter);
  Location loc = loop.getLoc();
  auto parent = loop->getParentOfType<FunctionOpInterface>();
  auto ptr = LLVM::LLVMPointerType::get(module.getContext());
  Type i64 = rewriter.getI64Type();
  auto type = rewriter.getFunctionType({ptr, i64, i64}, {});
  rewriter.setInsertionPoint(parent);
  auto body = func::FuncOp::create(rewriter, loc,
                                   (parent.getName() + "_body").str(), type);
  body.setPrivate();
  symbols.insert(body);
  Block *entry = body.addEntryBlock();
  rewriter.setInsertionPointToStart(entry);

  IRMapping map;
  for (Value value : captures.recomputed)
    rewriter.clone(*value.getDefiningOp(), map);
  Value context = entry->getArgument(0);
  for (auto [i, value] : llvm::enumerate(captures.fields)) {
    Value slot =
        LLVM::GEPOp::create(rewriter, loc, ptr, captures.type, context,
                            ArrayRef<LLVM::GEPArg>{0, static_cast<int>(i)});
    Value field =
        LLVM::LoadOp::create(rewriter, loc, captures.type.getBody()[i], slot);
    map.map(value, castTo(rewriter, loc, field, value.getType()));
  }

  // Take the linear index apart, the last dimension fastest.
  Value rest = arith::IndexCastOp::create(
      rewriter, loc, rewriter.getIndexType(), entry->getArgument(1));
  SmallVector<Value> ivs(loop.getNumLoops());
  for (int64_t d = loop.getNumLoops() - 1; d >= 0; --d) {
    Value number = rest;
    if (d != 0) {
      Value trip = map.lookup(trips[d]);
      number = arith::RemUIOp::create(rewriter, loc, rest, trip);
      rest = arith::DivUIOp::create(rewriter, loc, rest, trip);
    }
    Value scaled = rewriter.createOrFold<arith::MulIOp>(
        loc, number, map.lookup(loop.getStep()[d]));
    ivs[d] = rewriter.createOrFold<arith::AddIOp>(
        loc, scaled, map.lookup(loop.getLowerBound()[d]));
  }

  auto end = func::ReturnOp::create(rewriter, loc);
  Block *block = loop.getBody();
  rewriter.eraseOp(block->getTerminator());
  rewriter.inlineBlockBefore(block, end, ivs);
  body.walk([&](Operation *op) {
    for (OpOperand &operand : op->getOpOperands())
      if (Value mapped = map.lookupOrNull(operand.get()))
        operand.set(mapped);
  });
  for (func::CallOp call : getThreadCalls(body))
    rewriter.replaceOp(call, entry->getArgument(2));
  return body;
}

LLVM::LLVMFuncOp LoopOutliner::parallelForDecl() {
  if (auto decl = symbols.lookup<LLVM::LLVMFuncOp>(kParallelFor))
    return decl;
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPointToStart(module.getBody());
  auto ptr = LLVM::LLVMPointerType::get(module.getContext());
  auto type =
      LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(module.getContext()),
                                  {rewriter.getI64Type(), ptr, ptr});
  auto decl =
      LLVM::LLVMFuncOp::create(rewriter, module.getLoc(), kParallelFor, type);
  symbols.insert(decl);
  return decl;
}

LogicalResult LoopOutliner::outline(scf::ParallelOp loop) {
  rewriter.setInsertionPoint(loop);
  Location loc = loop.getLoc();
  SmallVector<Value> trips = tripCounts(loop);
  SmallVector<Value> extra(loop.getLowerBound());
  llvm::append_range(extra, loop.getStep());
  llvm::append_range(extra, ArrayRef(trips).drop_front());
  Captures captures;
  if (failed(collect(loop, extra, captures)))
    return failure();

  Value count = trips.front();
  for (Value trip : ArrayRef(trips).drop_front())
    count = rewriter.createOrFold<arith::MulIOp>(loc, count, trip);
  count =
      arith::IndexCastOp::create(rewriter, loc, rewriter.getI64Type(), count);
  Value context = packCaptures(loop, captures);
  func::FuncOp body = createBody(loop, trips, captures);
  Value address = func::ConstantOp::create(
      rewriter, loc, body.getFunctionType(), SymbolRefAttr::get(body));
  address = castTo(rewriter, loc, address,
                   LLVM::LLVMPointerType::get(module.getContext()));
  LLVM::CallOp::create(rewriter, loc, parallelForDecl(),
                       ValueRange{count, address, context});
  rewriter.eraseOp(loop);
  return success();
}

namespace {
struct OutlineParallelLoops
    : attn::impl::AttnOutlineParallelLoopsPassBase<OutlineParallelLoops> {
  void runOnOperation() override;
};
} // namespace

void OutlineParallelLoops::runOnOperation() {
  IRRewriter rewriter(&getContext());
  SmallVector<scf::ForallOp> foralls;
  getOperation().walk([&](scf::ForallOp op) {
    if (attn::isTaskLoop(op))
      foralls.push_back(op);
  });
  for (scf::ForallOp op : foralls) {
    rewriter.setInsertionPoint(op);
    if (failed(scf::forallToParallelLoop(rewriter, op)))
      return signalPassFailure();
  }

  SmallVector<scf::ParallelOp> outer, nested;
  getOperation().walk<WalkOrder::PreOrder>([&](scf::ParallelOp op) {
    if (!attn::isTaskLoop(op))
      return WalkResult::advance();
    outer.push_back(op);
    op.getBody()->walk([&](scf::ParallelOp inner) {
      if (inner.getNumResults() == 0)
        nested.push_back(inner);
    });
    return WalkResult::skip();
  });
  // The walk above was post-order inside a loop: inner ones come first.
  for (scf::ParallelOp op : nested) {
    rewriter.setInsertionPoint(op);
    if (failed(scf::parallelForToNestedFors(rewriter, op)))
      return signalPassFailure();
  }

  LoopOutliner outliner(getOperation());
  for (scf::ParallelOp op : outer)
    if (failed(outliner.outline(op)))
      return signalPassFailure();

  // Around tasks there is one thread.
  for (func::CallOp call : getThreadCalls(getOperation())) {
    rewriter.setInsertionPoint(call);
    rewriter.replaceOpWithNewOp<arith::ConstantIntOp>(call, 0, 64);
  }
  if (Operation *decl = getOperation().lookupSymbol(attn::kThread))
    rewriter.eraseOp(decl);
}
