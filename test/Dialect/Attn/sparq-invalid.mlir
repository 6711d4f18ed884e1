// What the verifiers of SparQ, its building blocks and the ops on caches refuse.
// RUN: attn-opt %s -o /dev/null --split-input-file --verify-diagnostics

func.func @sparq_c1(%q: tensor<1x4x1x8xf32>, %kv: tensor<1x2x9x4xf32>) -> tensor<1x4x1x8xf32> {
  // expected-error @below {{'attn.sparq' op expects query and key to agree on head_dim, but got 8 and 4}}
  %o = attn.sparq %q, %kv, %kv rank(2) top_k(4) : (tensor<1x4x1x8xf32>, tensor<1x2x9x4xf32>, tensor<1x2x9x4xf32>) -> tensor<1x4x1x8xf32>
  return %o : tensor<1x4x1x8xf32>
}

// -----

func.func @sparq_c2(%q: tensor<1x4x2x8xf32>, %kv: tensor<1x2x9x8xf32>) -> tensor<1x4x2x8xf32> {
  // expected-error @below {{'attn.sparq' op expects a seq_len_q of 1, but got 2}}
  %o = attn.sparq %q, %kv, %kv rank(2) top_k(4) : (tensor<1x4x2x8xf32>, tensor<1x2x9x8xf32>, tensor<1x2x9x8xf32>) -> tensor<1x4x2x8xf32>
  return %o : tensor<1x4x2x8xf32>
}

// -----

func.func @sparq_c2_dynamic(%q: tensor<1x4x?x8xf32>, %kv: tensor<1x2x9x8xf32>) -> tensor<1x4x?x8xf32> {
  // expected-error @below {{'attn.sparq' op expects a seq_len_q of 1, but got ?}}
  %o = attn.sparq %q, %kv, %kv rank(2) top_k(4) : (tensor<1x4x?x8xf32>, tensor<1x2x9x8xf32>, tensor<1x2x9x8xf32>) -> tensor<1x4x?x8xf32>
  return %o : tensor<1x4x?x8xf32>
}

// -----

func.func @sparq_c3_rank(%q: tensor<1x4x1x8xf32>, %kv: tensor<1x2x9x8xf32>) -> tensor<1x4x1x8xf32> {
  // expected-error @below {{'attn.sparq' op expects rank and top_k of at least 1, but got 0 and 4}}
  %o = attn.sparq %q, %kv, %kv rank(0) top_k(4) : (tensor<1x4x1x8xf32>, tensor<1x2x9x8xf32>, tensor<1x2x9x8xf32>) -> tensor<1x4x1x8xf32>
  return %o : tensor<1x4x1x8xf32>
}

// -----

func.func @sparq_c3_top_k(%q: tensor<1x4x1x8xf32>, %kv: tensor<1x2x9x8xf32>) -> tensor<1x4x1x8xf32> {
  // expected-error @below {{'attn.sparq' op expects rank and top_k of at least 1, but got 2 and -3}}
  %o = attn.sparq %q, %kv, %kv rank(2) top_k(-3) : (tensor<1x4x1x8xf32>, tensor<1x2x9x8xf32>, tensor<1x2x9x8xf32>) -> tensor<1x4x1x8xf32>
  return %o : tensor<1x4x1x8xf32>
}

// -----

func.func @sparq_c3_local_window(%q: tensor<1x4x1x8xf32>, %kv: tensor<1x2x9x8xf32>) -> tensor<1x4x1x8xf32> {
  // expected-error @below {{'attn.sparq' op expects local_window of at least 0, but got -1}}
  %o = attn.sparq %q, %kv, %kv rank(2) top_k(3) local_window(-1) : (tensor<1x4x1x8xf32>, tensor<1x2x9x8xf32>, tensor<1x2x9x8xf32>) -> tensor<1x4x1x8xf32>
  return %o : tensor<1x4x1x8xf32>
}

// -----

func.func @sparq_c3_huge(%q: tensor<1x4x1x8xf32>, %kv: tensor<1x2x9x8xf32>) -> tensor<1x4x1x8xf32> {
  // expected-error @below {{'attn.sparq' op expects top_k of at most 281474976710656, but got 281474976710657}}
  %o = attn.sparq %q, %kv, %kv rank(2) top_k(281474976710657) : (tensor<1x4x1x8xf32>, tensor<1x2x9x8xf32>, tensor<1x2x9x8xf32>) -> tensor<1x4x1x8xf32>
  return %o : tensor<1x4x1x8xf32>
}

