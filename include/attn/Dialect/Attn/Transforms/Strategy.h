//===- Strategy.h - Strategies by name --------------------------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// The one parser of strategy strings: pass options, `--strategy` of the tools
// and of Python all come here.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_ATTN_TRANSFORMS_STRATEGY_H
#define ATTN_DIALECT_ATTN_TRANSFORMS_STRATEGY_H

#include "attn/Dialect/Attn/IR/Attn.h"

namespace mlir::attn {

/// One key of a strategy.
struct StrategyKey {
  /// As it is printed; `_` is read as `-`.
  StringRef name;
  StringRef defaultValue;
  StringRef help;
  /// The words that may be the value; none for a number.
  ArrayRef<StringRef> choices = {};
};

/// What can be asked for by name.
struct StrategyInfo {
  StringRef name;
  /// Equals dense attention up to rounding.
  bool isExact;
  StringRef summary;
  ArrayRef<StrategyKey> keys;
};

/// All strategies, in the order they are listed.
ArrayRef<StrategyInfo> getStrategies();

/// The attribute that `text` asks for: `blockwise`, `blockwise{block-size-q=64
/// num-splits=2}` or `blockwise:block-size-q=64,num-splits=2`, keys separated
/// by commas or spaces, `-` and `_` alike. On failure `error` says what was
/// expected, without a full stop.
FailureOr<StrategyAttrInterface>
parseStrategy(StringRef text, MLIRContext *context, std::string &error);

/// `attr` as `parseStrategy` reads it, keys at their defaults left out.
std::string strategyToString(StrategyAttrInterface attr);

/// The strategy that `op` asks for, or was made of; empty if there is none.
std::string describeStrategy(AttentionInterface op);

/// The strategies with their keys, a line each: `--list-strategies`.
void printStrategies(raw_ostream &os);

} // namespace mlir::attn

#endif // ATTN_DIALECT_ATTN_TRANSFORMS_STRATEGY_H
