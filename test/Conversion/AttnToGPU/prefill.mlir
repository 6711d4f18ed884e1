// RUN: attn-opt %s --convert-attn-to-gpu --canonicalize --cse --split-input-file | FileCheck %s

!q = memref<1x4x?x64xbf16>
!kv = memref<1x2x?x64xbf16>

// Where rows lie at multiples of 16 bytes they are copied by the hardware, else
// element by element: the kernel is there twice.
// CHECK-LABEL: func.func @causal
// CHECK:         %[[ALIGNED:.+]] = arith.cmpi eq, %{{.+}}, %c0
// CHECK:         scf.if %[[ALIGNED]] {
// CHECK:           gpu.launch {{.*}} threads{{.*}} = %c128{{.*}} dynamic_shared_memory_size %c24576_i32
// Queries: 64 rows of 128 bytes by 128 threads; then a tile of 32 keys and
// values.
// CHECK-COUNT-4:     nvvm.cp.async.shared.global {{.*}}, 16, cache =  cg
// CHECK:             scf.if
// CHECK-COUNT-4:       nvvm.cp.async.shared.global {{.*}}, 16, cache =  cg
// CHECK:             nvvm.cp.async.commit.group
// CHECK:             nvvm.cp.async.wait.group 0
// CHECK-NEXT:        gpu.barrier
// The queries of a warp stay in its registers.
// CHECK-COUNT-4:     nvvm.ldmatrix {{.*}}layout = #nvvm.mma_layout<row>
// CHECK-NOT:         nvvm.ldmatrix
// Tiles of which some row does not see all keys: what no row sees becomes zeros,
// and each score is compared.
// CHECK:             scf.for
// CHECK:               nvvm.cp.async.wait.group 0
// CHECK-NEXT:          gpu.barrier
// CHECK:               scf.if
// CHECK-COUNT-4:         nvvm.cp.async.shared.global %{{.+}}, %{{.+}}, 16, cache =  cg, %{{.+}} : !llvm.ptr<3>, !llvm.ptr<1>, i32
// CHECK:               nvvm.cp.async.commit.group
// CHECK-COUNT-16:      nvvm.mma.sync
// CHECK-COUNT-16:      arith.cmpi sgt, %{{.+}}, %c{{[0-9]+}}_i32 : i32
// CHECK:               scf.yield
// All the others.
// CHECK:             scf.for
// CHECK-NEXT:          nvvm.cp.async.wait.group 0
// CHECK-NEXT:          gpu.barrier
// CHECK:               scf.if
// CHECK-COUNT-4:         nvvm.cp.async.shared.global %{{.+}}, %{{.+}}, 16, cache =  cg : !llvm.ptr<3>, !llvm.ptr<1>{{$}}
// CHECK:               nvvm.cp.async.commit.group
// CHECK-NOT:           arith.cmpi
// CHECK-COUNT-16:      nvvm.mma.sync {{.*}}multiplicandAPtxType = #nvvm.mma_type<bf16>
// CHECK-NOT:           arith.cmpi sgt
// CHECK-COUNT-2:       gpu.shuffle xor
// CHECK-COUNT-17:      llvm.call_intrinsic "llvm.nvvm.ex2.approx.ftz.f"
// Powers become the left operand without leaving their lanes.
// CHECK-COUNT-4:       arith.truncf %{{.+}} : vector<2xf32> to vector<2xbf16>
// CHECK:               nvvm.ldmatrix {{.*}}layout = #nvvm.mma_layout<col>
// CHECK-COUNT-16:      nvvm.mma.sync
// CHECK-NOT:           nvvm.mma.sync
// CHECK:               arith.cmpi eq
// CHECK:               scf.yield
// Sums go through shared memory to whole sectors of output.
// CHECK:             nvvm.cp.async.wait.group 0
// CHECK-NEXT:        gpu.barrier
// CHECK:             llvm.store {{.*}} : i32, !llvm.ptr<3>
// CHECK:             gpu.barrier
// CHECK:             llvm.load %{{.+}} {alignment = 16 : i64} : !llvm.ptr<3> -> vector<4xi32>
// CHECK-NEXT:        llvm.store {{.*}} {alignment = 16 : i64} : vector<4xi32>, !llvm.ptr<1>
// CHECK:         } else {
// CHECK-NOT:         nvvm.cp.async.shared.global
func.func @causal(%q: !q, %k: !kv, %v: !kv, %o: !q) {
  attn.sdpa_step ins(%q, %k, %v causal) outs(%o)
      config(<kernel = mma_sync, block_q = 64, block_kv = 32, warps = 4,
              stages = 2>)
    : (!q, !kv, !kv, !q) -> ()
  return
}

// -----

!q = memref<1x2x128x128xf16>
!kv = memref<1x2x256x128xf16>

// All keys are seen, and lengths are multiples of the tiles: nothing is masked.
// CHECK-LABEL: func.func @whole
// CHECK:         gpu.launch
// CHECK:           scf.for
// Two row tiles a warp use each word of key and value twice.
// CHECK:             nvvm.ldmatrix
// CHECK:             nvvm.ldmatrix
// CHECK:             nvvm.ldmatrix
// CHECK:             nvvm.mma.sync
// CHECK:             nvvm.mma.sync
// CHECK:             nvvm.mma.sync
// CHECK:             nvvm.mma.sync {{.*}} : (vector<2xf16>, vector<2xf16>, f32)
// CHECK-NOT:       arith.cmpi sgt
// CHECK:           gpu.shuffle
// CHECK-NOT:       scf.for
// CHECK:         } else {
func.func @whole(%q: !q, %k: !kv, %v: !kv, %o: !q) {
  attn.sdpa_step ins(%q, %k, %v) outs(%o)
      config(<kernel = mma_sync, block_q = 128, block_kv = 32, warps = 4,
              stages = 2>)
    : (!q, !kv, !kv, !q) -> ()
  return
}

// -----

!q = memref<1x2x128x128xf16>

// Without a configuration, prompts get this kernel and decoding steps the other.
// CHECK-LABEL: func.func @choice
// CHECK:         nvvm.mma.sync
// CHECK-LABEL: func.func @decode
// CHECK-NOT:     nvvm.mma.sync
func.func @choice(%q: !q, %o: !q) {
  attn.sdpa_step ins(%q, %q, %q) outs(%o) : (!q, !q, !q, !q) -> ()
  return
}
func.func @decode(%q: memref<1x2x1x128xf16>, %k: !q, %o: memref<1x2x1x128xf16>) {
  attn.sdpa_step ins(%q, %k, %k) outs(%o)
    : (memref<1x2x1x128xf16>, !q, !q, memref<1x2x1x128xf16>) -> ()
  return
}
