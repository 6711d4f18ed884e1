//===- lib/ExecutionEngine/KeyPattern.cpp - Which keys queries see --------===//
//
// Part of attn-mlir.
//
// Sums what recording code reports into the cells of a picture.
//
//===----------------------------------------------------------------------===//

#include "KeyPattern.h"

#include "attn/Dialect/Attn/Transforms/Passes.h"

#include "llvm/Support/MathExtras.h"

#include <algorithm>

using namespace mlir::attn;
using llvm::divideCeil;

/// Cells along the longer side, and those a short side gets at least.
static constexpr int64_t kMaxCells = 1024, kMinCells = 64;
/// Pairs of a cell that are asked one by one, along each side.
static constexpr int64_t kSamples = 16;

//===----------------------------------------------------------------------===//
// Cells
//===----------------------------------------------------------------------===//

PatternCell KeyPattern::getCell(int64_t row, int64_t column) const {
  const Counts &counts = cells[row * columns + column];
  auto extent = [](int64_t index, int64_t step, int64_t size) {
    return std::min(step, size - index * step);
  };
  double all = static_cast<double>(extent(row, cellQueries, seqLenQ)) *
               static_cast<double>(extent(column, cellKeys, seqLenKv));
  auto share = [](double part, double whole, double ifNone) {
    return whole > 0 ? part / whole : ifNone;
  };
  PatternCell cell;
  double plain = counts.plain, masked = counts.masked;
  cell.skipped = all - plain - masked;
  // A sliver of a range may lie between the pairs that were asked.
  double seen = masked * share(counts.maskedSeen, counts.maskedAsked, 1);
  double plainExcluded =
      plain * share(counts.plainExcluded, counts.plainSeen, 0);
  double edgeExcluded =
      seen * share(counts.maskedExcluded, counts.maskedSeen, 0);
  cell.chosen = counts.chosen;
  cell.plain = std::max(plain - plainExcluded - cell.chosen, 0.0);
  cell.edge = seen - edgeExcluded;
  cell.masked = masked - seen;
  cell.excluded = plainExcluded + edgeExcluded;
  return cell;
}

//===----------------------------------------------------------------------===//
// Recording
//===----------------------------------------------------------------------===//

static PatternRecorder *current = nullptr;

PatternRecorder::PatternRecorder(const PatternRequest &request)
    : request(request) {
  current = this;
}

PatternRecorder::~PatternRecorder() { current = nullptr; }

int64_t PatternRecorder::begin(int64_t batch, int64_t numHeads, int64_t seqLenQ,
                               int64_t seqLenKv) {
  if (pattern.executions++ > 0)
    return 0;
  auto refuse = [&](const std::string &why) {
    refusal = why;
    return 0;
  };
  if (seqLenQ <= 0 || seqLenKv <= 0)
    return refuse("it has " + std::to_string(seqLenQ) + " queries and " +
                  std::to_string(seqLenKv) + " keys: nothing to draw");
  if (request.batch >= batch)
    return refuse("--batch=" + std::to_string(request.batch) +
                  ": expected less than its batch of " + std::to_string(batch));
  if (request.head >= numHeads)
    return refuse("--head=" + std::to_string(request.head) +
                  ": expected less than its num_heads of " +
                  std::to_string(numHeads));
  pattern.batch = batch;
  pattern.numHeads = numHeads;
  pattern.seqLenQ = seqLenQ;
  pattern.seqLenKv = seqLenKv;
  int64_t longest = divideCeil(std::max(seqLenQ, seqLenKv), kMaxCells);
  auto getExtent = [&](int64_t size) {
    return std::min<int64_t>(longest, divideCeil(size, kMinCells));
  };
  pattern.cellQueries = getExtent(seqLenQ);
  pattern.cellKeys = getExtent(seqLenKv);
  pattern.rows = divideCeil(seqLenQ, pattern.cellQueries);
  pattern.columns = divideCeil(seqLenKv, pattern.cellKeys);
  pattern.queryStep = divideCeil(pattern.cellQueries, kSamples);
  pattern.keyStep = divideCeil(pattern.cellKeys, kSamples);
  pattern.tile =
      request.tile > 0 ? std::min(request.tile, seqLenQ) : pattern.cellQueries;
  pattern.cells.assign(pattern.rows * pattern.columns, KeyPattern::Counts());
  return 1;
}

