//===- lib/ExecutionEngine/CHeader.cpp - Headers of objects ---------------===//
//
// Part of attn-mlir.
//
// Writes declarations of compiled functions, and wrappers with plain pointers
// and sizes for callers whose arrays have no gaps.
//
//===----------------------------------------------------------------------===//

#include "CHeader.h"

#include "attn/Dialect/Attn/IR/Attn.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::attn;
using llvm::createStringError;
using llvm::enumerate;
using llvm::Expected;
using llvm::formatv;
using llvm::raw_ostream;

// The texts of include/attn/Runtime, embedded when we are built.
extern const unsigned char attn_abi_text[];
extern const unsigned long attn_abi_text_size;
extern const unsigned char attn_abi_helpers_text[];
extern const unsigned long attn_abi_helpers_text_size;

extern const unsigned char attn_comm_text[];
extern const unsigned long attn_comm_text_size;

static StringRef embedded(const unsigned char *bytes, unsigned long size) {
  return StringRef(reinterpret_cast<const char *>(bytes), size);
}

/// `text` as it may stand in a comment.
static std::string commentText(StringRef text) {
  std::string safe;
  for (char c : text)
    safe += c == '*' ? '+' : llvm::isPrint(c) ? c : ' ';
  return safe;
}

static AbiElement elementOf(const ParameterSignature &parameter) {
  return *getAbiElement(getElementTypeOrSelf(parameter.type));
}

/// Whether callers pass a communicator: an address.
static bool isCommunicator(const ParameterSignature &parameter) {
  return isa<CommType>(parameter.type);
}

/// "f32 [batch, 8, seq_len_q, 64]", or "index" for a scalar.
static std::string describe(const ParameterSignature &parameter) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << getElementTypeOrSelf(parameter.type);
  if (!parameter.isScalar()) {
    os << " [";
    llvm::interleaveComma(parameter.sizes, os);
    os << "]";
  }
  if (!parameter.state.empty())
    os << ", state " << parameter.state;
  if (!parameter.shard.empty())
    os << ", of this rank: " << parameter.shard;
  return text;
}

static void writeComment(const Manifest &manifest,
                         const FunctionSignature &function, raw_ostream &os) {
  size_t width = 0;
  for (const ParameterSignature &argument : function.arguments)
    width = std::max(width, argument.name.size());
  for (const ParameterSignature &result : function.results)
    width = std::max(width, result.name.size());
  auto line = [&](const ParameterSignature &parameter, StringRef direction) {
    os << " *   " << llvm::left_justify(parameter.name, width) << "  "
       << llvm::left_justify(direction, 5) << "  "
       << commentText(describe(parameter)) << '\n';
  };
  os << "/* " << function.name << " of " << commentText(manifest.source)
     << ". Every argument is required.\n *\n";
  for (const ParameterSignature &argument : function.arguments)
    line(argument, argument.inout ? "inout" : "in");
  for (const ParameterSignature &result : function.results)
    line(result, "out");
  bool first = true;
  for (const ManifestOp &op : manifest.ops) {
    if (op.function != function.name)
      continue;
    os << (first ? " *\n" : "") << " * " << op.op << " at "
       << commentText(op.location) << (op.strategy.empty() ? "" : ": ")
       << commentText(op.strategy) << '\n';
    first = false;
  }
  os << " */\n";
}

static void writeDeclarations(StringRef name, raw_ostream &os) {
  os << "int32_t " << name
     << "(const attn_tensor *args, int32_t n_args, attn_tensor *results,\n"
        "    int32_t n_results, void *workspace, size_t workspace_bytes,\n"
        "    const attn_exec *exec);\n"
     << "int32_t " << name
     << "_result_shapes(const attn_tensor *args, int32_t n_args,\n"
        "    attn_tensor *results, int32_t n_results);\n"
     << "int32_t " << name
     << "_workspace_bytes(const attn_tensor *args, int32_t n_args,\n"
        "    const attn_exec *exec, size_t *bytes);\n"
     << "const char *" << name
     << "_explain(const attn_tensor *args, int32_t n_args,\n"
        "    const attn_tensor *results, int32_t n_results);\n";
}

