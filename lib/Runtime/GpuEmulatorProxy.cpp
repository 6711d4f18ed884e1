//===- lib/Runtime/GpuEmulatorProxy.cpp - Writes between proxies ----------===//
//
// Part of attn-mlir.
//
// wgmma and bulk copies go to shared memory by another way (the async proxy)
// than loads and stores. What a thread stores they are only sure to see once it
// has executed fence.proxy.async: until then, a copy of what they see is kept.
//
//===----------------------------------------------------------------------===//

#include "GpuEmulatorState.h"

#include <algorithm>
#include <string.h>

using namespace attn::emulator;

static int64_t firstChunk(int64_t offset) { return offset / kProxyChunk; }
static int64_t endChunk(int64_t offset, int64_t bytes) {
  return (offset + bytes + kProxyChunk - 1) / kProxyChunk;
}

extern "C" void attn_emulator_shared_store(const char *where,
                                           const void *address, int64_t bytes) {
  Launch &l = launch();
  int64_t offset = static_cast<const char *>(address) - l.view.shared;
  for (int64_t i = firstChunk(offset), e = endChunk(offset, bytes); i < e; ++i)
    if (l.unfenced[i]++ == 0)
      memcpy(l.asyncView + i * kProxyChunk, l.view.shared + i * kProxyChunk,
             kProxyChunk);
  l.current->stores.push_back({where, offset, bytes});
  ++l.numUnfenced;
}

extern "C" void attn_emulator_shared_store_matrix(const char *where,
                                                  const void *address,
                                                  int32_t num) {
  if (launch().lane() < 8 * num)
    attn_emulator_shared_store(where, address, 16);
}

extern "C" void attn_emulator_fence_async(void) {
  Launch &l = launch();
  Thread &me = *l.current;
  for (const SharedStore &store : me.stores) {
    memcpy(l.asyncView + store.offset, l.view.shared + store.offset,
           store.bytes);
    for (int64_t i = firstChunk(store.offset),
                 e = endChunk(store.offset, store.bytes);
         i < e; ++i)
      --l.unfenced[i];
  }
  l.numUnfenced -= static_cast<int64_t>(me.stores.size());
  me.stores.clear();
}

void attn::emulator::resetProxies() {
  Launch &l = launch();
  if (l.numUnfenced)
    std::fill(std::begin(l.unfenced), std::end(l.unfenced), uint16_t(0));
  l.numUnfenced = 0;
}

/// Ends the launch for bytes that a store nobody fenced is to.
[[noreturn]] static void failUnfenced(const char *where, const char *what,
                                      int64_t offset, int64_t bytes) {
  for (const Thread &thread : launch().threads)
    for (const SharedStore &store : thread.stores)
      if (store.offset < offset + bytes && offset < store.offset + store.bytes)
        fail(where,
             "%s offset %lld of shared memory, where thread %d stored at %s "
             "and did not execute fence.proxy.async",
             what, static_cast<long long>(offset), thread.tid, store.where);
  fail(where, "%s shared memory that was stored to without fence.proxy.async",
       what);
}

void attn::emulator::checkAsyncRead(const char *where, int64_t offset,
                                    int64_t bytes) {
  Launch &l = launch();
  // Only what differs: threads may store what is there already.
  for (int64_t i = firstChunk(offset), e = endChunk(offset, bytes); i < e; ++i)
    if (l.unfenced[i]) {
      int64_t begin = std::max(offset, i * kProxyChunk);
      int64_t count = std::min(offset + bytes, (i + 1) * kProxyChunk) - begin;
      if (memcmp(l.asyncView + begin, l.view.shared + begin, count))
        failUnfenced(where, "reads", begin, count);
    }
}

void attn::emulator::checkAsyncWrite(const char *where, int64_t offset,
                                     int64_t bytes) {
  for (int64_t i = firstChunk(offset), e = endChunk(offset, bytes); i < e; ++i)
    if (launch().unfenced[i])
      failUnfenced(where, "writes", i * kProxyChunk, kProxyChunk);
}