// -----

func.func @sparq_c4(%q: tensor<1x4x1x8xf32>, %kv: tensor<1x2x9x8xf32>) -> tensor<1x8x1x8xf32> {
  // expected-error @below {{'attn.sparq' op expects output to have num_heads 4, but got 8}}
  %o = attn.sparq %q, %kv, %kv rank(2) top_k(4) : (tensor<1x4x1x8xf32>, tensor<1x2x9x8xf32>, tensor<1x2x9x8xf32>) -> tensor<1x8x1x8xf32>
  return %o : tensor<1x8x1x8xf32>
}

// -----

func.func @sparq_c5_once(%q: tensor<1x4x1x8xf32>, %kv: tensor<1x2x9x8xf32>, %kt: tensor<1x2x1x8x16xf32>) -> tensor<1x4x1x8xf32> {
  // expected-error @below {{'attn.sparq' op expects no key_t with key_layout(once)}}
  %o = attn.sparq %q, %kv, %kv rank(2) top_k(3) key_layout(once) key_t(%kt) : (tensor<1x4x1x8xf32>, tensor<1x2x9x8xf32>, tensor<1x2x9x8xf32>, tensor<1x2x1x8x16xf32>) -> tensor<1x4x1x8xf32>
  return %o : tensor<1x4x1x8xf32>
}

// -----

func.func @sparq_c5_heads(%q: tensor<1x4x1x8xf32>, %kv: tensor<1x2x9x8xf32>, %kt: tensor<1x4x1x8x16xf32>) -> tensor<1x4x1x8xf32> {
  // expected-error @below {{'attn.sparq' op expects key_t to have num_kv_heads 2, but got 4}}
  %o = attn.sparq %q, %kv, %kv rank(2) top_k(3) key_t(%kt) : (tensor<1x4x1x8xf32>, tensor<1x2x9x8xf32>, tensor<1x2x9x8xf32>, tensor<1x4x1x8x16xf32>) -> tensor<1x4x1x8xf32>
  return %o : tensor<1x4x1x8xf32>
}

// -----

func.func @sparq_c5_element(%q: tensor<1x4x1x8xf32>, %kv: tensor<1x2x9x8xf32>, %kt: tensor<1x2x1x8x16xf16>) -> tensor<1x4x1x8xf32> {
  // expected-error @below {{'attn.sparq' op expects key_t to have element type 'f32', but got 'f16'}}
  %o = attn.sparq %q, %kv, %kv rank(2) top_k(3) key_t(%kt) : (tensor<1x4x1x8xf32>, tensor<1x2x9x8xf32>, tensor<1x2x9x8xf32>, tensor<1x2x1x8x16xf16>) -> tensor<1x4x1x8xf32>
  return %o : tensor<1x4x1x8xf32>
}

// -----

func.func @sparq_c5_tile(%q: tensor<1x4x1x8xf32>, %kv: tensor<1x2x9x8xf32>, %kt: tensor<1x2x1x8x?xf32>) -> tensor<1x4x1x8xf32> {
  // expected-error @below {{'attn.sparq' op expects key_t to have a static head_dim and a static, positive tile, but got 'tensor<1x2x1x8x?xf32>'}}
  %o = attn.sparq %q, %kv, %kv rank(2) top_k(3) key_t(%kt) : (tensor<1x4x1x8xf32>, tensor<1x2x9x8xf32>, tensor<1x2x9x8xf32>, tensor<1x2x1x8x?xf32>) -> tensor<1x4x1x8xf32>
  return %o : tensor<1x4x1x8xf32>
}

// -----

func.func @sparq_c5_capacity(%q: tensor<1x4x1x8xf32>, %kv: tensor<1x2x9x8xf32>, %kt: tensor<1x2x2x8x4xf32>) -> tensor<1x4x1x8xf32> {
  // expected-error @below {{'attn.sparq' op expects key_t to hold seq_len_kv 9, but got 2 tiles of 4}}
  %o = attn.sparq %q, %kv, %kv rank(2) top_k(3) key_t(%kt) : (tensor<1x4x1x8xf32>, tensor<1x2x9x8xf32>, tensor<1x2x9x8xf32>, tensor<1x2x2x8x4xf32>) -> tensor<1x4x1x8xf32>
  return %o : tensor<1x4x1x8xf32>
}

