//===- KernelFacts.cpp - What became of an op in code ---------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// The process-wide listener.
//
//===----------------------------------------------------------------------===//

#include "attn/Support/KernelFacts.h"

#include <mutex>
#include <utility>

using namespace mlir::attn;

static std::mutex listenerMutex;
static std::function<void(const KernelFacts &)> kernelListener;

void mlir::attn::setKernelListener(
    std::function<void(const KernelFacts &)> listener) {
  std::lock_guard<std::mutex> guard(listenerMutex);
  kernelListener = std::move(listener);
}

void mlir::attn::tellKernelListener(const KernelFacts &facts) {
  std::lock_guard<std::mutex> guard(listenerMutex);
  if (kernelListener)
    kernelListener(facts);
}
