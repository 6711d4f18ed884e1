//===- lib/ExecutionEngine/InputSpec.cpp - Command-line values ------------===//
//
// Part of attn-mlir.
//
// Values written on a command line, and how they meet function arguments.
//
//===----------------------------------------------------------------------===//

#include "attn/ExecutionEngine/InputSpec.h"

#include "attn/Dialect/Attn/IR/Attn.h"

#include "mlir/AsmParser/AsmParser.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/ADT/StringExtras.h"

#include <cstring>

using namespace llvm;
using namespace mlir;
using namespace mlir::attn;

/// `text` as a type, without a message when it is none.
static Type parseQuietly(StringRef text, MLIRContext *context) {
  ScopedDiagnosticHandler silence(context, [](Diagnostic &) {});
  return mlir::parseType(text, context);
}

static Error specError(StringRef spec, const Twine &why) {
  return createStringError("--input='" + spec + "': " + why);
}

/// Writes the number `text` to every element of `value`.
static Error fillNumber(TensorValue &value, StringRef spec, StringRef text) {
  const ElementFormat &format = value.format();
  if (format.isFloat()) {
    double number;
    if (!to_float(text, number))
      return specError(spec, "'" + text +
                                 "' is not a number, 'zeros' or "
                                 "'random(SEED)'");
    value.fill(number);
    return Error::success();
  }
  int64_t number;
  if (format.isBool() && (text == "true" || text == "false")) {
    number = text == "true";
  } else if (text.getAsInteger(0, number)) {
    uint64_t large;
    if (format.bytes() != 8 || text.getAsInteger(0, large))
      return specError(spec, "'" + text +
                                 "' is not an integer that fits, "
                                 "'zeros' or 'random(SEED)'");
    number = static_cast<int64_t>(large);
  }
  char stored[8] = {};
  format.storeInteger(stored, number);
  // i8 also takes 128..255, as bits.
  if (format.loadInteger(stored) != number &&
      !(format.bytes() < 8 && number >= 0 && !format.isBool() &&
        isUIntN(format.bytes() * 8, number)))
    return specError(spec, Twine(number) + " does not fit the type " +
                               describeType(value.element()));
  for (int64_t i = 0, e = value.numElements(); i < e; ++i)
    std::memcpy(value.data() + i * format.bytes(), stored, format.bytes());
  return Error::success();
}

static Expected<TensorValue> parseScalar(MLIRContext *context, StringRef spec,
                                         StringRef text) {
  auto [number, typeText] = text.rsplit(':');
  Type type = parseQuietly(typeText.trim(), context);
  if (!type || !type.isIntOrIndexOrFloat())
    return specError(spec, "'" + typeText.trim() + "' is not a scalar type");
  Expected<TensorValue> value = TensorValue::create(type, {}, true);
  if (!value)
    return specError(spec, toString(value.takeError()));
  if (Error error = fillNumber(*value, spec, number.trim()))
    return error;
  return value;
}

/// The type that the text of a tensor gives before `=`.
static Expected<RankedTensorType>
parseTensorType(MLIRContext *context, StringRef spec, StringRef text) {
  StringRef typeText = text.split('=').first.trim();
  auto type = dyn_cast_or_null<RankedTensorType>(
      parseQuietly(("tensor<" + typeText + ">").str(), context));
  if (!type)
    return specError(spec, "'" + typeText +
                               "' is not a shape and a type, e.g. 2x128xf32");
  if (!type.hasStaticShape())
    return specError(spec, "write a number for every '?'");
  return type;
}

static Expected<TensorValue> parseTensor(MLIRContext *context, StringRef spec,
                                         StringRef text) {
  Expected<RankedTensorType> type = parseTensorType(context, spec, text);
  if (!type)
    return type.takeError();
  StringRef init = text.split('=').second.trim();
  Expected<TensorValue> value =
      TensorValue::create(type->getElementType(), type->getShape());
  if (!value)
    return specError(spec, toString(value.takeError()));
  if (init == "zeros")
    return value;
  StringRef seedText = init;
  if (seedText.consume_front("random(") && seedText.consume_back(")")) {
    uint64_t seed;
    if (seedText.trim().getAsInteger(0, seed))
      return specError(spec, "the seed '" + seedText +
                                 "' is not a non-negative integer");
    value->fillRandom(seed);
    return value;
  }
  if (Error error = fillNumber(*value, spec, init))
    return error;
  return value;
}

