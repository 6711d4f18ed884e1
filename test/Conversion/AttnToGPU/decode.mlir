// RUN: attn-opt %s --convert-attn-to-gpu --canonicalize --cse --split-input-file | FileCheck %s

!q = memref<1x8x2x128xbf16>
!kv = memref<1x2x?x128xbf16>

// Four heads of two queries share a key: eight rows, in a tile that all warps
// have. 264 blocks of threads run side by side, and there are two key heads.
// CHECK-LABEL: func.func @decode
// CHECK:         %[[ALIGNED:.+]] = arith.cmpi eq, %{{.+}}, %c0
// CHECK:         %[[SPLITS:.+]] = arith.minsi %{{.+}}, %c132
// CHECK:         %[[ONE:.+]] = arith.cmpi eq, %[[SPLITS]], %c1
// CHECK:         %[[PARTS:.+]] = arith.select %[[ONE]], %c0, %[[SPLITS]]
// CHECK:         memref.alloc(%[[PARTS]]) : memref<?x1x8x2xf32>
// CHECK:         memref.alloc(%[[PARTS]]) : memref<?x1x8x2x128xf32>
// CHECK:         scf.if %[[ONE]] {
// CHECK:           scf.if %[[ALIGNED]] {
// Three stages, in which four warps have 16 keys and values each, and 16 rows of
// queries.
// CHECK:             gpu.launch {{.*}} = %c2, {{.*}} threads{{.*}} = %c128, {{.*}} dynamic_shared_memory_size %c102400_i32
// Queries: 16 rows by 128 threads, 16 bytes a thread and half a row.
// CHECK-COUNT-2:       nvvm.cp.async.shared.global {{.*}}, 16, cache =  cg
// A warp copies its own keys: 16 rows of key and of value by 32 lanes, 8 lanes
// side by side.
// CHECK:               scf.if
// CHECK-COUNT-16:        nvvm.cp.async.shared.global {{.*}}, 16, cache =  cg
// CHECK:               nvvm.cp.async.commit.group
// CHECK:               scf.if
// CHECK-COUNT-16:        nvvm.cp.async.shared.global {{.*}}, 16, cache =  cg
// CHECK:               nvvm.cp.async.commit.group
// CHECK:               nvvm.cp.async.wait.group 1
// CHECK-NEXT:          gpu.barrier
// CHECK-COUNT-8:       nvvm.ldmatrix {{.*}}layout = #nvvm.mma_layout<row>
// No warp waits for another.
// CHECK:               scf.for
// CHECK:                 nvvm.cp.async.wait.group 1
// CHECK-NEXT:            nvvm.bar.warp.sync
// CHECK-NOT:             gpu.barrier
// CHECK:                 scf.yield
// CHECK:               scf.for
// CHECK:                 nvvm.cp.async.wait.group 1
// CHECK-NEXT:            nvvm.bar.warp.sync
// CHECK-COUNT-16:        nvvm.cp.async.shared.global %{{.+}}, %{{.+}}, 16, cache =  cg : !llvm.ptr<3>, !llvm.ptr<1>{{$}}
// CHECK-NOT:             nvvm.cp.async.shared.global
// CHECK:                 nvvm.cp.async.commit.group
// CHECK-COUNT-32:        nvvm.mma.sync
// CHECK-NOT:             nvvm.mma.sync
// CHECK-NOT:             gpu.barrier
// CHECK:                 scf.yield
// Their states are joined.
// CHECK:               nvvm.cp.async.wait.group 0
// CHECK-NEXT:          gpu.barrier
// CHECK:               llvm.store {{.*}} : vector<2xf32>, !llvm.ptr<3>
// CHECK:               gpu.barrier
// CHECK-COUNT-4:       llvm.load {{.*}} : !llvm.ptr<3> -> vector<4xf32>
// CHECK:               llvm.store {{.*}} : vector<4xbf16>, !llvm.ptr<1>
// CHECK:             } else {
// CHECK-NOT:           nvvm.cp.async.shared.global
// CHECK:         } else {
// Ranges of keys: a part each in f32, and a merge.
// CHECK:           gpu.launch
// CHECK:             llvm.store {{.*}} : vector<4xf32>, !llvm.ptr<1>
// CHECK:           gpu.launch
// CHECK:           gpu.launch {{.*}} threads{{.*}} = %c128
// CHECK-NOT:         nvvm.mma.sync
module attributes {attn.target = #attn.target<cuda, arch = "sm_90a", num_sms = 132, shared_bytes = 232448>} {
  func.func @decode(%q: !q, %k: !kv, %v: !kv, %o: !q) {
    attn.sdpa_step ins(%q, %k, %v causal bottom_right) outs(%o)
      : (!q, !kv, !kv, !q) -> ()
    return
  }
}

// -----

// Three rows are worth no matrix instruction, but the configuration is taken.
// CHECK-LABEL: func.func @three
// CHECK-NOT:     nvvm.mma.sync
// CHECK-LABEL: func.func @configured
// CHECK:         gpu.launch {{.*}} threads{{.*}} = %c64
// CHECK:           nvvm.mma.sync
!q3 = memref<1x3x1x128xf16>
!kv3 = memref<1x1x128x128xf16>
func.func @three(%q: !q3, %k: !kv3, %o: !q3) {
  attn.sdpa_step ins(%q, %k, %k) outs(%o) : (!q3, !kv3, !kv3, !q3) -> ()
  return
}
func.func @configured(%q: !q3, %k: !kv3, %o: !q3) {
  attn.sdpa_step ins(%q, %k, %k) outs(%o)
      config(<kernel = mma_sync, block_q = 16, block_kv = 32, warps = 2,
              stages = 2>)
    : (!q3, !kv3, !kv3, !q3) -> ()
  return
}

// -----

// Key heads for two and a half rounds of 108 multiprocessors: halves of them, so
// that the last round is one of five.
// CHECK-LABEL: func.func @waves
// CHECK:         gpu.launch {{.*}} = %c540,
!qw = memref<270x4x1x128xf16>
!kvw = memref<270x1x4096x128xf16>
func.func @waves(%q: !qw, %k: !kvw, %o: !qw) {
  attn.sdpa_step ins(%q, %k, %k) outs(%o) : (!qw, !kvw, !kvw, !qw) -> ()
  return
}