// -----

func.func @sparq_c5_pages(%q: tensor<1x4x1x8xf32>, %kv: tensor<1x2x9x8xf32>, %p: tensor<1x3xi32>, %kt: tensor<1x2x9x8x4xf32>) -> tensor<1x4x1x8xf32> {
  // expected-error @below {{'attn.sparq' op expects no key_t with page_table}}
  %o = attn.sparq %q, %kv, %kv page_table(%p) rank(2) top_k(3) key_t(%kt) : (tensor<1x4x1x8xf32>, tensor<1x2x9x8xf32>, tensor<1x2x9x8xf32>, tensor<1x3xi32>, tensor<1x2x9x8x4xf32>) -> tensor<1x4x1x8xf32>
  return %o : tensor<1x4x1x8xf32>
}

// -----

func.func @sparq_c6_shape(%q: tensor<1x4x1x8xf32>, %kv: tensor<1x2x9x8xf32>, %m: tensor<1x4x8xf32>) -> tensor<1x4x1x8xf32> {
  // expected-error @below {{'attn.sparq' op expects value_mean to have num_kv_heads 2, but got 4}}
  %o = attn.sparq %q, %kv, %kv rank(2) top_k(3) value_mean(%m) : (tensor<1x4x1x8xf32>, tensor<1x2x9x8xf32>, tensor<1x2x9x8xf32>, tensor<1x4x8xf32>) -> tensor<1x4x1x8xf32>
  return %o : tensor<1x4x1x8xf32>
}

// -----

func.func @sparq_c6_type(%q: tensor<1x4x1x8xf32>, %kv: tensor<1x2x9x8xf32>, %m: tensor<1x2x8xf64>) -> tensor<1x4x1x8xf32> {
  // expected-error @below {{'attn.sparq' op expects value_mean to have element type 'f32', but got 'f64'}}
  %o = attn.sparq %q, %kv, %kv rank(2) top_k(3) value_mean(%m) : (tensor<1x4x1x8xf32>, tensor<1x2x9x8xf32>, tensor<1x2x9x8xf32>, tensor<1x2x8xf64>) -> tensor<1x4x1x8xf32>
  return %o : tensor<1x4x1x8xf32>
}

// -----

func.func @sparq_no_rank(%q: tensor<1x4x1x8xf32>, %kv: tensor<1x2x9x8xf32>) -> tensor<1x4x1x8xf32> {
  // expected-error @below {{expected rank(...) and top_k(...)}}
  %o = attn.sparq %q, %kv, %kv top_k(3) : (tensor<1x4x1x8xf32>, tensor<1x2x9x8xf32>, tensor<1x2x9x8xf32>) -> tensor<1x4x1x8xf32>
  return %o : tensor<1x4x1x8xf32>
}

// -----

func.func @sparq_enum(%q: tensor<1x4x1x8xf32>, %kv: tensor<1x2x9x8xf32>) -> tensor<1x4x1x8xf32> {
  // expected-error @below {{expected realloc auto, on or off, but got maybe}}
  %o = attn.sparq %q, %kv, %kv rank(1) top_k(3) realloc(maybe) : (tensor<1x4x1x8xf32>, tensor<1x2x9x8xf32>, tensor<1x2x9x8xf32>) -> tensor<1x4x1x8xf32>
  return %o : tensor<1x4x1x8xf32>
}

// -----

func.func @sparq_twice(%q: tensor<1x4x1x8xf32>, %kv: tensor<1x2x9x8xf32>) -> tensor<1x4x1x8xf32> {
  // expected-error @below {{expected at most one rank clause}}
  %o = attn.sparq %q, %kv, %kv rank(1) rank(1) top_k(3) : (tensor<1x4x1x8xf32>, tensor<1x2x9x8xf32>, tensor<1x2x9x8xf32>) -> tensor<1x4x1x8xf32>
  return %o : tensor<1x4x1x8xf32>
}

