//===- lib/ExecutionEngine/Signature.cpp - Functions from outside ---------===//
//
// Part of attn-mlir.
//
// Names the parameters of functions, and their sizes by what attn ops make of
// them.
//
//===----------------------------------------------------------------------===//

#include "attn/ExecutionEngine/Signature.h"

#include "attn/Dialect/Attn/IR/Attn.h"
#include "attn/Dialect/Attn/Transforms/Transforms.h"

#include "llvm/ADT/EquivalenceClasses.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/TypeSwitch.h"

#include <map>

using namespace mlir;
using namespace mlir::attn;
using llvm::createStringError;
using llvm::enumerate;
using llvm::Error;
using llvm::Expected;
using llvm::zip_equal;

std::optional<AbiElement> mlir::attn::getAbiElement(Type element) {
  return llvm::TypeSwitch<Type, std::optional<AbiElement>>(element)
      .Case(
          [](Float32Type) { return AbiElement{ATTN_F32, "ATTN_F32", "float"}; })
      .Case([](Float16Type) {
        return AbiElement{ATTN_F16, "ATTN_F16", "uint16_t"};
      })
      .Case([](BFloat16Type) {
        return AbiElement{ATTN_BF16, "ATTN_BF16", "uint16_t"};
      })
      .Case([](Float64Type) {
        return AbiElement{ATTN_F64, "ATTN_F64", "double"};
      })
      .Case([](Float8E4M3FNType) {
        return AbiElement{ATTN_F8E4M3FN, "ATTN_F8E4M3FN", "uint8_t"};
      })
      .Case([](Float8E5M2Type) {
        return AbiElement{ATTN_F8E5M2, "ATTN_F8E5M2", "uint8_t"};
      })
      .Case([](CommType) {
        return AbiElement{ATTN_COMM, "ATTN_COMM", "attn_comm *"};
      })
      .Case(
          [](IndexType) { return AbiElement{ATTN_I64, "ATTN_I64", "int64_t"}; })
      .Case([](IntegerType type) -> std::optional<AbiElement> {
        if (type.isUnsignedInteger(8))
          return AbiElement{ATTN_U8, "ATTN_U8", "uint8_t"};
        if (type.isUnsigned())
          return std::nullopt;
        switch (type.getWidth()) {
        case 1:
          return AbiElement{ATTN_BOOL, "ATTN_BOOL", "uint8_t"};
        case 8:
          return AbiElement{ATTN_I8, "ATTN_I8", "int8_t"};
        case 16:
          return AbiElement{ATTN_I16, "ATTN_I16", "int16_t"};
        case 32:
          return AbiElement{ATTN_I32, "ATTN_I32", "int32_t"};
        case 64:
          return AbiElement{ATTN_I64, "ATTN_I64", "int64_t"};
        default:
          return std::nullopt;
        }
      })
      .Default([](Type) -> std::optional<AbiElement> { return std::nullopt; });
}

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

namespace {
/// Names of one C function, all different.
class NameTable {
public:
  NameTable() {
    for (StringRef name :
         {// Of the wrapper that generated headers have.
          "args", "results", "sizes", "status", "workspace", "workspace_bytes",
          "bytes", "exec",
          // Keywords of C99, C11 and C++.
          "alignas", "alignof", "and", "and_eq", "asm", "auto", "bitand",
          "bitor", "bool", "break", "case", "catch", "char", "class", "compl",
          "const", "const_cast", "constexpr", "continue", "decltype", "default",
          "delete", "do", "double", "dynamic_cast", "else", "enum", "explicit",
          "export", "extern", "false", "float", "for", "friend", "goto", "if",
          "inline", "int", "long", "mutable", "namespace", "new", "noexcept",
          "not", "not_eq", "nullptr", "operator", "or", "or_eq", "private",
          "protected", "public", "register", "reinterpret_cast", "restrict",
          "return", "short", "signed", "sizeof", "static", "static_assert",
          "static_cast", "struct", "switch", "template", "this", "thread_local",
          "throw", "true", "try", "typedef", "typeid", "typename", "union",
          "unsigned", "using", "virtual", "void", "volatile", "wchar_t",
          "while", "xor", "xor_eq",
          // Macros and types that the header brings, or compilers predefine.
          "NULL", "EOF", "errno", "assert", "linux", "unix", "size_t", "int8_t",
          "int16_t", "int32_t", "int64_t", "uint8_t", "uint16_t", "attn_tensor",
          "attn_exec", "attn_contiguous", "attn_set_contiguous", "attn_comm"})
      taken.insert(name);
  }

