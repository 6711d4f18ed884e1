//===- lib/ExecutionEngine/SharedObject.h - Compiled before ---------------===//
//
// Part of attn-mlir.
//
// Opens shared objects that attn-compile made and calls their functions.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_EXECUTIONENGINE_SHAREDOBJECT_H
#define ATTN_LIB_EXECUTIONENGINE_SHAREDOBJECT_H

#include "DeviceMemory.h"

#include "attn/ExecutionEngine/Manifest.h"

namespace mlir::attn {

/// Whether the file at `path` is to be opened as a shared object: its name ends
/// in .so, or it is an ELF file.
bool isSharedObject(llvm::StringRef path);

/// An open shared object. Stays loaded until the process ends.
class SharedObject {
public:
  /// Reads the manifest, checks that this machine can run the code, and loads
  /// it. Fails for files that are damaged or not ours, without loading them.
  static llvm::Expected<SharedObject> open(MLIRContext *context,
                                           llvm::StringRef path);

  const Manifest &manifest() const { return contents; }
  /// The module it was compiled from; empty with --no-embed-ir.
  llvm::StringRef moduleText() const { return module; }
  MLIRContext *getContext() const { return context; }

  /// The address of an exported function.
  llvm::Expected<void *> lookup(llvm::StringRef name) const;

private:
  SharedObject() = default;

  MLIRContext *context = nullptr;
  std::string file, module;
  Manifest contents;
  void *handle = nullptr;
};

/// A function of a shared object, called through the C interface. The object
/// must live as long.
class SharedFunction {
public:
  static llvm::Expected<SharedFunction>
  create(const SharedObject &object, const FunctionSignature &signature);

  /// Binds the arguments of later calls, and makes room for their results and
  /// workspace. `threads`: 0 or less is as many as OpenMP would use.
  llvm::Error bind(llvm::MutableArrayRef<TensorValue> inputs, int32_t threads);

  /// Calls the function; the status is an attn_status. One on a GPU may still
  /// run then.
  int32_t call();

  /// Waits for a function on a GPU, and fetches what it wrote.
  llvm::Error finish();

  /// `status` as an error, or success.
  llvm::Error check(int32_t status) const;

  /// Copies of the results of the last call, as the module has them.
  llvm::SmallVector<TensorValue> results() const;

private:
  using Entry = int32_t (*)(const attn_tensor *, int32_t, attn_tensor *,
                            int32_t, void *, size_t, const attn_exec *);
  using ResultShapes = int32_t (*)(const attn_tensor *, int32_t, attn_tensor *,
                                   int32_t);
  using WorkspaceBytes = int32_t (*)(const attn_tensor *, int32_t,
                                     const attn_exec *, size_t *);
  using Explain = const char *(*)(const attn_tensor *, int32_t,
                                  const attn_tensor *, int32_t);
  using StatusString = const char *(*)(int32_t);
  using OpenMPExec = void (*)(attn_exec *, int32_t);
  using GpuError = const char *(*)();

  llvm::Error bindGpu(size_t workspaceBytes);

  SharedFunction() = default;

  std::string name;
  MLIRContext *context = nullptr;
  llvm::SmallVector<Type> resultTypes;
  /// Whether tensors are in the memory of a GPU.
  bool isOnGpu = false;
  /// Arguments whose new values are the module's last results.
  llvm::SmallVector<unsigned> updated;
  Entry entry = nullptr;
  ResultShapes resultShapes = nullptr;
  WorkspaceBytes workspaceBytes = nullptr;
  Explain explain = nullptr;
  StatusString statusString = nullptr;
  OpenMPExec openMPExec = nullptr;
  GpuError gpuError = nullptr;

  attn_exec exec = {};
  llvm::MutableArrayRef<TensorValue> bound;
  llvm::SmallVector<attn_tensor, 0> arguments, resultTensors;
  llvm::SmallVector<TensorValue, 0> values;
  /// No more than one value; a block of bytes.
  llvm::SmallVector<TensorValue, 1> workspace;
  /// On a GPU: tensors of arguments, then of results, then the workspace.
  llvm::SmallVector<DeviceBuffer, 0> buffers;
  void *gpuWorkspace = nullptr;
  size_t gpuWorkspaceBytes = 0;
};

} // namespace mlir::attn

#endif // ATTN_LIB_EXECUTIONENGINE_SHAREDOBJECT_H
