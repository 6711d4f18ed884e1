// Of several GPUs, each gets the kernel that is chosen for it; where that is the
// same, there is one.
// RUN: attn-opt %s --split-input-file --convert-attn-to-gpu --verify-diagnostics | FileCheck %s

!q = memref<1x8x256x256xf16>
!k = memref<1x2x256x256xf16>
module attributes {attn.targets = [
  #attn.target<cuda, arch = "sm_86", num_sms = 84, shared_bytes = 101376>,
  #attn.target<cuda, arch = "sm_80", num_sms = 108, shared_bytes = 166912>,
  #attn.target<cuda, arch = "sm_87", num_sms = 16, shared_bytes = 166912>]} {
  // By shared memory: sm_80, whatever the order, is for what is left.
  // CHECK-LABEL: func.func @wide_heads(
  // CHECK:         %[[IS_86:.+]] = attn.runs_on "sm_86"
  // CHECK:         scf.if %[[IS_86]] {
  // CHECK:           gpu.launch
  // CHECK-SAME:        %{{.+}} = %[[THREADS_86:[^,]+]],
  // CHECK:           } {attn.archs = ["sm_86"]}
  // CHECK-NOT:       gpu.launch
  // CHECK:         } else {
  // CHECK:           gpu.launch
  // CHECK:           } {attn.archs = ["sm_80", "sm_87"]}
  // CHECK-NOT:     attn.sdpa_step
  func.func @wide_heads(%q: !q, %k: !k, %o: !q) {
    attn.sdpa_step ins(%q, %k, %k) outs(%o) : (!q, !k, !k, !q) -> ()
    return
  }
  // CHECK-LABEL: func.func @narrow_heads(
  // CHECK-NOT:     attn.runs_on
  // CHECK:         gpu.launch
  // CHECK-NOT:     attn.archs
  func.func @narrow_heads(%q: memref<1x8x256x64xf16>, %k: memref<1x2x256x64xf16>, %o: memref<1x8x256x64xf16>) {
    attn.sdpa_step ins(%q, %k, %k) outs(%o) : (memref<1x8x256x64xf16>, memref<1x2x256x64xf16>, memref<1x2x256x64xf16>, memref<1x8x256x64xf16>) -> ()
    return
  }
}

// -----

!q = memref<1x8x256x64xf16>
!k = memref<1x2x256x64xf16>
module attributes {attn.targets = [
  #attn.target<cuda, arch = "sm_80", num_sms = 108, shared_bytes = 166912>,
  #attn.target<cuda, arch = "sm_90a", num_sms = 132, shared_bytes = 232448>]} {
  // What is asked for, where it can be.
  // CHECK-LABEL: func.func @asked(
  // CHECK:         %[[IS:.+]] = attn.runs_on "sm_90a"
  // CHECK:         scf.if %[[IS]] {
  // CHECK:           nvgpu.tma.create.descriptor
  // CHECK:           } {attn.archs = ["sm_90a"]}
  // CHECK:         nvvm.mma.sync
  // CHECK:           } {attn.archs = ["sm_80"]}
  func.func @asked(%q: !q, %k: !k, %o: !q) {
    // expected-remark @below {{computed by another kernel than config names on sm_80, which has not got its instructions}}
    attn.sdpa_step ins(%q, %k, %k) outs(%o) {config = #attn.tile_config<kernel = wgmma, block_q = 128, block_kv = 128, warps = 8, stages = 2>} : (!q, !k, !k, !q) -> ()
    return
  }
}

// -----

!q = memref<1x8x256x64xf16>
!k = memref<1x2x256x64xf16>
module attributes {attn.targets = [
  #attn.target<cuda, arch = "sm_80", num_sms = 108, shared_bytes = 166912>,
  #attn.target<cuda, arch = "sm_90", num_sms = 132, shared_bytes = 232448>]} {
  // What none of them can do is an error.
  func.func @nowhere(%q: !q, %k: !k, %o: !q) {
    // expected-error @below {{wgmma needs sm_90a}}
    attn.sdpa_step ins(%q, %k, %k) outs(%o) {config = #attn.tile_config<kernel = wgmma, block_q = 128, block_kv = 128, warps = 8, stages = 2>} : (!q, !k, !k, !q) -> ()
    return
  }
}

// -----

!q = memref<1x8x256x256xf16>
!k = memref<1x2x256x256xf16>
module attributes {attn.targets = [
  #attn.target<cuda, arch = "sm_80", num_sms = 108, shared_bytes = 166912>,
  #attn.target<cuda, arch = "sm_86", num_sms = 84, shared_bytes = 101376>]} {
  // Tiles that are asked for are to fit on all of them.
  func.func @too_big(%q: !q, %k: !k, %o: !q) {
    // expected-error @below {{expects at most 101376 bytes of shared memory, but its tiles need 131072}}
    attn.sdpa_step ins(%q, %k, %k) outs(%o) {config = #attn.tile_config<kernel = mma_sync, block_q = 128, block_kv = 32, warps = 8, stages = 2>} : (!q, !k, !k, !q) -> ()
    return
  }
}
