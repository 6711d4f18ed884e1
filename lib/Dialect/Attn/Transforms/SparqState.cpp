//===- SparqState.cpp - What SparQ keeps between calls --------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// The second layout of key and the mean of value as arguments of the function,
// kept up to date where the function appends to its caches, and the function
// that makes them of filled caches.
//
//===----------------------------------------------------------------------===//

#include "SparqState.h"
#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "attn/Dialect/Attn/IR/IndexMath.h"
#include "attn/Dialect/Attn/Transforms/Transforms.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::attn;

/// Keys of one tile of the second layout: a channel of a tile fills a page.
/// What fetches ahead in memory's order stops there, so nothing is read in
/// vain; shorter pieces are read at two thirds of the speed (docs/Performance).
static int64_t getKeyTile(Type element) {
  constexpr int64_t kPageBits = 4096 * 8;
  return kPageBits / element.getIntOrFloatBitWidth();
}

//===----------------------------------------------------------------------===//
// Caches
//===----------------------------------------------------------------------===//

namespace {
/// Arguments that hold keys and values, and what is appended to them before an
/// op reads them.
struct Caches {
  BlockArgument key, value;
  SmallVector<KvAppendOp> appends;
};
} // namespace

static FailureOr<Caches> findCaches(SparqOp op, func::FuncOp func,
                                    std::string &why) {
  Caches caches;
  Value key = op.getKey(), value = op.getValue();
  while (auto append = key.getDefiningOp<KvAppendOp>()) {
    if (key != append.getResult(0) || value != append.getResult(1)) {
      why = "key and value are not from one attn.kv_append";
      return failure();
    }
    if (append.getKeyT()) {
      why = "attn.kv_append writes a second layout already";
      return failure();
    }
    caches.appends.push_back(append);
    key = append.getKey();
    value = append.getValue();
  }
  std::reverse(caches.appends.begin(), caches.appends.end());
  caches.key = dyn_cast<BlockArgument>(key);
  caches.value = dyn_cast<BlockArgument>(value);
  if (!caches.key || !caches.value ||
      caches.key.getOwner() != &func.getBody().front() ||
      caches.value.getOwner() != caches.key.getOwner()) {
    why = "key and value are not arguments of the function";
    return failure();
  }
  return caches;
}

/// Why a kept mean would not be that of what the query sees, or an empty
/// string.
static std::string getMeanObstacle(SparqOp op) {
  auto attention = cast<AttentionInterface>(op.getOperation());
  if (op.getMask() || attention.hasWindow() || attention.hasScore())
    return "a mask, a window or a score region says what is visible anew in "
           "every call";
  if (op.getValueScale() ||
      op.getValue().getType().getElementTypeBitWidth() == 8)
    return "value has scales or 8 bits";
  return {};
}

//===----------------------------------------------------------------------===//
// Arguments
//===----------------------------------------------------------------------===//

RankedTensorType StateArguments::getKeyTType(SparqOp op) {
  auto attention = cast<AttentionInterface>(op.getOperation());
  auto key = cast<RankedTensorType>(op.getKey().getType());
  int64_t capacity = key.getDimSize(attention.getSeqAxis());
  int64_t tile = getKeyTile(key.getElementType());
  int64_t tiles = ShapedType::isDynamic(capacity)
                      ? capacity
                      : llvm::divideCeil(capacity, tile);
  return RankedTensorType::get({key.getDimSize(0),
                                key.getDimSize(attention.getHeadAxis()), tiles,
                                key.getDimSize(3), tile},
                               key.getElementType());
}

