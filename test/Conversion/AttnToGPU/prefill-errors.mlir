// RUN: attn-opt %s --convert-attn-to-gpu --split-input-file --verify-diagnostics

!t = memref<1x2x64x64xf32>
func.func @f32(%q: !t) {
  // expected-error @+1 {{mma_sync takes f16 and bf16}}
  attn.sdpa_step ins(%q, %q, %q) outs(%q) config(<kernel = mma_sync, block_q = 64, stages = 2>) : (!t, !t, !t, !t) -> ()
  return
}

// -----

!h = memref<1x2x64x64xf16>
!b = memref<1x2x64x64xf8E4M3FN>
func.func @mixed(%q: !h, %k: !b) {
  // expected-error @+1 {{mma_sync takes query, key and value of one type}}
  attn.sdpa_step ins(%q, %k, %k) outs(%q) config(<kernel = mma_sync, block_q = 64, stages = 2>) : (!h, !b, !b, !h) -> ()
  return
}

// -----

!h = memref<1x2x64x64xf16>
!s = memref<1x2x64x64xf16, strided<[8192, 4096, 1, 64]>>
func.func @columns(%q: !h, %k: !s) {
  // expected-error @+1 {{mma_sync takes rows whose elements are adjacent}}
  attn.sdpa_step ins(%q, %k, %q) outs(%q) config(<kernel = mma_sync, block_q = 64, stages = 2>) : (!h, !s, !h, !h) -> ()
  return
}

// -----

!h = memref<1x2x64x72xf16>
func.func @head_dim(%q: !h) {
  // expected-error @+1 {{mma_sync takes head_dim and head_dim_v that are multiples of 16 of at most 256}}
  attn.sdpa_step ins(%q, %q, %q) outs(%q) config(<kernel = mma_sync, block_q = 64, stages = 2>) : (!h, !h, !h, !h) -> ()
  return
}

// -----

module attributes {attn.target = #attn.target<cuda, arch = "sm_75">} {
func.func @old(%q: memref<1x2x64x64xf16>) {
  // expected-error @+1 {{mma_sync needs sm_80 or later}}
  attn.sdpa_step ins(%q, %q, %q) outs(%q) config(<kernel = mma_sync, block_q = 64, stages = 2>) : (memref<1x2x64x64xf16>, memref<1x2x64x64xf16>, memref<1x2x64x64xf16>, memref<1x2x64x64xf16>) -> ()
  return
}
}

// -----

!h = memref<1x2x64x64xf16>
func.func @block_q(%q: !h) {
  // expected-error @+1 {{expects block_q to be a multiple of 16 rows for each of 4 warps, or 16 or 32 rows that all of them have, but got 96}}
  attn.sdpa_step ins(%q, %q, %q) outs(%q) config(<kernel = mma_sync, block_q = 96, stages = 2>) : (!h, !h, !h, !h) -> ()
  return
}

// -----

!h = memref<1x2x64x64xf16>
func.func @block_kv(%q: !h) {
  // expected-error @+1 {{expects block_kv to be a multiple of 16 of at most 128, but got 24}}
  attn.sdpa_step ins(%q, %q, %q) outs(%q) config(<kernel = mma_sync, block_q = 64, block_kv = 24, stages = 2>) : (!h, !h, !h, !h) -> ()
  return
}

// -----

!h = memref<1x2x64x64xf16>
func.func @keys_of_warps(%q: !h) {
  // expected-error @+1 {{expects block_kv to be a multiple of 64 of at most 512, but got 32}}
  attn.sdpa_step ins(%q, %q, %q) outs(%q) config(<kernel = mma_sync, block_q = 16, stages = 2>) : (!h, !h, !h, !h) -> ()
  return
}

// -----

!h = memref<1x2x64x64xf16>
func.func @stages(%q: !h) {
  // expected-error @+1 {{expects at least 2 stages, but got 1}}
  attn.sdpa_step ins(%q, %q, %q) outs(%q) config(<kernel = mma_sync, block_q = 64>) : (!h, !h, !h, !h) -> ()
  return
}

// -----

!h = memref<1x2x64x256xf16>
func.func @registers(%q: !h) {
  // expected-error @+1 {{expects a lane to have at most 224 scores and sums in registers, but got 288}}
  attn.sdpa_step ins(%q, %q, %q) outs(%q) config(<kernel = mma_sync, block_q = 128, stages = 2>) : (!h, !h, !h, !h) -> ()
  return
}

// -----

!h = memref<1x2x64x128xf16>
func.func @shared(%q: !h) {
  // expected-error @+1 {{expects at most 101376 bytes of shared memory, but its tiles need 147456}}
  attn.sdpa_step ins(%q, %q, %q) outs(%q) config(<kernel = mma_sync, block_q = 64, block_kv = 64, stages = 4>) : (!h, !h, !h, !h) -> ()
  return
}

// -----

!h = memref<1x2x64x72xf16>
func.func @without(%q: !h) {
  // expected-remark @+1 {{computed without matrix instructions: mma_sync takes head_dim and head_dim_v that are multiples of 16 of at most 256}}
  attn.sdpa_step ins(%q, %q, %q) outs(%q) : (!h, !h, !h, !h) -> ()
  return
}
