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

func.func @paged(%q: memref<1x2x8x16xf32>, %k: memref<9x2x4x16xf32>,
                 %t: memref<1x3xi32>, %m: memref<1x2x8xf32>) {
  // expected-error @below {{'attn.partial' op expects key and value without page_table; attn-tile-blockwise gathers and dequantises key and value tile by tile}}
  attn.partial ins(%q, %k, %k page_table(%t)) outs(%q, %m)
    : (memref<1x2x8x16xf32>, memref<9x2x4x16xf32>, memref<9x2x4x16xf32>,
       memref<1x3xi32>, memref<1x2x8x16xf32>, memref<1x2x8xf32>) -> ()
  return
}

// -----

func.func @scaled(%q: memref<1x2x8x16xf32>, %s: memref<1x1x1x1xf32>,
                  %m: memref<1x2x8xf32>) {
  // expected-error @below {{'attn.online' op expects key and value without value_scale; attn-tile-blockwise}}
  attn.online ins(%q, %q, %q value_scale(%s)) outs(%q, %m, %m)
    : (memref<1x2x8x16xf32>, memref<1x2x8x16xf32>, memref<1x2x8x16xf32>,
       memref<1x1x1x1xf32>, memref<1x2x8x16xf32>, memref<1x2x8xf32>,
       memref<1x2x8xf32>) -> ()
  return
}

// -----

func.func @bytes(%q: memref<1x2x8x16xf32>, %k: memref<1x2x8x16xf8E4M3FN>,
                 %m: memref<1x2x8xf32>) {
  // expected-error @below {{'attn.online' op expects key and value of the query's type, but got 'f8E4M3FN'; attn-tile-blockwise}}
  attn.online ins(%q, %k, %k) outs(%q, %m, %m)
    : (memref<1x2x8x16xf32>, memref<1x2x8x16xf8E4M3FN>,
       memref<1x2x8x16xf8E4M3FN>, memref<1x2x8x16xf32>, memref<1x2x8xf32>,
       memref<1x2x8xf32>) -> ()
  return
}

// -----

func.func @wide(%q: memref<1x2x8x32768xf32>, %m: memref<1x2x8xf32>) {
  // expected-error @below {{'attn.online' op expects head_dim and head_dim_v whose panels fit into 1048576 bytes of stack, but got 32768 and 32768, which take 4195328}}
  attn.online ins(%q, %q, %q) outs(%q, %m, %m)
    : (memref<1x2x8x32768xf32>, memref<1x2x8x32768xf32>,
       memref<1x2x8x32768xf32>, memref<1x2x8x32768xf32>, memref<1x2x8xf32>,
       memref<1x2x8xf32>) -> ()
  return
}
