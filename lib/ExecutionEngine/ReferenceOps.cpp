//===- lib/ExecutionEngine/ReferenceOps.cpp - attn ops by reference -------===//
//
// Part of attn-mlir.
//
// Carries out attn ops with the plain-loop reference for compiled modules.
//
//===----------------------------------------------------------------------===//

#include "ReferenceOps.h"

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/Support/raw_ostream.h"

#include <list>

using namespace mlir;
using namespace mlir::attn;
namespace ref = ::attn::reference;
using ref::View;

//===----------------------------------------------------------------------===//
// ReferenceTable
//===----------------------------------------------------------------------===//

bool ReferenceTable::hasApproximation() const {
  for (const ReferenceOp &op : ops)
    if (op.kind == ReferenceOp::Sparq || op.kind == ReferenceOp::Star)
      return true;
  return false;
}

double ReferenceTable::maxAbsScore() const {
  double result = 0;
  for (const ReferenceOp &op : ops)
    result = std::max(result, op.maxAbsScore);
  return result;
}

int64_t ReferenceTable::seqLenKv() const {
  int64_t result = 0;
  for (const ReferenceOp &op : ops)
    result = std::max(result, op.seqLenKv);
  return result;
}

std::string ReferenceTable::error() const {
  for (const ReferenceOp &op : ops)
    if (!op.error.empty())
      return describeLocation(op.location) + ": '" + op.name + "': " + op.error;
  return {};
}

std::string mlir::attn::describeLocation(Location location) {
  std::string text;
  llvm::raw_string_ostream os(text);
  if (auto place = location->findInstanceOf<FileLineColLoc>())
    os << place.getFilename().getValue() << ':' << place.getLine() << ':'
       << place.getColumn();
  else
    os << location;
  return text;
}

//===----------------------------------------------------------------------===//
// One call
//===----------------------------------------------------------------------===//

namespace {
/// Dense copies of operands, alive during a call, and the problem they make.
class Call {
public:
  explicit Call(ReferenceOp &op) : op(op) {}

  /// Writes the scores, before the score region, to Slot::Scores.
  void scores();
  /// The approximate ones of attn.sparq, to Slot::ApproximateScores.
  void approximateScores();
  /// Carries out the op and writes or compares its results.
  void run();

private:
  const ReferenceOp::Operand *find(Slot slot, int64_t plus = 0) const {
    auto found = op.operands.find(static_cast<int64_t>(slot) + plus);
    return found == op.operands.end() ? nullptr : &found->second;
  }

  /// A dense copy with elements of type T.
  template <typename T, int Rank>
  View<T, Rank> dense(const ReferenceOp::Operand &operand,
                      bool transposed = false);
  template <typename T, int Rank>
  View<T, Rank> dense(Slot slot, bool transposed = false) {
    return dense<T, Rank>(*find(slot), transposed);
  }
  template <typename T, int Rank>
  std::optional<View<const T, Rank>> optional(Slot slot) {
    if (!find(slot))
      return std::nullopt;
    return View<const T, Rank>(dense<T, Rank>(slot));
  }
  /// Room for a result of the given sizes, in the order of its dimensions.
  template <int Rank>
  View<double, Rank> fresh(std::array<int64_t, Rank> sizes,
                           bool transposed = false);

  /// An index, or one a batch entry.
  std::optional<View<const int64_t, 1>> lengths(Slot slot);

  bool makeProblem(bool withScore);
  void store(Slot slot, View<double, 4> matrix);
  /// attn.sparq's own operands; false if they do not fit the problem.
  bool makeSparq(bool withScore);
  /// The score function that reads what the module made of a matrix.
  ref::ScoreFn readScores(Slot slot);
  template <int Rank>
  void finish(int64_t result, View<double, Rank> value, bool transposed,
              bool isLse);

  ReferenceOp &op;
  ref::AttentionProblem problem;
  ref::SparqOptions sparq;
  std::list<std::vector<double>> doubles;
  std::list<std::vector<int64_t>> integers;
  std::list<std::vector<int32_t>> pages;
  std::list<std::vector<int8_t>> masks;

