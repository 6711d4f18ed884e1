// RUN: attn-opt %s --attn-to-cpu=object-abi --split-input-file \
// RUN:   --verify-diagnostics

// The old values are read after new ones are there.
// expected-error @below {{cannot update attn.inout argument #0 in place: its new value would have to be copied}}
func.func @both(%c: tensor<4x8xf32> {attn.inout}, %x: tensor<1x8xf32>)
    -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  // expected-note @below {{new value computed here}}
  %0 = tensor.insert_slice %x into %c[2, 0] [1, 8] [1, 1]
    : tensor<1x8xf32> into tensor<4x8xf32>
  %e = tensor.empty() : tensor<4x8xf32>
  %old = linalg.add ins(%c, %0 : tensor<4x8xf32>, tensor<4x8xf32>)
                    outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %old, %0 : tensor<4x8xf32>, tensor<4x8xf32>
}

// -----

func.func @recursive(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{@recursive is recursive or was not inlined}}
  %0 = call @recursive(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
