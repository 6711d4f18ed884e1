// The f64 comparison, on arithmetic that is fine and on one that is not.
// RUN: attn-run %s --function=sum --verify | FileCheck %s --check-prefix=OK
// OK: verify: result 0: max error {{[0-9.e-]+}} (bound {{[0-9.e-]+}})
// OK-NOT: FAILED

// RUN: not attn-run %s --function=cancel --verify > %t.out 2> %t.err
// RUN: FileCheck %s --check-prefix=OUT < %t.out
// RUN: FileCheck %s --check-prefix=ERR < %t.err
// OUT: verify: result 0: max error 1 (bound {{[0-9.e-]+}}) FAILED
// ERR: attn-run: error: --verify: result 0, worst element [0, 0]:
// RUN: %python %S/Inputs/exit-code.py 2 attn-run %s --function=cancel --verify

// RUN: not attn-run %s --function=bits --verify --input=1:f32 2>&1 | FileCheck %s --check-prefix=BITS
// BITS: verify.mlir:[[#]]:[[#]]: error: --verify cannot compute 'arith.bitcast' of a float in f64
// BITS: attn-run: error: --verify: this module cannot be compared with the reference

func.func @sum(%x: tensor<64x64xbf16>) -> tensor<64xbf16> {
  %z = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<64xf32>
  %i = linalg.fill ins(%z : f32) outs(%e : tensor<64xf32>) -> tensor<64xf32>
  %s = linalg.generic {
      indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>],
      iterator_types = ["parallel", "reduction"]}
    ins(%x : tensor<64x64xbf16>) outs(%i : tensor<64xf32>) {
  ^bb0(%a: bf16, %b: f32):
    %w = arith.extf %a : bf16 to f32
    %n = arith.addf %w, %b : f32
    linalg.yield %n : f32
  } -> tensor<64xf32>
  %f = tensor.empty() : tensor<64xbf16>
  %t = linalg.map { arith.truncf } ins(%s : tensor<64xf32>) outs(%f : tensor<64xbf16>)
  return %t : tensor<64xbf16>
}

// (1 + 1e9) - 1e9 is 0 in f32.
func.func @cancel() -> tensor<2x2xf32> {
  %one = arith.constant dense<1.0> : tensor<2x2xf32>
  %big = arith.constant dense<1.0e9> : tensor<2x2xf32>
  %0 = arith.addf %one, %big : tensor<2x2xf32>
  %1 = arith.subf %0, %big : tensor<2x2xf32>
  return %1 : tensor<2x2xf32>
}

func.func @bits(%x: f32) -> i32 {
  %0 = arith.bitcast %x : f32 to i32
  return %0 : i32
}