  std::list<std::vector<double>> &storage(double) { return doubles; }
  std::list<std::vector<int64_t>> &storage(int64_t) { return integers; }
  std::list<std::vector<int32_t>> &storage(int32_t) { return pages; }
  std::list<std::vector<int8_t>> &storage(int8_t) { return masks; }
};
} // namespace

/// Calls `body(linear, address)` for every element, row-major.
template <typename Body>
static void forEachElement(const ReferenceOp::Operand &operand, Body body) {
  int64_t rank = operand.sizes.size(), count = 1;
  for (int64_t size : operand.sizes)
    count *= size;
  SmallVector<int64_t, 4> index(rank, 0);
  unsigned bytes = operand.format->bytes();
  int64_t offset = 0;
  for (int64_t linear = 0; linear < count; ++linear) {
    body(linear, operand.data + offset * bytes);
    for (int64_t d = rank; d-- > 0;) {
      offset += operand.strides[d];
      if (++index[d] < operand.sizes[d])
        break;
      offset -= operand.strides[d] * operand.sizes[d];
      index[d] = 0;
    }
  }
}

template <typename T, int Rank>
static View<T, Rank> viewOf(T *data, std::array<int64_t, Rank> sizes,
                            bool transposed) {
  if constexpr (Rank == 4) {
    if (transposed) {
      std::swap(sizes[1], sizes[2]);
      return ref::makeViewBSHD(data, sizes);
    }
  }
  return ref::makeView<Rank>(data, sizes);
}

template <typename T, int Rank>
View<T, Rank> Call::dense(const ReferenceOp::Operand &operand,
                          bool transposed) {
  std::array<int64_t, Rank> sizes;
  int64_t count = 1;
  for (int d = 0; d < Rank; ++d)
    count *= sizes[d] = operand.sizes[d];
  std::vector<T> &copy = storage(T{}).emplace_back(std::max<int64_t>(count, 1));
  forEachElement(operand, [&](int64_t linear, const char *at) {
    if constexpr (std::is_same_v<T, double>)
      copy[linear] = operand.format->load(at);
    else
      copy[linear] = static_cast<T>(operand.format->loadInteger(at));
  });
  return viewOf<T, Rank>(copy.data(), sizes, transposed);
}

template <int Rank>
View<double, Rank> Call::fresh(std::array<int64_t, Rank> sizes,
                               bool transposed) {
  int64_t count = 1;
  for (int64_t size : sizes)
    count *= size;
  return viewOf<double, Rank>(
      doubles.emplace_back(std::max<int64_t>(count, 1)).data(), sizes,
      transposed);
}

std::optional<View<const int64_t, 1>> Call::lengths(Slot slot) {
  const ReferenceOp::Operand *operand = find(slot);
  if (!operand || operand->format)
    return optional<int64_t, 1>(slot);
  std::vector<int64_t> &one = integers.emplace_back(1, operand->integer);
  return View<const int64_t, 1>(ref::makeView<1>(one.data(), {1}));
}

bool Call::makeProblem(bool withScore) {
  problem.query = dense<double, 4>(Slot::Query, op.transposed);
  problem.key = dense<double, 4>(Slot::Key, op.transposed);
  problem.value = dense<double, 4>(Slot::Value, op.transposed);
  problem.scale = op.scale;
  if (const auto *scale = find(Slot::DynamicScale))
    problem.scale = scale->number;
  problem.softcap = op.softcap;
  problem.windowLeft = op.windowLeft;
  problem.windowRight = op.windowRight;
  problem.bottomRight = op.bottomRight;
  problem.causalOffset = lengths(Slot::CausalOffset);
  problem.kvLen = optional<int64_t, 1>(Slot::KvLen);
  problem.qLen = optional<int64_t, 1>(Slot::QLen);
  problem.mask = optional<int8_t, 4>(Slot::Mask);
  problem.bias = optional<double, 4>(Slot::Bias);
  problem.keyScale = optional<double, 4>(Slot::KeyScale);
  problem.valueScale = optional<double, 4>(Slot::ValueScale);
  problem.pageTable = optional<int32_t, 2>(Slot::PageTable);
  auto extraKeys = [&](Slot slot) -> std::optional<View<const double, 4>> {
    if (!find(slot))
      return std::nullopt;
    return View<const double, 4>(dense<double, 4>(slot, op.transposed));
  };
  if (op.star) {
    problem.star = op.star;
    problem.star->contextLen = lengths(Slot::ContextLen);
    problem.star->anchorKey = extraKeys(Slot::AnchorKey);
    problem.star->anchorValue = extraKeys(Slot::AnchorValue);
  }
  if (op.blockLocal) {
    problem.blockLocal = op.blockLocal;
    problem.blockLocal->prefixKey = extraKeys(Slot::PrefixKey);
    problem.blockLocal->prefixValue = extraKeys(Slot::PrefixValue);
  }
  problem.sinks = optional<double, 1>(Slot::Sinks);
  auto offset = [&](Slot slot) {
    const auto *operand = find(slot);
    return operand ? operand->integer : 0;
  };
  problem.batchOffset = offset(Slot::BatchOffset);
  problem.headOffset = offset(Slot::HeadOffset);
  problem.qOffset = offset(Slot::QueryOffset);
  problem.kvOffset = offset(Slot::KeyOffset);
  op.error = ref::checkProblem(problem);
  if (!op.error.empty())
    return false;
  if (withScore)
    problem.score = readScores(Slot::Scores);
  return true;
}

