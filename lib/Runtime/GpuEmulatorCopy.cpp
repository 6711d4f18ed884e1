//===- lib/Runtime/GpuEmulatorCopy.cpp - Asynchronous copies --------------===//
//
// Part of attn-mlir.
//
// cp.async and its groups.
//
//===----------------------------------------------------------------------===//

#include "GpuEmulatorState.h"

#include <string.h>

using namespace attn::emulator;

void attn::emulator::land(const Copy &copy) {
  if (copy.valid)
    memcpy(copy.destination, copy.source, copy.valid);
  memset(copy.destination + copy.valid, 0, copy.size - copy.valid);
  Launch &l = launch();
  if (l.numUnfenced && l.isShared(copy.destination, copy.size))
    memcpy(l.asyncView + (copy.destination - l.view.shared), copy.destination,
           copy.size);
}

bool attn::emulator::landsAtOnce() {
  Launch &l = launch();
  return l.landing == Landing::AtOnce ||
         (l.landing == Landing::Either && l.random.next() >> 31);
}

extern "C" void attn_emulator_cp_async(const char *where, void *destination,
                                       const void *source, int32_t size,
                                       int32_t valid) {
  Launch &l = launch();
  checkShared(where, destination, size, size);
  if (valid < 0 || valid > size)
    fail(where, "expects 0 to %d bytes to be read, but got %d", size, valid);
  if (reinterpret_cast<uintptr_t>(source) % size)
    fail(where, "expects a source that is a multiple of %d bytes, but got %p",
         size, source);
  Copy copy = {static_cast<char *>(destination),
               static_cast<const char *>(source), size, valid};
  if (landsAtOnce())
    return land(copy);
  // Until it is waited for, nobody knows what is there.
  memset(destination, 0xff, size);
  l.current->open.push_back(copy);
}

extern "C" void attn_emulator_cp_async_commit(void) {
  Thread &me = *launch().current;
  me.groups.push_back(std::move(me.open));
  me.open.clear();
}

void attn::emulator::landGroups(Thread &thread, size_t pending) {
  if (thread.groups.size() <= pending)
    return;
  size_t count = thread.groups.size() - pending;
  for (size_t i = 0; i < count; ++i)
    for (const Copy &copy : thread.groups[i])
      land(copy);
  thread.groups.erase(thread.groups.begin(), thread.groups.begin() + count);
  progress();
}

extern "C" void attn_emulator_cp_async_wait(int32_t pending_groups) {
  Thread &me = *launch().current;
  // wait_all also waits for what was not committed.
  if (pending_groups < 0) {
    attn_emulator_cp_async_commit();
    pending_groups = 0;
  }
  landGroups(me, static_cast<size_t>(pending_groups));
}
