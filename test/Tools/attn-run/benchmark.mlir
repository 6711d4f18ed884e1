// The table's rows; nothing here asserts a time.
// RUN: attn-run %s --function=attention --benchmark=2 --threads=1 \
// RUN:   | FileCheck %s --check-prefixes=CHECK,WORK
// RUN: attn-run %s --function=copy --benchmark=2 --threads=1 \
// RUN:   | FileCheck %s --check-prefixes=CHECK,NOWORK
// CHECK: threads 1, repetitions 2
// CHECK: time {{[0-9.]+}} {{[0-9.]+}} ms
// CHECK: f32 FMA limit {{.*}} GFLOP/s
// WORK-NOT: bf16
// WORK: counted work {{.*}} GFLOP/s
// WORK: share of FMA limit {{.*}} %
// NOWORK-NOT: counted
// CHECK: read limit, same inputs {{.*}} GB/s
// WORK: counted bytes {{.*}} GB/s
// WORK: share of read limit {{.*}} %
// NOWORK-NOT: counted
// What the code loaded of each argument, beside its size.
// WORK: loaded of its size
// WORK: loads of q {{[0-9.]+ +[0-9.]+}} MB
// WORK: loads of all {{.*}} MB, of counted bytes
// NOWORK: loads of x {{ *}}0.524 {{ *}}2.000 MB
// NOWORK: loads of all {{ *}}0.524 MB
func.func @attention(%q: tensor<1x2x256x64xf32>) -> tensor<1x2x256x64xf32> {
  %0 = attn.sdpa %q, %q, %q causal
    : (tensor<1x2x256x64xf32>, tensor<1x2x256x64xf32>, tensor<1x2x256x64xf32>)
    -> tensor<1x2x256x64xf32>
  return %0 : tensor<1x2x256x64xf32>
}
func.func @copy(%x: tensor<256x256xf32>) -> tensor<256x256xf32> {
  %e = tensor.empty() : tensor<256x256xf32>
  %0 = linalg.add ins(%x, %x : tensor<256x256xf32>, tensor<256x256xf32>)
    outs(%e : tensor<256x256xf32>) -> tensor<256x256xf32>
  return %0 : tensor<256x256xf32>
}

// A program on bf16 is held to the machine's rate for that too, if it has one.
// RUN: attn-run %s --function=half --benchmark=2 --threads=1 | FileCheck %s --check-prefix=HALF
// HALF:     f32 FMA limit
// HALF:     counted work
// HALF:     share of FMA limit
// HALF:     read limit, same inputs
func.func @half(%q: tensor<1x2x256x64xbf16>) -> tensor<1x2x256x64xbf16> {
  %0 = attn.sdpa %q, %q, %q
    : (tensor<1x2x256x64xbf16>, tensor<1x2x256x64xbf16>, tensor<1x2x256x64xbf16>)
    -> tensor<1x2x256x64xbf16>
  return %0 : tensor<1x2x256x64xbf16>
}

// Some programs read one argument or another, and it is not known which.
// RUN: attn-run %s --function=either --benchmark=1 --threads=1 --input=4xf32=1 --input=4xf32=2 --input=true:i1 | FileCheck %s --check-prefix=EITHER
// EITHER:     time
// EITHER-NOT: loads of
// EITHER:     loaded bytes are not counted: 'memref.load' op loads from one of several buffers, which attn-count-loads cannot tell apart
func.func @either(%x: memref<4xf32>, %y: memref<4xf32>, %b: i1) -> f32 {
  %c0 = arith.constant 0 : index
  %z = arith.select %b, %x, %y : memref<4xf32>
  %0 = memref.load %z[%c0] : memref<4xf32>
  return %0 : f32
}
