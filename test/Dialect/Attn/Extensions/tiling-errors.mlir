// RUN: attn-opt %s --transform-interpreter --split-input-file --verify-diagnostics

module attributes {transform.with_named_sequence} {
  func.func @heads_straddle_groups(%q: tensor<1x6x8x64xf32>, %k: tensor<1x3x8x64xf32>) -> tensor<1x6x8x64xf32> {
    // expected-error @below {{cannot be tiled: expects tiles of num_heads to be whole groups or to divide a group of 2 heads, but got 3}}
    // expected-error @below {{failed to generate tiling loops}}
    // expected-error @below {{tile operation}}
    // expected-note @below {{when applied to this op}}
    %o = attn.sdpa %q, %k, %k
      : (tensor<1x6x8x64xf32>, tensor<1x3x8x64xf32>, tensor<1x3x8x64xf32>) -> tensor<1x6x8x64xf32>
    return %o : tensor<1x6x8x64xf32>
  }
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["attn.sdpa"]} in %root : (!transform.any_op) -> !transform.any_op
    // expected-error @below {{transform.structured.tile_using_forall failed to apply}}
    %t, %loop = transform.structured.tile_using_forall %op tile_sizes [0, 3]
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

module attributes {transform.with_named_sequence} {
  func.func @dynamic_groups(%q: tensor<1x?x8x64xf32>, %k: tensor<1x?x8x64xf32>) -> tensor<1x?x8x64xf32> {
    // expected-error @below {{cannot be tiled: expects all heads in one tile where num_heads or num_kv_heads is dynamic: which key heads a tile reads is not known}}
    // expected-error @below {{failed to generate tiling loops}}
    // expected-error @below {{tile operation}}
    // expected-note @below {{when applied to this op}}
    %o = attn.sdpa %q, %k, %k
      : (tensor<1x?x8x64xf32>, tensor<1x?x8x64xf32>, tensor<1x?x8x64xf32>) -> tensor<1x?x8x64xf32>
    return %o : tensor<1x?x8x64xf32>
  }
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["attn.sdpa"]} in %root : (!transform.any_op) -> !transform.any_op
    // expected-error @below {{transform.structured.tile_using_forall failed to apply}}
    %t, %loop = transform.structured.tile_using_forall %op tile_sizes [0, 1]
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

module attributes {transform.with_named_sequence} {
  func.func @partial_keys_in_sequence(%q: tensor<1x4x8x64xf32>, %k: tensor<1x4x96x64xf32>,
      %o: tensor<1x4x8x64xf32>, %l: tensor<1x4x8xf32>) -> tensor<1x4x8x64xf32> {
    // expected-error @below {{cannot be tiled: expects all keys in one tile: what one tile of keys writes the next overwrites; tile seq_len_kv as a partial reduction (tile_reduction_using_forall) or use attn.online}}
    // expected-error @below {{failed to generate tiling loops}}
    // expected-error @below {{tile operation}}
    %r:2 = attn.partial ins(%q, %k, %k) outs(%o, %l)
      : (tensor<1x4x8x64xf32>, tensor<1x4x96x64xf32>, tensor<1x4x96x64xf32>, tensor<1x4x8x64xf32>, tensor<1x4x8xf32>)
      -> (tensor<1x4x8x64xf32>, tensor<1x4x8xf32>)
    return %r#0 : tensor<1x4x8x64xf32>
  }
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["attn.partial"]} in %root : (!transform.any_op) -> !transform.any_op
    %t, %loop = transform.structured.tile_using_for %op tile_sizes [0, 0, 0, 32]
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