// -----

func.func @scores_c1(%q: tensor<1x3x1x8xf32>, %kv: tensor<1x2x9x8xf32>, %s: tensor<1x3x1x9xf32>) {
  // expected-error @below {{'attn.scores' op expects num_heads to be a multiple of num_kv_heads, but got 3 and 2}}
  %r:1 = attn.scores ins(%q, %kv) outs(%s) : (tensor<1x3x1x8xf32>, tensor<1x2x9x8xf32>, tensor<1x3x1x9xf32>) -> (tensor<1x3x1x9xf32>)
  return
}

// -----

func.func @scores_c2(%q: tensor<1x4x1x8xf32>, %kv: tensor<1x2x9x8xf32>, %s: tensor<1x4x1x8xf32>) {
  // expected-error @below {{'attn.scores' op expects scores to have seq_len_kv 9, but got 8}}
  %r:1 = attn.scores ins(%q, %kv) outs(%s) : (tensor<1x4x1x8xf32>, tensor<1x2x9x8xf32>, tensor<1x4x1x8xf32>) -> (tensor<1x4x1x8xf32>)
  return
}

// -----

func.func @scores_c2_type(%q: tensor<1x4x1x8xf32>, %kv: tensor<1x2x9x8xf32>, %s: tensor<1x4x1x9xf64>) {
  // expected-error @below {{'attn.scores' op expects scores to have element type 'f32', but got 'f64'}}
  %r:1 = attn.scores ins(%q, %kv) outs(%s) : (tensor<1x4x1x8xf32>, tensor<1x2x9x8xf32>, tensor<1x4x1x9xf64>) -> (tensor<1x4x1x9xf64>)
  return
}

// -----

func.func @scores_c2_factor(%q: tensor<1x4x1x8xf32>, %kv: tensor<1x2x9x8xf32>, %f: tensor<1x2x1xf32>, %s: tensor<1x4x1x9xf32>) {
  // expected-error @below {{'attn.scores' op expects factor to have num_heads 4, but got 2}}
  %r:1 = attn.scores ins(%q, %kv factor(%f)) outs(%s) : (tensor<1x4x1x8xf32>, tensor<1x2x9x8xf32>, tensor<1x2x1xf32>, tensor<1x4x1x9xf32>) -> (tensor<1x4x1x9xf32>)
  return
}

// -----

func.func @scores_c2_channels(%q: tensor<1x4x1x8xf32>, %kv: tensor<1x2x9x8xf32>, %c: tensor<1x4x3xi64>, %s: tensor<1x4x1x9xf32>) {
  // expected-error @below {{'attn.scores' op expects channels to have num_kv_heads 2, but got 4}}
  %r:1 = attn.scores ins(%q, %kv channels(%c)) outs(%s) : (tensor<1x4x1x8xf32>, tensor<1x2x9x8xf32>, tensor<1x4x3xi64>, tensor<1x4x1x9xf32>) -> (tensor<1x4x1x9xf32>)
  return
}

// -----

func.func @scores_c2_many(%q: tensor<1x4x1x8xf32>, %kv: tensor<1x2x9x8xf32>, %c: tensor<1x2x9xi64>, %s: tensor<1x4x1x9xf32>) {
  // expected-error @below {{'attn.scores' op expects at most head_dim 8 channels, but got 9}}
  %r:1 = attn.scores ins(%q, %kv channels(%c)) outs(%s) : (tensor<1x4x1x8xf32>, tensor<1x2x9x8xf32>, tensor<1x2x9xi64>, tensor<1x4x1x9xf32>) -> (tensor<1x4x1x9xf32>)
  return
}

// -----

func.func @scores_c3(%q: tensor<1x4x1x8xf32>, %kv: tensor<1x2x9x8xf32>, %t: tensor<1x2x1x8x8xf32>, %s: tensor<1x4x1x9xf32>) {
  // expected-error @below {{'attn.scores' op expects key_t to hold seq_len_kv 9, but got 1 tiles of 8}}
  %r:1 = attn.scores ins(%q, %kv key_t(%t)) outs(%s) : (tensor<1x4x1x8xf32>, tensor<1x2x9x8xf32>, tensor<1x2x1x8x8xf32>, tensor<1x4x1x9xf32>) -> (tensor<1x4x1x9xf32>)
  return
}

