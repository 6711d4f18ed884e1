// RUN: attn-opt %s --generate-runtime-verification=verbose-level=0 --split-input-file | FileCheck %s

!t = tensor<?x?x?x16xf32>

// Every relation a dynamic size leaves open, in the verifier's words.
// CHECK-LABEL: func.func @sdpa_dynamic
// CHECK-SAME:    %[[Q:[^:]+]]: tensor<?x?x?x16xf32>, %[[K:[^:]+]]: tensor{{[^%]*}}%[[V:[^:]+]]:
// CHECK:         %[[QB:.+]] = tensor.dim %[[Q]], %c0
// CHECK:         %[[KB:.+]] = tensor.dim %[[K]], %c0
// CHECK:         %[[SAME:.+]] = arith.cmpi eq, %[[QB]], %[[KB]]
// CHECK:         cf.assert %[[SAME]], "{{.*}}expects query and key to agree on batch{{.*}}runtime-verification.mlir\22:[[#]]:
// CHECK:         expects key and value to agree on batch
// CHECK:         expects key and value to agree on num_kv_heads
// CHECK:         expects key and value to agree on seq_len_kv
// CHECK:         expects num_heads of at least 1
// CHECK:         %[[POSITIVE:.+]] = arith.cmpi sge, %[[HKV:.+]], %c1
// CHECK:         cf.assert %[[POSITIVE]], "{{.*}}expects num_heads to be a multiple of num_kv_heads
// CHECK:         arith.remsi %{{.*}}, %[[HKV]]
// CHECK:         expects num_heads to be a multiple of num_kv_heads
// CHECK:         attn.sdpa
func.func @sdpa_dynamic(%q: !t, %k: !t, %v: !t) -> !t {
  %0 = attn.sdpa %q, %k, %v : (!t, !t, !t) -> !t
  return %0 : !t
}

// -----

// What the types decide needs no code; nor do two names of one size.
// CHECK-LABEL: func.func @negative_static
// CHECK-NOT:     cf.assert
// CHECK-NOT:     tensor.dim
!q = tensor<2x4x8x16xf32>
!k = tensor<2x2x9x16xf32>
func.func @negative_static(%q: !q, %k: !k, %m: tensor<2x1x1x9xi1>, %s: tensor<4xf32>) -> !q {
  %len = arith.constant dense<[3, 9]> : tensor<2xi64>
  %0 = attn.sdpa %q, %k, %k causal kv_len(%len) mask(%m) sinks(%s)
    : (!q, !k, !k, tensor<2xi64>, tensor<2x1x1x9xi1>, tensor<4xf32>) -> !q
  return %0 : !q
}

// CHECK-LABEL: func.func @negative_self
// CHECK-COUNT-1: cf.assert %{{.*}}, "{{.*}}expects num_heads of at least 1
// CHECK-NOT:     cf.assert
// CHECK:         return
!t = tensor<?x?x?x16xf32>
func.func @negative_self(%q: !t) -> !t {
  %0 = attn.sdpa %q, %q, %q : (!t, !t, !t) -> !t
  return %0 : !t
}

// -----

// A dynamic size may be 1, a known one must fit; a result is what it says.
// CHECK-LABEL: func.func @sdpa_broadcast
// CHECK:         %[[FULL:.+]] = arith.cmpi eq, %[[D:.+]], %c4
// CHECK:         %[[ONE:.+]] = arith.cmpi eq, %[[D]], %c1
// CHECK:         %[[EITHER:.+]] = arith.ori %[[ONE]], %[[FULL]]
// CHECK:         cf.assert %[[EITHER]], "{{.*}}expects mask to have num_heads 4 or 1
// CHECK:         expects mask to have query's seq_len_q or 1
// CHECK:         expects bias to have query's seq_len_q or 1
// CHECK:         expects key_scale to have seq_len_kv 9 or 1
// CHECK:         expects value_scale to have head_dim_v 16 or 1
// CHECK:         expects output to have query's seq_len_q
// CHECK:         expects sinks to have num_heads 4
// CHECK-NOT:     cf.assert
// CHECK:         attn.sdpa
!q = tensor<2x4x?x16xf32>
!o = tensor<2x4x8x16xf32>
!k = tensor<2x2x9x16xi8>
func.func @sdpa_broadcast(%q: !q, %k: !k, %m: tensor<2x?x?x9xi1>, %b: tensor<1x1x8x9xf32>,
    %ks: tensor<1x1x?x1xf32>, %vs: tensor<1x1x1x?xf32>, %s: tensor<?xf32>) -> !o {
  %0 = attn.sdpa %q, %k, %k mask(%m) bias(%b) key_scale(%ks) value_scale(%vs) sinks(%s)
    : (!q, !k, !k, tensor<2x?x?x9xi1>, tensor<1x1x8x9xf32>, tensor<1x1x?x1xf32>, tensor<1x1x1x?xf32>, tensor<?xf32>) -> !o
  return %0 : !o
}

// -----

