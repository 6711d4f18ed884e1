// RUN: attn-opt %s --convert-attn-to-vector --canonicalize --cse --split-input-file | FileCheck %s

!q = memref<1x2x32x64xf32>
!s = memref<1x2x32xf32>

// 16 registers of 256 bits: 8 lanes, and tiles of 6 keys by 2 vectors.
// CHECK-LABEL: func.func @avx2
// CHECK-NOT:     vector<16x
// CHECK:         scf.for {{.*}} -> (vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>) {
// CHECK-NOT:     vector<16x
module attributes {attn.target = #attn.target<cpu, vector_bits = 256, num_vector_registers = 16>} {
  func.func @avx2(%q: !q, %s: !s) {
    attn.online ins(%q, %q, %q) outs(%q, %s, %s) : (!q, !q, !q, !q, !s, !s) -> ()
    return
  }
}

// -----

!q = memref<1x2x32x64xf32>
!s = memref<1x2x32xf32>

// Scratch lies in the parallel body, outside sequential loops, and is shared by
// the ops that run there.
// CHECK-LABEL: func.func @scratch
// CHECK-NOT:     memref.alloca
// CHECK:         scf.parallel
// CHECK-COUNT-5:   memref.alloca() {alignment = 64 : i64}
// CHECK:           scf.for
// CHECK-NOT:     memref.alloca
// CHECK:         return
func.func @scratch(%n: index, %q: !q, %s: !s) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.parallel (%i) = (%c0) to (%n) step (%c1) {
    scf.for %j = %c0 to %n step %c1 {
      attn.online ins(%q, %q, %q) outs(%q, %s, %s) : (!q, !q, !q, !q, !s, !s) -> ()
      attn.online ins(%q, %q, %q) outs(%q, %s, %s) : (!q, !q, !q, !q, !s, !s) -> ()
    }
    scf.reduce
  }
  return
}
