//===- TestKeyRanges.cpp - Key ranges against the definition --------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// For every op with key ranges and static sizes: folds what the interface
// builds, for every tile of queries, and compares it with the definition of
// visibility, written once more here with plain integers.
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Pass/Pass.h"
#include "llvm/ADT/ScopeExit.h"

using namespace mlir;
using namespace mlir::attn;

namespace {

/// Values that are given, as constants; the rest follows by folding.
using Environment = DenseMap<Value, Attribute>;

/// What `value` folds to when the values in `env` are known, or null.
Attribute evaluate(Value value, Environment &env) {
  if (Attribute known = env.lookup(value))
    return known;
  Attribute constant;
  if (matchPattern(value, m_Constant(&constant)))
    return env[value] = constant;
  auto result = dyn_cast<OpResult>(value);
  if (!result)
    return {};
  Operation *op = result.getOwner();
  SmallVector<Attribute> operands;
  for (Value operand : op->getOperands()) {
    operands.push_back(evaluate(operand, env));
    if (!operands.back())
      return {};
  }
  SmallVector<OpFoldResult> results;
  if (failed(op->fold(operands, results)) || results.empty())
    return {};
  OpFoldResult folded = results[result.getResultNumber()];
  Attribute attr = dyn_cast<Attribute>(folded);
  if (!attr)
    attr = evaluate(cast<Value>(folded), env);
  return attr ? env[value] = attr : attr;
}

std::optional<int64_t> evaluateInt(OpFoldResult value, Environment &env) {
  Attribute attr = dyn_cast<Attribute>(value);
  if (!attr)
    attr = evaluate(cast<Value>(value), env);
  auto integer = dyn_cast_if_present<IntegerAttr>(attr);
  if (!integer)
    return std::nullopt;
  return integer.getType().isInteger(1)
             ? static_cast<int64_t>(integer.getValue().getBoolValue())
             : integer.getInt();
}

/// An attention problem in plain integers.
struct Problem {
  int64_t batch, seqLenQ, seqLenKv, left, right;
  bool bottomRight;
  /// Per batch entry, or one for all; empty when the op has none.
  SmallVector<int64_t> kvLen, qLen, causalOffset;
  int64_t queryOffset = 0, keyOffset = 0;
  /// Of attn.star, attn.block_local and attn.block_local_step; a blockSize of 0
  /// is any other op.
  int64_t blockSize = 0, anchorSize = 0;
  /// Rows of a block, where they are not blockSize.
  int64_t blockRows = 0;
  bool anchorIsPrevious = false, hasAnchorOperands = false;
  SmallVector<int64_t> contextLen;

  static int64_t at(ArrayRef<int64_t> values, int64_t b) {
    return values[values.size() == 1 ? 0 : b];
  }

  /// The definition, in the words of attn.sdpa.
  bool isVisible(int64_t b, int64_t i, int64_t j) const {
    int64_t query = i + queryOffset, key = j + keyOffset, diagonal = 0;
    if (!kvLen.empty() && key >= at(kvLen, b))
      return false;
    if (!qLen.empty() && query >= at(qLen, b))
      return false;
    if (bottomRight)
      diagonal = (kvLen.empty() ? seqLenKv : at(kvLen, b)) -
                 (qLen.empty() ? seqLenQ : at(qLen, b));
    else if (!causalOffset.empty())
      diagonal = at(causalOffset, b);
    int64_t center = query + diagonal;
    if (blockRows != 0)
      center += query / blockRows * (blockSize - blockRows);
    return (left < 0 || key >= center - left) &&
           (right < 0 || key <= center + right) && isInPattern(b, query, key);
  }

  /// Whether rows of different blocks may have windows whose union has gaps at
  /// its ends.
  bool hasGaps() const {
    return blockSize != 0 &&
           (left >= 0 || right > 0 ||
            (right == 0 && (!causalOffset.empty() || blockRows != 0)));
  }

