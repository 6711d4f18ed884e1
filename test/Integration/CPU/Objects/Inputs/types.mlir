func.func @f32(%q: tensor<1x4x?x40xf32>, %kv: tensor<1x2x?x40xf32>) -> tensor<1x4x?x40xf32> {
  %0 = attn.sdpa %q, %kv, %kv causal : (tensor<1x4x?x40xf32>, tensor<1x2x?x40xf32>, tensor<1x2x?x40xf32>) -> tensor<1x4x?x40xf32>
  return %0 : tensor<1x4x?x40xf32>
}
func.func @f16(%q: tensor<1x4x?x40xf16>, %kv: tensor<1x2x?x40xf16>) -> tensor<1x4x?x40xf16> {
  %0 = attn.sdpa %q, %kv, %kv causal : (tensor<1x4x?x40xf16>, tensor<1x2x?x40xf16>, tensor<1x2x?x40xf16>) -> tensor<1x4x?x40xf16>
  return %0 : tensor<1x4x?x40xf16>
}
func.func @bf16(%q: tensor<1x4x?x40xbf16>, %kv: tensor<1x2x?x40xbf16>) -> tensor<1x4x?x40xbf16> {
  %0 = attn.sdpa %q, %kv, %kv causal : (tensor<1x4x?x40xbf16>, tensor<1x2x?x40xbf16>, tensor<1x2x?x40xbf16>) -> tensor<1x4x?x40xbf16>
  return %0 : tensor<1x4x?x40xbf16>
}
func.func @f64(%q: tensor<1x4x?x40xf64>, %kv: tensor<1x2x?x40xf64>) -> tensor<1x4x?x40xf64> {
  %0 = attn.sdpa %q, %kv, %kv causal : (tensor<1x4x?x40xf64>, tensor<1x2x?x40xf64>, tensor<1x2x?x40xf64>) -> tensor<1x4x?x40xf64>
  return %0 : tensor<1x4x?x40xf64>
}
// Conversions, an element at a time.
func.func @narrow_f64(%x: tensor<?xf64>) -> (tensor<?xf16>, tensor<?xbf16>) {
  %0 = arith.truncf %x : tensor<?xf64> to tensor<?xf16>
  %1 = arith.truncf %x : tensor<?xf64> to tensor<?xbf16>
  return %0, %1 : tensor<?xf16>, tensor<?xbf16>
}
func.func @narrow_f32(%x: tensor<?xf32>) -> (tensor<?xf16>, tensor<?xbf16>) {
  %0 = arith.truncf %x : tensor<?xf32> to tensor<?xf16>
  %1 = arith.truncf %x : tensor<?xf32> to tensor<?xbf16>
  return %0, %1 : tensor<?xf16>, tensor<?xbf16>
}
func.func @widen(%x: tensor<?xf16>) -> tensor<?xf32> {
  %0 = arith.extf %x : tensor<?xf16> to tensor<?xf32>
  return %0 : tensor<?xf32>
}