  /// An identifier like `wanted` that was not given before.
  std::string take(StringRef wanted) {
    std::string name;
    for (char c : wanted)
      name += llvm::isAlnum(c) ? c : '_';
    // Leading underscores belong to the implementation of C.
    if (name.empty() || !llvm::isAlpha(name.front()))
      name = "arg" + name;
    std::string unique = name;
    for (unsigned i = 2; !taken.insert(unique).second; ++i)
      unique = name + "_" + std::to_string(i);
    return unique;
  }

private:
  llvm::StringSet<> taken;
};
} // namespace

bool mlir::attn::isCFunctionName(StringRef name) {
  return name != "main" && NameTable().take(name) == name;
}

namespace {
/// A dimension of a value, which goes by its opaque pointer.
using Dimension = std::pair<const void *, unsigned>;

/// Which dimensions of a function's parameters are one size, and its name.
class SizeNames {
public:
  /// Adds `op`, if it has operands whose sizes have names.
  void addOp(Operation *op);

  /// The dimension that stands for all equal ones, and the size's name or "".
  std::pair<Dimension, StringRef> lookup(Dimension dimension);

private:
  void addAttention(AttentionInterface op);
  void addAppend(KvAppendOp op);
  void addState(Value output, Value lse, bool isBshd);
  void add(Value value, ArrayRef<StringRef> names);

  llvm::EquivalenceClasses<Dimension> classes;
  llvm::MapVector<Dimension, StringRef> names;
  /// The dimension each name was first seen at, in the op being added.
  llvm::StringMap<Dimension> ofOp;
};
} // namespace

void SizeNames::add(Value value, ArrayRef<StringRef> dims) {
  auto shaped = value ? dyn_cast<ShapedType>(value.getType()) : ShapedType();
  if (!shaped || shaped.getRank() != static_cast<int64_t>(dims.size()))
    return;
  for (auto [d, name] : enumerate(dims)) {
    Dimension dimension(value.getAsOpaquePointer(), d);
    names.insert({dimension, name});
    classes.insert(dimension);
    auto [first, isNew] = ofOp.try_emplace(name, dimension);
    if (!isNew)
      classes.unionSets(first->second, dimension);
  }
}

void SizeNames::addOp(Operation *op) {
  ofOp.clear();
  if (auto attention = dyn_cast<AttentionInterface>(op))
    addAttention(attention);
  if (auto append = dyn_cast<KvAppendOp>(op))
    addAppend(append);
  auto addResults = [&](bool isBshd) {
    addState(op->getResult(0),
             op->getNumResults() > 1 ? op->getResult(1) : Value(), isBshd);
  };
  if (auto partial = dyn_cast<PartialOp>(op);
      partial && partial->getNumResults() > 0)
    addResults(/*isBshd=*/false);
  if (auto all = dyn_cast<DistMergeOp>(op); all && all->getNumResults() > 0) {
    addState(all.getOutput(), all.getLse(), /*isBshd=*/false);
    addResults(/*isBshd=*/false);
  }
  if (auto merge = dyn_cast<MergeOp>(op);
      merge && !merge.getAlong() && merge->getNumResults() > 0) {
    for (auto [output, lse] :
         zip_equal(merge.getPartOutputs(), merge.getPartLses()))
      addState(output, lse, /*isBshd=*/false);
    addResults(merge.getLayout() == Layout::bshd);
  }
  if (auto mean = dyn_cast<RunningMeanOp>(op)) {
    for (Value value : {Value(mean.getMean()), Value(op->getResult(0))})
      add(value, {"batch", "num_kv_heads", "head_dim_v"});
  }
}

/// The pieces that a rank's attention ends in.
void SizeNames::addState(Value output, Value lse, bool isBshd) {
  SmallVector<StringRef> dims = {"batch", "num_heads", "seq_len_q",
                                 "head_dim_v"};
  add(lse, ArrayRef(dims).take_front(3));
  if (isBshd)
    std::swap(dims[1], dims[2]);
  add(output, dims);
}