/// The state of kind `kind` that belongs to `cache`, an argument that is added
/// if there is none yet.
StateArguments::Kept &StateArguments::getState(Kind kind, BlockArgument cache,
                                               RankedTensorType type,
                                               Layout layout, bool isUpdated) {
  for (Kept &kept : states)
    if (kept.kind == kind && kept.cache == cache.getArgNumber())
      return kept;
  Builder b(func.getContext());
  unsigned number = func.getNumArguments();
  std::string text = (kind == Kind::KeyT ? "key_t" : "value_mean");
  text += " of argument " + std::to_string(cache.getArgNumber());
  SmallVector<NamedAttribute> attrs = {
      b.getNamedAttr(kStateAttrName, b.getStringAttr(text))};
  if (isUpdated)
    attrs.push_back(b.getNamedAttr(kInoutAttrName, b.getUnitAttr()));
  LogicalResult inserted = func.insertArgument(
      number, type, b.getDictionaryAttr(attrs), func.getLoc());
  assert(succeeded(inserted) && "the function is a func.func");
  (void)inserted;
  states.push_back({kind, cache.getArgNumber(), number, layout,
                    func.getArgument(number), isUpdated});
  return states.back();
}

LogicalResult StateArguments::add(SparqOp op, bool wantsKeyT, bool wantsMean,
                                  std::string &why) {
  if (!wantsKeyT && !wantsMean)
    return success();
  if (op.getPageTable()) {
    why = "keys are in pages";
    return failure();
  }
  if (!func.getBody().hasOneBlock() || isCalled) {
    why = isCalled ? "the function is called by another"
                   : "the function has branches";
    return failure();
  }
  if (wantsMean) {
    why = getMeanObstacle(op);
    if (!why.empty())
      return failure();
  }
  FailureOr<Caches> caches = findCaches(op, func, why);
  if (failed(caches))
    return failure();

  auto attention = cast<AttentionInterface>(op.getOperation());
  Layout layout = attention.getLayout();
  bool isUpdated = !caches->appends.empty();
  Kept *keyT = nullptr, *mean = nullptr;
  if (wantsKeyT)
    getState(Kind::KeyT, caches->key, getKeyTType(op), layout, isUpdated);
  if (wantsMean) {
    auto value = cast<RankedTensorType>(op.getValue().getType());
    auto type = RankedTensorType::get(
        {value.getDimSize(0), value.getDimSize(attention.getHeadAxis()),
         value.getDimSize(3)},
        attention.getAccumulatorType());
    mean = &getState(Kind::Mean, caches->value, type, layout, isUpdated);
  }
  if (wantsKeyT) // Adding may have moved it.
    keyT =
        &getState(Kind::KeyT, caches->key, getKeyTType(op), layout, isUpdated);

  for (KvAppendOp append : caches->appends) {
    OpBuilder builder(append);
    if (mean) {
      mean->value =
          RunningMeanOp::create(builder, append.getLoc(), mean->value.getType(),
                                append.getNewValue(), append.getPos(),
                                mean->value, append.getLayoutAttr())
              .getResult(0);
    }
    if (!keyT)
      continue;
    Type types[] = {append.getResult(0).getType(),
                    append.getResult(1).getType(), keyT->value.getType()};
    auto updated = KvAppendOp::create(
        builder, append.getLoc(), types, append.getNewKey(),
        append.getNewValue(), append.getPos(), append.getKey(),
        append.getValue(), keyT->value, append.getLayoutAttr());
    append->replaceAllUsesWith(updated.getResults().take_front(2));
    append->erase();
    keyT->value = updated.getResult(2);
  }
  if (keyT)
    op.getKeyTMutable().assign(keyT->value);
  if (mean)
    op.getValueMeanMutable().assign(mean->value);
  return success();
}

/// The new values of what is updated become the last results.
void StateArguments::finish() {
  if (states.empty())
    return;
  Operation *end = func.getBody().front().getTerminator();
  SmallVector<Value> results(end->getOperands());
  for (const Kept &kept : states)
    if (kept.isUpdated)
      results.push_back(kept.value);
  end->setOperands(results);
  func.setType(FunctionType::get(func.getContext(), func.getArgumentTypes(),
                                 ValueRange(results).getTypes()));
  createPrepare();
}

//===----------------------------------------------------------------------===//
// NAME_prepare
//===----------------------------------------------------------------------===//

