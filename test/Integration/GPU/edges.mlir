// What properties found, and would not find every day.
// DEFINE: %{run} = attn-run %s --target=cuda-emulated --verify

// Constants are where kernels can reach them, those of no elements too.
// RUN: %{run} --function=empty --input=1x1x0x1xf32=1
// RUN: %{run} --function=unseen --input=1x1x1x1xf32=1
// Rows from q_len on have no sink, wherever the shard of queries begins.
// RUN: %{run} --function=unused '--input=1x1x2x1xf32=random(1)' --input=1x1x0x1xf32=1 --input=1x1x0x1xf32=1 --input=1xi64=2 '--input=1xf32=random(2)' '--input=1x1x1x1xf32=random(3)' '--input=1x1x1x1xf32=random(4)'

!none = tensor<1x1x0x1xf32>
!row = tensor<1x1x0xf32>
func.func @empty(%q: !none) -> (!none, !row) {
  %o = tensor.empty() : !none
  %l = tensor.empty() : !row
  %acc = arith.constant dense<0.0> : !none
  %max = arith.constant dense<0xFF800000> : !row
  %sum = arith.constant dense<0.0> : !row
  %k = tensor.empty() : !none
  %s:3 = attn.online ins(%q, %k, %k) outs(%acc, %max, %sum)
    : (!none, !none, !none, !none, !row, !row) -> (!none, !row, !row)
  %r:2 = attn.finalize ins(%s#0, %s#1, %s#2) outs(%o, %l) : (!none, !row, !row, !none, !row) -> (!none, !row)
  return %r#0, %r#1 : !none, !row
}

!one = tensor<1x1x1x1xf32>
!first = tensor<1x1x1xf32>
func.func @unseen(%q: !one) -> (!one, !first) {
  %o = tensor.empty() : !one
  %l = tensor.empty() : !first
  %acc = arith.constant dense<0.0> : !one
  %max = arith.constant dense<0xFF800000> : !first
  %sum = arith.constant dense<0.0> : !first
  %k = tensor.empty() : !none
  %s:3 = attn.online ins(%q, %k, %k) outs(%acc, %max, %sum)
    : (!one, !none, !none, !one, !first, !first) -> (!one, !first, !first)
  %r:2 = attn.finalize ins(%s#0, %s#1, %s#2) outs(%o, %l) : (!one, !first, !first, !one, !first) -> (!one, !first)
  return %r#0, %r#1 : !one, !first
}

!two = tensor<1x1x2x1xf32>
func.func @unused(%q: !two, %k: !none, %v: !none, %n: tensor<1xi64>, %s: tensor<1xf32>,
    %ak: !one, %av: !one) -> (!two, tensor<1x1x2xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r:2 = attn.star %q, %k, %v causal q_len(%n) offsets(%c0, %c0, %c1, %c1) sinks(%s) block_size(1) anchor_size(0) anchors(%ak, %av)
    : (!two, !none, !none, tensor<1xi64>, index, index, index, index, tensor<1xf32>, !one, !one) -> (!two, tensor<1x1x2xf32>)
  return %r#0, %r#1 : !two, tensor<1x1x2xf32>
}