  /// The definition, in the words of attn.star and, with an anchor of 0 and no
  /// rows behind the context, of attn.block_local.
  bool isInPattern(int64_t b, int64_t query, int64_t key) const {
    if (blockSize == 0 || (!contextLen.empty() && query >= at(contextLen, b)))
      return true;
    int64_t block = query / (blockRows != 0 ? blockRows : blockSize);
    if (key / blockSize == block)
      return true;
    if (hasAnchorOperands)
      return false;
    return anchorIsPrevious
               ? key / blockSize == block - 1 && key % blockSize < anchorSize
               : key < std::min(anchorSize, blockSize);
  }
};

/// Reads a constant index or a constant rank-1 tensor.
LogicalResult readIntegers(Value value, SmallVectorImpl<int64_t> &integers) {
  if (!value)
    return success();
  Attribute attr;
  if (!matchPattern(value, m_Constant(&attr)))
    return failure();
  if (auto single = dyn_cast<IntegerAttr>(attr))
    integers.push_back(single.getInt());
  else
    for (int64_t element : cast<DenseElementsAttr>(attr).getValues<int64_t>())
      integers.push_back(element);
  return success();
}

FailureOr<Problem> readProblem(AttentionInterface op) {
  Problem problem;
  OpBuilder builder(op);
  AttentionSizes sizes = getSizes(builder, op.getLoc(), op);
  std::optional<int64_t> batch = getConstantIntValue(sizes.batch);
  std::optional<int64_t> seqLenQ = getConstantIntValue(sizes.seqLenQ);
  std::optional<int64_t> seqLenKv = getConstantIntValue(sizes.seqLenKv);
  if (!batch || !seqLenQ || !seqLenKv)
    return op->emitError("needs static sizes");
  problem.batch = *batch;
  problem.seqLenQ = *seqLenQ;
  problem.seqLenKv = *seqLenKv;
  problem.left = op.getWindowLeft();
  problem.right = op.getWindowRight();
  problem.bottomRight = op.getBottomRight();
  SmallVector<int64_t> offsets;
  LogicalResult read = success();
  for (Value offset : op.getOffsets())
    read = success(succeeded(read) && succeeded(readIntegers(offset, offsets)));
  if (failed(read) || failed(readIntegers(op.getKvLen(), problem.kvLen)) ||
      failed(readIntegers(op.getQLen(), problem.qLen)) ||
      failed(readIntegers(op.getCausalOffset(), problem.causalOffset)))
    return op->emitError("needs constant lengths and offsets");
  if (auto star = dyn_cast<StarOp>(op.getOperation())) {
    problem.blockSize = star.getBlockSize();
    problem.anchorSize = star.getAnchorSize();
    problem.anchorIsPrevious = star.getAnchor() == StarAnchor::previous;
    problem.hasAnchorOperands = star.hasAnchorOperands();
    if (failed(readIntegers(star.getContextLen(), problem.contextLen)))
      return op->emitError("needs constant lengths and offsets");
  }
  if (auto local = dyn_cast<BlockLocalOp>(op.getOperation()))
    problem.blockSize = local.getBlockLen();
  if (auto local = dyn_cast<BlockLocalStepOp>(op.getOperation())) {
    problem.blockSize = local.getBlockLen();
    problem.blockRows = local.getBlockLenQ().value_or(0);
  }
  if (!offsets.empty()) {
    problem.queryOffset = offsets[2];
    problem.keyOffset = offsets[3];
  }
  return problem;
}

struct ConstantRange {
  int64_t lo, hi;
  bool needsMask;
  bool operator==(const ConstantRange &other) const {
    return lo == other.lo && hi == other.hi && needsMask == other.needsMask;
  }
};

struct TestKeyRangesPass
    : public PassWrapper<TestKeyRangesPass, OperationPass<>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(TestKeyRangesPass)

  TestKeyRangesPass() = default;
  TestKeyRangesPass(const TestKeyRangesPass &other) : PassWrapper(other) {}

