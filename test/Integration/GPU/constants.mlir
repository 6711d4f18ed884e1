// Constants of several numbers, which linalg beside attention, attention, and
// what is copied read where kernels are.
// DEFINE: %{run} = attn-run %s --target=cuda-emulated --verify
// RUN: %{run} --function=beside --input=1x2x1x8xf16=random\(1\) --input=1x2x9x8xf16=random\(2\) | FileCheck %s
// RUN: %{run} --function=types --input=4xf32=random\(1\) | FileCheck %s
// CHECK:      verify: result 0: max error
// CHECK-NOT:  FAILED

func.func @beside(%q: tensor<1x2x1x8xf16>, %k: tensor<1x2x9x8xf16>) -> (tensor<1x2x1x8xf16>, tensor<1x2x1x8xf16>) {
  %w = arith.constant dense<[0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0]> : tensor<8xf16>
  %bias = arith.constant dense<[[[[0.0, 1.0, 2.0, 3.0, 4.0, 3.0, 2.0, 1.0, 0.0]]]]> : tensor<1x1x1x9xf32>
  %len = arith.constant dense<[7, 5]> : tensor<2xi64>
  %e = tensor.empty() : tensor<1x2x1x8xf16>
  %s = linalg.generic {indexing_maps = [affine_map<(b, h, i, d) -> (b, h, i, d)>, affine_map<(b, h, i, d) -> (d)>, affine_map<(b, h, i, d) -> (b, h, i, d)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%q, %w : tensor<1x2x1x8xf16>, tensor<8xf16>) outs(%e : tensor<1x2x1x8xf16>) {
  ^bb0(%x: f16, %y: f16, %old: f16):
    %h = linalg.index 1 : index
    %n = tensor.extract %len[%h] : tensor<2xi64>
    %f = arith.sitofp %n : i64 to f16
    %z = arith.mulf %x, %y : f16
    %r = arith.addf %z, %f : f16
    linalg.yield %r : f16
  } -> tensor<1x2x1x8xf16>
  %o = attn.sdpa %s, %k, %k bias(%bias) : (tensor<1x2x1x8xf16>, tensor<1x2x9x8xf16>, tensor<1x2x9x8xf16>, tensor<1x1x1x9xf32>) -> tensor<1x2x1x8xf16>
  return %o, %s : tensor<1x2x1x8xf16>, tensor<1x2x1x8xf16>
}

func.func @types(%a: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xi64>) {
  %b = arith.constant dense<[true, false, true, true]> : tensor<4xi1>
  %c = arith.constant dense<[1, -2, 3, -4]> : tensor<4xi8>
  %d = arith.constant dense<[1.0, -2.0, 3.0, -4.0]> : tensor<4xbf16>
  %e = arith.constant dense<[1.0, -2.0, 3.0, -4.0]> : tensor<4xf64>
  %i = arith.constant dense<[5, 6, 7, 8]> : tensor<4xi64>
  %r:2 = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>, affine_map<(i) -> (i)>, affine_map<(i) -> (i)>, affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      ins(%b, %c, %d, %e : tensor<4xi1>, tensor<4xi8>, tensor<4xbf16>, tensor<4xf64>) outs(%a, %i : tensor<4xf32>, tensor<4xi64>) {
  ^bb0(%p: i1, %s: i8, %t: bf16, %u: f64, %x: f32, %n: i64):
    %f = arith.sitofp %s : i8 to f32
    %g = arith.extf %t : bf16 to f32
    %h = arith.truncf %u : f64 to f32
    %j = arith.mulf %f, %g : f32
    %k = arith.addf %j, %h : f32
    %l = arith.select %p, %k, %x : f32
    %m = arith.extsi %s : i8 to i64
    %o = arith.addi %m, %n : i64
    linalg.yield %l, %o : f32, i64
  } -> (tensor<4xf32>, tensor<4xi64>)
  return %r#0, %r#1 : tensor<4xf32>, tensor<4xi64>
}
