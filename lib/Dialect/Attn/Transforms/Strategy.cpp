//===- Strategy.cpp - Strategies by name ----------------------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// From `name{key=value ...}` to an attribute and back.
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Attn/Transforms/Strategy.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace mlir::attn;

//===----------------------------------------------------------------------===//
// The list. A new strategy adds its row here and a case to build and read.
//===----------------------------------------------------------------------===//

static constexpr StrategyKey kBlockwiseKeys[] = {
    {"block-size-q", "0",
     "queries of a tile, of every head of a group; 0: the target chooses"},
    {"block-size-kv", "0",
     "keys of a tile; 0: the target chooses; -1: whole ranges"},
    {"num-splits", "0",
     "ranges the keys are split in, then merged; 0: the target chooses"}};

// In the order of the enums' values.
static constexpr StringRef kStarAnchors[] = {"first", "previous"};
static constexpr StringRef kReallocs[] = {"auto", "on", "off"};
static constexpr StringRef kGroupReduces[] = {"prob", "logit"};
static constexpr StringRef kKeyLayouts[] = {"twice", "once"};
static constexpr StringRef kSparqStates[] = {"recompute", "args"};

static constexpr StrategyKey kStarKeys[] = {
    {"block-size", "0", "tokens of a context block; must be given"},
    {"anchor-size", "-1",
     "first keys that every block sees; -1: as many as a block has"},
    {"query-size", "0", "last rows that see all keys before them"},
    {"anchor", "first", "the block these keys are of", kStarAnchors}};

static constexpr StrategyKey kSparqKeys[] = {
    {"rank", "32", "components of the query that score all keys"},
    {"top-k", "128", "keys that are read in full"},
    {"local-window", "-1",
     "newest keys among these in any case; -1: a quarter of them"},
    {"realloc", "auto",
     "give the weight of other keys to the mean value; auto: if no heads share "
     "keys",
     kReallocs},
    {"group-reduce", "prob", "what heads that share keys choose by the sum of",
     kGroupReduces},
    {"layout", "twice", "keys in memory: rows and channels, or rows",
     kKeyLayouts},
    {"state", "recompute",
     "second layout and mean value: made by every call, or arguments",
     kSparqStates}};

static const StrategyInfo kStrategies[] = {
    {"dense", /*isExact=*/true, "one softmax over all keys, nothing tiled", {}},
    {"blockwise", /*isExact=*/true,
     "tiles of queries walk tiles of keys with a running softmax",
     kBlockwiseKeys},
    {"star", /*isExact=*/false,
     "prefill in blocks of context that see an anchor and themselves",
     kStarKeys},
    {"sparq", /*isExact=*/false,
     "decode steps score keys by some components and read only the best",
     kSparqKeys}};

ArrayRef<StrategyInfo> attn::getStrategies() { return kStrategies; }

/// The attribute of `info` with `values`, one a key, choices by number. A null
/// attribute if its verifier refuses them, which it says through `emitError`.
static StrategyAttrInterface
buildStrategy(const StrategyInfo &info, ArrayRef<int64_t> values,
              MLIRContext *context,
              function_ref<InFlightDiagnostic()> emitError) {
  if (info.name == "dense")
    return DenseAttr::get(context);
  if (info.name == "star") {
    auto attr =
        StarAttr::getChecked(emitError, context, values[0], values[1],
                             values[2], static_cast<StarAnchor>(values[3]));
    return attr ? StrategyAttrInterface(attr) : StrategyAttrInterface();
  }
  if (info.name == "sparq") {
    auto attr = SparqAttr::getChecked(
        emitError, context, values[0], values[1], values[2],
        static_cast<Realloc>(values[3]), static_cast<GroupReduce>(values[4]),
        static_cast<KeyLayout>(values[5]), static_cast<SparqState>(values[6]));
    return attr ? StrategyAttrInterface(attr) : StrategyAttrInterface();
  }
  auto attr = BlockwiseAttr::getChecked(emitError, context, values[0],
                                        values[1], values[2]);
  return attr ? StrategyAttrInterface(attr) : StrategyAttrInterface();
}

/// The reverse of `buildStrategy`.
static SmallVector<int64_t> readStrategy(StrategyAttrInterface attr) {
  if (auto blockwise = dyn_cast<BlockwiseAttr>(attr))
    return {blockwise.getBlockSizeQ(), blockwise.getBlockSizeKv(),
            blockwise.getNumSplits()};
  if (auto star = dyn_cast<StarAttr>(attr))
    return {star.getBlockSize(), star.getAnchorSize(), star.getQuerySize(),
            static_cast<int64_t>(star.getAnchor())};
  if (auto sparq = dyn_cast<SparqAttr>(attr))
    return {sparq.getRank(),
            sparq.getTopK(),
            sparq.getLocalWindow(),
            static_cast<int64_t>(sparq.getRealloc()),
            static_cast<int64_t>(sparq.getGroupReduce()),
            static_cast<int64_t>(sparq.getLayout()),
            static_cast<int64_t>(sparq.getState())};
  return {};
}

//===----------------------------------------------------------------------===//
// Parsing
//===----------------------------------------------------------------------===//

static constexpr StringLiteral kSpace = " \t\n";

static std::string normalize(StringRef name) {
  std::string result = name.str();
  std::replace(result.begin(), result.end(), '_', '-');
  return result;
}

template <typename Range>
static std::string listNames(const Range &range) {
  return llvm::join(
      llvm::map_range(range, [](const auto &item) { return item.name.str(); }),
      ", ");
}

