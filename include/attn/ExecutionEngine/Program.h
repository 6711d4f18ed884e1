//===- include/attn/ExecutionEngine/Program.h - Compile and call ----------===//
//
// Part of attn-mlir.
//
// From the text of a module to a function that can be called with values.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_EXECUTIONENGINE_PROGRAM_H
#define ATTN_EXECUTIONENGINE_PROGRAM_H

#include "attn/ExecutionEngine/InputSpec.h"
#include "attn/ExecutionEngine/Jit.h"
#include "attn/ExecutionEngine/TensorValue.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace llvm {
class MemoryBuffer;
} // namespace llvm

namespace mlir {
class DialectRegistry;
class MLIRContext;

namespace attn {

struct GpuArch;

/// Registers every dialect and extension a module may use.
void registerRunDialects(DialectRegistry &registry);

/// A function of a module that can be called from outside.
struct PublicFunction {
  std::string name;
  llvm::SmallVector<ArgumentInfo> arguments;
  llvm::SmallVector<Type> results;
};

/// A parsed module and what can be called in it.
struct ModuleSource {
  OwningOpRef<ModuleOp> module;
  llvm::SmallVector<PublicFunction, 0> functions;
  /// The text it was parsed from; printed again if it was bytecode.
  std::string text;

  /// The function of this name, or null.
  func::FuncOp lookup(llvm::StringRef name) const;
};

/// Parses a module; locations name the buffer. Parser diagnostics go to
/// stderr.
/// Fails without a public function.
llvm::Expected<ModuleSource>
parseModule(MLIRContext *context, std::unique_ptr<llvm::MemoryBuffer> buffer);

/// The same for a file, "-" for stdin.
llvm::Expected<ModuleSource> parseModuleFile(MLIRContext *context,
                                             llvm::StringRef path);

/// A parsed module with one of its functions chosen.
struct Source {
  OwningOpRef<ModuleOp> module;
  std::string function;
  llvm::SmallVector<ArgumentInfo> arguments;
  llvm::SmallVector<Type> results;
  /// The last arguments that are state (`attn.state`), and all of the module if
  /// there are any: NAME_prepare makes them.
  size_t numStates = 0;
  OwningOpRef<ModuleOp> whole;

  /// The chosen function.
  func::FuncOp func() const;
};

/// Whether `function` has types only that values can be made of.
llvm::Error checkTypes(const PublicFunction &function);

/// Chooses the function `name` of the module parsed from `path`; without a name
/// the only public one, or `main`.
llvm::Expected<Source> chooseFunction(ModuleSource source, llvm::StringRef path,
                                      llvm::StringRef name);

/// What a program is compiled for.
enum class ProgramTarget {
  Cpu,
  /// GPU kernels, which the processor we run on emulates.
  CudaEmulated
};

/// How a program is compiled.
struct CompileOptions {
  ProgramTarget target = ProgramTarget::Cpu;
  /// What is emulated, if the module does not say.
  const GpuArch *arch = nullptr;
  /// What replaces attn ops, e.g. "blockwise{block-size-q=64}"; empty leaves
  /// the choice to the compiler.
  std::string strategy;
  /// A folder for the IR after each stage; empty for none.
  std::string dumpStages;
  /// 0 to 3.
  unsigned optLevel = 3;
  /// Run parallel loops on several threads.
  bool parallel = true;
  /// Count what is loaded of each argument: calls kCountLoadsFunction.
  bool countLoads = false;
  /// Functions of the host that the module declares and calls.
  llvm::ArrayRef<HostSymbol> symbols;
};

/// A compiled function. One call at a time, in the whole process: the memory
/// of compiled code is shared.
class Program {
public:
  /// Compiles a copy of `source` for this machine.
  static llvm::Expected<std::unique_ptr<Program>>
  compile(const Source &source, const CompileOptions &options);
  ~Program();

  /// Binds the arguments of later invocations. The values must live on and are
  /// changed in place where an argument is inout.
  void bind(llvm::MutableArrayRef<TensorValue> inputs);

  /// Calls the function; its results stay in its own memory, or that of inout
  /// arguments, until the next call.
  void invoke();

  /// Copies of the results of the last call.
  llvm::Expected<llvm::SmallVector<TensorValue>> results() const;

private:
  Program();

  std::unique_ptr<Jit> jit;
  Jit::PackedFunction function = nullptr;
  /// Results that the function returns, and arguments that are the others.
  llvm::SmallVector<Type> resultTypes;
  llvm::SmallVector<unsigned> updated;
  llvm::MutableArrayRef<TensorValue> bound;
  /// Offsets of the results in the struct the function returns.
  llvm::SmallVector<size_t> resultOffsets;
  /// Fields of the memref descriptors, and what the packed function takes.
  llvm::SmallVector<int64_t, 0> fields;
  llvm::SmallVector<void *, 0> packed;
  llvm::SmallVector<char, 0> returned;
};

} // namespace attn
} // namespace mlir

#endif // ATTN_EXECUTIONENGINE_PROGRAM_H
