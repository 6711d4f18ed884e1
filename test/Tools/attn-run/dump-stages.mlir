// RUN: rm -rf %t
// RUN: attn-run %s --dump-stages=%t/new/folder > /dev/null
// RUN: ls %t/new/folder | FileCheck %s --check-prefix=NAMES
// RUN: FileCheck %s --check-prefix=INPUT < %t/new/folder/00-input.mlir
// RUN: cat %t/new/folder/*-bufferized.mlir | FileCheck %s --check-prefix=BUFFERIZE
// RUN: cat %t/new/folder/*-llvm.mlir | FileCheck %s --check-prefix=LLVM
// RUN: cat %t/new/folder/*-optimized.ll | FileCheck %s --check-prefix=OPTIMIZED

// NAMES: 00-input.mlir
// NAMES-NEXT: 01-checked.mlir
// NAMES: {{[0-9]+}}-bufferized.mlir
// NAMES: {{[0-9]+}}-llvm.mlir
// NAMES: {{[0-9]+}}-optimized.ll

// INPUT: func.func @f(%{{.*}}: tensor<4xf32>)
// BUFFERIZE: func.func @f(%{{.*}}: memref<4xf32>)
// LLVM: llvm.func @f
// OPTIMIZED: define {{.*}}@f(
func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
  %e = tensor.empty() : tensor<4xf32>
  %0 = linalg.exp ins(%x : tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
