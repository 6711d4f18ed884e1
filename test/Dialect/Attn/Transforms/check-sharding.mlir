// What shard-partition of LLVM 22 would take as given, where it is not so.
// RUN: attn-opt %s --split-input-file --verify-diagnostics --attn-check-sharding
shard.grid @hosts(shape = 4)

// Nothing to partition.
func.func @negative_unannotated(%x: tensor<8xf32>) -> tensor<8xf32> {
  %0 = math.exp %x : tensor<8xf32>
  return %0 : tensor<8xf32>
}

// Whole tensors may go through anything, scalars need no sharding.
func.func @negative_whole(%x: tensor<8xf32>, %s: tensor<f32>) -> tensor<8xf32> {
  %w = shard.sharding @hosts split_axes = [[]] : !shard.sharding
  %0 = shard.shard %x to %w annotate_for_users : tensor<8xf32>
  %1 = math.exp %0 : tensor<8xf32>
  %2 = shard.shard %1 to %w : tensor<8xf32>
  return %2 : tensor<8xf32>
}

// -----

shard.grid @hosts(shape = 4)
func.func @no_interface(%x: tensor<8xf32>) -> tensor<8xf32> {
  %s = shard.sharding @hosts split_axes = [[0]] : !shard.sharding
  %0 = shard.shard %x to %s annotate_for_users : tensor<8xf32>
  // expected-error @below {{'math.exp' op expects its operands and results to be whole on every process: it has no ShardingInterface}}
  %1 = math.exp %0 : tensor<8xf32>
  %2 = shard.shard %1 to %s : tensor<8xf32>
  return %2 : tensor<8xf32>
}

// -----

shard.grid @hosts(shape = 4)
func.func @operand(%x: tensor<8xf32>, %y: tensor<8xf32>) -> tensor<8xf32> {
  %w = shard.sharding @hosts split_axes = [[]] : !shard.sharding
  %0 = shard.shard %x to %w annotate_for_users : tensor<8xf32>
  // expected-error @below {{'arith.addf' op expects a sharding of operand 1; annotate what it is computed with and run sharding-propagation{traversal=forward-backward}}}
  %1 = arith.addf %0, %y : tensor<8xf32>
  %2 = shard.shard %1 to %w : tensor<8xf32>
  return %2 : tensor<8xf32>
}

// -----

shard.grid @hosts(shape = 4)
func.func @result(%x: tensor<8xf32>) -> tensor<8xf32> {
  %w = shard.sharding @hosts split_axes = [[]] : !shard.sharding
  %0 = shard.shard %x to %w annotate_for_users : tensor<8xf32>
  // expected-error @below {{'math.exp' op expects result 0 to be used once, by a shard.shard; annotate what it is computed with}}
  %1 = math.exp %0 : tensor<8xf32>
  return %1 : tensor<8xf32>
}

// -----

shard.grid @hosts(shape = 4)
// expected-error @below {{'func.func' op expects argument 0 to be used once, by a shard.shard, whose result is used instead}}
func.func @argument_twice(%x: tensor<8xf32>) -> (tensor<8xf32>, tensor<8xf32>) {
  %w = shard.sharding @hosts split_axes = [[]] : !shard.sharding
  %0 = shard.shard %x to %w annotate_for_users : tensor<8xf32>
  %1 = shard.shard %x to %w annotate_for_users : tensor<8xf32>
  return %0, %1 : tensor<8xf32>, tensor<8xf32>
}

// -----

shard.grid @hosts(shape = 4)
// expected-error @below {{'func.func' op expects one block where tensors have shardings, but got 2; use scf for control flow}}
func.func @blocks(%x: tensor<8xf32>) -> tensor<8xf32> {
  %w = shard.sharding @hosts split_axes = [[]] : !shard.sharding
  %0 = shard.shard %x to %w annotate_for_users : tensor<8xf32>
  cf.br ^bb1
^bb1:
  return %0 : tensor<8xf32>
}

// -----

shard.grid @hosts(shape = 4)
func.func @in_a_loop(%n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    %x = tensor.empty() : tensor<8xf32>
    %w = shard.sharding @hosts split_axes = [[]] : !shard.sharding
    // expected-error @below {{'shard.shard' op expects to be at the top of its function: shard-partition does not look into regions}}
    %0 = shard.shard %x to %w : tensor<8xf32>
  }
  return
}

// -----

shard.grid @hosts(shape = 4)
func.func @read_in_a_loop(%x: tensor<8xf32>, %n: index) -> tensor<8xf32> {
  %s = shard.sharding @hosts split_axes = [[0]] : !shard.sharding
  // expected-note @below {{read in the region}}
  %0 = shard.shard %x to %s annotate_for_users : tensor<8xf32>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  // expected-error @below {{'scf.for' op expects what its region reads to be whole on every process}}
  scf.for %i = %c0 to %n step %c1 {
    %1 = tensor.extract %0[%i] : tensor<8xf32>
    vector.print %1 : f32
  }
  return %0 : tensor<8xf32>
}
