//===- lib/ExecutionEngine/DeviceMemory.h - Values on a GPU ---------------===//
//
// Part of attn-mlir.
//
// Memory of the first GPU of this machine, through lib/Runtime/GpuLaunch.c.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_EXECUTIONENGINE_DEVICEMEMORY_H
#define ATTN_LIB_EXECUTIONENGINE_DEVICEMEMORY_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/Error.h"

#include <cstdint>

namespace mlir::attn {

/// The capability of the first GPU, 80 for 8.0, which becomes current. A
/// MissingDevice without a driver or a GPU; `flag` is what asked for one.
llvm::Expected<int32_t> openGpu(const llvm::Twine &flag);

/// Waits for all kernels that were launched; the error of one that failed.
llvm::Error waitForGpu();

/// Seconds that the GPU takes for what `enqueue` launches.
llvm::Expected<double> timeOnGpu(llvm::function_ref<llvm::Error()> enqueue);

/// Memory of the GPU.
class DeviceBuffer {
public:
  static llvm::Expected<DeviceBuffer> create(int64_t bytes);
  DeviceBuffer(DeviceBuffer &&other);
  DeviceBuffer &operator=(DeviceBuffer &&other);
  ~DeviceBuffer();

  void *data() const { return address; }
  llvm::Error copyIn(const void *host);
  llvm::Error copyOut(void *host) const;
  /// Enqueues a copy of all of `other`, which has as many bytes.
  llvm::Error copyFrom(const DeviceBuffer &other);

private:
  DeviceBuffer() = default;

  void *address = nullptr;
  int64_t bytes = 0;
};

} // namespace mlir::attn

#endif // ATTN_LIB_EXECUTIONENGINE_DEVICEMEMORY_H