// -----

func.func @scores_c4(%q: tensor<1x4x1x8xf32>, %kv: tensor<1x2x9x8xf32>, %x: tensor<1x1x1x1xf32>, %s: tensor<1x4x1x9xf32>) {
  // expected-error @below {{'attn.scores' op expects no value_scale: scores read no value}}
  %r:1 = attn.scores ins(%q, %kv value_scale(%x)) outs(%s) : (tensor<1x4x1x8xf32>, tensor<1x2x9x8xf32>, tensor<1x1x1x1xf32>, tensor<1x4x1x9xf32>) -> (tensor<1x4x1x9xf32>)
  return
}

// -----

func.func @scores_c5(%q: memref<1x4x1x8xf32>, %kv: memref<1x2x9x8xf32>, %m: memref<1x1x1x9xi1>, %s: memref<1x4x1x9xf32>) {
  // expected-error @below {{'attn.scores' op expects an i8 mask on memrefs (nonzero = visible), but got i1}}
  attn.scores ins(%q, %kv mask(%m)) outs(%s) : (memref<1x4x1x8xf32>, memref<1x2x9x8xf32>, memref<1x1x1x9xi1>, memref<1x4x1x9xf32>) -> ()
  return
}

// -----

func.func @scores_c6(%q: tensor<1x4x1x8xf32>, %kv: tensor<1x2x9x8xf32>, %s: tensor<1x4x1x9xf32>) {
  // expected-error @below {{'attn.scores' op expects 1 results, one per tensor destination, but got 0}}
  attn.scores ins(%q, %kv) outs(%s) : (tensor<1x4x1x8xf32>, tensor<1x2x9x8xf32>, tensor<1x4x1x9xf32>) -> ()
  return
}

// -----

func.func @topk_c1(%u: tensor<1x2x9xf32>, %i: tensor<1x3x4xi64>, %n: tensor<1x2xi64>) {
  // expected-error @below {{'attn.topk' op expects indices to have heads 2, but got 3}}
  %r:2 = attn.topk ins(%u) outs(%i, %n) : (tensor<1x2x9xf32>, tensor<1x3x4xi64>, tensor<1x2xi64>) -> (tensor<1x3x4xi64>, tensor<1x2xi64>)
  return
}

// -----

func.func @topk_c1_count(%u: tensor<1x2x9xf32>, %i: tensor<1x2x4xi64>, %n: tensor<2x2xi64>) {
  // expected-error @below {{'attn.topk' op expects count to have batch 1, but got 2}}
  %r:2 = attn.topk ins(%u) outs(%i, %n) : (tensor<1x2x9xf32>, tensor<1x2x4xi64>, tensor<2x2xi64>) -> (tensor<1x2x4xi64>, tensor<2x2xi64>)
  return
}

// -----

func.func @topk_c1_dynamic(%u: tensor<1x2x9xf32>, %i: tensor<1x2x?xi64>, %n: tensor<1x2xi64>) {
  // expected-error @below {{'attn.topk' op expects indices with a static, positive k, but got 'tensor<1x2x?xi64>'}}
  %r:2 = attn.topk ins(%u) outs(%i, %n) : (tensor<1x2x9xf32>, tensor<1x2x?xi64>, tensor<1x2xi64>) -> (tensor<1x2x?xi64>, tensor<1x2xi64>)
  return
}

// -----

func.func @topk_c2(%u: tensor<1x2x9xf32>, %i: tensor<1x2x4xi64>, %n: tensor<1x2xi64>) {
  // expected-error @below {{'attn.topk' op expects 2 results, one per tensor destination, but got 1}}
  %r:1 = attn.topk ins(%u) outs(%i, %n) : (tensor<1x2x9xf32>, tensor<1x2x4xi64>, tensor<1x2xi64>) -> (tensor<1x2x4xi64>)
  return
}

// -----