ref::ScoreFn Call::readScores(Slot slot) {
  // The module has applied the region to the whole matrix already.
  View<double, 4> matrix = dense<double, 4>(slot);
  return [this, matrix](double, int64_t b, int64_t h, int64_t i, int64_t j) {
    b -= problem.batchOffset;
    int64_t column = j - problem.kvOffset;
    // Anchors of their own come after the keys.
    if (problem.anchorLen() != 0 &&
        problem.star->isInAnchor(i, j, problem.star->getContextLen(b)))
      column = problem.seqLenKv() + j;
    return matrix(b, h - problem.headOffset, i - problem.qOffset, column);
  };
}

bool Call::makeSparq(bool withScore) {
  sparq = op.sparq;
  sparq.keyT = optional<double, 5>(Slot::KeyT);
  sparq.valueMean = optional<double, 3>(Slot::ValueMean);
  if (withScore)
    sparq.approximateScore = readScores(Slot::ApproximateScores);
  op.error = ref::checkSparq(problem, sparq);
  return op.error.empty();
}

void Call::store(Slot slot, View<double, 4> matrix) {
  const ReferenceOp::Operand &target = *find(slot);
  forEachElement(target, [&](int64_t linear, char *at) {
    target.format->store(at, matrix.data[linear]);
  });
}

void Call::approximateScores() {
  if (!op.error.empty() || !makeProblem(/*withScore=*/false) ||
      !makeSparq(/*withScore=*/false))
    return;
  View<double, 4> matrix = fresh<4>({problem.batch(), problem.numHeads(),
                                     problem.seqLenQ(), problem.seqLenKv()});
  ref::sparqScores(problem, sparq, matrix);
  store(Slot::ApproximateScores, matrix);
}

void Call::scores() {
  if (!op.error.empty() || !makeProblem(/*withScore=*/false))
    return;
  View<double, 4> matrix = fresh<4>({problem.batch(), problem.numHeads(),
                                     problem.seqLenQ(), problem.numKeys()});
  ref::scores(problem, matrix);
  store(Slot::Scores, matrix);
}

static ref::Type toleranceType(Type type) {
  if (type.isF64())
    return ref::Type::F64;
  if (type.isF16())
    return ref::Type::F16;
  if (type.isBF16())
    return ref::Type::BF16;
  return ref::Type::F32;
}

template <int Rank>
void Call::finish(int64_t result, View<double, Rank> value, bool transposed,
                  bool isLse) {
  const auto *target = find(Slot::Result0, result);
  if (!target)
    return;
  if (!op.check) {
    forEachElement(*target, [&](int64_t linear, char *at) {
      target->format->store(at, value.data[linear]);
    });
    return;
  }
  if (op.comparisons.size() <= static_cast<size_t>(result)) {
    op.comparisons.resize(result + 1);
    op.resultShapes.resize(result + 1);
  }
  op.resultShapes[result] = target->sizes;
  // Inputs decide the precision where the result is an f32 accumulator.
  const auto *query = find(Slot::Query);
  ref::Type type = toleranceType(query ? query->element : target->element);
  forEachElement(*target, [&](int64_t linear, const char *at) {
    double expected = value.data[linear];
    double bound =
        isLse ? ref::lseBound(type, expected)
              : ref::outputBound(type, expected, op.maxAbsScore, op.seqLenKv);
    op.comparisons[result].add(linear, target->format->load(at), expected,
                               bound);
  });
}

