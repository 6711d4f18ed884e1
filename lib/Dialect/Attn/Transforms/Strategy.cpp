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

static const StrategyInfo kStrategies[] = {
    {"dense", /*isExact=*/true, "one softmax over all keys, nothing tiled", {}},
    {"blockwise", /*isExact=*/true,
     "tiles of queries walk tiles of keys with a running softmax",
     kBlockwiseKeys}};

ArrayRef<StrategyInfo> attn::getStrategies() { return kStrategies; }

/// The attribute of `info` with integer `values`, one a key. A null attribute
/// if its verifier refuses them, which it says through `emitError`.
static StrategyAttrInterface
buildStrategy(const StrategyInfo &info, ArrayRef<int64_t> values,
              MLIRContext *context,
              function_ref<InFlightDiagnostic()> emitError) {
  if (info.name == "dense")
    return DenseAttr::get(context);
  auto attr = BlockwiseAttr::getChecked(emitError, context, values[0],
                                        values[1], values[2]);
  return attr ? StrategyAttrInterface(attr) : StrategyAttrInterface();
}

/// The reverse of `buildStrategy`.
static SmallVector<int64_t> readStrategy(StrategyAttrInterface attr) {
  if (auto blockwise = dyn_cast<BlockwiseAttr>(attr))
    return {blockwise.getBlockSizeQ(), blockwise.getBlockSizeKv(),
            blockwise.getNumSplits()};
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
    int64_t number;
    if (value.getAsInteger(10, number)) {
      error = "strategy '" + name + "' expects " + keyName +
              "=INTEGER, but got '" + item.str() + "'";
      return failure();
    }
    slot = number;
  }

  SmallVector<int64_t> numbers;
  for (auto [key, value] : llvm::zip_equal(info->keys, values)) {
    int64_t number = 0;
    if (!value)
      key.defaultValue.getAsInteger(10, number);
    numbers.push_back(value.value_or(number));
  }
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
    if (std::to_string(value) != key.defaultValue)
      settings.push_back(key.name.str() + "=" + std::to_string(value));
  if (settings.empty())
    return name;
  return name + "{" + llvm::join(settings, " ") + "}";
}

void attn::printStrategies(raw_ostream &os) {
  for (const StrategyInfo &info : getStrategies()) {
    os << info.name << " (" << (info.isExact ? "exact" : "approximate")
       << "): " << info.summary << "\n";
    for (const StrategyKey &key : info.keys)
      os << "    " << key.name << "=" << key.defaultValue << "  " << key.help
         << "\n";
  }
}