/// The parameter of a wrapper for one argument or result.
static std::string declare(const ParameterSignature &parameter, bool isResult) {
  AbiElement element = elementOf(parameter);
  if (isCommunicator(parameter))
    return "attn_comm *" + parameter.name;
  if (parameter.isScalar() && !isResult && !parameter.inout)
    return formatv("{0} {1}", element.cType, parameter.name);
  bool written = isResult || parameter.inout;
  return formatv("{0}{1} *{2}", written ? "" : "const ", element.cType,
                 parameter.name);
}

/// `args[i] = ...;` for all arguments; `sizesOnly`: without data.
static void writeArguments(const FunctionSignature &function, bool sizesOnly,
                           raw_ostream &os) {
  for (auto [i, argument] : enumerate(function.arguments)) {
    size_t rank = argument.sizes.size();
    bool byValue = argument.isScalar() && !argument.inout;
    std::string data =
        sizesOnly && !byValue
            ? "NULL"
            : (byValue && !isCommunicator(argument) ? "&" : "") + argument.name;
    for (auto [d, size] : enumerate(argument.sizes))
      os << "  sizes[" << d << "] = " << size << ";\n";
    os << formatv("  args[{0}] = attn_contiguous({1}, {2}, {3}, {4});\n", i,
                  data, elementOf(argument).dtypeName, rank,
                  rank == 0 ? "NULL" : "sizes");
  }
}

static void writeList(ArrayRef<std::string> parameters, raw_ostream &os) {
  os << "(\n    ";
  llvm::interleave(parameters, os, ",\n    ");
  os << ") {\n";
}

/// Local variables of a wrapper.
static void writeLocals(const FunctionSignature &function, bool results,
                        raw_ostream &os) {
  if (llvm::any_of(function.arguments, [](const ParameterSignature &argument) {
        return !argument.sizes.empty();
      }))
    os << "  int64_t sizes[ATTN_MAX_RANK];\n";
  if (!function.arguments.empty())
    os << "  attn_tensor args[" << function.arguments.size() << "];\n";
  if (results && !function.results.empty())
    os << "  attn_tensor results[" << function.results.size() << "];\n"
       << "  int32_t status;\n";
}

static void writeWrappers(const FunctionSignature &function, raw_ostream &os) {
  size_t numArguments = function.arguments.size();
  size_t numResults = function.results.size();
  std::string args =
      formatv("{0}, {1}", numArguments ? "args" : "NULL", numArguments);
  std::string results =
      formatv("{0}, {1}", numResults ? "results" : "NULL", numResults);
  SmallVector<std::string> sizes;
  for (const std::string &size : function.dynamicSizes)
    sizes.push_back("int64_t " + size);

  // Scalars may decide about the workspace; data of tensors does not.
  SmallVector<std::string> parameters;
  for (const ParameterSignature &argument : function.arguments)
    if (argument.isScalar() && !argument.inout)
      parameters.push_back(declare(argument, /*isResult=*/false));
  parameters.append(sizes);
  parameters.append({"const attn_exec *exec", "size_t *bytes"});
  os << "/* The bytes of workspace that " << function.name
     << "_call needs. */\n"
     << "static inline int32_t " << function.name << "_call_workspace_bytes";
  writeList(parameters, os);
  writeLocals(function, /*results=*/false, os);
  writeArguments(function, /*sizesOnly=*/true, os);
  os << "  return " << function.name << "_workspace_bytes(" << args
     << ", exec, bytes);\n}\n\n";

  parameters.clear();
  for (const ParameterSignature &argument : function.arguments)
    parameters.push_back(declare(argument, /*isResult=*/false));
  for (const ParameterSignature &result : function.results)
    parameters.push_back(declare(result, /*isResult=*/true));
  parameters.append(sizes);
  parameters.append(
      {"void *workspace", "size_t workspace_bytes", "const attn_exec *exec"});
  os << "/* " << function.name
     << " on row-major arrays without gaps. NULL for exec: serially. */\n"
     << "static inline int32_t " << function.name << "_call";
  writeList(parameters, os);
  writeLocals(function, /*results=*/true, os);
  writeArguments(function, /*sizesOnly=*/false, os);
  if (numResults > 0) {
    os << "  status = " << function.name << "_result_shapes(" << args << ", "
       << results << ");\n"
       << "  if (status != ATTN_OK)\n    return status;\n";
    for (auto [i, result] : enumerate(function.results))
      os << "  attn_set_contiguous(&results[" << i << "]);\n"
         << "  results[" << i << "].data = " << result.name << ";\n";
  }
  os << "  return " << function.name << "(" << args << ", " << results
     << ",\n      workspace, workspace_bytes, exec);\n}\n\n";
}