  StringRef getArgument() const final { return "test-attn-key-ranges"; }
  StringRef getDescription() const final {
    return "Compare AttnKeyRangesInterface with the definition of visibility";
  }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<affine::AffineDialect, arith::ArithDialect,
                    memref::MemRefDialect, tensor::TensorDialect>();
  }

  Option<int64_t> tile{
      *this, "tile",
      llvm::cl::desc("Print the ranges of tiles of that many queries"),
      llvm::cl::init(0)};
  Option<int64_t> shift{
      *this, "shift",
      llvm::cl::desc("Add this to each end of each range before it is checked: "
                     "shows that the check can fail"),
      llvm::cl::init(0)};
  Option<bool> unmask{
      *this, "unmask",
      llvm::cl::desc("Take every range as unmasked, for the same purpose"),
      llvm::cl::init(false)};

  void runOnOperation() override {
    SmallVector<AttnKeyRangesInterface> ops;
    getOperation()->walk([&](AttnKeyRangesInterface op) { ops.push_back(op); });
    for (AttnKeyRangesInterface op : ops)
      if (failed(check(op)))
        signalPassFailure();
  }

  LogicalResult check(AttnKeyRangesInterface op);
  LogicalResult checkTile(Operation *op, const Problem &problem, int64_t b,
                          int64_t qLo, int64_t qHi,
                          ArrayRef<ConstantRange> ranges);
};
} // namespace

/// The promises of getKeyRanges for one tile.
LogicalResult TestKeyRangesPass::checkTile(Operation *op,
                                           const Problem &problem, int64_t b,
                                           int64_t qLo, int64_t qHi,
                                           ArrayRef<ConstantRange> ranges) {
  auto fail = [&](const Twine &what) -> LogicalResult {
    return op->emitError() << "batch " << b << ", queries [" << qLo << ", "
                           << qHi << "): " << what;
  };
  // 0 outside, 1 in a masked range, 2 in an unmasked one.
  SmallVector<int> state(problem.seqLenKv, 0);
  int64_t end = 0;
  for (const ConstantRange &range : ranges) {
    if (range.lo < 0 || range.hi > problem.seqLenKv)
      return fail("a range is not clamped");
    if (range.lo < end)
      return fail("ranges overlap or descend");
    end = range.hi;
    for (int64_t j = range.lo; j < range.hi; ++j)
      state[j] = range.needsMask ? 1 : 2;
  }
  if (qLo == qHi)
    return success();
  int64_t firstSeen = problem.seqLenKv, lastSeen = -1;
  for (int64_t j = 0; j < problem.seqLenKv; ++j)
    for (int64_t i = qLo; i < qHi; ++i) {
      bool visible = problem.isVisible(b, i, j);
      if (visible) {
        firstSeen = std::min(firstSeen, j);
        lastSeen = j;
      }
      if (visible && state[j] == 0)
        return fail("key " + Twine(j) + " is visible to query " + Twine(i) +
                    " and outside every range");
      if (!visible && state[j] == 2)
        return fail("key " + Twine(j) + " is invisible to query " + Twine(i) +
                    " and in an unmasked range");
    }
  if (problem.hasGaps())
    return success();
  // Skipping keys is what ranges are for: their ends are seen by some query.
  for (int64_t j = 0; j < problem.seqLenKv; ++j)
    if (state[j] != 0 && (j < firstSeen || j > lastSeen))
      return fail("key " + Twine(j) +
                  " is in a range, beyond what any query sees");
  return success();
}

