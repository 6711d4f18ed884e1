// RUN: attn-opt %s --convert-attn-to-vector --canonicalize --cse --split-input-file | FileCheck %s

// Pairs of columns of a key against pairs of columns of queries: a key is read
// as 32-bit words where it lies. Powers become pairs of keys, and value rows are
// interleaved by pairs, by the first panel that needs them; the scale waits for
// the powers.
// CHECK-LABEL: func.func @pairs
// CHECK-SAME:    %[[Q:[^:]+]]: memref<1x1x32x64xbf16>, %[[K:[^:]+]]: memref<1x1x?x64xbf16>
// CHECK:         vector.load %[[Q]]{{.*}} vector<32xbf16>
// CHECK:         %[[KEYS:.*]] = memref.subview %[[K]]
// CHECK:         memref.store %c0_i8, %[[PAIRED:[a-z_0-9]+]]
// CHECK:         scf.for
// CHECK:           %[[A:.*]] = vector.load %[[KEYS]]{{.*}} vector<2xbf16>
// CHECK:           vector.bitcast %[[A]] : vector<2xbf16> to vector<1xf32>
// Whole tiles, and the one at the end of a block.
// CHECK-COUNT-64:  x86vector.avx512.dot
// CHECK-NOT:       x86vector.avx512.dot
// CHECK:           llvm.call_intrinsic "llvm.x86.avx512bf16.cvtne2ps2bf16.512"
// CHECK:           vector.shuffle {{.*}} : vector<32xbf16>, vector<32xbf16>
// CHECK:         memref.load %[[PAIRED]]
// CHECK:         scf.if
// CHECK:         vector.interleave {{.*}} vector<32xbf16> -> vector<64xbf16>
// CHECK:         memref.store %c1_i8, %[[PAIRED]]
// CHECK:         x86vector.avx512.dot
module attributes {attn.target = #attn.target<cpu, vector_bits = 512, num_vector_registers = 32, bf16_dot = true>} {
  func.func @pairs(%q: memref<1x1x32x64xbf16>, %k: memref<1x1x?x64xbf16>,
                   %acc: memref<1x1x32x64xf32>, %s: memref<1x1x32xf32>) {
    attn.online ins(%q, %k, %k) outs(%acc, %s, %s)
      : (memref<1x1x32x64xbf16>, memref<1x1x?x64xbf16>, memref<1x1x?x64xbf16>,
         memref<1x1x32x64xf32>, memref<1x1x32xf32>, memref<1x1x32xf32>) -> ()
    return
  }
}

// -----

// Without the instruction, and for operands that are not all bf16, rows are
// widened.
// CHECK-LABEL: func.func @negative_target
// CHECK-NOT:     x86vector
module attributes {attn.target = #attn.target<cpu, vector_bits = 512, num_vector_registers = 32>} {
  func.func @negative_target(%q: memref<1x1x32x64xbf16>,
                             %acc: memref<1x1x32x64xf32>, %s: memref<1x1x32xf32>) {
    attn.online ins(%q, %q, %q) outs(%acc, %s, %s)
      : (memref<1x1x32x64xbf16>, memref<1x1x32x64xbf16>, memref<1x1x32x64xbf16>,
         memref<1x1x32x64xf32>, memref<1x1x32xf32>, memref<1x1x32xf32>) -> ()
    return
  }
}

// -----

// CHECK-LABEL: func.func @negative_types
// CHECK-NOT:     x86vector
module attributes {attn.target = #attn.target<cpu, vector_bits = 512, num_vector_registers = 32, bf16_dot = true>} {
  func.func @negative_types(%q: memref<1x1x32x64xbf16>, %k: memref<1x1x?x64xi8>,
                            %scale: memref<1x1x1x1xf32>,
                            %acc: memref<1x1x32x64xf32>, %s: memref<1x1x32xf32>) {
    attn.online ins(%q, %k, %k key_scale(%scale) value_scale(%scale))
        outs(%acc, %s, %s)
      : (memref<1x1x32x64xbf16>, memref<1x1x?x64xi8>, memref<1x1x?x64xi8>,
         memref<1x1x1x1xf32>, memref<1x1x1x1xf32>,
         memref<1x1x32x64xf32>, memref<1x1x32xf32>, memref<1x1x32xf32>) -> ()
    return
  }
}

// -----

// Instructions that split a number and put it together replace the arithmetic on
// its bits; powers that become bf16 take one term less than those that stay.
// CHECK-LABEL: func.func @scalef
// What sums are multiplied by.
// CHECK:         llvm.call_intrinsic "llvm.x86.avx512.mask.reduce.ps.512"
// CHECK-COUNT-5: vector.fma
// CHECK-NOT:     vector.fma
// CHECK:         llvm.call_intrinsic "llvm.x86.avx512.mask.scalef.ps.512"
// CHECK:         scf.for
// CHECK:         llvm.call_intrinsic "llvm.x86.avx512.mask.reduce.ps.512"
// CHECK-COUNT-4: vector.fma
// CHECK-NOT:     vector.fma
// CHECK:         llvm.call_intrinsic "llvm.x86.avx512.mask.scalef.ps.512"
// CHECK-NOT:     arith.shli
// CHECK:         return
module attributes {attn.target = #attn.target<cpu, vector_bits = 512, num_vector_registers = 32, bf16_dot = true, scalef = true>} {
  func.func @scalef(%q: memref<1x1x32x64xbf16>, %acc: memref<1x1x32x64xf32>,
                    %s: memref<1x1x32xf32>) {
    attn.online ins(%q, %q, %q) outs(%acc, %s, %s)
      : (memref<1x1x32x64xbf16>, memref<1x1x32x64xbf16>, memref<1x1x32x64xbf16>,
         memref<1x1x32x64xf32>, memref<1x1x32xf32>, memref<1x1x32xf32>) -> ()
    return
  }
}
