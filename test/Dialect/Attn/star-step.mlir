// RUN: attn-opt %s --split-input-file --verify-diagnostics | attn-opt --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @context
// CHECK: attn.star_step ins(%{{.+}}, %{{.+}}, %{{.+}} causal sinks(%{{.+}}) context_len(%{{.+}}) block_size(64) anchor_size(32) anchor(previous)) outs(%{{.+}}, %{{.+}}) config(<kernel = split_kv, block_q = 4>) :
func.func @context(%q: tensor<1x8x?x128xf16>, %k: tensor<1x2x?x128xf16>,
    %s: tensor<8xf32>, %c: index, %o: tensor<1x8x?x128xf16>,
    %l: tensor<1x8x?xf32>) -> (tensor<1x8x?x128xf16>, tensor<1x8x?xf32>) {
  %r:2 = attn.star_step ins(%q, %k, %k causal sinks(%s) context_len(%c)
      block_size(64) anchor_size(32) anchor(previous))
      outs(%o, %l) config(<kernel = split_kv, block_q = 4>)
    : (tensor<1x8x?x128xf16>, tensor<1x2x?x128xf16>, tensor<1x2x?x128xf16>,
       tensor<8xf32>, index, tensor<1x8x?x128xf16>, tensor<1x8x?xf32>)
    -> (tensor<1x8x?x128xf16>, tensor<1x8x?xf32>)
  return %r#0, %r#1 : tensor<1x8x?x128xf16>, tensor<1x8x?xf32>
}

// -----

func.func @star_step_c1(%q: tensor<1x8x4x64xf32>) {
  // expected-error @+1 {{expects block_size of 1 to 2147483647, but got 0}}
  %r = attn.star_step ins(%q, %q, %q causal block_size(0) anchor_size(4)) outs(%q)
    : (tensor<1x8x4x64xf32>, tensor<1x8x4x64xf32>, tensor<1x8x4x64xf32>,
       tensor<1x8x4x64xf32>) -> tensor<1x8x4x64xf32>
  return
}

// -----

func.func @star_step_c2(%q: memref<1x8x4x64xf32>, %m: memref<1x1x4x4xi1>) {
  // expected-error @+1 {{expects an i8 mask on memrefs (nonzero = visible), but got i1}}
  attn.star_step ins(%q, %q, %q causal mask(%m) block_size(2) anchor_size(2)) outs(%q)
    : (memref<1x8x4x64xf32>, memref<1x8x4x64xf32>, memref<1x8x4x64xf32>,
       memref<1x1x4x4xi1>, memref<1x8x4x64xf32>) -> ()
  return
}

// -----

func.func @star_step_c3(%q: tensor<1x8x4x64xf32>) {
  // expected-error @+1 {{expects 1 results, one per tensor destination, but got 0}}
  attn.star_step ins(%q, %q, %q causal block_size(2) anchor_size(2)) outs(%q)
    : (tensor<1x8x4x64xf32>, tensor<1x8x4x64xf32>, tensor<1x8x4x64xf32>,
       tensor<1x8x4x64xf32>) -> ()
  return
}
