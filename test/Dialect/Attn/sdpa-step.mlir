// RUN: attn-opt %s --split-input-file --verify-diagnostics | attn-opt --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @decode
// CHECK: attn.sdpa_step ins(%{{.+}}, %{{.+}}, %{{.+}} causal softcap(2.000000e+01) sinks(%{{.+}})) outs(%{{.+}}, %{{.+}}) config(<kernel = split_kv, block_q = 4>) :
func.func @decode(%q: tensor<1x8x1x128xf16>, %k: tensor<1x2x?x128xf16>,
    %s: tensor<8xf32>, %o: tensor<1x8x1x128xf16>, %l: tensor<1x8x1xf32>)
    -> (tensor<1x8x1x128xf16>, tensor<1x8x1xf32>) {
  %r:2 = attn.sdpa_step ins(%q, %k, %k softcap(20.0) causal sinks(%s))
      outs(%o, %l) config(<kernel = split_kv, block_q = 4, block_kv = 32>)
    : (tensor<1x8x1x128xf16>, tensor<1x2x?x128xf16>, tensor<1x2x?x128xf16>,
       tensor<8xf32>, tensor<1x8x1x128xf16>, tensor<1x8x1xf32>)
    -> (tensor<1x8x1x128xf16>, tensor<1x8x1xf32>)
  return %r#0, %r#1 : tensor<1x8x1x128xf16>, tensor<1x8x1xf32>
}

// Memrefs, and a score region.
// CHECK-LABEL: func.func @region
// CHECK: attn.sdpa_step ins(%{{.+}}, %{{.+}}, %{{.+}}) outs(%{{.+}}) score {
func.func @region(%q: memref<1x8x4x64xf32>, %k: memref<1x2x?x64xf32>) {
  attn.sdpa_step ins(%q, %k, %k) outs(%q) score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %r = arith.addf %s, %s : f32
    attn.yield %r : f32
  } : (memref<1x8x4x64xf32>, memref<1x2x?x64xf32>, memref<1x2x?x64xf32>,
       memref<1x8x4x64xf32>) -> ()
  return
}

// -----

func.func @sdpa_step_c1(%q: tensor<1x8x4x64xf32>, %o: tensor<1x8x4x32xf32>) {
  // expected-error @+1 {{expects output to have head_dim_v 64, but got 32}}
  %r = attn.sdpa_step ins(%q, %q, %q) outs(%o)
    : (tensor<1x8x4x64xf32>, tensor<1x8x4x64xf32>, tensor<1x8x4x64xf32>,
       tensor<1x8x4x32xf32>) -> tensor<1x8x4x32xf32>
  return
}

// -----

func.func @sdpa_step_c1_sinks(%q: tensor<1x8x4x64xf32>, %s: tensor<2xf32>) {
  // expected-error @+1 {{expects sinks to have num_heads 8, but got 2}}
  %r = attn.sdpa_step ins(%q, %q, %q sinks(%s)) outs(%q)
    : (tensor<1x8x4x64xf32>, tensor<1x8x4x64xf32>, tensor<1x8x4x64xf32>,
       tensor<2xf32>, tensor<1x8x4x64xf32>) -> tensor<1x8x4x64xf32>
  return
}

// -----

func.func @sdpa_step_c2(%q: memref<1x8x4x64xf32>, %m: memref<1x1x4x4xi1>) {
  // expected-error @+1 {{expects an i8 mask on memrefs (nonzero = visible), but got i1}}
  attn.sdpa_step ins(%q, %q, %q mask(%m)) outs(%q)
    : (memref<1x8x4x64xf32>, memref<1x8x4x64xf32>, memref<1x8x4x64xf32>,
       memref<1x1x4x4xi1>, memref<1x8x4x64xf32>) -> ()
  return
}

// -----

func.func @sdpa_step_c3(%q: tensor<1x8x4x64xf32>) {
  // expected-error @+1 {{expects 1 results, one per tensor destination, but got 0}}
  attn.sdpa_step ins(%q, %q, %q) outs(%q)
    : (tensor<1x8x4x64xf32>, tensor<1x8x4x64xf32>, tensor<1x8x4x64xf32>,
       tensor<1x8x4x64xf32>) -> ()
  return
}