func.func @gather_kv_c1(%k: tensor<1x2x9x8xf32>, %v: tensor<1x2x7x8xf32>, %i: tensor<1x2x4xi64>, %n: tensor<1x2xi64>, %ks: tensor<1x2x4x8xf32>, %vs: tensor<1x2x4x8xf32>) {
  // expected-error @below {{'attn.gather_kv' op expects key and value to agree on seq_len_kv, but got 9 and 7}}
  %r:2 = attn.gather_kv ins(%k, %v, %i, %n) outs(%ks, %vs) : (tensor<1x2x9x8xf32>, tensor<1x2x7x8xf32>, tensor<1x2x4xi64>, tensor<1x2xi64>, tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>) -> (tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>)
  return
}

// -----

func.func @gather_kv_c1_rows(%k: tensor<1x2x9x8xf32>, %v: tensor<1x2x9x8xf32>, %i: tensor<1x2x4xi64>, %n: tensor<1x2xi64>, %ks: tensor<1x2x5x8xf32>, %vs: tensor<1x2x4x8xf32>) {
  // expected-error @below {{'attn.gather_kv' op expects keys to have k 4, but got 5}}
  %r:2 = attn.gather_kv ins(%k, %v, %i, %n) outs(%ks, %vs) : (tensor<1x2x9x8xf32>, tensor<1x2x9x8xf32>, tensor<1x2x4xi64>, tensor<1x2xi64>, tensor<1x2x5x8xf32>, tensor<1x2x4x8xf32>) -> (tensor<1x2x5x8xf32>, tensor<1x2x4x8xf32>)
  return
}

// -----

func.func @gather_kv_c1_batch(%k: tensor<1x2x9x8xf32>, %v: tensor<1x2x9x8xf32>, %i: tensor<2x2x4xi64>, %n: tensor<1x2xi64>, %ks: tensor<1x2x4x8xf32>, %vs: tensor<1x2x4x8xf32>) {
  // expected-error @below {{'attn.gather_kv' op expects indices to have batch 1, but got 2}}
  %r:2 = attn.gather_kv ins(%k, %v, %i, %n) outs(%ks, %vs) : (tensor<1x2x9x8xf32>, tensor<1x2x9x8xf32>, tensor<2x2x4xi64>, tensor<1x2xi64>, tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>) -> (tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>)
  return
}

// -----

func.func @gather_kv_c1_table(%k: tensor<1x2x9x8xf32>, %v: tensor<1x2x9x8xf32>, %i: tensor<1x2x4xi64>, %n: tensor<1x2xi64>, %p: tensor<2x3xi32>, %ks: tensor<1x2x4x8xf32>, %vs: tensor<1x2x4x8xf32>) {
  // expected-error @below {{'attn.gather_kv' op expects page_table to have batch 1, but got 2}}
  %r:2 = attn.gather_kv ins(%k, %v, %i, %n page_table(%p)) outs(%ks, %vs) : (tensor<1x2x9x8xf32>, tensor<1x2x9x8xf32>, tensor<1x2x4xi64>, tensor<1x2xi64>, tensor<2x3xi32>, tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>) -> (tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>)
  return
}

// -----

func.func @gather_kv_c2(%k: tensor<1x2x9x8xf32>, %v: tensor<1x2x9x8xf32>, %i: tensor<1x2x4xi64>, %n: tensor<1x2xi64>, %ks: tensor<1x2x4x8xf16>, %vs: tensor<1x2x4x8xf16>) {
  // expected-error @below {{'attn.gather_kv' op expects keys to have key's element type, but got 'f16'}}
  %r:2 = attn.gather_kv ins(%k, %v, %i, %n) outs(%ks, %vs) : (tensor<1x2x9x8xf32>, tensor<1x2x9x8xf32>, tensor<1x2x4xi64>, tensor<1x2xi64>, tensor<1x2x4x8xf16>, tensor<1x2x4x8xf16>) -> (tensor<1x2x4x8xf16>, tensor<1x2x4x8xf16>)
  return
}

// -----

func.func @gather_kv_c2_scaled(%k: tensor<1x2x9x8xi8>, %v: tensor<1x2x9x8xi8>, %i: tensor<1x2x4xi64>, %n: tensor<1x2xi64>, %ks: tensor<1x2x4x8xf16>, %vs: tensor<1x2x4x8xf16>) {
  // expected-error @below {{'attn.gather_kv' op expects keys to have f32 or f64 where key has 8 bits or a scale, but got 'f16'}}
  %r:2 = attn.gather_kv ins(%k, %v, %i, %n) outs(%ks, %vs) : (tensor<1x2x9x8xi8>, tensor<1x2x9x8xi8>, tensor<1x2x4xi64>, tensor<1x2xi64>, tensor<1x2x4x8xf16>, tensor<1x2x4x8xf16>) -> (tensor<1x2x4x8xf16>, tensor<1x2x4x8xf16>)
  return
}

