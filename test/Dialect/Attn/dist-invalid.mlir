// What the verifiers of distributed ops refuse.
// RUN: attn-opt %s -o /dev/null --split-input-file --verify-diagnostics

func.func @dist_merge_c1_heads(%comm: !attn.comm, %o: tensor<1x8x1x64xf32>,
                               %l: tensor<1x4x1xf32>) {
  // expected-error @below {{expects lse to have num_heads 8, but got 4}}
  %r:2 = attn.dist_merge comm(%comm) outs(%o, %l)
    : (!attn.comm, tensor<1x8x1x64xf32>, tensor<1x4x1xf32>)
    -> (tensor<1x8x1x64xf32>, tensor<1x4x1xf32>)
  return
}

// -----

func.func @dist_merge_c1_width(%comm: !attn.comm, %o: tensor<1x8x1x?xf32>,
                               %l: tensor<1x8x1xf32>) {
  // expected-error @below {{expects output to have a static head_dim_v}}
  %r:2 = attn.dist_merge comm(%comm) outs(%o, %l)
    : (!attn.comm, tensor<1x8x1x?xf32>, tensor<1x8x1xf32>)
    -> (tensor<1x8x1x?xf32>, tensor<1x8x1xf32>)
  return
}

// -----

func.func @dist_merge_c2(%comm: !attn.comm, %o: tensor<1x8x1x64xf32>,
                         %l: tensor<1x8x1xf64>) {
  // expected-error @below {{expects lse to have element type 'f32', but got 'f64'}}
  %r:2 = attn.dist_merge comm(%comm) outs(%o, %l)
    : (!attn.comm, tensor<1x8x1x64xf32>, tensor<1x8x1xf64>)
    -> (tensor<1x8x1x64xf32>, tensor<1x8x1xf64>)
  return
}

// -----

func.func @dist_merge_c3(%comm: !attn.comm, %o: tensor<1x8x1x64xf32>,
                         %l: tensor<1x8x1xf32>) {
  // expected-error @below {{expects a payload of bf16, f32 or output's element type, but got 'f16'}}
  %r:2 = attn.dist_merge comm(%comm) outs(%o, %l) payload(f16)
    : (!attn.comm, tensor<1x8x1x64xf32>, tensor<1x8x1xf32>)
    -> (tensor<1x8x1x64xf32>, tensor<1x8x1xf32>)
  return
}

// -----

// A payload does not add digits.
func.func @dist_merge_c3_wider(%comm: !attn.comm, %o: tensor<1x8x1x64xf32>,
                               %l: tensor<1x8x1xf32>) {
  // expected-error @below {{expects a payload of bf16, f32 or output's element type, but got 'f64'}}
  %r:2 = attn.dist_merge comm(%comm) outs(%o, %l) payload(f64)
    : (!attn.comm, tensor<1x8x1x64xf32>, tensor<1x8x1xf32>)
    -> (tensor<1x8x1x64xf32>, tensor<1x8x1xf32>)
  return
}

// -----

func.func @dist_merge_c4_results(%comm: !attn.comm, %o: tensor<1x8x1x64xf32>,
                                 %l: tensor<1x8x1xf32>) {
  // expected-error @below {{expects 2 results, one per tensor destination, but got 1}}
  %r = attn.dist_merge comm(%comm) outs(%o, %l)
    : (!attn.comm, tensor<1x8x1x64xf32>, tensor<1x8x1xf32>)
    -> tensor<1x8x1x64xf32>
  return
}

// -----

func.func @dist_merge_c4_mixed(%comm: !attn.comm, %o: tensor<1x8x1x64xf32>,
                               %l: memref<1x8x1xf32>) {
  // expected-error @below {{expects all shaped operands to be tensors, or all memrefs}}
  %r = attn.dist_merge comm(%comm) outs(%o, %l)
    : (!attn.comm, tensor<1x8x1x64xf32>, memref<1x8x1xf32>)
    -> tensor<1x8x1x64xf32>
  return
}

// -----

// Partials keep f32.
func.func @dist_merge_types(%comm: !attn.comm, %o: tensor<1x8x1x64xbf16>,
                            %l: tensor<1x8x1xf32>) {
  // expected-error @below {{operand #1 must be rank-4 tensor or memref}}
  %r:2 = attn.dist_merge comm(%comm) outs(%o, %l)
    : (!attn.comm, tensor<1x8x1x64xbf16>, tensor<1x8x1xf32>)
    -> (tensor<1x8x1x64xbf16>, tensor<1x8x1xf32>)
  return
}

// -----

func.func @dist_merge_comm(%comm: index, %o: tensor<1x8x1x64xf32>,
                           %l: tensor<1x8x1xf32>) {
  // expected-error @below {{operand #0 must be communicator, but got 'index'}}
  %r:2 = attn.dist_merge comm(%comm) outs(%o, %l)
    : (index, tensor<1x8x1x64xf32>, tensor<1x8x1xf32>)
    -> (tensor<1x8x1x64xf32>, tensor<1x8x1xf32>)
  return
}

// -----

func.func @dist_merge_root(%comm: !attn.comm, %o: tensor<1x8x1x64xf32>,
                           %l: tensor<1x8x1xf32>) {
  // expected-error @below {{attribute 'root' failed to satisfy constraint}}
  %r:2 = attn.dist_merge comm(%comm) outs(%o, %l) root(-1)
    : (!attn.comm, tensor<1x8x1x64xf32>, tensor<1x8x1xf32>)
    -> (tensor<1x8x1x64xf32>, tensor<1x8x1xf32>)
  return
}

// -----

func.func @dist_merge_algo(%comm: !attn.comm, %o: tensor<1x8x1x64xf32>,
                           %l: tensor<1x8x1xf32>) {
  // expected-error @below {{expected algo tree, allgather or allreduce, but got ring}}
  %r:2 = attn.dist_merge comm(%comm) outs(%o, %l) algo(ring)
    : (!attn.comm, tensor<1x8x1x64xf32>, tensor<1x8x1xf32>)
    -> (tensor<1x8x1x64xf32>, tensor<1x8x1xf32>)
  return
}

// -----

func.func @grid_comm_c1() -> !attn.comm {
  // expected-error @below {{expects @hosts to be a shard.grid, but there is no such symbol}}
  %comm = attn.grid_comm @hosts : !attn.comm
  return %comm : !attn.comm
}

// -----

func.func @grid_comm_c1_function() -> !attn.comm {
  // expected-error @below {{expects @grid_comm_c1_function to be a shard.grid, but it is not}}
  %comm = attn.grid_comm @grid_comm_c1_function : !attn.comm
  return %comm : !attn.comm
}
