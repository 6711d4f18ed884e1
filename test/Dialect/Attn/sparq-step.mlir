// RUN: attn-opt %s --split-input-file --verify-diagnostics | attn-opt --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @sparq_step
// CHECK: attn.sparq_step ins(%{{.+}}, %{{.+}}, %{{.+}} rank(32) top_k(128) local_window(32) realloc(off) key_t(%{{.+}}) splits(%{{.+}})) outs(%{{.+}}) :
func.func @sparq_step(%q: tensor<1x8x1x128xf16>, %k: tensor<1x2x?x128xf16>,
    %kt: tensor<1x2x?x128x256xf16>, %n: index, %o: tensor<1x8x1x128xf16>)
    -> tensor<1x8x1x128xf16> {
  %r = attn.sparq_step ins(%q, %k, %k rank(32) top_k(128) local_window(32)
      realloc(off) key_t(%kt) splits(%n)) outs(%o)
    : (tensor<1x8x1x128xf16>, tensor<1x2x?x128xf16>, tensor<1x2x?x128xf16>,
       tensor<1x2x?x128x256xf16>, index, tensor<1x8x1x128xf16>)
    -> tensor<1x8x1x128xf16>
  return %r : tensor<1x8x1x128xf16>
}

// CHECK-LABEL: func.func @on_buffers
// CHECK: attn.sparq_step ins(%{{.+}}, %{{.+}}, %{{.+}} mask(%{{.+}}) rank(8) top_k(16)) outs(%{{.+}}) :
func.func @on_buffers(%q: memref<1x2x1x64xf32>, %k: memref<1x2x99x64xf32>,
    %m: memref<1x1x1x99xi8>, %o: memref<1x2x1x64xf32>) {
  attn.sparq_step ins(%q, %k, %k mask(%m) rank(8) top_k(16)) outs(%o)
    : (memref<1x2x1x64xf32>, memref<1x2x99x64xf32>, memref<1x2x99x64xf32>,
       memref<1x1x1x99xi8>, memref<1x2x1x64xf32>) -> ()
  return
}

// -----

func.func @sparq_step_c1(%q: tensor<1x2x1x64xf32>, %k: tensor<1x2x99x64xf32>) {
  // expected-error @+1 {{'attn.sparq_step' op expects rank and top_k of at least 1, but got 0 and 16}}
  %r = attn.sparq_step ins(%q, %k, %k rank(0) top_k(16)) outs(%q)
    : (tensor<1x2x1x64xf32>, tensor<1x2x99x64xf32>, tensor<1x2x99x64xf32>,
       tensor<1x2x1x64xf32>) -> tensor<1x2x1x64xf32>
  return
}

// -----

func.func @sparq_step_c2(%q: tensor<1x?x1x64xf32>, %k: tensor<1x2x99x64xf32>) {
  // expected-error @+1 {{'attn.sparq_step' op expects static num_heads and num_kv_heads, but got ? and 2}}
  %r = attn.sparq_step ins(%q, %k, %k rank(8) top_k(16)) outs(%q)
    : (tensor<1x?x1x64xf32>, tensor<1x2x99x64xf32>, tensor<1x2x99x64xf32>,
       tensor<1x?x1x64xf32>) -> tensor<1x?x1x64xf32>
  return
}

// -----

func.func @sparq_step_c3(%q: memref<1x2x1x64xf32>, %k: memref<1x2x99x64xf32>,
    %m: memref<1x1x1x99xi1>) {
  // expected-error @+1 {{'attn.sparq_step' op expects an i8 mask on memrefs}}
  attn.sparq_step ins(%q, %k, %k mask(%m) rank(8) top_k(16)) outs(%q)
    : (memref<1x2x1x64xf32>, memref<1x2x99x64xf32>, memref<1x2x99x64xf32>,
       memref<1x1x1x99xi1>, memref<1x2x1x64xf32>) -> ()
  return
}

// -----

func.func @sparq_step_c4(%q: tensor<1x2x1x64xf32>, %k: tensor<1x2x99x64xf32>) {
  // expected-error @+1 {{'attn.sparq_step' op expects 1 results, one per tensor destination, but got 0}}
  attn.sparq_step ins(%q, %k, %k rank(8) top_k(16)) outs(%q)
    : (tensor<1x2x1x64xf32>, tensor<1x2x99x64xf32>, tensor<1x2x99x64xf32>,
       tensor<1x2x1x64xf32>) -> ()
  return
}