// -----

func.func @gather_kv_c3(%k: tensor<1x2x?x8xf32>, %v: tensor<1x2x?x8xf32>, %i: tensor<1x2x4xi64>, %n: tensor<1x2xi64>, %p: tensor<1x3xi32>, %ks: tensor<1x2x4x8xf32>, %vs: tensor<1x2x4x8xf32>) {
  // expected-error @below {{'attn.gather_kv' op expects a static, positive page_size, but got ?}}
  %r:2 = attn.gather_kv ins(%k, %v, %i, %n page_table(%p)) outs(%ks, %vs) : (tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>, tensor<1x2x4xi64>, tensor<1x2xi64>, tensor<1x3xi32>, tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>) -> (tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>)
  return
}

// -----

func.func @gather_kv_c4(%k: tensor<1x2x9x8xf32>, %v: tensor<1x2x9x8xf32>, %i: tensor<1x2x4xi64>, %n: tensor<1x2xi64>, %ks: tensor<1x2x4x8xf32>, %vs: tensor<1x2x4x8xf32>) {
  // expected-error @below {{'attn.gather_kv' op expects 2 results, one per tensor destination, but got 1}}
  %r:1 = attn.gather_kv ins(%k, %v, %i, %n) outs(%ks, %vs) : (tensor<1x2x9x8xf32>, tensor<1x2x9x8xf32>, tensor<1x2x4xi64>, tensor<1x2xi64>, tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>) -> (tensor<1x2x4x8xf32>)
  return
}

// -----

func.func @kv_append_c1(%a: tensor<1x2x1x8xf32>, %b: tensor<1x2x2x8xf32>, %p: index, %k: tensor<1x2x9x8xf32>, %v: tensor<1x2x9x8xf32>) {
  // expected-error @below {{'attn.kv_append' op expects new_value to have tokens 1, but got 2}}
  %r:2 = attn.kv_append ins(%a, %b, %p) outs(%k, %v) : (tensor<1x2x1x8xf32>, tensor<1x2x2x8xf32>, index, tensor<1x2x9x8xf32>, tensor<1x2x9x8xf32>) -> (tensor<1x2x9x8xf32>, tensor<1x2x9x8xf32>)
  return
}

// -----

func.func @kv_append_c1_value(%a: tensor<1x2x1x8xf32>, %b: tensor<1x2x1x8xf32>, %p: index, %k: tensor<1x2x9x8xf32>, %v: tensor<1x2x8x8xf32>) {
  // expected-error @below {{'attn.kv_append' op expects value to have capacity 9, but got 8}}
  %r:2 = attn.kv_append ins(%a, %b, %p) outs(%k, %v) : (tensor<1x2x1x8xf32>, tensor<1x2x1x8xf32>, index, tensor<1x2x9x8xf32>, tensor<1x2x8x8xf32>) -> (tensor<1x2x9x8xf32>, tensor<1x2x8x8xf32>)
  return
}

// -----

func.func @kv_append_c1_tokens(%a: tensor<1x2x10x8xf32>, %b: tensor<1x2x10x8xf32>, %p: index, %k: tensor<1x2x9x8xf32>, %v: tensor<1x2x9x8xf32>) {
  // expected-error @below {{'attn.kv_append' op expects at most as many tokens as the capacity, but got 10 and 9}}
  %r:2 = attn.kv_append ins(%a, %b, %p) outs(%k, %v) : (tensor<1x2x10x8xf32>, tensor<1x2x10x8xf32>, index, tensor<1x2x9x8xf32>, tensor<1x2x9x8xf32>) -> (tensor<1x2x9x8xf32>, tensor<1x2x9x8xf32>)
  return
}

// -----