// Lengths and offsets are data: a loop over them.
// CHECK-LABEL: func.func @sdpa_lengths
// CHECK-SAME:    %[[KVLEN:[^:]+]]: tensor<2xi64>, %[[QLEN:[^:]+]]: tensor<?xi64>
// CHECK:         expects q_len to have batch 2 or 1
// CHECK:         scf.for %[[B:.+]] = %c0{{.*}} to %c2
// CHECK:           %[[E:.+]] = tensor.extract %[[KVLEN]][%[[B]]]
// CHECK:           %[[LEN:.+]] = arith.index_cast %[[E]]
// CHECK:           arith.cmpi sge, %[[LEN]], %c0
// CHECK:           expects kv_len of at least 0
// CHECK:           arith.cmpi sle, %[[LEN]], %c9
// CHECK:           expects kv_len of at most seq_len_kv
// CHECK:         scf.for
// CHECK:           expects q_len of at least 0
// CHECK:           expects q_len of at most seq_len_q
// CHECK:         expects causal_offset from -281474976710656 to 281474976710656
// CHECK:         attn.sdpa
!q = tensor<2x4x8x16xf32>
!k = tensor<2x2x9x16xf32>
func.func @sdpa_lengths(%kvlen: tensor<2xi64>, %qlen: tensor<?xi64>, %q: !q, %k: !k, %off: index) -> !q {
  %0 = attn.sdpa %q, %k, %k causal causal_offset(%off) kv_len(%kvlen) q_len(%qlen)
    : (!q, !k, !k, index, tensor<2xi64>, tensor<?xi64>) -> !q
  return %0 : !q
}

// -----

// Of a tile the lengths are those of the whole; entries are followed from the
// tile's first key on.
// CHECK-LABEL: func.func @online_pages
// CHECK:         expects kv_len of at least 0
// CHECK-NOT:     expects kv_len of at most
// CHECK:         %[[USED:.+]] = affine.min
// CHECK:         scf.for %{{.*}} to %[[USED]]
// CHECK:           %[[E:.+]] = tensor.extract
// CHECK:           %[[PAGE:.+]] = arith.index_cast %[[E]]
// CHECK:           arith.cmpi sge, %[[PAGE]], %c0
// CHECK:           expects page_table entries below kv_len to be pages of key
// CHECK:           arith.cmpi slt, %[[PAGE]], %c7
// CHECK:           expects page_table entries below kv_len to be pages of key
// CHECK:         expects acc to have seq_len_q 8
// CHECK:         attn.online
!q = tensor<1x4x8x16xf32>
!a = tensor<1x4x?x16xf32>
!k = tensor<7x2x4x16xf32>
!l = tensor<1x4x8xf32>
func.func @online_pages(%q: !q, %k: !k, %pages: tensor<1x5xi32>, %len: tensor<1xi64>, %j: index, %acc: !a, %m: !l)
    -> (!a, !l, !l) {
  %c0 = arith.constant 0 : index
  %0:3 = attn.online ins(%q, %k, %k kv_len(%len) page_table(%pages) offsets(%c0, %c0, %c0, %j)) outs(%acc, %m, %m)
    : (!q, !k, !k, tensor<1xi64>, tensor<1x5xi32>, index, index, index, index, !a, !l, !l) -> (!a, !l, !l)
  return %0#0, %0#1, %0#2 : !a, !l, !l
}

// -----

// CHECK-LABEL: func.func @partial_memref
// CHECK:         memref.dim
// CHECK:         expects query and key to agree on batch
// CHECK:         expects output to have query's batch
// CHECK:         expects lse to have query's batch
// CHECK:         attn.partial
!m = memref<?x4x8x16xf32>
!l = memref<?x4x8xf32>
func.func @partial_memref(%q: !m, %k: !m, %o: !m, %l: !l) {
  attn.partial ins(%q, %k, %k) outs(%o, %l) : (!m, !m, !m, !m, !l) -> ()
  return
}

// -----

// CHECK-LABEL: func.func @finalize_bshd
// CHECK:         expects row_max to have acc's seq_len_q
// CHECK:         expects sinks to have num_heads 4
// CHECK:         expects output to have acc's seq_len_q
// CHECK-NOT:     cf.assert
// CHECK:         attn.finalize
func.func @finalize_bshd(%acc: tensor<1x4x?x16xf32>, %m: tensor<1x4x?xf32>, %l: tensor<1x4x?xf32>, %s: tensor<?xf32>,
    %o: tensor<1x8x4x16xf32>) -> tensor<1x8x4x16xf32> {
  %0 = attn.finalize ins(%acc, %m, %m sinks(%s)) outs(%o) layout(bshd)
    : (tensor<1x4x?x16xf32>, tensor<1x4x?xf32>, tensor<1x4x?xf32>, tensor<?xf32>, tensor<1x8x4x16xf32>) -> tensor<1x8x4x16xf32>
  return %0 : tensor<1x8x4x16xf32>
}

// -----

// CHECK-LABEL: func.func @merge_stacked
// CHECK:         expects the output of a part to have output's seq_len_q
// CHECK:         expects the lse of a part to have output's seq_len_q
// CHECK:         expects stacked outputs and lses to agree on the number of parts
// CHECK-NOT:     cf.assert
// CHECK:         attn.merge
func.func @merge_stacked(%os: tensor<?x1x4x8x16xf32>, %ls: tensor<?x1x4x?xf32>, %o: tensor<1x4x?x16xf32>) -> tensor<1x4x?x16xf32> {
  %0 = attn.merge ins(%os lse %ls) along(0) outs(%o)
    : (tensor<?x1x4x8x16xf32>, tensor<?x1x4x?xf32>, tensor<1x4x?x16xf32>) -> tensor<1x4x?x16xf32>
  return %0 : tensor<1x4x?x16xf32>
}

// -----

// CHECK-LABEL: func.func @dist_merge
// CHECK:         expects lse to have output's seq_len_q
// CHECK-NOT:     cf.assert
// CHECK:         attn.dist_merge
func.func @dist_merge(%c: !attn.comm, %o: tensor<1x4x?x16xf32>, %l: tensor<1x4x?xf32>) -> tensor<1x4x?x16xf32> {
  %0:2 = attn.dist_merge comm(%c) outs(%o, %l)
    : (!attn.comm, tensor<1x4x?x16xf32>, tensor<1x4x?xf32>) -> (tensor<1x4x?x16xf32>, tensor<1x4x?xf32>)
  return %0#0 : tensor<1x4x?x16xf32>
}