/// The name before `:=`, removed from `text`; empty if there is none.
static StringRef takeName(StringRef &text) {
  size_t at = text.find(":=");
  StringRef name = text.take_front(at == StringRef::npos ? 0 : at).trim();
  name.consume_front("%");
  if (name.empty() || !llvm::all_of(name, [](char c) {
        return isAlnum(c) || c == '_' || c == '-' || c == '.' || c == '$';
      }))
    return {};
  text = text.drop_front(at + 2);
  return name;
}

/// "argument 1 ('k') of type 2x?xf32".
static std::string describe(unsigned position, const ArgumentInfo &argument) {
  return ("argument " + Twine(position) + " ('" + argument.name +
          "') of type " + describeType(argument.type))
      .str();
}

static std::string listArguments(ArrayRef<ArgumentInfo> arguments) {
  std::string text = "the function takes ";
  if (arguments.empty())
    return text + "no arguments";
  interleave(
      arguments,
      [&](const ArgumentInfo &argument) {
        text += argument.name + ": " + describeType(argument.type);
      },
      [&] { text += ", "; });
  return text;
}

/// Checks a shape and an element type against an argument; `found` says what
/// they are.
static Error checkFits(Type element, ArrayRef<int64_t> sizes, bool isScalar,
                       const Twine &found, StringRef spec, unsigned position,
                       const ArgumentInfo &argument) {
  auto mismatch = [&] {
    return createStringError("--input='" + spec + "': expected " +
                             describe(position, argument) + ", found " + found +
                             (isScalar ? " (a scalar)" : ""));
  };
  auto shaped = dyn_cast<ShapedType>(argument.type);
  if (isScalar != !shaped || element != getElementTypeOrSelf(argument.type))
    return mismatch();
  if (!shaped)
    return Error::success();
  if (shaped.getRank() != static_cast<int64_t>(sizes.size()))
    return mismatch();
  for (auto [expected, actual] : zip_equal(shaped.getShape(), sizes))
    if (!ShapedType::isDynamic(expected) && expected != actual)
      return mismatch();
  return Error::success();
}

/// The array in a file, as the element type of `argument`.
static Expected<TensorValue> loadFile(StringRef spec, StringRef path,
                                      unsigned position,
                                      const ArgumentInfo &argument) {
  Expected<NpyArray> array = readNpy(path);
  if (!array)
    return array.takeError();
  Type element = getElementTypeOrSelf(argument.type);
  std::optional<ElementFormat> format = ElementFormat::get(element);
  if (!format || !format->accepts(array->dtype)) {
    std::string shape;
    for (int64_t size : array->shape)
      shape += std::to_string(size) + "x";
    return createStringError("--input='" + spec + "': expected " +
                             describe(position, argument) + ", found " + shape +
                             array->dtype.name());
  }
  bool scalar = !isa<ShapedType>(argument.type) && array->shape.empty();
  Expected<TensorValue> value =
      TensorValue::create(element, array->shape, scalar);
  if (!value)
    return value.takeError();
  std::memcpy(value->data(), array->data.data(), array->data.size());
  if (format->isBool()) // Compiled code reads 0 or 1.
    for (char &byte : MutableArrayRef(value->data(), value->numBytes()))
      byte = byte != 0;
  return value;
}

static Expected<TensorValue> parseSpec(MLIRContext *context, StringRef spec,
                                       StringRef text, unsigned position,
                                       const ArgumentInfo &argument) {
  if (text.starts_with("@"))
    return loadFile(spec, text.drop_front(), position, argument);
  if (text.contains('='))
    return parseTensor(context, spec, text);
  if (text.contains(':'))
    return parseScalar(context, spec, text);
  return specError(spec, "expected @FILE.npy, SHAPExTYPE=random(SEED), "
                         "SHAPExTYPE=zeros, SHAPExTYPE=VALUE or VALUE:TYPE");
}

/// A communicator that is still to be bound.
static Expected<TensorValue> noCommunicator(Type type) {
  return TensorValue::create(type, {}, /*isScalar=*/true);
}

static Expected<SmallVector<TensorValue>>
randomInputs(ArrayRef<ArgumentInfo> arguments) {
  SmallVector<TensorValue> values;
  for (auto [position, argument] : enumerate(arguments)) {
    if (isa<CommType>(argument.type)) {
      Expected<TensorValue> comm = noCommunicator(argument.type);
      if (!comm)
        return comm.takeError();
      values.push_back(std::move(*comm));
      continue;
    }
    auto shaped = dyn_cast<ShapedType>(argument.type);
    if (!shaped || !shaped.hasStaticShape())
      return createStringError(
          "no --input given, and " + describe(position, argument) +
          " is not a tensor of static shape; " + listArguments(arguments));
    Expected<TensorValue> value =
        TensorValue::create(shaped.getElementType(), shaped.getShape());
    if (!value)
      return value.takeError();
    value->fillRandom(position);
    values.push_back(std::move(*value));
  }
  return values;
}