/// The text between braces, or after a colon, of what follows the name.
static FailureOr<StringRef> getSettings(StringRef rest, std::string &error) {
  rest = rest.trim(kSpace);
  if (rest.empty() || rest.consume_front(":"))
    return rest;
  if (!rest.consume_front("{")) {
    error = "expects '{' or ':' after the name of a strategy, but got '" +
            rest.str() + "'";
    return failure();
  }
  if (!rest.consume_back("}") || rest.contains('{') || rest.contains('}')) {
    error = "expects one closing '}' at the end of a strategy";
    return failure();
  }
  return rest;
}

/// A number, or the number of a choice; nothing for other text.
static std::optional<int64_t> parseValue(const StrategyKey &key,
                                         StringRef text) {
  int64_t number;
  if (key.choices.empty())
    return text.getAsInteger(10, number) ? std::nullopt
                                         : std::optional<int64_t>(number);
  const StringRef *choice = llvm::find(key.choices, text);
  if (choice == key.choices.end())
    return std::nullopt;
  return choice - key.choices.begin();
}

static std::string printValue(const StrategyKey &key, int64_t value) {
  return key.choices.empty() ? std::to_string(value) : key.choices[value].str();
}

FailureOr<StrategyAttrInterface>
attn::parseStrategy(StringRef text, MLIRContext *context, std::string &error) {
  text = text.trim(kSpace);
  size_t end = text.find_first_of("{: \t\n");
  std::string name = normalize(text.take_front(end));
  const StrategyInfo *info =
      llvm::find_if(kStrategies, [&](const StrategyInfo &candidate) {
        return candidate.name == name;
      });
  if (info == std::end(kStrategies)) {
    error = "unknown strategy '" + text.take_front(end).str() +
            "'; strategies are " + listNames(getStrategies());
    return failure();
  }
  FailureOr<StringRef> settings = getSettings(text.substr(end), error);
  if (failed(settings))
    return failure();

  SmallVector<std::optional<int64_t>> values(info->keys.size());
  SmallVector<StringRef> items;
  llvm::SplitString(*settings, items, ", \t\n");
  for (StringRef item : items) {
    auto [key, value] = item.split('=');
    std::string keyName = normalize(key);
    const StrategyKey *found =
        llvm::find_if(info->keys, [&](const StrategyKey &candidate) {
          return candidate.name == keyName;
        });
    if (found == info->keys.end()) {
      error = "strategy '" + name + "' has no key '" + key.str() + "'; ";
      error += info->keys.empty() ? "it has none"
                                  : "its keys are " + listNames(info->keys);
      return failure();
    }
    std::optional<int64_t> &slot = values[found - info->keys.begin()];
    if (slot) {
      error = "strategy '" + name + "' got key '" + keyName + "' twice";
      return failure();
    }
    slot = parseValue(*found, value);
    if (!slot) {
      error = "strategy '" + name + "' expects " + keyName + "=" +
              (found->choices.empty() ? "INTEGER"
                                      : llvm::join(found->choices, "|")) +
              ", but got '" + item.str() + "'";
      return failure();
    }
  }

  SmallVector<int64_t> numbers;
  for (auto [key, value] : llvm::zip_equal(info->keys, values))
    numbers.push_back(value ? *value : *parseValue(key, key.defaultValue));
  // The attribute's own verifier has the last word; its message is the error.
  ScopedDiagnosticHandler handler(context, [&](Diagnostic &diagnostic) {
    error = "strategy '" + name + "' " + diagnostic.str();
    return success();
  });
  StrategyAttrInterface attr = buildStrategy(*info, numbers, context, [&] {
    return mlir::emitError(UnknownLoc::get(context));
  });
  if (!attr)
    return failure();
  return attr;
}

//===----------------------------------------------------------------------===//
// Printing
//===----------------------------------------------------------------------===//

std::string attn::strategyToString(StrategyAttrInterface attr) {
  std::string name = attr.getStrategyName().str();
  const StrategyInfo *info =
      llvm::find_if(kStrategies, [&](const StrategyInfo &candidate) {
        return candidate.name == name;
      });
  if (info == std::end(kStrategies))
    return name;
  SmallVector<std::string> settings;
  for (auto [key, value] : llvm::zip_equal(info->keys, readStrategy(attr)))
    if (std::string text = printValue(key, value); text != key.defaultValue)
      settings.push_back(key.name.str() + "=" + text);
  if (settings.empty())
    return name;
  return name + "{" + llvm::join(settings, " ") + "}";
}

std::string attn::describeStrategy(AttentionInterface op) {
  MLIRContext *context = op.getContext();
  StrategyAttrInterface attr;
  if (auto sdpa = dyn_cast<SdpaOp>(op.getOperation()))
    attr = sdpa.getStrategyAttr();
  // What was rewritten has its strategy behind it.
  if (auto star = dyn_cast<StarOp>(op.getOperation()))
    attr = StarAttr::get(context, star.getBlockSize(), star.getAnchorSize(),
                         /*query_size=*/0, star.getAnchor());
  if (auto sparq = dyn_cast<SparqOp>(op.getOperation()))
    attr = SparqAttr::get(
        context, sparq.getRank(), sparq.getTopK(), sparq.getLocalWindow(),
        sparq.getRealloc(), sparq.getGroupReduce(), sparq.getKeyLayout(),
        sparq.getKeyT() || sparq.getValueMean() ? SparqState::args
                                                : SparqState::recompute);
  return attr ? strategyToString(attr) : "";
}

void attn::printStrategies(raw_ostream &os) {
  for (const StrategyInfo &info : getStrategies()) {
    os << info.name << " (" << (info.isExact ? "exact" : "approximate")
       << "): " << info.summary << "\n";
    for (const StrategyKey &key : info.keys) {
      os << "    " << key.name << "=" << key.defaultValue << "  " << key.help;
      if (!key.choices.empty())
        os << " (" << llvm::join(key.choices, ", ") << ")";
      os << "\n";
    }
  }
}