/// How many keys a row may see: as many as its sum has terms.
static int64_t maxVisibleKeys(const ref::AttentionProblem &problem) {
  if (!problem.blockLocal)
    return problem.seqLenKv();
  return std::min(problem.seqLenKv(), problem.blockLocal->blockLen) +
         problem.blockLocal->prefixLen;
}

void Call::run() {
  if (!op.error.empty())
    return;
  ++op.numCalls;
  if (op.kind == ReferenceOp::Merge || op.kind == ReferenceOp::Finalize) {
    const ReferenceOp::Operand &target = *find(Slot::Result0);
    std::array<int64_t, 4> sizes;
    llvm::copy(target.sizes, sizes.begin());
    View<double, 4> output = fresh<4>(sizes, op.transposed);
    View<double, 3> lse =
        fresh<3>({output.sizes[0], output.sizes[1], output.sizes[2]});
    if (op.kind == ReferenceOp::Finalize) {
      ref::finalize(dense<double, 4>(Slot::AccIn),
                    dense<double, 3>(Slot::RowMaxIn),
                    dense<double, 3>(Slot::RowSumIn),
                    optional<double, 1>(Slot::Sinks), output, &lse);
    } else {
      std::vector<ref::Part> parts;
      auto part = [&](int64_t index) { return *find(Slot::FirstPart, index); };
      for (int64_t p = 0; p < op.numParts; ++p) {
        ReferenceOp::Operand o = part(2 * p), l = part(2 * p + 1);
        // A stacked pair has one more dimension, of parts.
        int64_t count = o.sizes.size() == 5 ? o.sizes.front() : 1;
        int64_t stepO = 0, stepL = 0;
        if (o.sizes.size() == 5) {
          stepO = o.strides.front() * o.format->bytes();
          stepL = l.strides.front() * l.format->bytes();
          for (auto *list : {&o.sizes, &o.strides, &l.sizes, &l.strides})
            list->erase(list->begin());
        }
        for (int64_t i = 0; i < count; ++i) {
          parts.push_back({dense<double, 4>(o), dense<double, 3>(l)});
          o.data += stepO;
          l.data += stepL;
        }
      }
      ref::merge(parts, output, &lse);
    }
    finish<4>(0, output, op.transposed, false);
    finish<3>(1, lse, false, true);
    return;
  }

  if (!makeProblem(op.hasScore))
    return;
  op.maxAbsScore = std::max(op.maxAbsScore, ref::maxAbsScore(problem));
  op.seqLenKv = std::max(op.seqLenKv, maxVisibleKeys(problem));
  std::array<int64_t, 3> rows = {problem.batch(), problem.numHeads(),
                                 problem.seqLenQ()};
  if (op.kind == ReferenceOp::Online) {
    View<double, 4> acc = dense<double, 4>(Slot::AccIn);
    View<double, 3> rowMax = dense<double, 3>(Slot::RowMaxIn);
    View<double, 3> rowSum = dense<double, 3>(Slot::RowSumIn);
    ref::online(problem, acc, rowMax, rowSum);
    finish<4>(0, acc, false, false);
    finish<3>(1, rowMax, false, false);
    finish<3>(2, rowSum, false, false);
    return;
  }
  bool transposed = op.transposed && op.kind != ReferenceOp::Partial;
  std::array<int64_t, 4> sizes = {rows[0], rows[1], rows[2],
                                  problem.headDimV()};
  if (transposed)
    std::swap(sizes[1], sizes[2]);
  View<double, 4> output = fresh<4>(sizes, transposed);
  if (op.kind == ReferenceOp::Sparq) {
    if (!makeSparq(op.hasScore))
      return;
    ref::sparq(problem, sparq, output);
    return finish<4>(0, output, transposed, false);
  }
  View<double, 3> lse = fresh<3>(rows);
  ref::sdpa(problem, output, &lse);
  finish<4>(0, output, transposed, false);
  finish<3>(1, lse, false, true);
}

