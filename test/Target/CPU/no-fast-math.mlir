// exp2 rounds by adding and subtracting a large number. A flag that lets LLVM
// reassociate folds that away: weights off by up to 40 %, in an average that
// still looks plausible. `contract` and `nnan` change NaN and rounding too.
// RUN: attn-opt %s --attn-to-cpu \
// RUN: | mlir-translate --allow-unregistered-dialect --mlir-to-llvmir \
// RUN: | FileCheck %s --implicit-check-not="{{f(add|sub|mul|div|cmp|neg)|call}} {{fast|reassoc|nnan|ninf|contract|afn|arcp|nsz}}"
// One weight is nearly all of each row and the others span twenty powers of
// two: an error in a single weight is seen. The reference computes in f64.
// RUN: attn-run %s --verify --input=1x1x64x16xf32=random\(1\) --input=1x1x300x16xf32=random\(2\) --input=1x1x300x8xf32=random\(3\) | FileCheck %s --check-prefix=EXEC

// CHECK: fadd <16 x float> {{.*}}, splat (float 0x4168000FE0000000)
// CHECK: fsub <16 x float> {{.*}}, splat (float 0x4168000FE0000000)
// EXEC-NOT: FAILED
// EXEC:     verify: result 0: max error
// EXEC-NOT: FAILED
func.func @main(%q: tensor<1x1x?x16xf32>, %k: tensor<1x1x?x16xf32>,
    %v: tensor<1x1x?x8xf32>) -> tensor<1x1x?x8xf32> {
  %0 = attn.sdpa %q, %k, %v scale(1.0)
    : (tensor<1x1x?x16xf32>, tensor<1x1x?x16xf32>, tensor<1x1x?x8xf32>)
    -> tensor<1x1x?x8xf32>
  return %0 : tensor<1x1x?x8xf32>
}
