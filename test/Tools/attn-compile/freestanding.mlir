// A freestanding object has no undefined symbol, whatever it needs.
// RUN: rm -rf %t && split-file %s %t && cd %t
// RUN: attn-compile ok.mlir -o ok.o --freestanding
// RUN: llvm-nm -u ok.o | count 0
// RUN: llvm-readelf -S ok.o | FileCheck %s --check-prefix=SECTIONS
// No variables and no thread-local storage.
// SECTIONS-NOT: .tdata
// SECTIONS-NOT: .tbss
// SECTIONS-NOT: .data PROGBITS {{.*}} WA {{.*[1-9]}}

// Conversions that old processors lack come along, in any object.
// RUN: attn-compile ok.mlir -o v1.o --freestanding --triple=x86_64-linux-gnu --mcpu=x86-64
// RUN: llvm-nm -u v1.o | count 0
// RUN: llvm-nm v1.o | FileCheck %s --check-prefix=SOFT
// SOFT-DAG: __extendhfsf2
// SOFT-DAG: __truncsfhf2
// RUN: attn-compile ok.mlir -o hosted.o --triple=x86_64-linux-gnu --mcpu=x86-64
// RUN: llvm-nm hosted.o | FileCheck %s --check-prefix=SOFT
// Hidden, so that no program that links two notices.
// RUN: llvm-readelf -s v1.o | FileCheck %s --check-prefix=HIDDEN
// HIDDEN: WEAK HIDDEN {{.*}} __truncsfhf2
// RUN: attn-compile ok.mlir -o arm.o --freestanding --triple=aarch64-linux-gnu
// RUN: llvm-nm -u arm.o | count 0
// RUN: attn-compile ok.mlir -o bf16.s --freestanding --triple=x86_64-linux-gnu --mcpu=sapphirerapids
// RUN: FileCheck %s --check-prefix=CALLS < bf16.s
// CALLS-NOT: {{call.*(memcpy|memset|__trunc)}}

// A score region that needs the C library's mathematics.
// RUN: not attn-compile math.mlir -o math.o --freestanding 2>&1 | FileCheck %s --check-prefix=MATH
// MATH: math.mlir:6:10: error: 'math.sin' op calls 'sinf', which a freestanding object has not got
// MATH: attn-compile: error: nobody defines what a freestanding object would call: sinf
// RUN: not ls math.o
// RUN: attn-compile math.mlir -o math.o
// RUN: llvm-nm -u math.o | FileCheck %s --check-prefix=HOSTED
// HOSTED: U sinf

// Attention as linalg ops needs it, too; kernels do not.
// RUN: not attn-compile ok.mlir -o dense.o --freestanding --strategy=dense 2>&1 | FileCheck %s --check-prefix=DENSE
// DENSE: ok.mlir:5:8: error: 'attn.sdpa' op calls 'expf', which a freestanding object has not got; the strategy 'blockwise' does without
// DENSE: attn-compile: error: nobody defines what a freestanding object would call: expf

//--- ok.mlir
!q = tensor<?x4x?x64xf16>
!kv = tensor<?x2x?x64xf16>
!b = tensor<?x2x?x64xbf16>
func.func @f(%query: !q, %key: !kv, %value: !kv) -> !q {
  %0 = attn.sdpa %query, %key, %value causal : (!q, !kv, !kv) -> !q
  return %0 : !q
}
func.func @g(%query: !b, %key: !b, %value: !b) -> !b {
  %0 = attn.sdpa %query, %key, %value : (!b, !b, !b) -> !b
  return %0 : !b
}
func.func @copy(%x: tensor<?x777xf32>) -> tensor<?x777xf32> {
  return %x : tensor<?x777xf32>
}
func.func @fill() -> tensor<99999xf32> {
  %zero = arith.constant dense<0.0> : tensor<99999xf32>
  return %zero : tensor<99999xf32>
}
//--- math.mlir
!t = tensor<1x2x?x16xf32>
func.func @f(%q: !t) -> !t {
  %0 = attn.sdpa %q, %q, %q score {
  // A wave.
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %1 = math.sin %s : f32
    attn.yield %1 : f32
  } : (!t, !t, !t) -> !t
  return %0 : !t
}