LogicalResult TestKeyRangesPass::check(AttnKeyRangesInterface op) {
  FailureOr<Problem> problem =
      readProblem(cast<AttentionInterface>(op.getOperation()));
  if (failed(problem))
    return failure();

  // What the interface builds is folded and thrown away. Block arguments of the
  // op's region stand for the values a tiling pass would hand in.
  Location loc = op.getLoc();
  auto *scratch = new Block;
  op->getParentRegion()->push_back(scratch);
  llvm::scope_exit erase([&] { scratch->erase(); });
  OpBuilder builder = OpBuilder::atBlockBegin(scratch);
  auto addIndex = [&] {
    return scratch->addArgument(builder.getIndexType(), loc);
  };
  Value b = addIndex(), h = addIndex(), qLo = addIndex(), qHi = addIndex(),
        i = addIndex(), j = addIndex();
  auto index = [&](int64_t value) { return builder.getIndexAttr(value); };

  Value visible = op.isVisible(builder, loc, b, h, i, j);
  int64_t pairs = 0;
  for (int64_t bv = 0; bv < problem->batch; ++bv)
    for (int64_t iv = 0; iv < problem->seqLenQ; ++iv)
      for (int64_t jv = 0; jv < problem->seqLenKv; ++jv) {
        bool expected = problem->isVisible(bv, iv, jv);
        pairs += expected;
        Environment env = {{b, index(bv)}, {i, index(iv)}, {j, index(jv)}};
        std::optional<int64_t> got =
            visible ? evaluateInt(visible, env) : int64_t(1);
        if (!got)
          return op->emitError("isVisible does not fold");
        if ((*got != 0) != expected)
          return op->emitError()
                 << "batch " << bv << ": isVisible says key " << jv << " is "
                 << (expected ? "invisible" : "visible") << " to query " << iv;
      }

  SmallVector<KeyRange> dynamicRanges =
      op.getKeyRanges(builder, loc, b, h, qLo, qHi);
  auto fold = [&](ArrayRef<KeyRange> ranges, Environment env,
                  SmallVectorImpl<ConstantRange> &folded) -> LogicalResult {
    for (const KeyRange &range : ranges) {
      std::optional<int64_t> lo = evaluateInt(range.lo, env);
      std::optional<int64_t> hi = evaluateInt(range.hi, env);
      if (!lo || !hi)
        return op->emitError("key ranges do not fold");
      // An interface that knows that a range is empty may leave it out.
      if (*lo < *hi)
        folded.push_back(
            {*lo + shift, *hi + shift, range.needsMask && !unmask});
    }
    return success();
  };

  int64_t tiles = 0;
  for (int64_t bv = 0; bv < problem->batch; ++bv)
    for (int64_t lo = 0; lo <= problem->seqLenQ; ++lo)
      for (int64_t hi = lo; hi <= problem->seqLenQ; ++hi, ++tiles) {
        SmallVector<ConstantRange> ranges, fromConstants;
        if (failed(fold(dynamicRanges,
                        {{b, index(bv)}, {qLo, index(lo)}, {qHi, index(hi)}},
                        ranges)) ||
            failed(fold(op.getKeyRanges(builder, loc, index(bv), h, index(lo),
                                        index(hi)),
                        Environment(), fromConstants)))
          return failure();
        // One row has a window of its own.
        bool mayDiffer = problem->blockRows != 0 && problem->hasGaps();
        if (ranges != fromConstants && !mayDiffer)
          return op->emitError("constant and dynamic tiles have other ranges");
        if (failed(checkTile(op, *problem, bv, lo, hi, ranges)) ||
            failed(checkTile(op, *problem, bv, lo, hi, fromConstants)))
          return failure();
        if (tile <= 0 || lo % tile != 0 || lo == problem->seqLenQ ||
            hi != std::min<int64_t>(lo + tile, problem->seqLenQ))
          continue;
        InFlightDiagnostic remark = op->emitRemark()
                                    << "batch " << bv << ", queries [" << lo
                                    << ", " << hi << "):";
        for (const ConstantRange &range : ranges)
          remark << " [" << range.lo << ", " << range.hi << ") "
                 << (range.needsMask ? "masked" : "unmasked");
        if (ranges.empty())
          remark << " nothing";
      }
  op->emitRemark() << "key ranges hold: " << tiles << " tiles, " << pairs
                   << " visible pairs";
  return success();
}

namespace mlir::attn::test {
/// Registers `test-attn-key-ranges`.
void registerTestKeyRangesPass() { PassRegistration<TestKeyRangesPass>(); }
} // namespace mlir::attn::test
