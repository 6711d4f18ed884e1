// RUN: attn-opt %s --convert-attn-to-linalg --split-input-file --verify-diagnostics

func.func @memrefs(%acc: memref<1x2x8x16xf32>, %m: memref<1x2x8xf32>,
                   %o: memref<1x2x8x16xf32>) {
  // expected-error @below {{'attn.finalize' op expects tensors to be converted to linalg, but got memrefs; run convert-attn-to-linalg before bufferization}}
  attn.finalize ins(%acc, %m, %m) outs(%o)
    : (memref<1x2x8x16xf32>, memref<1x2x8xf32>, memref<1x2x8xf32>,
       memref<1x2x8x16xf32>) -> ()
  return
}

// -----

// The region's attn.yield is not what is reported.
func.func @region(%q: memref<1x2x8x16xf32>, %acc: memref<1x2x8x16xf32>,
                  %m: memref<1x2x8xf32>) {
  // expected-error @below {{'attn.online' op expects tensors to be converted to linalg, but got memrefs}}
  attn.online ins(%q, %q, %q) outs(%acc, %m, %m) score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %r = arith.negf %s : f32
    attn.yield %r : f32
  } : (memref<1x2x8x16xf32>, memref<1x2x8x16xf32>, memref<1x2x8x16xf32>,
       memref<1x2x8x16xf32>, memref<1x2x8xf32>, memref<1x2x8xf32>) -> ()
  return
}

// -----

func.func @merge(%q: memref<1x2x8x16xf32>, %m: memref<1x2x8xf32>) {
  // expected-error @below {{'attn.merge' op expects tensors to be converted to linalg, but got memrefs}}
  attn.merge ins(%q lse %m) outs(%q, %m)
    : (memref<1x2x8x16xf32>, memref<1x2x8xf32>, memref<1x2x8x16xf32>,
       memref<1x2x8xf32>) -> ()
  return
}

// -----

func.func @partial(%q: memref<1x2x8x16xf32>, %m: memref<1x2x8xf32>) {
  // expected-error @below {{'attn.partial' op expects tensors to be converted to linalg, but got memrefs}}
  attn.partial ins(%q, %q, %q) outs(%q, %m)
    : (memref<1x2x8x16xf32>, memref<1x2x8x16xf32>, memref<1x2x8x16xf32>,
       memref<1x2x8x16xf32>, memref<1x2x8xf32>) -> ()
  return
}
