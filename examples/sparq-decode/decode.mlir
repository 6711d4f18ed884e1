// A decode step by SparQ attention, with a cache that grows.
//
// The cache of a layer is four arrays of the caller, all updated in place: keys
// and values, row by row; the keys a second time, channel by channel in tiles of
// 1024, which the first step of SparQ reads a few rows of; and the mean of the
// values, which gets the weight of the keys that are not attended to.

!query = tensor<1x4x1x128xf32>
!new   = tensor<1x4x?x128xf32>       // [batch, heads, tokens, head_dim]
!cache = tensor<1x4x?x128xf32>       // [batch, heads, capacity, head_dim]
!keyt  = tensor<1x4x?x128x1024xf32>   // [batch, heads, capacity / 1024, head_dim, 1024]
!mean  = tensor<1x4x128xf32>

// Tokens pos, pos + 1, ... come into the cache: a prompt at once, or the next one.
func.func @append(%new_key: !new, %new_value: !new, %pos: index,
                  %key: !cache {attn.inout}, %value: !cache {attn.inout},
                  %key_t: !keyt {attn.inout}, %value_mean: !mean {attn.inout})
    -> (!cache, !cache, !keyt, !mean) {
  %c:3 = attn.kv_append ins(%new_key, %new_value, %pos) outs(%key, %value, %key_t)
    : (!new, !new, index, !cache, !cache, !keyt) -> (!cache, !cache, !keyt)
  %m = attn.running_mean ins(%new_value, %pos) outs(%value_mean)
    : (!new, index, !mean) -> !mean
  return %c#0, %c#1, %c#2, %m : !cache, !cache, !keyt, !mean
}

// Attention of one query to the first `length` keys: all are scored by 32 of their
// 128 components, and the best 128 of them, 32 of which are the newest, are read.
func.func @sparq(%query: !query, %key: !cache, %value: !cache, %key_t: !keyt,
                 %value_mean: !mean, %length: tensor<1xi64>) -> !query {
  %o = attn.sparq %query, %key, %value kv_len(%length)
      rank(32) top_k(128) local_window(32) key_t(%key_t) value_mean(%value_mean)
    : (!query, !cache, !cache, tensor<1xi64>, !keyt, !mean) -> !query
  return %o : !query
}

// The same attention, of all of them.
func.func @dense(%query: !query, %key: !cache, %value: !cache,
                 %length: tensor<1xi64>) -> !query {
  %o = attn.sdpa %query, %key, %value kv_len(%length)
    : (!query, !cache, !cache, tensor<1xi64>) -> !query
  return %o : !query
}
