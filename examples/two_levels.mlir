// The two levels of a Block Transformer, one layer of each: the block decoder
// sees the blocks before, one position a block; the token decoder sees its own
// block, 2 prefix vectors and 4 tokens less the last: 5 positions a block.
!t = tensor<?x12x?x64xf32>

func.func @two_levels(%block_q: !t, %block_k: !t, %block_v: !t, %token_q: !t,
                      %token_k: !t, %token_v: !t) -> (!t, !t) {
  %blocks = attn.sdpa %block_q, %block_k, %block_v causal : (!t, !t, !t) -> !t
  %tokens = attn.block_local %token_q, %token_k, %token_v causal block_len(5)
    : (!t, !t, !t) -> !t
  return %blocks, %tokens : !t, !t
}
