// RUN: attn-opt %s --convert-attn-to-gpu --canonicalize --cse --split-input-file | FileCheck %s

// As many ranges of keys as blocks of threads are wanted, none below 256 keys:
// one launch, or one and a merge of what lies in scratch.
// CHECK-LABEL: func.func @decode
// CHECK-SAME:    %[[Q:[^:]+]]: memref<1x8x1x128xf16>{{[^,]*}}, %[[K:[^:]+]]: memref<1x2x?x128xf16>{{[^,]*}}, %[[V:[^:]+]]: memref<1x2x?x128xf16>{{[^,]*}}, %[[O:[^:]+]]: memref
// CHECK:         %[[KEYS:.+]] = memref.dim %[[K]]
// CHECK:         %[[SPLITS:.+]] = arith.minsi {{.*}}, %c264 : index
// CHECK:         %[[ONE:.+]] = arith.cmpi eq, %[[SPLITS]], %c1
// CHECK:         %[[PARTS:.+]] = arith.select %[[ONE]], %c0, %[[SPLITS]]
// CHECK:         %[[LSES:.+]] = memref.alloc(%[[PARTS]]) : memref<?x1x8x1xf32>
// CHECK:         %[[OUTS:.+]] = memref.alloc(%[[PARTS]]) : memref<?x1x8x1x128xf32>
// CHECK:         scf.if %[[ONE]] {
// CHECK:           gpu.launch {{.*}} = %c2, {{.*}} threads{{.*}} = %c128, {{.*}} dynamic_shared_memory_size
// Four heads share a key: as many rows of queries, in the registers of 16 lanes.
// CHECK-COUNT-4:     vector.load %[[Q]]{{.*}} {alignment = 16 : i64} : memref<1x8x1x128xf16>, vector<8xf16>
// CHECK:             scf.for
// Four keys and values are asked for at once, each by one access.
// CHECK:               vector.load %[[K]]{{.*}} {alignment = 16 : i64} : memref<1x2x?x128xf16>, vector<8xf16>
// CHECK:               vector.load %[[V]]
// CHECK:               vector.load %[[K]]
// CHECK:               vector.load %[[V]]
// CHECK:               vector.load %[[K]]
// CHECK:               vector.load %[[V]]
// CHECK:               vector.load %[[K]]
// CHECK:               vector.load %[[V]]
// CHECK-NOT:           vector.load
// Sums over 16 lanes, for 4 keys and 4 rows.
// CHECK-COUNT-64:      gpu.shuffle xor
// CHECK-NOT:           gpu.shuffle
// CHECK:               scf.yield
// CHECK:             gpu.shuffle
// CHECK:             gpu.barrier
// CHECK:             memref.store {{.*}}, %[[O]]
// CHECK:         } else {
// CHECK:           gpu.launch
// CHECK:             memref.store {{.*}}, %[[OUTS]]
// CHECK:             memref.store {{.*}}, %[[LSES]]
// CHECK:           gpu.launch
// CHECK:             memref.load %[[LSES]]
// CHECK:             memref.load %[[OUTS]]
// CHECK:             memref.store {{.*}}, %[[O]]
// CHECK-NOT:     attn.
module attributes {attn.target = #attn.target<cuda, arch = "sm_90a", num_sms = 132>} {
  func.func @decode(%q: memref<1x8x1x128xf16>, %k: memref<1x2x?x128xf16>,
      %v: memref<1x2x?x128xf16>, %o: memref<1x8x1x128xf16>) {
    attn.sdpa_step ins(%q, %k, %v) outs(%o)
        config(<kernel = split_kv, block_q = 4, block_kv = 32>)
      : (memref<1x8x1x128xf16>, memref<1x2x?x128xf16>, memref<1x2x?x128xf16>,
         memref<1x8x1x128xf16>) -> ()
    return
  }
}

// -----

// The configuration in the IR is taken. Key heads enough for all
// multiprocessors: one launch, and no scratch.
// CHECK-LABEL: func.func @configured
// CHECK-NOT:     memref.alloc
// CHECK:         gpu.launch {{.*}} = %c512, {{.*}} threads{{.*}} = %c64
// CHECK:           scf.for {{.*}} step %c16
// CHECK-NOT:     gpu.launch
func.func @configured(%q: memref<64x8x1x128xf16>, %k: memref<64x8x?x128xf16>) {
  attn.sdpa_step ins(%q, %k, %k) outs(%q)
      config(<kernel = split_kv, block_q = 1, block_kv = 16, warps = 2>)
    : (memref<64x8x1x128xf16>, memref<64x8x?x128xf16>,
       memref<64x8x?x128xf16>, memref<64x8x1x128xf16>) -> ()
  return
}

// -----

// Pages are looked up by each group of lanes, and kept in range.
// CHECK-LABEL: func.func @paged
// CHECK-SAME:    memref<7x2x16x64xi8> {attn.alignment = 16 : i64}, %[[T:[^:]+]]: memref<1x?xi32>{{[^,]*}}, %[[S:[^:]+]]: memref<1x1x1x1xf32>
// CHECK:         %[[PAGE:.+]] = memref.load %[[T]]
// CHECK:         %[[INDEX:.+]] = arith.index_cast %[[PAGE]]
// CHECK:         arith.minsi %[[INDEX]], %c6
// CHECK:         vector.load {{.*}} memref<7x2x16x64xi8>, vector<16xi8>
// CHECK:         arith.sitofp {{.*}} : vector<16xi8> to vector<16xf32>
func.func @paged(%q: memref<1x2x1x64xf32>, %k: memref<7x2x16x64xi8>,
    %t: memref<1x?xi32>, %s: memref<1x1x1x1xf32>) {
  attn.sdpa_step ins(%q, %k, %k key_scale(%s) value_scale(%s) page_table(%t))
      outs(%q)
    : (memref<1x2x1x64xf32>, memref<7x2x16x64xi8>, memref<7x2x16x64xi8>,
       memref<1x1x1x1xf32>, memref<1x1x1x1xf32>, memref<1x?xi32>,
       memref<1x2x1x64xf32>) -> ()
  return
}

// -----

// The anchor and the block itself are gone through in one loop: a key is where
// it lies in them.
// CHECK-LABEL: func.func @star
// CHECK:         gpu.launch
// CHECK-NOT:       scf.for
// CHECK:           scf.for %[[AT:.+]] = %c0 to
// CHECK:             %[[BEHIND:.+]] = arith.cmpi sge
// CHECK:             arith.select %[[BEHIND]]
// CHECK:             vector.load
// CHECK-NOT:       attn.
func.func @star(%q: memref<8x64x256x64xf32>, %o: memref<8x64x256x64xf32>) {
  attn.star_step ins(%q, %q, %q causal block_size(64) anchor_size(16)) outs(%o)
    : (memref<8x64x256x64xf32>, memref<8x64x256x64xf32>,
       memref<8x64x256x64xf32>, memref<8x64x256x64xf32>) -> ()
  return
}