func.func @kv_append_c1_type(%a: tensor<1x2x1x8xf32>, %b: tensor<1x2x1x8xf32>, %p: index, %k: tensor<1x2x9x8xf16>, %v: tensor<1x2x9x8xf32>) {
  // expected-error @below {{'attn.kv_append' op expects key to have element type 'f32', but got 'f16'}}
  %r:2 = attn.kv_append ins(%a, %b, %p) outs(%k, %v) : (tensor<1x2x1x8xf32>, tensor<1x2x1x8xf32>, index, tensor<1x2x9x8xf16>, tensor<1x2x9x8xf32>) -> (tensor<1x2x9x8xf16>, tensor<1x2x9x8xf32>)
  return
}

// -----

func.func @kv_append_c1_pos(%a: tensor<1x2x1x8xf32>, %b: tensor<1x2x1x8xf32>, %p: tensor<3xi64>, %k: tensor<1x2x9x8xf32>, %v: tensor<1x2x9x8xf32>) {
  // expected-error @below {{'attn.kv_append' op expects pos to have batch 1, but got 3}}
  %r:2 = attn.kv_append ins(%a, %b, %p) outs(%k, %v) : (tensor<1x2x1x8xf32>, tensor<1x2x1x8xf32>, tensor<3xi64>, tensor<1x2x9x8xf32>, tensor<1x2x9x8xf32>) -> (tensor<1x2x9x8xf32>, tensor<1x2x9x8xf32>)
  return
}

// -----

func.func @kv_append_c1_key_t(%a: tensor<1x2x1x8xf32>, %b: tensor<1x2x1x8xf32>, %p: index, %k: tensor<1x2x9x8xf32>, %v: tensor<1x2x9x8xf32>, %t: tensor<1x2x1x8x8xf32>) {
  // expected-error @below {{'attn.kv_append' op expects key_t to hold seq_len_kv 9, but got 1 tiles of 8}}
  %r:3 = attn.kv_append ins(%a, %b, %p) outs(%k, %v, %t) : (tensor<1x2x1x8xf32>, tensor<1x2x1x8xf32>, index, tensor<1x2x9x8xf32>, tensor<1x2x9x8xf32>, tensor<1x2x1x8x8xf32>) -> (tensor<1x2x9x8xf32>, tensor<1x2x9x8xf32>, tensor<1x2x1x8x8xf32>)
  return
}

// -----

func.func @kv_append_c2(%a: tensor<1x2x1x8xf32>, %b: tensor<1x2x1x8xf32>, %p: index, %k: tensor<1x2x9x8xf32>, %v: tensor<1x2x9x8xf32>) {
  // expected-error @below {{'attn.kv_append' op expects 2 results, one per tensor destination, but got 1}}
  %r:1 = attn.kv_append ins(%a, %b, %p) outs(%k, %v) : (tensor<1x2x1x8xf32>, tensor<1x2x1x8xf32>, index, tensor<1x2x9x8xf32>, tensor<1x2x9x8xf32>) -> (tensor<1x2x9x8xf32>)
  return
}

// -----

func.func @running_mean_c1(%a: tensor<1x2x1x8xf32>, %p: index, %m: tensor<1x3x8xf32>) {
  // expected-error @below {{'attn.running_mean' op expects mean to have num_kv_heads 2, but got 3}}
  %r:1 = attn.running_mean ins(%a, %p) outs(%m) : (tensor<1x2x1x8xf32>, index, tensor<1x3x8xf32>) -> (tensor<1x3x8xf32>)
  return
}

// -----

func.func @running_mean_c2(%a: tensor<1x2x1x8xf32>, %p: index, %m: tensor<1x2x8xf64>) {
  // expected-error @below {{'attn.running_mean' op expects mean to have element type 'f32', but got 'f64'}}
  %r:1 = attn.running_mean ins(%a, %p) outs(%m) : (tensor<1x2x1x8xf32>, index, tensor<1x2x8xf64>) -> (tensor<1x2x8xf64>)
  return
}

// -----

func.func @running_mean_c3(%a: tensor<1x2x1x8xf32>, %p: index, %m: tensor<1x2x8xf32>) {
  // expected-error @below {{'attn.running_mean' op expects 1 results, one per tensor destination, but got 0}}
  attn.running_mean ins(%a, %p) outs(%m) : (tensor<1x2x1x8xf32>, index, tensor<1x2x8xf32>) -> ()
  return
}