/// What callers of functions on GPUs have to know besides.
static void writeGpuNotes(const Manifest &manifest, raw_ostream &os) {
  os << "/* For NVIDIA GPUs: " << llvm::join(manifest.archs, ", ")
     << ". The data of tensors, arguments and results, and\n"
        " * the workspace are in a GPU's memory; scalars are in the host's. "
        "Kernels that read\n"
        " * 16 bytes at a time ask for data and strides at multiples of them "
        "(ATTN_ERROR_ALIGNMENT).\n"
        " * Functions return when their kernels are "
        "launched, on\n"
        " * exec->stream, a CUstream. Elements of tensors are not checked: "
        "lengths and\n"
        " * positions out of range are brought into it. After "
        "ATTN_ERROR_DEVICE "
        "the function\n"
        " * below says what went wrong on this thread. Objects (.o) hold all "
        "they need; link\n"
        " * -ldl where the C library has no dlopen. */\n"
        "#ifdef __cplusplus\nextern \"C\" {\n#endif\n"
        "const char *attn_gpu_error(void);\n"
        "#ifdef __cplusplus\n}\n#endif\n\n";
}

Expected<std::string> mlir::attn::writeCHeader(const Manifest &manifest) {
  llvm::StringSet<> taken;
  for (const FunctionSignature &function : manifest.functions) {
    if (!isCFunctionName(function.name))
      return createStringError("--header: function '" + function.name +
                               "' cannot be declared in C; rename it");
    for (StringRef suffix : {"", "_result_shapes", "_workspace_bytes",
                             "_explain", "_call", "_call_workspace_bytes"})
      if (!taken.insert((function.name + suffix).str()).second)
        return createStringError("--header: two functions would be called '" +
                                 function.name + suffix + "'; rename one");
  }
  std::string guard = "ATTN_GENERATED";
  for (const FunctionSignature &function : manifest.functions)
    guard += "_" + function.name;
  guard += "_H";

  bool hasRanks =
      llvm::any_of(manifest.functions, [](const FunctionSignature &function) {
        return llvm::any_of(function.arguments, isCommunicator);
      });

  std::string text;
  llvm::raw_string_ostream os(text);
  os << "/* Written by attn-compile from " << commentText(manifest.source)
     << ". Do not edit. */\n\n#ifndef " << guard << "\n#define " << guard
     << "\n\n"
     << embedded(attn_abi_text, attn_abi_text_size) << '\n'
     << embedded(attn_abi_helpers_text, attn_abi_helpers_text_size);
  if (hasRanks)
    os << '\n' << embedded(attn_comm_text, attn_comm_text_size);
  os << "\n#if ATTN_ABI_VERSION != " << ATTN_ABI_VERSION
     << "\n#error \"headers of different versions of "
        "attn-compile\"\n#endif\n\n";
  if (manifest.kind == "cuda")
    writeGpuNotes(manifest, os);
  os << "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n";
  for (const FunctionSignature &function : manifest.functions) {
    writeComment(manifest, function, os);
    writeDeclarations(function.name, os);
    os << '\n';
    writeWrappers(function, os);
  }
  os << "#ifdef __cplusplus\n} /* extern \"C\" */\n#endif\n\n#endif /* "
     << guard << " */\n";
  return text;
}
