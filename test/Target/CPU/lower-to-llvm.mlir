// RUN: attn-opt %s --attn-lower-to-llvm | FileCheck %s
// RUN: attn-opt %s --attn-lower-to-llvm="parallel=false" | FileCheck %s --check-prefix=SERIAL
// RUN: attn-opt %s --attn-lower-to-llvm="x86vector=false" | FileCheck %s --check-prefix=NO-X86

// CHECK-NOT: unrealized_conversion_cast
// SERIAL-NOT: attn_rt_parallel_for
// NO-X86: x86vector.avx512.dot

// Loops inside an outlined body end as branches.
// CHECK-LABEL: llvm.func @loops_body
// CHECK:         llvm.cond_br
// CHECK-LABEL: llvm.func @loops
// CHECK:         llvm.call @attn_rt_parallel_for
func.func @loops(%m: memref<?x8xf32>, %n: index, %x: f32) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  scf.parallel (%i) = (%c0) to (%n) step (%c1) {
    scf.for %j = %c0 to %c8 step %c1 {
      memref.store %x, %m[%i, %j] : memref<?x8xf32>
    }
  }
  return
}

// LLVM has no erf: one call an element.
// CHECK-LABEL: llvm.func @math
// CHECK-DAG:     llvm.intr.exp2(%{{.*}}) : (vector<8xf32>)
// CHECK-DAG:     llvm.intr.log(%{{.*}}) : (vector<8xf16>)
// CHECK-DAG:     llvm.call @erff
func.func @math(%x: vector<8xf32>, %y: vector<8xf16>)
    -> (vector<8xf32>, vector<8xf16>) {
  %0 = math.exp2 %x : vector<8xf32>
  %1 = math.erf %0 : vector<8xf32>
  %2 = math.log %y : vector<8xf16>
  return %1, %2 : vector<8xf32>, vector<8xf16>
}

// CHECK-LABEL: llvm.func @vectors
// CHECK:         llvm.intr.fmuladd
// CHECK:         llvm.shufflevector
func.func @vectors(%a: vector<16x16xf32>, %b: vector<16x16xf32>,
                   %c: vector<16x16xf32>) -> vector<16x16xf32> {
  %0 = vector.contract {
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>,
                       affine_map<(m, n, k) -> (k, n)>,
                       affine_map<(m, n, k) -> (m, n)>],
      iterator_types = ["parallel", "parallel", "reduction"],
      kind = #vector.kind<add>}
    %a, %b, %c : vector<16x16xf32>, vector<16x16xf32> into vector<16x16xf32>
  %1 = vector.transpose %0, [1, 0] : vector<16x16xf32> to vector<16x16xf32>
  return %1 : vector<16x16xf32>
}

// CHECK-LABEL: llvm.func @dot
// CHECK:         llvm.call_intrinsic "llvm.x86.avx512bf16.dpbf16ps.512"
func.func @dot(%s: vector<16xf32>, %a: vector<32xbf16>, %b: vector<32xbf16>)
    -> vector<16xf32> {
  %0 = x86vector.avx512.dot %s, %a, %b : vector<32xbf16> -> vector<16xf32>
  return %0 : vector<16xf32>
}

// CHECK-LABEL: llvm.func @linalg
func.func @linalg(%a: memref<4x4xf32, strided<[8, 1], offset: ?>>,
                  %b: memref<4x4xbf16>) {
  linalg.generic {
      indexing_maps = [affine_map<(i, j) -> (i, j)>,
                       affine_map<(i, j) -> (j, i)>],
      iterator_types = ["parallel", "parallel"]}
    ins(%a : memref<4x4xf32, strided<[8, 1], offset: ?>>)
    outs(%b : memref<4x4xbf16>) {
  ^bb0(%x: f32, %y: bf16):
    %0 = arith.truncf %x : f32 to bf16
    %1 = arith.addf %0, %y : bf16
    linalg.yield %1 : bf16
  }
  return
}

// Neither sizes nor the temporaries of transfers grow the stack in a loop.
// CHECK-LABEL: llvm.func @stack
// SERIAL-LABEL: llvm.func @stack
// SERIAL:         llvm.alloca
// SERIAL:         llvm.br
// SERIAL-NOT:     llvm.alloca
// SERIAL:         llvm.return
func.func @stack(%m: memref<?x?xf32>, %a: memref<?xindex>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %f0 = arith.constant 0.0 : f32
  scf.parallel (%i) = (%c0) to (%n) step (%c1) {
    scf.for %j = %c0 to %n step %c1 {
      %buffer = memref.alloca() : memref<8xindex>
      %size = memref.dim %m, %c1 : memref<?x?xf32>
      memref.store %size, %buffer[%j] : memref<8xindex>
      %k = memref.load %buffer[%i] : memref<8xindex>
      memref.store %k, %a[%j] : memref<?xindex>
      %x = vector.transfer_read %m[%j, %k], %f0
        {permutation_map = affine_map<(d0, d1) -> (d1, d0)>}
        : memref<?x?xf32>, vector<4x8xf32>
      vector.transfer_write %x, %m[%j, %k] : vector<4x8xf32>, memref<?x?xf32>
    }
  }
  return
}

// A register tile is read row by row, not through a buffer on the stack.
// CHECK-LABEL: llvm.func @register_tile
// CHECK-NOT:     llvm.alloca
// CHECK-COUNT-8: llvm.load {{.*}} -> vector<1xf32>
// CHECK-NOT:     llvm.load
// CHECK:         llvm.return
func.func @register_tile(%a: memref<64x512xf32>, %i: index) -> vector<8x1xf32> {
  %zero = arith.constant 0.0 : f32
  %0 = vector.transfer_read %a[%i, %i], %zero {in_bounds = [true, true]}
    : memref<64x512xf32>, vector<8x1xf32>
  return %0 : vector<8x1xf32>
}
