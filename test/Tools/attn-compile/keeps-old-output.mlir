// A compilation that fails leaves what was there, and nothing beside it.
// RUN: rm -rf %t && mkdir %t && cd %t
// RUN: echo old > f.o && echo old > f.h
// RUN: not attn-compile %s -o f.o --header=f.h --freestanding 2>&1 | FileCheck %s
// CHECK: error: 'math.sin' op calls 'sinf', which a freestanding object has not got
// RUN: ls > list && FileCheck %s --check-prefix=FILES < list
// FILES:      f.h
// FILES-NEXT: f.o
// FILES-NEXT: list
// FILES-NOT:  {{.}}
// RUN: grep -x old f.o && grep -x old f.h
// What succeeds replaces both.
// RUN: attn-compile %s -o f.o --header=f.h
// RUN: not grep -x old f.o
// RUN: not grep -x old f.h

func.func @f(%x: f32) -> f32 {
  %0 = math.sin %x : f32
  return %0 : f32
}
