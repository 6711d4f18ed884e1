// RUN: attn-opt %s --split-input-file --verify-diagnostics --attn-bind-grid
shard.grid @hosts(shape = 4)
// expected-error @below {{'func.func' op expects not to be called: it gets a communicator as a new argument; give it one of type !attn.comm}}
func.func @called() -> index {
  %r = shard.process_linear_index on @hosts : index
  return %r : index
}
func.func @calls() -> index {
  %r = call @called() : () -> index
  return %r : index
}

// -----

shard.grid @any(shape = 2x?)
func.func @dynamic() -> index {
  // expected-error @below {{'shard.process_linear_index' op expects a grid of static sizes, but @any is not}}
  %r = shard.process_linear_index on @any : index
  return %r : index
}

// -----

shard.grid @a(shape = 4)
shard.grid @b(shape = 4)
func.func @two_grids() -> (index, index) {
  %r = shard.process_linear_index on @a : index
  // expected-error @below {{'shard.process_linear_index' op expects one grid in a function, but it is on @b and others are on @a}}
  %s = shard.process_linear_index on @b : index
  return %r, %s : index, index
}

// -----

shard.grid @hosts(shape = 4)
func.func @collective(%x: tensor<8xf32>) -> tensor<8xf32> {
  // expected-error @below {{'shard.all_reduce' op expects to be lowered: a communicator cannot do it; annotate tensors so that the program needs none}}
  %0 = shard.all_reduce %x on @hosts grid_axes = [0] : tensor<8xf32> -> tensor<8xf32>
  return %0 : tensor<8xf32>
}
