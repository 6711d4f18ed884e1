//===- include/attn/ExecutionEngine/Jit.h - Code in memory ----------------===//
//
// Part of attn-mlir.
//
// Compiles LLVM-dialect modules for this machine and finds their functions.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_EXECUTIONENGINE_JIT_H
#define ATTN_EXECUTIONENGINE_JIT_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <memory>
#include <string>

namespace llvm {
class Module;
class raw_ostream;
} // namespace llvm

namespace mlir {
class ModuleOp;

namespace attn {

/// A function of the host that compiled code may call.
struct HostSymbol {
  std::string name;
  void *address;
};

/// How a module is compiled.
struct JitOptions {
  /// 0 to 3, as of clang.
  unsigned optLevel = 3;
  /// Called with the LLVM IR after optimisation.
  llvm::function_ref<llvm::Error(const llvm::Module &)> onOptimized;
  /// Functions besides those of Runtime and the C library.
  llvm::ArrayRef<HostSymbol> symbols;
};

/// A compiled module. Code and data live as long as this object.
class Jit {
public:
  /// The form all functions are called in: `arguments[i]` points to argument i
  /// of the LLVM function, the last one to room for its result, if it has one.
  using PackedFunction = void (*)(void **arguments);

  /// Compiles `module`, which holds ops of the LLVM dialect only, for the
  /// processor it runs on; `functions` can be looked up afterwards.
  static llvm::Expected<std::unique_ptr<Jit>>
  create(ModuleOp module, llvm::ArrayRef<std::string> functions,
         const JitOptions &options = {});
  ~Jit();

  /// The packed form of one of the functions named to `create`.
  llvm::Expected<PackedFunction> lookup(llvm::StringRef name) const;

private:
  struct Impl;
  explicit Jit(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl;
};

/// Whether the machine we run on understands `x86vector` intrinsics.
bool hostIsX86();

/// Floats of 32 bits in the widest vector register of this machine.
unsigned hostVectorWidth();

/// Vector registers of that width.
unsigned hostVectorRegisters();

} // namespace attn
} // namespace mlir

#endif // ATTN_EXECUTIONENGINE_JIT_H
