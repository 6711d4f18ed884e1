// RUN: attn-opt %s --attn-outline-parallel-loops --split-input-file --verify-diagnostics

// expected-note @below {{captured value defined here}}
func.func @captures_tensor(%t: tensor<4xf32>, %m: memref<4xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  // expected-error @below {{cannot be outlined: it captures a value of type 'tensor<4xf32>'; bufferize and lower such values first}}
  scf.parallel (%i) = (%c0) to (%c4) step (%c1) {
    %x = tensor.extract %t[%i] : tensor<4xf32>
    memref.store %x, %m[%i] : memref<4xf32>
  }
  return
}
