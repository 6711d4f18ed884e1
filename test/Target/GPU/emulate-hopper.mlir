// RUN: attn-opt %s --attn-emulate-gpu | FileCheck %s
// RUN: attn-opt %s --convert-nvvm-to-llvm --attn-emulate-gpu | FileCheck %s

// The same whether upstream has made inline assembly of the ops or not.
!acc = !llvm.struct<(f32, f32, f32, f32)>

gpu.module @m {
  llvm.mlir.global external @shared() {addr_space = 3 : i32, alignment = 1024 : i64} : !llvm.array<0 x i8>

  // CHECK-LABEL: llvm.func @m_copy(
  // CHECK:         llvm.call @attn_emulator_mbarrier_init(
  // CHECK:         llvm.cond_br
  // CHECK:         llvm.call @attn_emulator_mbarrier_arrive(
  // CHECK:         llvm.br
  // CHECK:         llvm.call @attn_emulator_tensor_load(
  // CHECK:         llvm.call @attn_emulator_mbarrier_test(
  // CHECK:         llvm.call @attn_emulator_barrier_arrive(
  // What threads store, the async proxy sees behind the fence.
  // CHECK:         llvm.call @attn_emulator_shared_store(
  // CHECK-NEXT:    llvm.store
  // CHECK-NEXT:    llvm.call @attn_emulator_fence_async()
  // CHECK:         %[[COUNT:.+]] = llvm.mlir.constant(232 : i32)
  // CHECK:         %[[MORE:.+]] = llvm.mlir.constant(1 : i32)
  // CHECK:         llvm.call @attn_emulator_set_registers(%{{.+}}, %[[COUNT]], %[[MORE]])
  // CHECK:         llvm.return
  // What is passed by value is where the argument is.
  llvm.func @copy(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %x: i32) attributes {gpu.kernel, nvvm.kernel, nvvm.reqntid = array<i32: 128, 1, 1>} {
    %s = llvm.mlir.addressof @shared : !llvm.ptr<3>
    %bytes = llvm.mlir.constant(4096 : i32) : i32
    %zero = llvm.mlir.constant(0 : i32) : i32
    %one = llvm.mlir.constant(1 : i32) : i32
    %tile = llvm.getelementptr %s[1024] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
    nvvm.mbarrier.init %s, %one : !llvm.ptr<3>, i32
    nvvm.fence.mbarrier.init
    %tid = nvvm.read.ptx.sreg.tid.x : i32
    %first = llvm.icmp "eq" %tid, %zero : i32
    nvvm.mbarrier.arrive.expect_tx %s, %bytes, predicate = %first : !llvm.ptr<3>, i32, i1
    nvvm.cp.async.bulk.tensor.shared.cluster.global %tile, %map, %s, box[%x, %zero] {isCTAOnly = true} : !llvm.ptr<3>, !llvm.ptr
    nvvm.mbarrier.try_wait.parity %s, %zero, %bytes : !llvm.ptr<3>, i32, i32
    %count = llvm.mlir.constant(64 : i32) : i32
    nvvm.barrier.arrive id = %one number_of_threads = %count
    llvm.store %x, %tile : i32, !llvm.ptr<3>
    nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>, space = #nvvm.shared_space<cta>}
    nvvm.setmaxregister increase 232
    llvm.return
  }

  // CHECK-LABEL: llvm.func @m_multiply(
  // Accumulate, A negated, B by rows.
  // CHECK:         llvm.call @attn_emulator_wgmma(
  // CHECK:         llvm.load %{{.*}} {alignment = 4 : i64} : !llvm.ptr -> !llvm.struct<(f32, f32, f32, f32)>
  // CHECK:         llvm.call @attn_emulator_wgmma(
  // CHECK:         llvm.call @attn_emulator_wgmma_commit(
  // CHECK:         llvm.call @attn_emulator_wgmma_wait(
  llvm.func @multiply(%a: i64, %b: i64, %out: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
    %f = llvm.mlir.constant(0.0 : f32) : f32
    %i = llvm.mlir.constant(0 : i32) : i32
    %u = llvm.mlir.undef : !acc
    nvvm.wgmma.fence.aligned
    %r = nvvm.wgmma.mma_async %a, %b, %u, #nvvm.shape<m = 64, n = 8, k = 16>, D [<f32>, <one>], A [<bf16>, <neg>, <row>], B [<bf16>, <one>, <row>] : !acc -> !acc
    // A in registers.
    %r0 = llvm.extractvalue %r[0] : !acc
    %r1 = llvm.extractvalue %r[1] : !acc
    %r2 = llvm.extractvalue %r[2] : !acc
    %r3 = llvm.extractvalue %r[3] : !acc
    %t = llvm.inline_asm has_side_effects asm_dialect = att "wgmma.mma_async.sync.aligned.m64n8k16.f32.bf16.bf16 {$0, $1, $2, $3}, {$4, $5, $6, $7}, $8, 1, 1, 1, 1;", "=f,=f,=f,=f,r,r,r,r,l,0,1,2,3" %i, %i, %i, %i, %b, %r0, %r1, %r2, %r3 : (i32, i32, i32, i32, i64, f32, f32, f32, f32) -> !acc
    nvvm.wgmma.commit.group.sync.aligned
    nvvm.wgmma.wait.group.sync.aligned 0
    %u0 = llvm.extractvalue %t[0] : !acc
    %v = llvm.inline_asm has_side_effects asm_dialect = att "", "=f,0" %u0 : (f32) -> f32
    llvm.store %v, %out : f32, !llvm.ptr<1>
    llvm.return
  }

  // CHECK-LABEL: llvm.func @m_assembly(
  // CHECK:         llvm.fptrunc %{{.*}} : f32 to bf16
  // CHECK:         llvm.fptrunc %{{.*}} : f32 to bf16
  // CHECK:         llvm.call @attn_emulator_math(
  // CHECK:         llvm.call @attn_emulator_mbarrier_test(
  llvm.func @assembly(%x: f32, %y: f32, %out: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
    %s = llvm.mlir.addressof @shared : !llvm.ptr<3>
    %zero = llvm.mlir.constant(0 : i32) : i32
    %pair = llvm.inline_asm "cvt.rn.bf16x2.f32 $0, $1, $2;", "=r,f,f" %x, %y : (f32, f32) -> i32
    %e = llvm.inline_asm "ex2.approx.ftz.f32 $0, $1;", "=f,f" %x : (f32) -> f32
    %done = llvm.inline_asm has_side_effects "{ .reg .pred p; mbarrier.try_wait.parity.shared::cta.b64 p, [$1], $2; selp.b32 $0, 1, 0, p; }", "=r,r,r" %s, %zero : (!llvm.ptr<3>, i32) -> i32
    llvm.store %pair, %out : i32, !llvm.ptr<1>
    llvm.store %e, %out : f32, !llvm.ptr<1>
    llvm.store %done, %out : i32, !llvm.ptr<1>
    llvm.return
  }
}
