//===- lib/ExecutionEngine/UndefinedSymbols.cpp - What objects need -------===//
//
// Part of attn-mlir.
//
// Traces undefined symbols of an object back to ops of its source.
//
//===----------------------------------------------------------------------===//

#include "UndefinedSymbols.h"

#include "attn/Dialect/Attn/IR/Attn.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using llvm::createStringError;
using llvm::Error;

/// The function of libm for f64 that `op` may become, or "".
static StringRef getMathFunction(Operation *op) {
  if (isa<arith::RemFOp>(op))
    return "fmod";
  StringRef name = op->getName().getStringRef();
  if (!name.consume_front("math."))
    return "";
  return llvm::StringSwitch<StringRef>(name)
      .Case("absf", "fabs")
      .Cases({"powf", "fpowi"}, "pow")
      .Case("rsqrt", "sqrt")
      .Case("sincos", "sin")
      .Default(name);
}

/// `symbol` without the "f" of f32 functions, if it is one of libm's.
static StringRef getMathBase(StringRef symbol) {
  static constexpr StringLiteral kFunctions[] = {
      "acos",      "acosh", "asin",     "asinh", "atan",      "atan2", "atanh",
      "cbrt",      "ceil",  "copysign", "cos",   "cosh",      "erf",   "erfc",
      "exp",       "exp10", "exp2",     "expm1", "fabs",      "floor", "fma",
      "fmax",      "fmin",  "fmod",     "log",   "log10",     "log1p", "log2",
      "nearbyint", "pow",   "rint",     "round", "roundeven", "sin",   "sincos",
      "sinh",      "sqrt",  "tan",      "tanh",  "trunc"};
  if (llvm::is_contained(kFunctions, symbol))
    return symbol;
  StringRef base = symbol;
  if (base.consume_back("f") && llvm::is_contained(kFunctions, base))
    return base;
  return "";
}

/// Whether a hosted object may call `symbol`.
static bool isLibrary(StringRef symbol) {
  return llvm::is_contained({"memcpy", "memmove", "memset"}, symbol) ||
         !getMathBase(symbol).empty();
}

/// The op of `source` that needs `symbol`, or null.
static Operation *findUser(ModuleOp source, StringRef symbol) {
  Operation *user = nullptr;
  StringRef base = getMathBase(symbol);
  source.walk([&](Operation *op) {
    auto call = dyn_cast<func::CallOp>(op);
    bool matches = call ? call.getCallee() == symbol
                        : !base.empty() && getMathFunction(op) == base;
    if (!matches)
      return WalkResult::advance();
    user = op;
    return WalkResult::interrupt();
  });
  return user;
}

Error mlir::attn::checkUndefinedSymbols(ModuleOp source,
                                        ArrayRef<std::string> undefined,
                                        bool freestanding, bool launches) {
  SmallVector<StringRef> refused;
  for (StringRef symbol : undefined)
    // The linker makes the table that PIC on other processors goes through.
    if (symbol != "_GLOBAL_OFFSET_TABLE_" &&
        !(launches && (symbol == "attn_gpu_launch" ||
                       symbol == "attn_gpu_encode_tensor_map" ||
                       symbol == "attn_gpu_arch")) &&
        (freestanding || !isLibrary(symbol)))
      refused.push_back(symbol);
  if (refused.empty())
    return Error::success();
  StringRef what = freestanding ? "a freestanding object" : "an object";
  for (StringRef symbol : refused) {
    if (Operation *user = findUser(source, symbol)) {
      emitError(user->getLoc(), "'")
          << user->getName() << "' op calls '" << symbol << "', which " << what
          << " has not got";
      continue;
    }
    // Kernels have mathematics of their own, the portable lowering has not.
    attn::AttentionInterface op;
    if (!getMathBase(symbol).empty())
      source.walk([&](attn::AttentionInterface found) {
        op = found;
        return WalkResult::interrupt();
      });
    if (op)
      emitError(op.getLoc(), "'")
          << op->getName() << "' op calls '" << symbol << "', which " << what
          << " has not got; the strategy 'blockwise' does without";
  }
  return createStringError("nobody defines what " + what +
                           " would call: " + llvm::join(refused, ", "));
}
