// RUN: attn-opt %s --attn-lower-launches | FileCheck %s
// RUN: attn-opt %s --attn-lower-launches=emulate | FileCheck %s --check-prefix=EMULATED
// RUN: attn-opt %s --attn-lower-launches --attn-emit-c-entry-points | FileCheck %s --check-prefix=ENTRY

module attributes {attn.target = #attn.target<cuda, arch = "sm_80", num_sms = 108, shared_bytes = 166912>} {
  // The runtime is asked which code it would run: 2 * 90, and 1 for that of one
  // capability only.
  // CHECK-LABEL: func.func @choose(
  // CHECK:         %[[MODULE:.+]] = llvm.mlir.addressof @attn_gpu_module
  // CHECK:         %[[FOUND:.+]] = llvm.call @attn_rt_gpu_arch(%[[MODULE]]) : (!llvm.ptr) -> i32
  // CHECK:         %[[HOPPER:.+]] = arith.constant 181 : i32
  // CHECK:         %[[IS:.+]] = arith.cmpi eq, %[[FOUND]], %[[HOPPER]] : i32
  // CHECK:         arith.constant 160 : i32
  // CHECK:         return %[[IS]],

  // EMULATED-LABEL: func.func @choose(
  // EMULATED:         %[[NO:.+]] = arith.constant false
  // EMULATED:         %[[YES:.+]] = arith.constant true
  // EMULATED:         return %[[NO]], %[[YES]]

  // ENTRY-LABEL: func.func private @choose.compute(
  // ENTRY-SAME:    %[[EXEC:[^ ]+]]: !llvm.ptr, %[[STATUS:[^ ]+]]: !llvm.ptr)
  // ENTRY:         %[[ARCH:.+]] = llvm.call @attn_abi_gpu_arch(%[[STATUS]], %[[EXEC]], %{{.+}}) : (!llvm.ptr, !llvm.ptr, !llvm.ptr) -> i32
  // ENTRY:         arith.cmpi eq, %[[ARCH]],
  // ENTRY-LABEL: llvm.func internal @attn_abi_gpu_arch(
  // ENTRY:         llvm.call @attn_gpu_arch(
  func.func @choose() -> (i1, i1) {
    %0 = attn.runs_on "sm_90a"
    %1 = attn.runs_on "sm_80"
    return %0, %1 : i1, i1
  }
}
