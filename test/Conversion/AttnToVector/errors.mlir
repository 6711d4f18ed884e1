// RUN: attn-opt %s --convert-attn-to-vector --split-input-file --verify-diagnostics

func.func @tensors(%acc: tensor<1x2x8x16xf32>, %m: tensor<1x2x8xf32>,
                   %o: tensor<1x2x8x16xf32>) -> tensor<1x2x8x16xf32> {
  // expected-error @below {{'attn.finalize' op expects memrefs, but got 'tensor<1x2x8x16xf32>'; bufferize first}}
  %r = attn.finalize ins(%acc, %m, %m) outs(%o)
    : (tensor<1x2x8x16xf32>, tensor<1x2x8xf32>, tensor<1x2x8xf32>,
       tensor<1x2x8x16xf32>) -> tensor<1x2x8x16xf32>
  return %r : tensor<1x2x8x16xf32>
}

// -----

func.func @wide(%q: memref<1x2x8x1048577xf32>, %m: memref<1x2x8xf32>) {
  // expected-error @below {{'attn.online' op expects head_dim and head_dim_v of at most 1048576, but got 1048577 and 1048577}}
  attn.online ins(%q, %q, %q) outs(%q, %m, %m)
    : (memref<1x2x8x1048577xf32>, memref<1x2x8x1048577xf32>,
       memref<1x2x8x1048577xf32>, memref<1x2x8x1048577xf32>, memref<1x2x8xf32>,
       memref<1x2x8xf32>) -> ()
  return
}