/// Checks when run that `keyT` is for `cache`, which it is filled from by
/// index.
static void checkKeyT(OpBuilder &builder, Location loc, Value cache,
                      Layout layout, Value keyT) {
  IndexMath math{builder, loc};
  auto check = [&](arith::CmpIPredicate predicate, OpFoldResult a,
                   OpFoldResult b, StringRef message) {
    if (getConstantIntValue(a) && getConstantIntValue(b))
      return;
    Value holds = arith::CmpIOp::create(builder, loc, predicate, math.value(a),
                                        math.value(b));
    auto assertion = cf::AssertOp::create(builder, loc, holds, message);
    assertion->setAttr(kCheckAttrName, CheckKindAttr::get(builder.getContext(),
                                                          CheckKind::shape));
  };
  int64_t headAxis = layout == Layout::bshd ? 2 : 1;
  auto size = [&](Value value, int64_t dim) {
    return getDim(builder, loc, value, dim);
  };
  check(arith::CmpIPredicate::eq, size(keyT, 0), size(cache, 0),
        "expects key_t to have key's batch");
  check(arith::CmpIPredicate::eq, size(keyT, 1), size(cache, headAxis),
        "expects key_t to have key's num_kv_heads");
  check(arith::CmpIPredicate::sge, math.mul(size(keyT, 2), size(keyT, 4)),
        size(cache, 3 - headAxis), "expects key_t to hold key's capacity");
}

/// `cache` in the second layout; 0 beyond its capacity.
static Value createKeyT(OpBuilder &builder, Location loc, Value cache,
                        Layout layout, Value init) {
  auto type = cast<RankedTensorType>(init.getType());
  AffineMap identity = builder.getMultiDimIdentityMap(5);
  SmallVector<utils::IteratorType> loops(5, utils::IteratorType::parallel);
  Value capacity = getValueOrCreateConstantIndexOp(
      builder, loc,
      getDim(builder, loc, cache, layout == Layout::bshd ? 1 : 2));
  auto body = [&](OpBuilder &b, Location loc, ValueRange) {
    SmallVector<Value> at;
    for (unsigned loop = 0; loop < 5; ++loop)
      at.push_back(linalg::IndexOp::create(b, loc, loop));
    Value tile = arith::ConstantIndexOp::create(b, loc, type.getDimSize(4));
    Value key = arith::MulIOp::create(b, loc, at[2], tile);
    key = arith::AddIOp::create(b, loc, key, at[4]);
    Value exists =
        arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, key, capacity);
    SmallVector<Value> position = {at[0], at[1], key, at[3]};
    if (layout == Layout::bshd)
      std::swap(position[1], position[2]);
    auto branch = scf::IfOp::create(
        b, loc, exists,
        [&](OpBuilder &in, Location inLoc) {
          Value x = tensor::ExtractOp::create(in, inLoc, cache, position);
          scf::YieldOp::create(in, inLoc, x);
        },
        [&](OpBuilder &in, Location inLoc) {
          Value zero = arith::ConstantOp::create(
              in, inLoc, in.getZeroAttr(type.getElementType()));
          scf::YieldOp::create(in, inLoc, zero);
        });
    linalg::YieldOp::create(b, loc, branch.getResults());
  };
  return linalg::GenericOp::create(builder, loc, type, ValueRange(), init,
                                   ArrayRef<AffineMap>{identity}, loops, body)
      .getResult(0);
}

