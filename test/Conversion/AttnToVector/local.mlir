// RUN: attn-opt %s --convert-attn-to-vector --canonicalize --cse --split-input-file | FileCheck %s

// Tasks are ranges of blocks and heads. Scores of 4 keys and 4 rows at a time
// become one vector; each of its parts lies beside others of its key, so that
// the softmax is elementwise.
// CHECK-LABEL: func.func @causal
// CHECK-SAME:    %[[Q:[^:]+]]: memref<?x12x24x64xf32>
// CHECK:         scf.parallel
// CHECK:           scf.for
// CHECK-COUNT-64:    vector.fma {{.*}} : vector<16xf32>
// CHECK-NOT:         vector.fma
// CHECK-COUNT-4:     vector.store {{.*}} : memref<28x16xf32>, vector<4xf32>
// A row sees no key behind it.
// CHECK:             arith.cmpf olt, {{.*}} : vector<16xf32>
// CHECK:             arith.select {{.*}} : vector<16xi1>, vector<16xf32>
// No reduction anywhere.
// CHECK-NOT:         vector.reduction
// CHECK:             scf.for
// CHECK:               vector.broadcast {{.*}} : f32 to vector<16xf32>
// CHECK-COUNT-16:      vector.fma
// CHECK:             vector.store {{.*}} : memref<?x12x24x64xf32>, vector<16xf32>
// CHECK-NOT:       attn.
func.func @causal(%q: memref<?x12x24x64xf32>, %o: memref<?x12x24x64xf32>)
    {
  attn.block_local_step ins(%q, %q, %q causal block_len(24)) outs(%o)
    : (memref<?x12x24x64xf32>, memref<?x12x24x64xf32>, memref<?x12x24x64xf32>,
       memref<?x12x24x64xf32>) -> ()
  return
}

// -----

// The keys of the prefix come first; those of the block end where kv_len does.
// CHECK-LABEL: func.func @prefix
// CHECK-SAME:    %[[Q:[^:]+]]: memref<?x2x96x64xf16>, %[[P:[^:]+]]: memref<?x2x8x64xf16>, %[[LEN:[^:]+]]: memref<1xi64>
// CHECK:         scf.parallel
// CHECK:           memref.load %[[LEN]]
// CHECK:           vector.load %[[P]]{{.*}} vector<16xf16>
// CHECK:           arith.extf {{.*}} : vector<16xf16> to vector<16xf32>
// CHECK:           vector.load %[[Q]]{{.*}} vector<16xf16>
func.func @prefix(%q: memref<?x2x96x64xf16>, %p: memref<?x2x8x64xf16>,
    %len: memref<1xi64>, %o: memref<?x2x96x64xf16>) {
  attn.block_local_step ins(%q, %q, %q causal kv_len(%len) block_len(24)
      prefix_len(2) prefix(%p, %p)) outs(%o)
    : (memref<?x2x96x64xf16>, memref<?x2x96x64xf16>, memref<?x2x96x64xf16>,
       memref<1xi64>, memref<?x2x8x64xf16>, memref<?x2x8x64xf16>,
       memref<?x2x96x64xf16>) -> ()
  return
}

// -----

// Three heads of five rows fill a vector. Their 15 visible pairs each are
// written out: 45 products of 4 vectors, as many sums, and no scratch.
// CHECK-LABEL: func.func @written_out
// CHECK-NOT:     memref.alloca
// CHECK:         scf.parallel
// CHECK:           scf.for {{.*}} step %c3
// CHECK-NOT:       scf.for
// Operands are asked for ahead, the lines of the output before the softmax.
// CHECK:           memref.prefetch {{.*}}, read, locality<3>, data : memref<?x12x5x64xf32>
// CHECK-COUNT-60:  memref.prefetch {{.*}}, write, locality<3>, data : memref<?x12x5x64xf32>
// The last row sees five keys.
// CHECK-COUNT-15:  vector.fma
// CHECK-NOT:       vector.fma
// The scores of the last four keys are not those of all rows.
// CHECK-COUNT-4:   arith.select {{.*}} : vector<16xi1>, vector<16xf32>
// CHECK-COUNT-60:  vector.store {{.*}} : memref<?x12x5x64xf32>, vector<16xf32>
// CHECK-NOT:       vector.store
// CHECK-NOT:     attn.
func.func @written_out(%q: memref<?x12x5x64xf32>, %o: memref<?x12x5x64xf32>) {
  attn.block_local_step ins(%q, %q, %q causal block_len(5)) outs(%o)
    : (memref<?x12x5x64xf32>, memref<?x12x5x64xf32>, memref<?x12x5x64xf32>,
       memref<?x12x5x64xf32>) -> ()
  return
}

// -----

// A last block that is short is gone through in tiles.
// CHECK-LABEL: func.func @short_block
// CHECK:         scf.parallel
// CHECK:           memref.alloca
// CHECK:           scf.if
// CHECK:             scf.for
// CHECK:           } else {
func.func @short_block(%q: memref<1x12x?x64xf32>, %o: memref<1x12x?x64xf32>) {
  attn.block_local_step ins(%q, %q, %q causal block_len(5)) outs(%o)
    : (memref<1x12x?x64xf32>, memref<1x12x?x64xf32>, memref<1x12x?x64xf32>,
       memref<1x12x?x64xf32>) -> ()
  return
}