//===----------------------------------------------------------------------===//
// What compiled code calls
//===----------------------------------------------------------------------===//

static ReferenceOp &getOp(int64_t op) {
  return *reinterpret_cast<ReferenceOp *>(static_cast<intptr_t>(op));
}

static void begin(int64_t op) { getOp(op).operands.clear(); }

/// The element types that a memref operand may have.
enum class Tag { F16, BF16, F32, F64, F8E4M3FN, F8E5M2, I1, I8, I32, I64 };

static Type getType(Tag tag, MLIRContext *context) {
  switch (tag) {
  case Tag::F16:
    return Float16Type::get(context);
  case Tag::BF16:
    return BFloat16Type::get(context);
  case Tag::F32:
    return Float32Type::get(context);
  case Tag::F64:
    return Float64Type::get(context);
  case Tag::F8E4M3FN:
    return Float8E4M3FNType::get(context);
  case Tag::F8E5M2:
    return Float8E5M2Type::get(context);
  case Tag::I1:
    return IntegerType::get(context, 1);
  case Tag::I8:
    return IntegerType::get(context, 8);
  case Tag::I32:
    return IntegerType::get(context, 32);
  case Tag::I64:
    return IntegerType::get(context, 64);
  }
  llvm_unreachable("all tags handled");
}

template <Tag tag>
static void setMemRef(int64_t op, int64_t slot, int64_t rank, int64_t *fields) {
  ReferenceOp &target = getOp(op);
  ReferenceOp::Operand operand;
  operand.element = getType(tag, target.location.getContext());
  operand.format = ElementFormat::get(operand.element);
  // Two pointers, the offset, sizes, strides.
  operand.data = reinterpret_cast<char *>(static_cast<intptr_t>(fields[1])) +
                 fields[2] * operand.format->bytes();
  operand.sizes.assign(fields + 3, fields + 3 + rank);
  operand.strides.assign(fields + 3 + rank, fields + 3 + 2 * rank);
  target.operands[slot] = std::move(operand);
}

static void setIndex(int64_t op, int64_t slot, int64_t value) {
  getOp(op).operands[slot].integer = value;
}

static void setFloat(int64_t op, int64_t slot, double value) {
  getOp(op).operands[slot].number = value;
}

static void computeScores(int64_t op) { Call(getOp(op)).scores(); }

static void computeApproximateScores(int64_t op) {
  Call(getOp(op)).approximateScores();
}

static void runOp(int64_t op) { Call(getOp(op)).run(); }

llvm::ArrayRef<HostSymbol> mlir::attn::referenceSymbols() {
  auto address = [](auto *function) {
    return reinterpret_cast<void *>(function);
  };
  static const HostSymbol symbols[] = {
      {"attn_ref_begin", address(&begin)},
      {"attn_ref_memref_f16", address(&setMemRef<Tag::F16>)},
      {"attn_ref_memref_bf16", address(&setMemRef<Tag::BF16>)},
      {"attn_ref_memref_f32", address(&setMemRef<Tag::F32>)},
      {"attn_ref_memref_f64", address(&setMemRef<Tag::F64>)},
      {"attn_ref_memref_f8E4M3FN", address(&setMemRef<Tag::F8E4M3FN>)},
      {"attn_ref_memref_f8E5M2", address(&setMemRef<Tag::F8E5M2>)},
      {"attn_ref_memref_i1", address(&setMemRef<Tag::I1>)},
      {"attn_ref_memref_i8", address(&setMemRef<Tag::I8>)},
      {"attn_ref_memref_i32", address(&setMemRef<Tag::I32>)},
      {"attn_ref_memref_i64", address(&setMemRef<Tag::I64>)},
      {"attn_ref_index", address(&setIndex)},
      {"attn_ref_float", address(&setFloat)},
      {"attn_ref_scores", address(&computeScores)},
      {"attn_ref_approximate_scores", address(&computeApproximateScores)},
      {"attn_ref_run", address(&runOp)},
  };
  return symbols;
}
