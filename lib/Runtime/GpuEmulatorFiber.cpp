//===- lib/Runtime/GpuEmulatorFiber.cpp - Flows of control ----------------===//
//
// Part of attn-mlir.
//
// Switches stacks. By hand where we can: ucontext asks the kernel for the
// signal mask at each switch, and a shuffle then takes ten times as long.
//
//===----------------------------------------------------------------------===//

#include "GpuEmulatorState.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ATTN_EMULATOR_ASAN
#include <sanitizer/common_interface_defs.h>
#endif
#endif

using namespace attn::emulator;

#ifndef ATTN_EMULATOR_UCONTEXT
// Saves what a function keeps for its caller, then takes the other stack.
extern "C" void attn_emulator_switch_stack(void **from, void *to);
__asm__(".text\n"
        ".p2align 4\n"
        ".hidden attn_emulator_switch_stack\n"
        ".globl attn_emulator_switch_stack\n"
        ".type attn_emulator_switch_stack,@function\n"
        "attn_emulator_switch_stack:\n"
        "  pushq %rbp\n"
        "  pushq %rbx\n"
        "  pushq %r12\n"
        "  pushq %r13\n"
        "  pushq %r14\n"
        "  pushq %r15\n"
        "  movq %rsp, (%rdi)\n"
        "  movq %rsi, %rsp\n"
        "  popq %r15\n"
        "  popq %r14\n"
        "  popq %r13\n"
        "  popq %r12\n"
        "  popq %rbx\n"
        "  popq %rbp\n"
        "  retq\n"
        ".size attn_emulator_switch_stack, .-attn_emulator_switch_stack\n");
#endif

void attn::emulator::startFiber(Fiber &fiber, void (*entry)()) {
#ifdef ATTN_EMULATOR_UCONTEXT
  getcontext(&fiber.context);
  fiber.context.uc_stack.ss_sp = fiber.bottom;
  fiber.context.uc_stack.ss_size = fiber.size;
  fiber.context.uc_link = nullptr;
  makecontext(&fiber.context, entry, 0);
#else
  void **top = reinterpret_cast<void **>(fiber.bottom + fiber.size);
  // A function begins with the stack pointer 8 beside a multiple of 16, and the
  // return address there: null, where a debugger stops.
  *--top = nullptr;
  *--top = reinterpret_cast<void *>(entry);
  for (int i = 0; i < 6; ++i)
    *--top = nullptr;
  fiber.stackPointer = top;
#endif
  fiber.fakeStack = nullptr;
}

void attn::emulator::switchFiber(Fiber &from, Fiber &to, bool ends) {
#ifdef ATTN_EMULATOR_ASAN
  __sanitizer_start_switch_fiber(ends ? nullptr : &from.fakeStack, to.bottom,
                                 to.size);
#else
  (void)ends;
#endif
#ifdef ATTN_EMULATOR_UCONTEXT
  swapcontext(&from.context, &to.context);
#else
  attn_emulator_switch_stack(&from.stackPointer, to.stackPointer);
#endif
#ifdef ATTN_EMULATOR_ASAN
  __sanitizer_finish_switch_fiber(from.fakeStack, nullptr, nullptr);
#endif
}

void attn::emulator::fiberStarted(Fiber &host) {
#ifdef ATTN_EMULATOR_ASAN
  const void *bottom;
  size_t size;
  __sanitizer_finish_switch_fiber(nullptr, &bottom, &size);
  // The first fiber of a block is started by the host's stack.
  if (!host.bottom) {
    host.bottom = static_cast<char *>(const_cast<void *>(bottom));
    host.size = size;
  }
#else
  (void)host;
#endif
}
