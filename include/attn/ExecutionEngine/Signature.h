//===- include/attn/ExecutionEngine/Signature.h - Functions from outside --===//
//
// Part of attn-mlir.
//
// What callers of a compiled function have to know, by name.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_EXECUTIONENGINE_SIGNATURE_H
#define ATTN_EXECUTIONENGINE_SIGNATURE_H

#include "attn/ExecutionEngine/Program.h"
#include "attn/Runtime/Abi.h"

namespace mlir::attn {

/// An argument or result.
struct ParameterSignature {
  /// An identifier of C and C++, unlike those of all other parameters and
  /// sizes of the function.
  std::string name;
  /// The name in the module.
  std::string sourceName;
  Type type;
  /// A number for each static size, a name for each dynamic one. Sizes that
  /// must be equal have one name.
  llvm::SmallVector<std::string> sizes;
  bool inout = false;
  /// What `attn.state` says, or empty.
  std::string state;
  /// What `attn.shard` says, or empty.
  std::string shard;

  /// Whether this is a scalar and not a tensor of rank 0.
  bool isScalar() const { return !isa<ShapedType>(type); }
};

/// A function that can be called from outside. Its results are those of C: in
/// the module, the new values of `inout` tensors follow.
struct FunctionSignature {
  std::string name;
  llvm::SmallVector<ParameterSignature, 0> arguments, results;
  /// The names of dynamic sizes of arguments, each once, in their order.
  llvm::SmallVector<std::string> dynamicSizes;
};

/// Describes the functions of `source`, whose attn ops give sizes their names.
/// Fails for types that Abi.h has no way to pass.
llvm::Expected<llvm::SmallVector<FunctionSignature, 0>>
describeFunctions(const ModuleSource &source);

/// Whether C and C++ programs can declare and call a function of this name.
bool isCFunctionName(llvm::StringRef name);

/// How Abi.h passes elements of a type.
struct AbiElement {
  attn_dtype dtype;
  /// The enumerator, as in "ATTN_F32".
  const char *dtypeName;
  /// The C type of an element; bits where C has none.
  const char *cType;
};

/// The form of `element`, or nothing where Abi.h has none.
std::optional<AbiElement> getAbiElement(Type element);

} // namespace mlir::attn

#endif // ATTN_EXECUTIONENGINE_SIGNATURE_H