void SizeNames::addAppend(KvAppendOp op) {
  auto rows = [&](StringRef length, StringRef dim) {
    SmallVector<StringRef> dims = {"batch", "num_kv_heads", length, dim};
    if (op.getLayout() == Layout::bshd)
      std::swap(dims[1], dims[2]);
    return dims;
  };
  add(op.getNewKey(), rows("tokens", "head_dim"));
  add(op.getNewValue(), rows("tokens", "head_dim_v"));
  // The size of a cache is the seq_len_kv of ops that read it.
  for (Value key : {Value(op.getKey()), Value(op->getResult(0))})
    add(key, rows("seq_len_kv", "head_dim"));
  for (Value value : {Value(op.getValue()), Value(op->getResult(1))})
    add(value, rows("seq_len_kv", "head_dim_v"));
  if (op.getKeyT())
    for (Value keyT : {Value(op.getKeyT()), Value(op->getResult(2))})
      add(keyT, {"batch", "num_kv_heads", "num_tiles", "head_dim", ""});
  add(op.getPos(), {"batch"});
}

void SizeNames::addAttention(AttentionInterface op) {
  auto layout = [&](StringRef first, StringRef heads, StringRef length,
                    StringRef dim) {
    SmallVector<StringRef> dims = {first, heads, length, dim};
    if (op.getHeadAxis() == 2)
      std::swap(dims[1], dims[2]);
    return dims;
  };
  add(op.getQuery(), layout("batch", "num_heads", "seq_len_q", "head_dim"));
  bool paged = op.isPaged();
  StringRef first = paged ? "num_pages" : "batch";
  StringRef length = paged ? "page_size" : "seq_len_kv";
  add(op.getKey(), layout(first, "num_kv_heads", length, "head_dim"));
  add(op.getValue(), layout(first, "num_kv_heads", length, "head_dim_v"));
  add(op.getPageTable(), {"batch", "pages_per_sequence"});
  add(op.getKvLen(), {"batch"});
  add(op.getQLen(), {"batch"});
  add(op.getCausalOffset(), {"batch"});
  // Sizes of masks, biases and scales may be 1: they are their own.
  TypeSwitch<Operation *>(op.getOperation())
      .Case<SdpaOp, StarOp, BlockLocalOp>([&](auto layerA) {
        add(layerA.getSinks(), {"num_heads"});
        add(layerA.getOutput(),
            layout("batch", "num_heads", "seq_len_q", "head_dim_v"));
        add(layerA.getLse(), {"batch", "num_heads", "seq_len_q"});
      });
  if (auto star = dyn_cast<StarOp>(op.getOperation())) {
    add(star.getContextLen(), {"batch"});
    add(star.getAnchorKey(),
        layout("batch", "num_kv_heads", "anchors", "head_dim"));
    add(star.getAnchorValue(),
        layout("batch", "num_kv_heads", "anchors", "head_dim_v"));
  }
  if (auto local = dyn_cast<BlockLocalOp>(op.getOperation())) {
    add(local.getPrefixKey(),
        layout("batch", "num_kv_heads", "prefixes", "head_dim"));
    add(local.getPrefixValue(),
        layout("batch", "num_kv_heads", "prefixes", "head_dim_v"));
  }
  if (auto sparq = dyn_cast<SparqOp>(op.getOperation())) {
    add(sparq.getKeyT(),
        {"batch", "num_kv_heads", "num_tiles", "head_dim", ""});
    add(sparq.getValueMean(), {"batch", "num_kv_heads", "head_dim_v"});
    add(sparq.getOutput(),
        layout("batch", "num_heads", "seq_len_q", "head_dim_v"));
  }
}