Expected<SmallVector<InputText>>
attn::matchInputs(ArrayRef<std::string> specs,
                  ArrayRef<ArgumentInfo> arguments) {
  SmallVector<InputText> matched(arguments.size());
  SmallVector<InputText> unnamed;
  for (StringRef spec : specs) {
    StringRef text = spec;
    StringRef name = takeName(text);
    if (name.empty()) {
      unnamed.push_back({spec, text});
      continue;
    }
    const auto *found = find_if(
        arguments, [&](const ArgumentInfo &arg) { return arg.name == name; });
    unsigned position = found - arguments.begin();
    if (found == arguments.end() &&
        (!name.consume_front("arg") || name.getAsInteger(10, position) ||
         position >= arguments.size()))
      return specError(spec, "no such argument; " + listArguments(arguments));
    if (isa<CommType>(arguments[position].type))
      return specError(spec, describe(position, arguments[position]) +
                                 " is given by attn-run: the ranks that mpirun "
                                 "started, or this process alone");
    if (matched[position].isGiven())
      return specError(spec, describe(position, arguments[position]) +
                                 " is already given");
    matched[position] = {spec, text};
  }
  unsigned next = 0;
  for (InputText input : unnamed) {
    while (next < matched.size() &&
           (matched[next].isGiven() || isa<CommType>(arguments[next].type)))
      ++next;
    if (next == matched.size())
      return specError(input.spec,
                       "one input too many; " + listArguments(arguments));
    matched[next] = input;
  }
  return matched;
}

Expected<TensorValue> attn::makeInput(MLIRContext *context, InputText input,
                                      unsigned position,
                                      const ArgumentInfo &argument) {
  Expected<TensorValue> value =
      parseSpec(context, input.spec, input.text, position, argument);
  if (!value)
    return value.takeError();
  if (Error error =
          checkFits(value->element(), value->shape(), value->isScalar(),
                    value->typeString(), input.spec, position, argument))
    return std::move(error);
  return value;
}

Expected<SmallVector<int64_t>>
attn::readInputSizes(MLIRContext *context, InputText input, unsigned position,
                     const ArgumentInfo &argument) {
  if (input.text.starts_with("@") || !input.text.contains('=')) {
    Expected<TensorValue> value = makeInput(context, input, position, argument);
    if (!value)
      return value.takeError();
    return SmallVector<int64_t>(value->shape());
  }
  auto type = parseTensorType(context, input.spec, input.text);
  if (!type)
    return type.takeError();
  // What it is filled with is looked at all the same, in one element.
  std::string one = "1x";
  llvm::raw_string_ostream(one)
      << type->getElementType() << '=' << input.text.split('=').second;
  if (Expected<TensorValue> value = parseTensor(context, input.spec, one);
      !value)
    return value.takeError();
  if (Error error = checkFits(type->getElementType(), type->getShape(),
                              /*isScalar=*/false, describeType(*type),
                              input.spec, position, argument))
    return std::move(error);
  return SmallVector<int64_t>(type->getShape());
}

Error attn::missingInput(unsigned position, ArrayRef<ArgumentInfo> arguments,
                         const Twine &why) {
  return createStringError("no --input for " +
                           describe(position, arguments[position]) + why +
                           "; " + listArguments(arguments));
}

Expected<SmallVector<TensorValue>>
attn::bindInputs(MLIRContext *context, ArrayRef<std::string> specs,
                 ArrayRef<ArgumentInfo> arguments) {
  if (specs.empty())
    return randomInputs(arguments);
  auto matched = matchInputs(specs, arguments);
  if (!matched)
    return matched.takeError();
  // What is wrong with a spec is said before what is missing.
  SmallVector<std::optional<TensorValue>> bound(arguments.size());
  for (auto [position, input] : enumerate(*matched)) {
    const ArgumentInfo &argument = arguments[position];
    bool isComm = isa<CommType>(argument.type);
    if (!isComm && !input.isGiven())
      continue;
    Expected<TensorValue> value =
        isComm ? noCommunicator(argument.type)
               : makeInput(context, input, position, argument);
    if (!value)
      return value.takeError();
    bound[position] = std::move(*value);
  }
  SmallVector<TensorValue> values;
  for (auto [position, value] : enumerate(bound)) {
    if (!value)
      return missingInput(position, arguments);
    values.push_back(std::move(*value));
  }
  return values;
}
