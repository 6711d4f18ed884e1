//===- include/attn/ExecutionEngine/Manifest.h - What an object says ------===//
//
// Part of attn-mlir.
//
// The JSON text in every object: its functions and how they were compiled.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_EXECUTIONENGINE_MANIFEST_H
#define ATTN_EXECUTIONENGINE_MANIFEST_H

#include "attn/ExecutionEngine/Signature.h"

namespace mlir::attn {

/// Sections that hold the manifest and the module, each ended by a zero byte.
inline constexpr llvm::StringLiteral kManifestSection = ".attn.manifest";
inline constexpr llvm::StringLiteral kModuleSection = ".attn.module";

/// An op and the strategy it was compiled with.
struct ManifestOp {
  std::string function, op, location, strategy;
};

/// A kernel for GPUs and what its assembler said.
struct ManifestKernel {
  std::string name, arch;
  int64_t registers = 0, stackBytes = 0, spillStoreBytes = 0,
          spillLoadBytes = 0, sharedBytes = 0;
};

/// What was compiled, and for whom.
struct Manifest {
  /// "cpu", or "cuda": tensors are in the memory of a GPU.
  std::string kind = "cpu";
  /// The file name of the input, without its folder.
  std::string source;
  std::string triple, cpu;
  /// `#attn.target<...>`.
  std::string target;
  /// Features of the processor that the code may use.
  llvm::SmallVector<std::string> requiredFeatures;
  /// `--strategy`, or empty.
  std::string strategy;
  bool freestanding = false;
  /// Whether the module lies beside the manifest.
  bool hasModule = true;
  llvm::SmallVector<FunctionSignature, 0> functions;
  llvm::SmallVector<ManifestOp, 0> ops;
  /// GPUs there is code for, and the kernels as far as ptxas was there.
  llvm::SmallVector<std::string> archs;
  llvm::SmallVector<ManifestKernel, 0> kernels;
};

/// The manifest as JSON.
std::string writeManifest(const Manifest &manifest);

/// Reads what writeManifest wrote; types are made in `context`. Fails for other
/// versions of the manifest or of the C interface.
llvm::Expected<Manifest> readManifest(MLIRContext *context,
                                      llvm::StringRef text);

} // namespace mlir::attn

#endif // ATTN_EXECUTIONENGINE_MANIFEST_H
