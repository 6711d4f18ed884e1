func.func @widen(%p: tensor<256xf8E4M3FN>, %r: tensor<256xf8E5M2>) -> (tensor<256xf64>, tensor<256xf32>) {
  %e0 = tensor.empty() : tensor<256xf64>
  %0 = linalg.map { arith.extf } ins(%p : tensor<256xf8E4M3FN>) outs(%e0 : tensor<256xf64>)
  %e1 = tensor.empty() : tensor<256xf32>
  %1 = linalg.map { arith.extf } ins(%r : tensor<256xf8E5M2>) outs(%e1 : tensor<256xf32>)
  return %0, %1 : tensor<256xf64>, tensor<256xf32>
}
func.func @narrow(%a: tensor<?xf64>, %b: tensor<?xf32>) -> (tensor<?xf8E4M3FN>, tensor<?xf8E5M2>, tensor<?xf16>, tensor<?xbf16>) {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %a, %c0 : tensor<?xf64>
  %e0 = tensor.empty(%n) : tensor<?xf8E4M3FN>
  %0 = linalg.map { arith.truncf } ins(%b : tensor<?xf32>) outs(%e0 : tensor<?xf8E4M3FN>)
  %e1 = tensor.empty(%n) : tensor<?xf8E5M2>
  %1 = linalg.map { arith.truncf } ins(%a : tensor<?xf64>) outs(%e1 : tensor<?xf8E5M2>)
  %e2 = tensor.empty(%n) : tensor<?xf16>
  %2 = linalg.map { arith.truncf } ins(%a : tensor<?xf64>) outs(%e2 : tensor<?xf16>)
  %e3 = tensor.empty(%n) : tensor<?xbf16>
  %3 = linalg.map { arith.truncf } ins(%a : tensor<?xf64>) outs(%e3 : tensor<?xbf16>)
  return %0, %1, %2, %3 : tensor<?xf8E4M3FN>, tensor<?xf8E5M2>, tensor<?xf16>, tensor<?xbf16>
}