module attributes {transform.with_named_sequence} {
  func.func @broken_pages(%table: tensor<2x8xi32>, %q: tensor<2x4x1x64xf32>, %k: tensor<?x4x16x64xf32>,
      %a: tensor<2x4x1x64xf32>, %m: tensor<2x4x1xf32>) -> tensor<2x4x1x64xf32> {
    // expected-error @below {{cannot be tiled: expects tiles of seq_len_kv to be whole pages of 16 keys}}
    // expected-error @below {{failed to generate tiling loops}}
    // expected-error @below {{tile operation}}
    %r:3 = attn.online ins(%q, %k, %k page_table(%table)) outs(%a, %m, %m)
      : (tensor<2x4x1x64xf32>, tensor<?x4x16x64xf32>, tensor<?x4x16x64xf32>, tensor<2x8xi32>,
         tensor<2x4x1x64xf32>, tensor<2x4x1xf32>, tensor<2x4x1xf32>)
      -> (tensor<2x4x1x64xf32>, tensor<2x4x1xf32>, tensor<2x4x1xf32>)
    return %r#0 : tensor<2x4x1x64xf32>
  }
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["attn.online"]} in %root : (!transform.any_op) -> !transform.any_op
    %t, %loop = transform.structured.tile_using_for %op tile_sizes [0, 0, 0, 24]
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

module attributes {transform.with_named_sequence} {
  func.func @sequential_parts(%q: tensor<1x4x8x64xf32>, %k: tensor<1x4x96x64xf32>,
      %o: tensor<1x4x8x64xf32>, %l: tensor<1x4x8xf32>) -> tensor<1x4x8x64xf32> {
    // expected-error @below {{expects seq_len_kv to be split over parallel iterations (tile_reduction_using_forall); a sequential loop needs no partial states: tile attn.online with tile_using_for}}
    // expected-error @below {{failed to generate tiling loops}}
    // expected-error @below {{tile operation}}
    %r:2 = attn.partial ins(%q, %k, %k) outs(%o, %l)
      : (tensor<1x4x8x64xf32>, tensor<1x4x96x64xf32>, tensor<1x4x96x64xf32>, tensor<1x4x8x64xf32>, tensor<1x4x8xf32>)
      -> (tensor<1x4x8x64xf32>, tensor<1x4x8xf32>)
    return %r#0 : tensor<1x4x8x64xf32>
  }
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["attn.partial"]} in %root : (!transform.any_op) -> !transform.any_op
    // expected-error @below {{failed to tile using partial reduction}}
    %init:2, %t, %combine, %loop = transform.structured.tile_reduction_using_for %op
      reduction_dims = [3] by tile_sizes = [0, 0, 0, 32]
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

module attributes {transform.with_named_sequence} {
  func.func @no_queries(%q: tensor<1x4x0x64xf32>, %k: tensor<1x4x8x64xf32>) -> tensor<1x4x0x64xf32> {
    // expected-error @below {{cannot be tiled: expects results with elements; there is nothing to tile}}
    // expected-error @below {{failed to generate tiling loops}}
    // expected-error @below {{tile operation}}
    // expected-note @below {{when applied to this op}}
    %o = attn.sdpa %q, %k, %k
      : (tensor<1x4x0x64xf32>, tensor<1x4x8x64xf32>, tensor<1x4x8x64xf32>) -> tensor<1x4x0x64xf32>
    return %o : tensor<1x4x0x64xf32>
  }
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["attn.sdpa"]} in %root : (!transform.any_op) -> !transform.any_op
    // expected-error @below {{transform.structured.tile_using_forall failed to apply}}
    %t, %loop = transform.structured.tile_using_forall %op tile_sizes [0, 1]
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

module attributes {transform.with_named_sequence} {
  func.func @no_keys_to_split(%q: tensor<1x4x8x64xf32>, %k: tensor<1x4x0x64xf32>,
      %o: tensor<1x4x8x64xf32>, %l: tensor<1x4x8xf32>) -> tensor<1x4x8x64xf32> {
    // expected-error @below {{expects seq_len_kv (dimension 3), not empty, as the only reduction dimension}}
    %r:2 = attn.partial ins(%q, %k, %k) outs(%o, %l)
      : (tensor<1x4x8x64xf32>, tensor<1x4x0x64xf32>, tensor<1x4x0x64xf32>, tensor<1x4x8x64xf32>, tensor<1x4x8xf32>)
      -> (tensor<1x4x8x64xf32>, tensor<1x4x8xf32>)
    return %r#0 : tensor<1x4x8x64xf32>
  }
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["attn.partial"]} in %root : (!transform.any_op) -> !transform.any_op
    // expected-error @below {{could not tile reduction}}
    %init:2, %t, %combine, %loop = transform.structured.tile_reduction_using_forall %op
      reduction_dims = [3] by num_threads = [0, 0, 0, 4]
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
}
