//===- ScoreRegion.cpp - User-written scores on vectors -------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Values of the region are sorted by what they depend on. What is the same in
// every lane stays scalar, what depends on no key is computed once a panel, and
// elementwise ops become ops on vectors. A region with anything else in it is
// computed one score at a time.
//
//===----------------------------------------------------------------------===//

#include "Kernel.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::attn;

/// Whether `op`, with operands that differ between lanes, can be emitted for a
/// vector of lanes.
static bool hasVectorForm(Operation &op) {
  if (isa<memref::LoadOp>(op))
    return true;
  return OpTrait::hasElementwiseMappableTraits(&op) &&
         llvm::all_of(op.getResultTypes(), VectorType::isValidElementType) &&
         llvm::all_of(op.getOperandTypes(), VectorType::isValidElementType);
}

/// What every value of the region depends on. Returns the first op without a
/// vector form that would need one, or null.
static Operation *classify(Block &body, bool isRows, unsigned onLane,
                           unsigned onKey, DenseMap<Value, unsigned> &kinds) {
  unsigned row = isRows ? onLane : 0;
  unsigned key = isRows ? onKey : onLane | onKey;
  unsigned arguments[] = {onLane | onKey, 0, row, row, key};
  for (auto [argument, kind] : llvm::zip_equal(body.getArguments(), arguments))
    kinds[argument] = kind;
  Operation *scalar = nullptr;
  for (Operation &inner : body.without_terminator()) {
    unsigned all = 0;
    for (Value operand : inner.getOperands())
      all |= kinds.lookup(operand);
    for (Value result : inner.getResults())
      kinds[result] = all;
    bool needsScalars =
        inner.getNumRegions() || ((all & onLane) && !hasVectorForm(inner));
    if (needsScalars && !scalar)
      scalar = &inner;
  }
  return scalar;
}

ScoreRegion::ScoreRegion(VectorBuilder &b, AttentionInterface op,
                         int64_t groups, Lanes lanes)
    : b(b), body(op.getScore().front()), groups(groups) {
  vector = !classify(body, lanes == Lanes::Rows, OnLane, OnKey, kinds);
}

Operation *ScoreRegion::findScalarOp(AttentionInterface op, Lanes lanes) {
  DenseMap<Value, unsigned> kinds;
  return classify(op.getScore().front(), lanes == Lanes::Rows, OnLane, OnKey,
                  kinds);
}

/// Ops that are worth repeating for every score of a tile.
static constexpr int64_t kMaxSmallOps = 24;

bool ScoreRegion::isSmall() const {
  int64_t count = 0;
  for (Operation &inner : body.without_terminator()) {
    bool isPerKey = llvm::any_of(inner.getOperands(),
                                 [&](Value v) { return kind(v) & OnKey; });
    if (isPerKey && (isa<memref::LoadOp>(inner) || ++count > kMaxSmallOps))
      return false;
  }
  return true;
}

Value ScoreRegion::vectorOf(Value value, const IRMapping &uniform,
                            const IRMapping &lanes) {
  if (kind(value) & OnLane)
    return lanes.lookup(value);
  return b.splat(uniform.lookupOrDefault(value));
}

/// Emits `op` once, or once a group when its result differs between lanes.
void ScoreRegion::emit(Operation &op, IRMapping &uniform,
                       MutableArrayRef<IRMapping> lanes) {
  unsigned all = 0;
  for (Value operand : op.getOperands())
    all |= kind(operand);
  if (!(all & OnLane)) {
    b.clone(op, uniform);
    return;
  }
  for (IRMapping &group : lanes) {
    if (auto load = dyn_cast<memref::LoadOp>(op)) {
      SmallVector<Value> elements;
      Value memref = uniform.lookupOrDefault(load.getMemRef());
      for (int64_t i = 0; i < b.lanes; ++i) {
        SmallVector<Value> at;
        for (Value index : load.getIndices())
          at.push_back(kind(index) & OnLane
                           ? vector::ExtractOp::create(b, group.lookup(index),
                                                       ArrayRef<int64_t>{i})
                                 .getResult()
                           : uniform.lookupOrDefault(index));
        elements.push_back(b.load(memref, at));
      }
      Value result = load.getResult();
      group.map(result,
                vector::FromElementsOp::create(
                    b, VectorType::get(b.lanes, result.getType()), elements));
      continue;
    }
    IRMapping operands;
    for (Value operand : op.getOperands())
      operands.map(operand, vectorOf(operand, uniform, group));
    Operation *vectorOp = op.clone(operands);
    for (auto [scalar, result] :
         llvm::zip_equal(op.getResults(), vectorOp->getResults())) {
      result.setType(VectorType::get(b.lanes, scalar.getType()));
      group.map(scalar, result);
    }
    b.insert(vectorOp);
  }
}

void ScoreRegion::map(unsigned argument, ArrayRef<Value> values,
                      IRMapping &uniform, MutableArrayRef<IRMapping> lanes) {
  Value from = body.getArgument(argument);
  if (!(kind(from) & OnLane)) {
    uniform.map(from, values.front());
    return;
  }
  for (auto [group, value] : llvm::zip_equal(lanes, values))
    group.map(from, value);
}

void ScoreRegion::beginPanel(Value batch, ArrayRef<Value> heads,
                             ArrayRef<Value> queries) {
  panelUniform.clear();
  panelLanes.assign(groups, IRMapping());
  map(1, batch, panelUniform, panelLanes);
  map(2, heads, panelUniform, panelLanes);
  map(3, queries, panelUniform, panelLanes);
  for (Operation &inner : body.without_terminator())
    if (llvm::none_of(inner.getOperands(),
                      [&](Value v) { return kind(v) & OnKey; }))
      emit(inner, panelUniform, panelLanes);
}

SmallVector<Value> ScoreRegion::apply(ArrayRef<Value> scores,
                                      ArrayRef<Value> keys) {
  IRMapping uniform = panelUniform;
  SmallVector<IRMapping> lanes = panelLanes;
  Type type = body.getArgument(0).getType();
  map(4, keys, uniform, lanes);
  for (int64_t g = 0; g < groups; ++g)
    lanes[g].map(body.getArgument(0), b.cast(scores[g], type));
  for (Operation &inner : body.without_terminator())
    if (llvm::any_of(inner.getOperands(),
                     [&](Value v) { return kind(v) & OnKey; }))
      emit(inner, uniform, lanes);
  SmallVector<Value> results;
  Value yielded = body.getTerminator()->getOperand(0);
  for (int64_t g = 0; g < groups; ++g)
    results.push_back(
        b.cast(vectorOf(yielded, uniform, lanes[g]), b.floatType));
  return results;
}

Value ScoreRegion::applyScalar(Value score, Value batch, Value head,
                               Value query, Value key) {
  IRMapping map;
  Value arguments[] = {b.cast(score, body.getArgument(0).getType()), batch,
                       head, query, key};
  map.map(body.getArguments(), ArrayRef<Value>(arguments));
  for (Operation &inner : body.without_terminator())
    b.clone(inner, map);
  Value yielded = body.getTerminator()->getOperand(0);
  return b.cast(map.lookupOrDefault(yielded), b.floatType);
}
