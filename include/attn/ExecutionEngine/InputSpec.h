//===- include/attn/ExecutionEngine/InputSpec.h - Command-line values -----===//
//
// Part of attn-mlir.
//
// Values written on a command line, and how they meet function arguments.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_EXECUTIONENGINE_INPUTSPEC_H
#define ATTN_EXECUTIONENGINE_INPUTSPEC_H

#include "attn/ExecutionEngine/TensorValue.h"

namespace mlir {
class MLIRContext;

namespace attn {

/// One argument of a function that can be called from outside.
struct ArgumentInfo {
  /// From the source (`%q` is "q"), else "arg0".
  std::string name;
  /// A ranked tensor or memref, or a scalar.
  Type type;
  /// Whether a call may change it (`attn.inout`, or a memref).
  bool inout = false;
};

/// Binds `specs` to `arguments`: those with a name first, the others in order.
/// A spec is `[NAME:=]@F.npy`, `[NAME:=]SHAPExTYPE=random(SEED)`, `=zeros` or
/// `=VALUE`, or a scalar `VALUE:TYPE`. Without any spec, static arguments get
/// random values with their number as seed. Every argument must be bound once,
/// with its element type and a shape that fits; errors list what is expected.
/// Communicators are for bindCommunicator, and have no specs.
llvm::Expected<llvm::SmallVector<TensorValue>>
bindInputs(MLIRContext *context, llvm::ArrayRef<std::string> specs,
           llvm::ArrayRef<ArgumentInfo> arguments);

/// The spec of one argument.
struct InputText {
  /// All of it, for messages, and without the name.
  llvm::StringRef spec, text;

  bool isGiven() const { return spec.data() != nullptr; }
};

/// Which spec each argument gets, named ones first, the others in order.
llvm::Expected<llvm::SmallVector<InputText>>
matchInputs(llvm::ArrayRef<std::string> specs,
            llvm::ArrayRef<ArgumentInfo> arguments);

/// The value of argument `position`.
llvm::Expected<TensorValue> makeInput(MLIRContext *context, InputText input,
                                      unsigned position,
                                      const ArgumentInfo &argument);

/// The sizes of a tensor argument, which is not made.
llvm::Expected<llvm::SmallVector<int64_t>>
readInputSizes(MLIRContext *context, InputText input, unsigned position,
               const ArgumentInfo &argument);

/// "no --input for argument 1 ('k') of type 2x?xf32", then `why` and the list.
llvm::Error missingInput(unsigned position,
                         llvm::ArrayRef<ArgumentInfo> arguments,
                         const llvm::Twine &why = "");

} // namespace attn
} // namespace mlir

#endif // ATTN_EXECUTIONENGINE_INPUTSPEC_H
