// One power at a time: against a key of score 0 and value 0, a key of score
// x ln(2) and value 1 leaves 2^x / (1 + 2^x) in the output. The scale is such
// that x reaches the kernel as it is. As the host does it, and by arithmetic on
// bits.
// RUN: %python %S/Inputs/exp2.py inputs %t
// RUN: attn-run %s --function=f32 --input=@%t.x.npy --output=@%t.f32.npy
// RUN: %python %S/Inputs/exp2.py f32 %t
// RUN: echo "module attributes {attn.target = #attn.target<cpu, vector_bits = 512, num_vector_registers = 32>} {" > %t.mlir
// RUN: cat %s >> %t.mlir && echo "}" >> %t.mlir
// RUN: attn-run %t.mlir --function=f32 --input=@%t.x.npy --output=@%t.f32.npy
// RUN: %python %S/Inputs/exp2.py f32 %t
// Rounded powers show in lse alone, which sums them before that.
// RUN: attn-run %s --function=bf16 --input=@%t.x16.npy --output=@%t.bf16.npy --output=@%t.lse.npy
// RUN: %python %S/Inputs/exp2.py bf16 %t

func.func @f32(%x: tensor<1x1x4096x1xf32>) -> tensor<1x1x4096x1xf32> {
  %kv = arith.constant dense<[[[[0.0], [1.0]]]]> : tensor<1x1x2x1xf32>
  %o = attn.sdpa %x, %kv, %kv scale(0.69314718055994531)
    : (tensor<1x1x4096x1xf32>, tensor<1x1x2x1xf32>, tensor<1x1x2x1xf32>)
    -> tensor<1x1x4096x1xf32>
  return %o : tensor<1x1x4096x1xf32>
}

func.func @bf16(%x: tensor<1x1x4096x1xbf16>)
    -> (tensor<1x1x4096x1xbf16>, tensor<1x1x4096xf32>) {
  %kv = arith.constant dense<[[[[0.0], [1.0]]]]> : tensor<1x1x2x1xbf16>
  %o:2 = attn.sdpa %x, %kv, %kv scale(0.69314718055994531)
    : (tensor<1x1x4096x1xbf16>, tensor<1x1x2x1xbf16>, tensor<1x1x2x1xbf16>)
    -> (tensor<1x1x4096x1xbf16>, tensor<1x1x4096xf32>)
  return %o#0, %o#1 : tensor<1x1x4096x1xbf16>, tensor<1x1x4096xf32>
}