/// The mean of the first kv_len rows of `cache`, as rows are appended.
static Value createMean(OpBuilder &builder, Location loc, Value cache,
                        Value kvLen, Layout layout, Value init) {
  auto type = cast<RankedTensorType>(init.getType());
  MLIRContext *context = builder.getContext();
  // Loops are (batch, kv head, row, channel).
  auto getMap = [&](ArrayRef<unsigned> dims) {
    return AffineMap::getMultiDimMapWithTargets(4, dims, context);
  };
  using utils::IteratorType;
  IteratorType loops[] = {IteratorType::parallel, IteratorType::parallel,
                          IteratorType::reduction, IteratorType::parallel};
  AffineMap rows =
      layout == Layout::bshd ? getMap({0, 2, 1, 3}) : getMap({0, 1, 2, 3});
  Type element = type.getElementType();
  Value zero =
      arith::ConstantOp::create(builder, loc, builder.getZeroAttr(element));
  init = linalg::FillOp::create(builder, loc, zero, init).getResult(0);
  auto body = [&](OpBuilder &b, Location loc, ValueRange in) {
    Value row = linalg::IndexOp::create(b, loc, 2);
    Value batch = linalg::IndexOp::create(b, loc, 0);
    Value length = getValueOrCreateConstantIndexOp(
        b, loc, loadLength(b, loc, kvLen, OpFoldResult(batch)));
    Value isUsed =
        arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, row, length);
    Value one = arith::ConstantIndexOp::create(b, loc, 1);
    Value number = arith::IndexCastOp::create(
        b, loc, b.getI64Type(), arith::AddIOp::create(b, loc, row, one));
    Value n = arith::SIToFPOp::create(b, loc, element, number);
    Value v = convertScalarToDtype(b, loc, in[0], element, false);
    Value step = arith::SubFOp::create(b, loc, v, in[1]);
    step = arith::DivFOp::create(b, loc, step, n);
    Value mean = arith::AddFOp::create(b, loc, in[1], step);
    Value result = arith::SelectOp::create(b, loc, isUsed, mean, in[1]);
    linalg::YieldOp::create(b, loc, result);
  };
  return linalg::GenericOp::create(builder, loc, type, cache, init,
                                   ArrayRef<AffineMap>{rows, getMap({0, 1, 3})},
                                   loops, body)
      .getResult(0);
}

/// NAME_prepare(caches, kv_len, states): the states of caches that hold kv_len
/// tokens a batch entry.
void StateArguments::createPrepare() {
  OpBuilder builder(func.getContext());
  builder.setInsertionPointAfter(func);
  Location loc = func.getLoc();
  SmallVector<Type> types, results;
  SmallVector<unsigned> caches;
  for (const Kept &kept : states)
    if (!llvm::is_contained(caches, kept.cache))
      caches.push_back(kept.cache);
  for (unsigned cache : caches)
    types.push_back(func.getArgument(cache).getType());
  int64_t batch = cast<ShapedType>(types.front()).getDimSize(0);
  types.push_back(RankedTensorType::get({batch}, builder.getI64Type()));
  for (const Kept &kept : states)
    results.push_back(func.getArgument(kept.argument).getType());
  unsigned numInputs = types.size();
  llvm::append_range(types, results);
  auto prepare =
      func::FuncOp::create(builder, loc, (func.getName() + "_prepare").str(),
                           builder.getFunctionType(types, results));
  Block *body = prepare.addEntryBlock();
  builder.setInsertionPointToStart(body);
  SmallVector<Value> values;
  for (auto [i, kept] : llvm::enumerate(states)) {
    unsigned number = numInputs + i;
    prepare.setArgAttr(number, kInoutAttrName, builder.getUnitAttr());
    prepare.setArgAttr(number, kStateAttrName,
                       func.getArgAttr(kept.argument, kStateAttrName));
    Value init = body->getArgument(number);
    Value cache =
        body->getArgument(llvm::find(caches, kept.cache) - caches.begin());
    if (kept.kind == Kind::KeyT)
      checkKeyT(builder, loc, cache, kept.layout, init);
    if (kept.kind == Kind::KeyT)
      values.push_back(createKeyT(builder, loc, cache, kept.layout, init));
    else
      values.push_back(createMean(builder, loc, cache,
                                  body->getArgument(numInputs - 1), kept.layout,
                                  init));
  }
  func::ReturnOp::create(builder, loc, values);
}