std::pair<Dimension, StringRef> SizeNames::lookup(Dimension dimension) {
  auto leader = classes.findLeader(dimension);
  if (leader == classes.member_end())
    return {dimension, ""};
  return {*leader, names.lookup(*leader)};
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

/// "keys, dim = 2": the attribute without its name.
static std::string describeShard(ShardAttr shard) {
  std::string text;
  llvm::raw_string_ostream(text) << shard;
  StringRef body = text;
  body.consume_front("#attn.shard<");
  body.consume_back(">");
  return body.str();
}

/// What the result `value` is, by the op that computes it.
static std::string nameResult(Value value, unsigned number) {
  Operation *op = value ? value.getDefiningOp() : nullptr;
  if (isa_and_nonnull<SdpaOp, StarOp, BlockLocalOp, SparqOp, MergeOp,
                      DistMergeOp>(op))
    return cast<OpResult>(value).getResultNumber() == 0 ? "output" : "lse";
  return "result" + std::to_string(number);
}

static Error checkParameter(const PublicFunction &function, const Twine &what,
                            Type type) {
  auto fail = [&](const Twine &why) {
    return createStringError("function '" + function.name + "': " + what +
                             " has type " + describeType(type) + ": " + why);
  };
  auto shaped = dyn_cast<ShapedType>(type);
  if (shaped && shaped.getRank() > ATTN_MAX_RANK)
    return fail("the C interface passes tensors of rank " +
                Twine(ATTN_MAX_RANK) + " at most");
  if (!getAbiElement(getElementTypeOrSelf(type)))
    return fail("the C interface has no such element type");
  return Error::success();
}

/// Gives dynamic sizes of `parameters` their names.
static void nameSizes(SizeNames &sizes, NameTable &names, ValueRange values,
                      MutableArrayRef<ParameterSignature> parameters,
                      std::map<Dimension, std::string> &given,
                      SmallVectorImpl<std::string> *order) {
  for (auto [value, parameter] : zip_equal(values, parameters)) {
    auto shaped = dyn_cast<ShapedType>(parameter.type);
    if (!shaped)
      continue;
    for (auto [d, size] : enumerate(shaped.getShape())) {
      if (!ShapedType::isDynamic(size)) {
        parameter.sizes.push_back(std::to_string(size));
        continue;
      }
      auto [dimension, name] =
          sizes.lookup({value ? value.getAsOpaquePointer() : &parameter,
                        static_cast<unsigned>(d)});
      std::string &text = given[dimension];
      if (text.empty()) {
        text = name.empty()
                   ? names.take(parameter.name + "_size" + Twine(d).str())
                   : names.take(name);
        if (order)
          order->push_back(text);
      }
      parameter.sizes.push_back(text);
    }
  }
}

Expected<SmallVector<FunctionSignature, 0>>
mlir::attn::describeFunctions(const ModuleSource &source) {
  SmallVector<FunctionSignature, 0> signatures;
  for (const PublicFunction &function : source.functions) {
    FunctionSignature signature;
    signature.name = function.name;
    func::FuncOp func = source.lookup(function.name);
    // With branches nothing says which op computes a result.
    SmallVector<Value> returned(function.results.size());
    if (func.getBody().hasOneBlock())
      returned.assign(func.front().getTerminator()->operand_begin(),
                      func.front().getTerminator()->operand_end());
    NameTable names;
    // A parameter may not hide the function from its wrapper.
    for (StringRef suffix : {"", "_result_shapes", "_workspace_bytes"})
      names.take((function.name + suffix).str());
    for (auto [i, info] : enumerate(function.arguments)) {
      if (Error error =
              checkParameter(function, "argument " + Twine(i), info.type))
        return std::move(error);
      ParameterSignature parameter;
      parameter.name = names.take(info.name);
      parameter.sourceName = info.name;
      parameter.type = info.type;
      parameter.inout = info.inout;
      if (Attribute state = func.getArgAttr(i, kStateAttrName)) {
        auto text = dyn_cast<StringAttr>(state);
        if (text)
          parameter.state = text.str();
        else
          llvm::raw_string_ostream(parameter.state) << state;
      }
      if (auto shard = func.getArgAttrOfType<ShardAttr>(i, kShardAttrName))
        parameter.shard = describeShard(shard);
      signature.arguments.push_back(std::move(parameter));
    }
    // New values of arguments that are updated in place are no results of C.
    FailureOr<SmallVector<InoutPair>> inouts = getInoutPairs(func);
    if (failed(inouts))
      return createStringError("function '" + function.name +
                               "' cannot be called from C");
    size_t numResults = function.results.size() - inouts->size();
    for (auto [i, type] :
         enumerate(ArrayRef(function.results).take_front(numResults))) {
      if (Error error = checkParameter(function, "result " + Twine(i), type))
        return std::move(error);
      ParameterSignature parameter;
      parameter.sourceName = nameResult(returned[i], i);
      parameter.name = names.take(parameter.sourceName);
      parameter.type = type;
      if (auto shard = func.getResultAttrOfType<ShardAttr>(i, kShardAttrName))
        parameter.shard = describeShard(shard);
      signature.results.push_back(std::move(parameter));
    }

    SizeNames sizes;
    func.walk([&](Operation *op) { sizes.addOp(op); });
    std::map<Dimension, std::string> given;
    nameSizes(sizes, names, func.getArguments(), signature.arguments, given,
              &signature.dynamicSizes);
    nameSizes(sizes, names, ArrayRef(returned).take_front(numResults),
              signature.results, given, nullptr);
    signatures.push_back(std::move(signature));
  }
  return signatures;
}
