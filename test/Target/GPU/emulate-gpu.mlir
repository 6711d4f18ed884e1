// RUN: attn-opt %s --attn-emulate-gpu --split-input-file | FileCheck %s

// Arguments come through pointers, shared variables are offsets, dynamic shared
// memory begins no more aligned than it asks for.
// CHECK-NOT: gpu.module
// CHECK-NOT: addr_space = 3
// CHECK-LABEL: llvm.func @m_kernel(
// CHECK-SAME:    %[[PARAMS:.*]]: !llvm.ptr) {
// CHECK:         %[[STATIC:.*]] = llvm.mlir.constant(264 : i64)
// CHECK:         %[[DYNAMIC:.*]] = llvm.mlir.constant(272 : i64)
// CHECK:         llvm.call @attn_emulator_enter(%{{.*}}, %[[STATIC]], %[[DYNAMIC]]
// CHECK:         %[[SLOT:.*]] = llvm.getelementptr %[[PARAMS]][1]
// CHECK:         %[[ADDRESS:.*]] = llvm.load %[[SLOT]] : !llvm.ptr -> !llvm.ptr
// CHECK:         llvm.load %[[ADDRESS]] : !llvm.ptr -> i32
// CHECK:         %[[BLOCK:.*]] = llvm.call @attn_emulator_current()
// CHECK:         llvm.call @attn_emulator_register
// CHECK:         %[[BASE:.*]] = llvm.load %[[BLOCK]] : !llvm.ptr -> !llvm.ptr
// CHECK:         %[[B:.*]] = llvm.getelementptr %[[BASE]][256]
// CHECK:         llvm.call @attn_emulator_check_shared(%[[BLOCK]]
// CHECK:         llvm.store %{{.*}}, %[[B]] : i64, !llvm.ptr
// CHECK:         llvm.call @m_helper
// CHECK:         llvm.return
module attributes {gpu.container_module} {
  gpu.module @m {
    llvm.mlir.global internal @a() {addr_space = 3 : i32, alignment = 16 : i64} : !llvm.array<64 x f32>
    llvm.mlir.global internal @b() {addr_space = 3 : i32} : i64
    llvm.mlir.global external @dynamic() {addr_space = 3 : i32, alignment = 16 : i64} : !llvm.array<0 x i8>
    llvm.func @helper(%p: !llvm.ptr<3>) {
      llvm.return
    }
    llvm.func @kernel(%x: !llvm.ptr<1>, %n: i32) attributes {gpu.kernel, nvvm.kernel} {
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %b = llvm.mlir.addressof @b : !llvm.ptr<3>
      %zero = llvm.mlir.constant(0 : i64) : i64
      llvm.store %zero, %b : i64, !llvm.ptr<3>
      llvm.call @helper(%b) : (!llvm.ptr<3>) -> ()
      %sum = llvm.add %tid, %n : i32
      llvm.store %sum, %x : i32, !llvm.ptr<1>
      llvm.return
    }
  }
}

// -----

// Operands of matrix operations go through memory; what orders memory goes.
// CHECK-LABEL: llvm.func @m_matrices(
// CHECK:         llvm.call @attn_emulator_ldmatrix(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %[[RESULTS:.*]]) :
// CHECK:         llvm.load %[[RESULTS]] {alignment = 4 : i64} : !llvm.ptr -> !llvm.struct<(i32, i32, i32, i32)>
// CHECK:         llvm.call @attn_emulator_mma(
// CHECK:         llvm.load %[[RESULTS]] {alignment = 4 : i64} : !llvm.ptr -> !llvm.struct<(f32, f32, f32, f32)>
// CHECK-NOT:     fence
// CHECK:         llvm.return
gpu.module @m {
  llvm.mlir.global external @dynamic() {addr_space = 3 : i32, alignment = 16 : i64} : !llvm.array<0 x i8>
  llvm.func @matrices(%x: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
    %s = llvm.mlir.addressof @dynamic : !llvm.ptr<3>
    %a = nvvm.ldmatrix %s {num = 4 : i32, layout = #nvvm.mma_layout<row>, shape = #nvvm.ld_st_matrix_shape<m = 8, n = 8>, eltType = #nvvm.ld_st_matrix_elt_type<b16>} : (!llvm.ptr<3>) -> !llvm.struct<(i32, i32, i32, i32)>
    %a0 = llvm.extractvalue %a[0] : !llvm.struct<(i32, i32, i32, i32)>
    %f = llvm.mlir.constant(0.0 : f32) : f32
    nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>, space = #nvvm.shared_space<cta>}
    %d = nvvm.mma.sync A[%a0, %a0, %a0, %a0] B[%a0, %a0] C[%f, %f, %f, %f]
      {layoutA = #nvvm.mma_layout<row>, layoutB = #nvvm.mma_layout<col>,
       multiplicandAPtxType = #nvvm.mma_type<bf16>, multiplicandBPtxType = #nvvm.mma_type<bf16>,
       shape = #nvvm.shape<m = 16, n = 8, k = 16>}
      : (i32, i32, f32) -> !llvm.struct<(f32, f32, f32, f32)>
    %d0 = llvm.extractvalue %d[0] : !llvm.struct<(f32, f32, f32, f32)>
    llvm.store %d0, %x : f32, !llvm.ptr<1>
    llvm.return
  }
}

// -----

// A shared address as a number is the offset that descriptors are made of.
// CHECK-LABEL: llvm.func @m_numbers(
// CHECK:         %[[FROM:.*]] = llvm.ptrtoint
// CHECK:         %[[BASE:.*]] = llvm.ptrtoint
// CHECK:         %[[OFFSET:.*]] = llvm.sub %[[FROM]], %[[BASE]]
// CHECK:         llvm.trunc %[[OFFSET]] : i64 to i32
// CHECK:         llvm.inttoptr %{{.*}} : i64 to !llvm.ptr
gpu.module @m {
  llvm.mlir.global internal @a() {addr_space = 3 : i32} : !llvm.array<64 x f32>
  llvm.func @numbers(%x: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
    %a = llvm.mlir.addressof @a : !llvm.ptr<3>
    %i = llvm.ptrtoint %a : !llvm.ptr<3> to i32
    %p = llvm.inttoptr %i : i32 to !llvm.ptr<3>
    %v = llvm.load %p : !llvm.ptr<3> -> f32
    llvm.store %v, %x : f32, !llvm.ptr<1>
    llvm.return
  }
}
