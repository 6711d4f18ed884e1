//===- lib/ExecutionEngine/Manifest.cpp - What an object says -------------===//
//
// Part of attn-mlir.
//
// Writes and reads the JSON in objects.
//
//===----------------------------------------------------------------------===//

#include "attn/ExecutionEngine/Manifest.h"

#include "attn/Runtime/Abi.h"

#include "mlir/AsmParser/AsmParser.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/JSON.h"

using namespace mlir;
using namespace mlir::attn;
using llvm::createStringError;
using llvm::Expected;
namespace json = llvm::json;

/// Raised when the meaning of a key changes.
static constexpr int64_t kManifestVersion = 1;

//===----------------------------------------------------------------------===//
// Write
//===----------------------------------------------------------------------===//

static std::string typeText(Type type) {
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return text;
}

static void writeParameter(json::OStream &json,
                           const ParameterSignature &parameter,
                           bool isArgument) {
  Type element = getElementTypeOrSelf(parameter.type);
  std::optional<AbiElement> abi = getAbiElement(element);
  json.object([&] {
    json.attribute("name", parameter.name);
    json.attribute("source_name", parameter.sourceName);
    json.attribute("type", typeText(parameter.type));
    json.attribute("element", typeText(element));
    json.attribute("dtype", static_cast<int64_t>(abi->dtype));
    json.attributeArray("sizes", [&] {
      for (StringRef size : parameter.sizes) {
        int64_t number;
        if (size.getAsInteger(10, number))
          json.value(size);
        else
          json.value(number);
      }
    });
    json.attribute("scalar", parameter.isScalar());
    if (!parameter.shard.empty())
      json.attribute("shard", parameter.shard);
    if (!isArgument)
      return;
    json.attribute("inout", parameter.inout);
    if (!parameter.state.empty())
      json.attribute("state", parameter.state);
  });
}

/// What only objects with GPU kernels have.
static void writeGpu(json::OStream &json, const Manifest &manifest) {
  json.attributeArray("archs", [&] {
    for (const std::string &arch : manifest.archs)
      json.value(arch);
  });
  json.attributeArray("kernels", [&] {
    for (const ManifestKernel &kernel : manifest.kernels)
      json.object([&] {
        json.attribute("name", kernel.name);
        json.attribute("arch", kernel.arch);
        json.attribute("registers", kernel.registers);
        json.attribute("stack_bytes", kernel.stackBytes);
        json.attribute("spill_store_bytes", kernel.spillStoreBytes);
        json.attribute("spill_load_bytes", kernel.spillLoadBytes);
        json.attribute("static_shared_bytes", kernel.sharedBytes);
      });
  });
}

std::string mlir::attn::writeManifest(const Manifest &manifest) {
  std::string text;
  llvm::raw_string_ostream os(text);
  json::OStream json(os, /*IndentSize=*/1);
  json.object([&] {
    json.attribute("format", "attn-mlir");
    json.attribute("version", kManifestVersion);
    json.attribute("abi_version", ATTN_ABI_VERSION);
    json.attribute("llvm_version", LLVM_VERSION_STRING);
    json.attribute("source", manifest.source);
    json.attribute("kind", manifest.kind);
    json.attribute("triple", manifest.triple);
    json.attribute("mcpu", manifest.cpu);
    json.attribute("target", manifest.target);
    json.attributeArray("required_features", [&] {
      for (const std::string &feature : manifest.requiredFeatures)
        json.value(feature);
    });
    if (manifest.kind == "cuda")
      writeGpu(json, manifest);
    json.attribute("strategy", manifest.strategy);
    json.attribute("freestanding", manifest.freestanding);
    json.attribute("has_module", manifest.hasModule);
    json.attributeArray("functions", [&] {
      for (const FunctionSignature &function : manifest.functions)
        json.object([&] {
          json.attribute("name", function.name);
          json.attributeArray("arguments", [&] {
            for (const ParameterSignature &argument : function.arguments)
              writeParameter(json, argument, /*isArgument=*/true);
          });
          json.attributeArray("results", [&] {
            for (const ParameterSignature &result : function.results)
              writeParameter(json, result, /*isArgument=*/false);
          });
          json.attributeArray("ops", [&] {
            for (const ManifestOp &op : manifest.ops) {
              if (op.function != function.name)
                continue;
              json.object([&] {
                json.attribute("op", op.op);
                json.attribute("location", op.location);
                json.attribute("strategy", op.strategy);
              });
            }
          });
        });
    });
  });
  return text;
}

//===----------------------------------------------------------------------===//
// Read
//===----------------------------------------------------------------------===//

namespace {
/// Reads the parts of one manifest; the first thing that is wrong stays.
class Reader {
public:
  explicit Reader(MLIRContext *context) : context(context) {}

  void read(const json::Object &object, Manifest &manifest);

