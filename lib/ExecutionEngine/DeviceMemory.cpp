//===- lib/ExecutionEngine/DeviceMemory.cpp - Values on a GPU -------------===//
//
// Part of attn-mlir.
//
// Memory of the first GPU of this machine, through lib/Runtime/GpuLaunch.c.
//
//===----------------------------------------------------------------------===//

#include "DeviceMemory.h"

#include "attn/ExecutionEngine/Communicator.h"
#include "attn/Runtime/Abi.h"
#include "attn/Runtime/GpuLaunch.h"

#include <optional>
#include <utility>

using namespace mlir::attn;
using llvm::createStringError;
using llvm::Error;
using llvm::Expected;

/// `status` of the runtime as an error, or success.
static Error checkGpu(int32_t status) {
  if (status == ATTN_OK)
    return Error::success();
  return createStringError(llvm::StringRef(attn_gpu_error()));
}

Expected<int32_t> mlir::attn::openGpu(const llvm::Twine &flag) {
  int32_t capability = 0;
  if (attn_gpu_open(&capability) != ATTN_OK)
    return llvm::make_error<MissingDevice>(
        (flag + ": " + attn_gpu_error()).str());
  return capability;
}

Error mlir::attn::waitForGpu() { return checkGpu(attn_gpu_synchronize()); }

Expected<double> mlir::attn::timeOnGpu(llvm::function_ref<Error()> enqueue) {
  struct Call {
    llvm::function_ref<Error()> enqueue;
    std::optional<Error> error;
  } call{enqueue, std::nullopt};
  double seconds = 0;
  int32_t status = attn_gpu_time(
      [](void *opaque) -> int32_t {
        auto *call = static_cast<Call *>(opaque);
        Error error = call->enqueue();
        if (!error)
          return ATTN_OK;
        call->error = std::move(error);
        return ATTN_ERROR_CHECK;
      },
      &call, &seconds);
  if (call.error)
    return std::move(*call.error);
  if (Error error = checkGpu(status))
    return std::move(error);
  return seconds;
}

Expected<DeviceBuffer> DeviceBuffer::create(int64_t bytes) {
  DeviceBuffer buffer;
  buffer.bytes = bytes;
  if (Error error = checkGpu(attn_gpu_alloc(&buffer.address, bytes)))
    return std::move(error);
  return buffer;
}

DeviceBuffer::DeviceBuffer(DeviceBuffer &&other)
    : address(std::exchange(other.address, nullptr)), bytes(other.bytes) {}

DeviceBuffer &DeviceBuffer::operator=(DeviceBuffer &&other) {
  std::swap(address, other.address);
  std::swap(bytes, other.bytes);
  return *this;
}

DeviceBuffer::~DeviceBuffer() { attn_gpu_free(address); }

Error DeviceBuffer::copyIn(const void *host) {
  return checkGpu(attn_gpu_copy_in(address, host, bytes));
}

Error DeviceBuffer::copyFrom(const DeviceBuffer &other) {
  return checkGpu(attn_gpu_copy(address, other.address, bytes));
}

Error DeviceBuffer::copyOut(void *host) const {
  return checkGpu(attn_gpu_copy_out(host, address, bytes));
}
