// Three tiles of 64 keys to a ring of two stages; the last is cut by kv_len.
!q = memref<1x1x128x128xf16>
!k = memref<1x1x200x128xf16>
module attributes {attn.target = #attn.target<cuda, arch = "sm_90a", num_sms = 132, shared_bytes = 232448>} {
  func.func @prefill(%q: !q, %k: !k, %v: !k, %n: memref<1xi64>, %o: !q) {
    attn.sdpa_step ins(%q, %k, %v kv_len(%n)) outs(%o)
        config(<kernel = wgmma, block_q = 128, block_kv = 64, warps = 8, stages = 2>)
      : (!q, !k, !k, memref<1xi64>, !q) -> ()
    return
  }
}
