//===- KernelReport.cpp - What holds a kernel up --------------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Every shape is computed, but not every shape is fast; none is slow silently.
//
//===----------------------------------------------------------------------===//

#include "KernelReport.h"

#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "attn/Support/KernelFacts.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::attn;

/// Columns beyond which the sums of a panel leave the L1 cache.
static constexpr int64_t kMaxFastColumns = 256;

static std::string toString(Location loc) {
  std::string text;
  llvm::raw_string_ostream os(text);
  if (auto file = dyn_cast<FileLineColLoc>(loc))
    os << file.getFilename().getValue() << ":" << file.getLine() << ":"
       << file.getColumn();
  else
    os << loc;
  return text;
}

/// Operands whose elements are read one at a time.
static void addStrided(AttentionInterface op, std::vector<std::string> &slow) {
  std::pair<StringRef, Value> operands[] = {{"query", op.getQuery()},
                                            {"key", op.getKey()},
                                            {"value", op.getValue()},
                                            {"mask", op.getMask()},
                                            {"bias", op.getBias()}};
  for (auto [name, operand] : operands)
    if (operand && !hasContiguousRows(operand))
      slow.push_back(("reads " + name +
                      " one element at a time, because its innermost stride "
                      "is not known to be 1; copy it to rows of adjacent "
                      "elements first")
                         .str());
}

static void addColumns(AttentionInterface op, std::vector<std::string> &slow) {
  std::pair<StringRef, int64_t> sizes[] = {{"head_dim", op.getHeadDim()},
                                           {"head_dim_v", op.getHeadDimV()}};
  for (auto [name, size] : sizes) {
    std::string is = (name + " of " + Twine(size)).str();
    if (size % 8)
      slow.push_back("moves the last columns of a row one by one, because a " +
                     is + " is not a multiple of 8; pad it with zeros");
    if (size > kMaxFastColumns)
      slow.push_back("keeps a panel outside of the L1 cache, because of a " +
                     is + "; at most " + std::to_string(kMaxFastColumns) +
                     " stays inside");
  }
}

static void addRegion(AttentionInterface op, ScoreRegion::Lanes lanes,
                      std::vector<std::string> &slow) {
  Operation *scalar = ScoreRegion::findScalarOp(op, lanes);
  if (!scalar)
    return;
  slow.push_back(("applies the score region to one score at a time, because '" +
                  scalar->getName().getStringRef() +
                  "' has no form for vectors; use elementwise ops, such as "
                  "arith.select for a branch")
                     .str());
}

/// What every kernel tells of an op.
static KernelFacts getFacts(Operation *op) {
  KernelFacts facts;
  if (auto function = op->getParentOfType<FunctionOpInterface>())
    facts.function = function.getName().str();
  facts.location = toString(op->getLoc());
  return facts;
}

static void tell(Operation *op, const KernelFacts &facts) {
  for (const std::string &reason : facts.slow)
    op->emitRemark() << "the kernel " << reason;
  tellKernelListener(facts);
}

void attn::reportSparqKernel(SparqStepOp op, int64_t lanes, int64_t tile,
                             bool readsChannels) {
  KernelFacts facts = getFacts(op);
  auto attention = cast<AttentionInterface>(op.getOperation());
  facts.scheme = "sparq";
  facts.lanes = lanes;
  facts.rows = *getStaticGroupSize(attention);
  facts.tile = facts.block = tile;
  if (op.getKeyT() && !readsChannels)
    facts.slow.push_back(
        "reads whole keys instead of channels of key_t, which must be floats "
        "without a scale, with tiles of a multiple of " +
        std::to_string(4 * lanes) + " adjacent keys");
  addStrided(attention, facts.slow);
  for (auto [name, size] : {std::pair{"head_dim", attention.getHeadDim()},
                            std::pair{"head_dim_v", attention.getHeadDimV()}})
    if (size % lanes)
      facts.slow.push_back("copies the chosen rows, because a " +
                           std::string(name) + " of " + std::to_string(size) +
                           " is not a multiple of " + std::to_string(lanes) +
                           "; pad it with zeros");
  if (attention.hasScore())
    addRegion(attention, ScoreRegion::Lanes::Keys, facts.slow);
  tell(op, facts);
}

void attn::reportLocalKernel(BlockLocalStepOp op, int64_t lanes,
                             int64_t rowTile, int64_t keyTile) {
  KernelFacts facts = getFacts(op);
  auto attention = cast<AttentionInterface>(op.getOperation());
  facts.scheme = "local";
  facts.lanes = lanes;
  facts.rows = rowTile;
  facts.tile = keyTile;
  facts.block = op.getBlockLen() + op.getNumPrefixKeys();
  addStrided(attention, facts.slow);
  for (auto [name, size] : {std::pair{"head_dim", attention.getHeadDim()},
                            std::pair{"head_dim_v", attention.getHeadDimV()}})
    if (size % lanes)
      facts.slow.push_back("moves the last columns of a row in pieces, because "
                           "a " +
                           std::string(name) + " of " + std::to_string(size) +
                           " is not a multiple of " + std::to_string(lanes) +
                           "; pad it with zeros");
  tell(op, facts);
}

void attn::reportKernel(AttentionInterface op, const KernelShape *panel,
                        const DecodeShape *decode) {
  KernelFacts facts = getFacts(op);
  facts.scheme = !decode ? "panel" : panel ? "decode or panel" : "decode";
  if (decode) {
    facts.lanes = decode->lanes;
    facts.rows = decode->capacity;
    facts.tile = decode->rowTile;
    facts.block = decode->block;
  }
  if (panel) {
    facts.lanes = panel->lanes;
    facts.rows = panel->panel();
    facts.tile = panel->tile;
    facts.block = panel->block;
  }

  addStrided(op, facts.slow);
  addColumns(op, facts.slow);
  if (op.hasScore())
    addRegion(op, panel ? ScoreRegion::Lanes::Rows : ScoreRegion::Lanes::Keys,
              facts.slow);
  if (panel) {
    if (panel->block < panel->getFullBlock())
      facts.slow.push_back(
          "updates sums every " + std::to_string(panel->block) +
          " keys instead of " + std::to_string(panel->getFullBlock()) +
          ", so that scratch stays in the L2 cache; use a smaller head_dim");
    int64_t queries = op.getQuery().getType().getDimSize(op.getSeqAxis());
    std::optional<int64_t> group = getStaticGroupSize(op);
    if (group && !ShapedType::isDynamic(queries) && queries > 0 &&
        *group * queries < panel->panel())
      facts.slow.push_back(
          "uses " + std::to_string(*group * queries) + " of " +
          std::to_string(panel->panel()) +
          " lanes, because that many query rows share a key head; tile with a "
          "larger block-size-q");
  }
  tell(op, facts);
}
