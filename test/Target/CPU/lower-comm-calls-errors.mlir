// RUN: attn-opt %s --attn-lower-comm -o /dev/null --split-input-file --verify-diagnostics

func.func @gaps(%comm: !attn.comm, %o: memref<1x2x3x8xf32, strided<[?, ?, ?, 1]>>, %l: memref<1x2x3xf32>) {
  // expected-error @below {{'attn.dist_merge' op expects memory without gaps, but got 'memref<1x2x3x8xf32, strided<[?, ?, ?, 1]>>'; run attn-prepare-dist-merge first}}
  attn.dist_merge comm(%comm) outs(%o, %l)
    : (!attn.comm, memref<1x2x3x8xf32, strided<[?, ?, ?, 1]>>, memref<1x2x3xf32>) -> ()
  return
}

// -----

func.func @tensors(%comm: !attn.comm, %o: tensor<1x2x3x8xf32>, %l: tensor<1x2x3xf32>) -> tensor<1x2x3xf32> {
  // expected-error @below {{'attn.dist_merge' op expects memrefs; bufferize first}}
  %r:2 = attn.dist_merge comm(%comm) outs(%o, %l)
    : (!attn.comm, tensor<1x2x3x8xf32>, tensor<1x2x3xf32>)
    -> (tensor<1x2x3x8xf32>, tensor<1x2x3xf32>)
  return %r#1 : tensor<1x2x3xf32>
}

// -----

// expected-error @below {{'func.func' op has the name of the function that merges over ranks; rename it}}
func.func @attn_rt_dist_merge() {
  return
}
func.func @taken(%comm: !attn.comm, %o: memref<1x2x3x8xf32>, %l: memref<1x2x3xf32>) {
  attn.dist_merge comm(%comm) outs(%o, %l)
    : (!attn.comm, memref<1x2x3x8xf32>, memref<1x2x3xf32>) -> ()
  return
}
