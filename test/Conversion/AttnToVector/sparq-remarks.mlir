// RUN: attn-opt %s --convert-attn-to-vector --split-input-file --verify-diagnostics -o /dev/null

func.func @odd_tile(%q: memref<1x2x1x64xf32>, %k: memref<1x2x999x64xf32>,
    %kt: memref<1x2x20x64x50xf32>, %o: memref<1x2x1x64xf32>) {
  // expected-remark @+1 {{the kernel reads whole keys instead of channels of key_t, which must be floats without a scale, with tiles of a multiple of 64 adjacent keys}}
  attn.sparq_step ins(%q, %k, %k rank(8) top_k(16) key_t(%kt)) outs(%o)
    : (memref<1x2x1x64xf32>, memref<1x2x999x64xf32>, memref<1x2x999x64xf32>,
       memref<1x2x20x64x50xf32>, memref<1x2x1x64xf32>) -> ()
  return
}

// -----

func.func @odd_columns(%q: memref<1x2x1x40xf32>, %k: memref<1x2x999x40xf32>,
    %v: memref<1x2x999x64xf32>, %o: memref<1x2x1x64xf32>) {
  // expected-remark @+1 {{the kernel copies the chosen rows, because a head_dim of 40 is not a multiple of 16; pad it with zeros}}
  attn.sparq_step ins(%q, %k, %v rank(8) top_k(16)) outs(%o)
    : (memref<1x2x1x40xf32>, memref<1x2x999x40xf32>, memref<1x2x999x64xf32>,
       memref<1x2x1x64xf32>) -> ()
  return
}

// -----

// As fast as can be: nothing is said.
func.func @channels(%q: memref<1x2x1x64xf32>, %k: memref<1x2x999x64xf32>,
    %kt: memref<1x2x4x64x256xf32>, %o: memref<1x2x1x64xf32>) {
  attn.sparq_step ins(%q, %k, %k rank(8) top_k(16) key_t(%kt)) outs(%o)
    : (memref<1x2x1x64xf32>, memref<1x2x999x64xf32>, memref<1x2x999x64xf32>,
       memref<1x2x4x64x256xf32>, memref<1x2x1x64xf32>) -> ()
  return
}
