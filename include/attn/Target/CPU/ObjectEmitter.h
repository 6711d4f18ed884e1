//===- ObjectEmitter.h - LLVM dialect to machine code -----------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Modules in the LLVM dialect become optimised LLVM IR, assembly or objects,
// for any processor of x86-64 or AArch64.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_TARGET_CPU_OBJECTEMITTER_H
#define ATTN_TARGET_CPU_OBJECTEMITTER_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"
#include "llvm/TargetParser/Triple.h"

#include <memory>
#include <string>

namespace llvm {
class LLVMContext;
class Module;
class TargetMachine;
} // namespace llvm

namespace mlir::attn {

/// The processor code is generated for, as LLVM names it.
struct CpuSelection {
  llvm::Triple triple;
  std::string cpu;
  /// "+avx2,-avx512f"; empty for what `cpu` has.
  std::string features;
};

/// Checks `triple` (empty is this machine's) and `cpu` (empty is x86-64-v3 or
/// generic, "native" the processor we run on). Errors name the flag.
llvm::Expected<CpuSelection> selectCpu(llvm::StringRef triple,
                                       llvm::StringRef cpu);

/// The vector features of x86 that code for `cpu` may use, in LLVM's names.
llvm::SmallVector<std::string> listVectorFeatures(const CpuSelection &cpu);

/// A generator of position independent code for `cpu`.
llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
createTargetMachine(const CpuSelection &cpu, unsigned optLevel);

/// Translates `module`, which holds ops of the LLVM dialect only.
llvm::Expected<std::unique_ptr<llvm::Module>>
translateToLLVMIR(ModuleOp module, llvm::LLVMContext &context,
                  const llvm::TargetMachine &machine);

/// Runs LLVM's passes of level 0 to 3. `libraryCalls`: loops may become calls
/// of memcpy and the like.
void optimizeLLVMIR(llvm::Module &module, llvm::TargetMachine &machine,
                    unsigned level, bool libraryCalls = true);

/// A text that lies in a section of the object, ended by a zero byte.
struct EmbeddedText {
  std::string section;
  std::string text;
  /// Name of an exported `const char *NAME(void)` that returns it, or empty.
  std::string accessor;
};

/// What emitObject makes.
enum class ObjectKind { LLVMIR, Assembly, Object };

/// How emitObject makes it.
struct ObjectOptions {
  CpuSelection cpu;
  unsigned optLevel = 3;
  /// Leave nothing undefined, the functions of the C library included.
  bool freestanding = false;
  /// Functions that can be called from outside; all others are internal.
  llvm::SmallVector<std::string> exports;
  llvm::SmallVector<EmbeddedText> texts;
  /// Exported functions like accessors of texts that return NULL.
  llvm::SmallVector<std::string> nullAccessors;
  /// Name of the source, for the symbol table.
  std::string sourceName;
  /// Called with the LLVM IR after optimisation.
  llvm::function_ref<llvm::Error(const llvm::Module &)> onOptimized;
};

/// Machine code, and what it calls that others define.
struct EmittedObject {
  llvm::SmallVector<char, 0> bytes;
  llvm::SmallVector<std::string> undefined;
};

/// Compiles `module`, which holds ops of the LLVM dialect only. Conversions
/// that the processor lacks are part of the result. `undefined` is filled in
/// whatever the kind.
llvm::Expected<EmittedObject> emitObject(ModuleOp module, ObjectKind kind,
                                         const ObjectOptions &options);

} // namespace mlir::attn

#endif // ATTN_TARGET_CPU_OBJECTEMITTER_H
