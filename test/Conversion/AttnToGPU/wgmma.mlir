// RUN: attn-opt %s --convert-attn-to-gpu --canonicalize --cse --split-input-file | FileCheck %s

!q = memref<2x4x?x128xbf16>
!kv = memref<2x2x?x128xbf16>

module attributes {attn.target = #attn.target<cuda, arch = "sm_90a", num_sms = 132, shared_bytes = 232448>} {
// CHECK-LABEL: func.func @causal
// As many blocks as multiprocessors, or as tiles of 128 rows.
// CHECK:         %[[GRID:.+]] = arith.minsi %{{.+}}, %c132
// Where tensor copies take all operands, which have elements.
// CHECK:         scf.if %{{.+}} {
// CHECK:           %[[Q:.+]] = nvgpu.tma.create.descriptor %{{.+}} box[%c1, %c1, %c128, %c64] : memref<*xbf16> -> <tensor = memref<1x1x128x64xbf16, #gpu.address_space<workgroup>>, swizzle = swizzle_128b, l2promo = l2promo_128b, oob = zero, interleave = none>
// CHECK:           %[[K:.+]] = nvgpu.tma.create.descriptor %{{.+}} box[%c1, %c1, %c128, %c64]
// CHECK:           %[[V:.+]] = nvgpu.tma.create.descriptor %{{.+}} box[%c1, %c1, %c128, %c64]
// Three warpgroups; 32 KB of queries, two stages of 32 KB of each of keys and
// values, ten barriers.
// CHECK:           gpu.launch blocks({{.*}}) in ({{.*}} = %[[GRID]], {{.*}}) threads({{.*}}) in ({{.*}} = %c384, {{.*}}) dynamic_shared_memory_size %c163920_i32
// CHECK:             nvvm.shfl.sync  idx
// CHECK-COUNT-10:    nvvm.mbarrier.init
// CHECK:             nvvm.fence.mbarrier.init
// CHECK:             gpu.barrier
// One thread fetches, and needs few registers: the first tile of keys, the
// queries, and then keys one tile ahead of values, two panels each.
// CHECK:             nvvm.setmaxregister decrease 24
// CHECK-COUNT-3:     llvm.inline_asm {{.*}}"prefetch.tensormap [$0];"
// CHECK:             scf.for
// CHECK:               nvvm.mbarrier.try_wait.parity
// CHECK:               nvvm.mbarrier.arrive.expect_tx %{{.+}}, %c32768_i32
// CHECK-COUNT-2:       nvvm.cp.async.bulk.tensor.shared.cluster.global {{.*}}isCTAOnly = true
// CHECK:               nvvm.mbarrier.try_wait.parity
// CHECK:               nvvm.mbarrier.arrive.expect_tx %{{.+}}, %c32768_i32
// CHECK-COUNT-2:       nvvm.cp.async.bulk.tensor
// CHECK:               scf.for
// CHECK:                 scf.if
// CHECK-COUNT-2:           nvvm.cp.async.bulk.tensor
// CHECK-COUNT-2:         nvvm.cp.async.bulk.tensor
// CHECK-NOT:     nvvm.cp.async.bulk.tensor
// The others compute: the first tile of keys, of which some row may not see all,
// by eight products of 16 columns.
// CHECK:             nvvm.setmaxregister increase 240
// CHECK:             nvvm.barrier.arrive
// CHECK:             nvvm.barrier id
// CHECK:             nvvm.wgmma.fence.aligned
// CHECK-COUNT-8:     nvvm.wgmma.mma_async {{.*}}<m = 64, n = 128, k = 16>
// CHECK-NOT:         nvvm.wgmma.mma_async
// CHECK:             nvvm.wgmma.commit.group.sync.aligned
// CHECK:             nvvm.barrier.arrive
// CHECK:             nvvm.wgmma.wait.group.sync.aligned 0
// Nothing that reads results is moved before the wait.
// CHECK:             llvm.inline_asm has_side_effects asm_dialect = att "", "=f,
// CHECK:             nvvm.mbarrier.arrive
// CHECK:             arith.cmpi sgt, %{{.+}}, %c{{[0-9]+}}_i32 : i32
// What no row of the block sees becomes zeros.
// CHECK:             nvvm.mbarrier.try_wait.parity
// CHECK:             llvm.store %{{.+}}, %{{.+}} {alignment = 16 : i64} : vector<4xi32>, !llvm.ptr<3>
// CHECK:             nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>, space = #nvvm.shared_space<cta>}
// CHECK:             nvvm.barrier id
// Tiles like it, then those that all rows see whole: products of keys, and of
// the powers before them and values, are in flight while the powers are found.
// CHECK:             scf.for
// CHECK:               nvvm.fence.proxy
// CHECK:             scf.for
// CHECK-COUNT-8:       nvvm.wgmma.mma_async
// CHECK:               nvvm.wgmma.commit.group.sync.aligned
// CHECK:               nvvm.mbarrier.try_wait.parity
// CHECK-COUNT-8:       llvm.inline_asm {{.*}}"wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16 {
// CHECK:               nvvm.wgmma.commit.group.sync.aligned
// CHECK:               nvvm.barrier.arrive
// CHECK-NEXT:          nvvm.wgmma.wait.group.sync.aligned 1
// CHECK-NOT:           arith.cmpi sgt
// CHECK-COUNT-64:      llvm.call_intrinsic "llvm.nvvm.ex2.approx.ftz.f"
// CHECK:               llvm.inline_asm {{.*}}"@$0 nanosleep.u32 0;", "b"
// CHECK-NEXT:          nvvm.wgmma.wait.group.sync.aligned 0
// CHECK:               nvvm.mbarrier.arrive
// CHECK-NOT:           nvvm.fence.proxy
// CHECK:               scf.yield
// CHECK-COUNT-8:     llvm.inline_asm {{.*}}"wgmma.mma_async
// CHECK:             nvvm.wgmma.wait.group.sync.aligned 0
// The rest is for other operands.
// CHECK:         } else {
// CHECK:           gpu.launch
// CHECK:             nvvm.mma.sync
func.func @causal(%q: !q, %k: !kv, %v: !kv, %o: !q) {
  attn.sdpa_step ins(%q, %k, %v causal) outs(%o) : (!q, !kv, !kv, !q) -> ()
  return
}
}