int64_t PatternRecorder::getStep(int64_t which) const {
  return which == 0   ? pattern.tile
         : which == 1 ? pattern.queryStep
                      : pattern.keyStep;
}

void PatternRecorder::addRange(int64_t qLo, int64_t qHi, int64_t lo, int64_t hi,
                               bool needsMask) {
  this->needsMask = needsMask;
  if (pattern.tile > 1 && qLo < qHi &&
      (pattern.tileStarts.empty() || pattern.tileStarts.back() != qLo))
    pattern.tileStarts.push_back(qLo);
  auto member =
      needsMask ? &KeyPattern::Counts::masked : &KeyPattern::Counts::plain;
  int64_t cellQueries = pattern.cellQueries, cellKeys = pattern.cellKeys;
  for (int64_t i = qLo; i < qHi;) {
    int64_t row = i / cellQueries;
    int64_t iEnd = std::min(qHi, (row + 1) * cellQueries);
    KeyPattern::Counts *cells = &pattern.cells[row * pattern.columns];
    for (int64_t j = lo; j < hi;) {
      int64_t column = j / cellKeys;
      int64_t jEnd = std::min(hi, (column + 1) * cellKeys);
      cells[column].*member += (iEnd - i) * (jEnd - j);
      j = jEnd;
    }
    i = iEnd;
  }
}

void PatternRecorder::addPair(int64_t i, int64_t j, bool visible,
                              bool excluded) {
  KeyPattern::Counts &cell =
      pattern.cells[i / pattern.cellQueries * pattern.columns +
                    j / pattern.cellKeys];
  if (!needsMask) {
    ++cell.plainSeen;
    cell.plainExcluded += excluded;
    return;
  }
  ++cell.maskedAsked;
  cell.maskedSeen += visible;
  cell.maskedExcluded += visible && excluded;
}

void PatternRecorder::count(int64_t pairs, int64_t allPairs) {
  pattern.pairs = pairs;
  pattern.allPairs = allPairs;
}

void PatternRecorder::addChoice(int64_t j) {
  // Code that was not asked to record still chooses.
  if (pattern.executions == 1 && !pattern.cells.empty())
    ++pattern.cells[j / pattern.cellKeys].chosen;
}

//===----------------------------------------------------------------------===//
// What compiled code calls
//===----------------------------------------------------------------------===//

static int64_t recordBegin(int64_t, int64_t batch, int64_t numHeads,
                           int64_t seqLenQ, int64_t seqLenKv) {
  return current->begin(batch, numHeads, seqLenQ, seqLenKv);
}

static int64_t recordStep(int64_t which) { return current->getStep(which); }

static void recordRange(int64_t qLo, int64_t qHi, int64_t lo, int64_t hi,
                        int64_t needsMask) {
  current->addRange(qLo, qHi, lo, hi, needsMask != 0);
}

static void recordPair(int64_t i, int64_t j, int64_t visible,
                       int64_t excluded) {
  current->addPair(i, j, visible != 0, excluded != 0);
}

static void recordCount(int64_t pairs, int64_t allPairs) {
  current->count(pairs, allPairs);
}

static void recordChoice(int64_t j) { current->addChoice(j); }

llvm::SmallVector<HostSymbol> PatternRecorder::getSymbols() {
  auto symbol = [](llvm::StringRef name, auto *function) {
    return HostSymbol{name.str(), reinterpret_cast<void *>(function)};
  };
  return {symbol(kRecordBeginFunction, recordBegin),
          symbol(kRecordStepFunction, recordStep),
          symbol(kRecordRangeFunction, recordRange),
          symbol(kRecordPairFunction, recordPair),
          symbol(kRecordCountFunction, recordCount),
          symbol(kRecordChoiceFunction, recordChoice)};
}