  std::string why;

private:
  std::string text(const json::Object &object, StringRef key);
  bool flag(const json::Object &object, StringRef key);
  /// Calls `each` for the objects of an array.
  void objects(const json::Object &object, StringRef key,
               llvm::function_ref<void(const json::Object &)> each);
  ParameterSignature parameter(const json::Object &object, bool isArgument);

  void fail(StringRef key) {
    if (why.empty())
      why = ("'" + key + "' is missing or not what it should be").str();
  }

  MLIRContext *context;
};
} // namespace

std::string Reader::text(const json::Object &object, StringRef key) {
  std::optional<StringRef> value = object.getString(key);
  if (!value)
    fail(key);
  return value.value_or("").str();
}

bool Reader::flag(const json::Object &object, StringRef key) {
  std::optional<bool> value = object.getBoolean(key);
  if (!value)
    fail(key);
  return value.value_or(false);
}

void Reader::objects(const json::Object &object, StringRef key,
                     llvm::function_ref<void(const json::Object &)> each) {
  const json::Array *array = object.getArray(key);
  if (!array)
    return fail(key);
  for (const json::Value &value : *array) {
    if (const json::Object *element = value.getAsObject())
      each(*element);
    else
      fail(key);
  }
}

ParameterSignature Reader::parameter(const json::Object &object,
                                     bool isArgument) {
  ParameterSignature parameter;
  parameter.name = text(object, "name");
  parameter.sourceName = text(object, "source_name");
  {
    // Wrong types are reported by us.
    ScopedDiagnosticHandler quiet(context, [](Diagnostic &) {});
    parameter.type = parseType(text(object, "type"), context);
  }
  auto canBePassed = [](Type type) {
    auto shaped = dyn_cast<ShapedType>(type);
    return getAbiElement(getElementTypeOrSelf(type)) &&
           (!shaped || (isa<RankedTensorType, MemRefType>(type) &&
                        shaped.getRank() <= ATTN_MAX_RANK));
  };
  if (!parameter.type || !canBePassed(parameter.type))
    fail("type");
  const json::Array *sizes = object.getArray("sizes");
  if (!sizes)
    fail("sizes");
  else
    for (const json::Value &size : *sizes) {
      if (std::optional<int64_t> number = size.getAsInteger())
        parameter.sizes.push_back(std::to_string(*number));
      else
        parameter.sizes.push_back(size.getAsString().value_or("").str());
    }
  parameter.shard = object.getString("shard").value_or("").str();
  if (isArgument) {
    parameter.inout = flag(object, "inout");
    parameter.state = object.getString("state").value_or("").str();
  }
  return parameter;
}

void Reader::read(const json::Object &object, Manifest &manifest) {
  manifest.kind = text(object, "kind");
  manifest.source = text(object, "source");
  manifest.triple = text(object, "triple");
  manifest.cpu = text(object, "mcpu");
  manifest.target = text(object, "target");
  manifest.strategy = text(object, "strategy");
  manifest.freestanding = flag(object, "freestanding");
  manifest.hasModule = flag(object, "has_module");
  if (const json::Array *features = object.getArray("required_features"))
    for (const json::Value &feature : *features)
      manifest.requiredFeatures.push_back(
          feature.getAsString().value_or("").str());
  else
    fail("required_features");
  objects(object, "functions", [&](const json::Object &entry) {
    FunctionSignature function;
    function.name = text(entry, "name");
    objects(entry, "arguments", [&](const json::Object &argument) {
      function.arguments.push_back(parameter(argument, /*isArgument=*/true));
    });
    objects(entry, "results", [&](const json::Object &result) {
      function.results.push_back(parameter(result, /*isArgument=*/false));
    });
    objects(entry, "ops", [&](const json::Object &op) {
      manifest.ops.push_back({function.name, text(op, "op"),
                              text(op, "location"), text(op, "strategy")});
    });
    manifest.functions.push_back(std::move(function));
  });
}

Expected<Manifest> mlir::attn::readManifest(MLIRContext *context,
                                            StringRef text) {
  Expected<json::Value> value = json::parse(text);
  if (!value)
    return createStringError("its manifest is no JSON: " +
                             llvm::toString(value.takeError()));
  const json::Object *object = value->getAsObject();
  if (!object || object->getString("format") != "attn-mlir")
    return createStringError("its manifest is not ours");
  auto check = [&](StringRef key, int64_t ours) -> llvm::Error {
    int64_t found = object->getInteger(key).value_or(-1);
    if (found == ours)
      return llvm::Error::success();
    return createStringError("its " + key + " is " + Twine(found) +
                             ", this attn-run knows " + Twine(ours));
  };
  if (llvm::Error error = check("version", kManifestVersion))
    return std::move(error);
  if (llvm::Error error = check("abi_version", ATTN_ABI_VERSION))
    return std::move(error);
  Manifest manifest;
  Reader reader(context);
  reader.read(*object, manifest);
  if (!reader.why.empty())
    return createStringError("its manifest is damaged: " + reader.why);
  return std::move(manifest);
}
