// RUN: attn-opt %s --convert-attn-to-gpu --split-input-file --verify-diagnostics

!q = memref<2x4x?x64xf16>
!kv = memref<2x2x?x64xf16>
!f32 = memref<2x4x?x64xf32>
!pool = memref<?x2x24x64xf16>
!tiny = memref<?x2x4x64xf16>

module attributes {attn.target = #attn.target<cuda, arch = "sm_90a", num_sms = 132, shared_bytes = 232448>} {
func.func @rows(%q: !q, %k: !kv) {
  // expected-error @+1 {{expects block_q of 128 or 192, 64 rows for each of two or three warpgroups, but got 64}}
  attn.sdpa_step ins(%q, %k, %k) outs(%q) config(<kernel = wgmma, block_q = 64, block_kv = 64, warps = 4, stages = 2>) : (!q, !kv, !kv, !q) -> ()
  return
}
func.func @warps(%q: !q, %k: !kv) {
  // expected-error @+1 {{expects 8 warps, four for each 64 rows of block_q, but got 4}}
  attn.sdpa_step ins(%q, %k, %k) outs(%q) config(<kernel = wgmma, block_q = 128, block_kv = 64, warps = 4, stages = 2>) : (!q, !kv, !kv, !q) -> ()
  return
}
func.func @keys(%q: !q, %k: !kv) {
  // expected-error @+1 {{expects block_kv to be a multiple of 16 of at most 256, but got 72}}
  attn.sdpa_step ins(%q, %k, %k) outs(%q) config(<kernel = wgmma, block_q = 128, block_kv = 72, warps = 8, stages = 2>) : (!q, !kv, !kv, !q) -> ()
  return
}
func.func @stages(%q: !q, %k: !kv) {
  // expected-error @+1 {{expects at least 2 stages, but got 1}}
  attn.sdpa_step ins(%q, %k, %k) outs(%q) config(<kernel = wgmma, block_q = 128, block_kv = 64, warps = 8, stages = 1>) : (!q, !kv, !kv, !q) -> ()
  return
}
func.func @registers(%q: !q, %k: !kv) {
  // expected-error @+1 {{expects scores, powers and sums of a lane to take at most 208 registers, but got 224}}
  attn.sdpa_step ins(%q, %k, %k) outs(%q) config(<kernel = wgmma, block_q = 128, block_kv = 256, warps = 8, stages = 2>) : (!q, !kv, !kv, !q) -> ()
  return
}
func.func @shared(%q: !q, %k: !kv) {
  // expected-error @+1 {{expects at most 232448 bytes of shared memory, but its tiles need 278800}}
  attn.sdpa_step ins(%q, %k, %k) outs(%q) config(<kernel = wgmma, block_q = 128, block_kv = 128, warps = 8, stages = 8>) : (!q, !kv, !kv, !q) -> ()
  return
}
func.func @type(%q: !f32) {
  // expected-error @+1 {{wgmma takes f16 and bf16}}
  attn.sdpa_step ins(%q, %q, %q) outs(%q) config(<kernel = wgmma, block_q = 128, block_kv = 64, warps = 8, stages = 2>) : (!f32, !f32, !f32, !f32) -> ()
  return
}
func.func @pages(%q: !q, %k: !pool, %t: memref<2x?xi32>) {
  // expected-error @+1 {{expects block_kv to divide the keys of a page or to be a multiple of them, 24, but got 64}}
  attn.sdpa_step ins(%q, %k, %k page_table(%t)) outs(%q) config(<kernel = wgmma, block_q = 128, block_kv = 64, warps = 8, stages = 2>) : (!q, !pool, !pool, memref<2x?xi32>, !q) -> ()
  return
}
func.func @blocks(%q: !q, %k: !kv) {
  // expected-error @+1 {{wgmma takes blocks of a multiple of 128 rows, without prefix and offsets}}
  attn.block_local_step ins(%q, %k, %k block_len(64)) outs(%q) config(<kernel = wgmma, block_q = 128, block_kv = 64, warps = 8, stages = 2>) : (!q, !kv, !kv, !q) -> ()
  return
}
func.func @rows_of_blocks(%q: !q, %k: !kv) {
  // expected-error @+1 {{expects block_q to divide the rows of a block, 128, but got 192}}
  attn.block_local_step ins(%q, %k, %k block_len(128)) outs(%q) config(<kernel = wgmma, block_q = 192, block_kv = 64, warps = 12, stages = 2>) : (!q, !kv, !kv, !q) -> ()
  return
}
func.func @tiny(%q: !q, %k: !tiny, %t: memref<2x?xi32>) {
  // expected-error @+1 {{wgmma takes pages of a multiple of 8 keys}}
  attn.sdpa_step ins(%q, %k, %k page_table(%t)) outs(%q) config(<kernel = wgmma, block_q = 128, block_kv = 64, warps = 8, stages = 2>) : (!q, !tiny, !tiny, memref<2x?xi32>, !q) -> ()
  return
}
}

// -----

!q = memref<2x4x?x64xf16>
!kv = memref<2x2x?x64xf16>
module attributes {attn.target = #attn.target<cuda, arch = "sm_90", num_sms = 132, shared_bytes = 232448>} {
func.func @old(%q: !q, %k: !kv) {
  // expected-error @+1 {{wgmma needs sm_90a}}
  attn.sdpa_step ins(%q, %k, %k) outs(%q) config(<kernel = wgmma, block_q = 128, block_kv = 64, warps = 8, stages = 2>) : (!q, !kv, !kv, !q) -> ()
  return
}
}