// -----

!q = memref<2x4x?x64xf16>
!kv = memref<2x2x?x64xf16>
!pool = memref<?x2x32x64xf16>
!q96 = memref<2x4x?x96xf16>
!k96 = memref<2x2x?x96xf16>
!v80 = memref<2x2x?x80xf16>
!o80 = memref<2x4x?x80xf16>

module attributes {attn.target = #attn.target<cuda, arch = "sm_90a", num_sms = 132, shared_bytes = 232448>} {
// Without a diagonal, more keys at a time.
// CHECK-LABEL: func.func @plain
// CHECK:         nvgpu.tma.create.descriptor %{{.+}} box[%c1, %c1, %c128, %c64]
// CHECK:         nvgpu.tma.create.descriptor %{{.+}} box[%c1, %c1, %c176, %c64]
func.func @plain(%q: !q, %k: !kv, %v: !kv, %o: !q) {
  attn.sdpa_step ins(%q, %k, %v) outs(%o) : (!q, !kv, !kv, !q) -> ()
  return
}

// A page is a box: four of each of 128 keys, and their numbers.
// CHECK-LABEL: func.func @pages
// CHECK-SAME:    %[[TABLE:[^:]+]]: memref<2x?xi32>, %{{[^:]+}}: memref<2x4x?x64xf16>)
// CHECK:         nvgpu.tma.create.descriptor %{{.+}} box[%c1, %c1, %c128, %c64]
// CHECK:         nvgpu.tma.create.descriptor %{{.+}} box[%c1, %c1, %c32, %c64]
// CHECK:         nvvm.mbarrier.arrive.expect_tx %{{.+}}, %c16384_i32
// CHECK-COUNT-4: memref.load %[[TABLE]]
// CHECK-NOT:     memref.load
// CHECK:         nvvm.mbarrier.arrive.expect_tx %{{.+}}, %c16384_i32
func.func @pages(%q: !q, %k: !pool, %v: !pool, %t: memref<2x?xi32>, %o: !q) {
  attn.sdpa_step ins(%q, %k, %v causal page_table(%t)) outs(%o)
    : (!q, !pool, !pool, memref<2x?xi32>, !q) -> ()
  return
}

// Rows whose output is not finite are marked, and marked ones computed again by
// the kernel of sm_80, which looks at what a mask hides.
// CHECK-LABEL: func.func @mask
// CHECK:         %[[MARKS:.+]] = memref.alloc(%{{.+}}) : memref<2x4x?xi32>
// CHECK:         gpu.launch
// CHECK:           nvvm.wgmma.mma_async
// CHECK:           memref.store %{{.+}}, %[[MARKS]]
// CHECK:         gpu.launch
// CHECK:           memref.load %[[MARKS]]
// CHECK:           %[[ANY:.+]] = nvvm.barrier #nvvm.reduction<or>
// CHECK:           %[[IS:.+]] = arith.cmpi ne, %[[ANY]], %c0_i32
// CHECK:           scf.if %[[IS]] {
// CHECK:             nvvm.mma.sync
func.func @mask(%q: !q, %k: !kv, %v: !kv, %m: memref<2x1x?x?xi8>, %o: !q) {
  attn.sdpa_step ins(%q, %k, %v mask(%m)) outs(%o)
    : (!q, !kv, !kv, memref<2x1x?x?xi8>, !q) -> ()
  return
}

// Few queries.
// CHECK-LABEL: func.func @few
// CHECK-NOT:     wgmma
// CHECK:         return
func.func @few(%q: memref<2x4x127x64xf16>, %k: !kv, %v: !kv, %o: memref<2x4x127x64xf16>) {
  attn.sdpa_step ins(%q, %k, %v) outs(%o) : (memref<2x4x127x64xf16>, !kv, !kv, memref<2x4x127x64xf16>) -> ()
  return
}

// Three warpgroups that compute.
// CHECK-LABEL: func.func @three
// CHECK:         gpu.launch {{.*}} = %c512, 
// CHECK:           nvvm.setmaxregister decrease 32
// CHECK:           nvvm.setmaxregister increase 160
func.func @three(%q: !q, %k: !kv, %v: !kv, %o: !q) {
  attn.sdpa_step ins(%q, %k, %v causal) outs(%o)
      config(<kernel = wgmma, block_q = 192, block_kv = 112, warps = 12, stages = 2>)
    : (!q, !kv, !kv, !q) -> ()
  return
}

// Rows of 3 * 64 bytes, and of 5 * 32: panels as wide as divide them, swizzled
// over as many bytes.
// CHECK-LABEL: func.func @narrow
// Descriptors: 512 bytes from 8 keys to the next; of values 256, and 4096 from 16
// columns to the next.
// CHECK-DAG:     arith.constant -9223371899415756800 : i64
// CHECK-DAG:     arith.constant -4611685949691133952 : i64
// Their maps.
// CHECK:         nvgpu.tma.create.descriptor %{{.+}} box[%c1, %c1, %c128, %c32] : memref<*xf16> -> <tensor = memref<1x1x128x32xf16, #gpu.address_space<workgroup>>, swizzle = swizzle_64b,
// CHECK:         nvgpu.tma.create.descriptor %{{.+}} box[%c1, %c1, %c128, %c32] : memref<*xf16> -> <tensor = memref<1x1x128x32xf16, #gpu.address_space<workgroup>>, swizzle = swizzle_64b,
// CHECK:         nvgpu.tma.create.descriptor %{{.+}} box[%c1, %c1, %c128, %c16] : memref<*xf16> -> <tensor = memref<1x1x128x16xf16, #gpu.address_space<workgroup>>, swizzle = swizzle_32b,
// CHECK:         nvvm.mbarrier.arrive.expect_tx %{{.+}}, %c24576_i32
// CHECK-COUNT-3: nvvm.cp.async.bulk.tensor
// CHECK:         nvvm.mbarrier.arrive.expect_tx
// CHECK-COUNT-6: nvvm.wgmma.mma_async {{.*}}<m = 64, n = 128, k = 16>
// CHECK-NOT:     nvvm.wgmma.mma_async
// CHECK:         nvvm.wgmma.commit.group.sync.aligned
func.func @narrow(%q: !q96, %k: !k96, %v: !v80, %o: !o80) {
  attn.sdpa_step ins(%q, %k, %v causal) outs(%o) : (!q96, !k96, !v80, !o80) -> ()
  return
}
}
