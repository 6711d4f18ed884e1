// Code on the calling thread needs no more stack the longer it runs, and the
// checks of --verify=ops run there.
// DEFINE: %{run} = bash -c 'ulimit -s 512 && exec attn-run "$@"' run %s --verify=ops

// RUN: %{run} --function=half --input=1x8x512x64xf16=random\(1\) --input=1x2x512x64xf16=random\(2\) | FileCheck %s
// RUN: %{run} --function=paged --input=40x4x1x64xf32=random\(1\) --input=64x2x16x64xf32=random\(2\) --input=40x16xi32=7 --input=40xi64=250 | FileCheck %s
// RUN: %{run} --function=quantized --input=1x8x300x64xf32=random\(1\) --input=1x8x300x64xi8=3 --input=1x8x300x1xf32=0.02 | FileCheck %s
// RUN: %{run} --function=looped --input=1x2x32x64xf32=random\(1\) --input=20:index | FileCheck %s
// CHECK-NOT: FAILED
// CHECK:     attn.sdpa result 0: max error
// CHECK-NOT: FAILED

func.func @half(%q: tensor<1x8x?x64xf16>, %k: tensor<1x2x?x64xf16>)
    -> tensor<1x8x?x64xf16> {
  %0 = attn.sdpa %q, %k, %k causal
    : (tensor<1x8x?x64xf16>, tensor<1x2x?x64xf16>, tensor<1x2x?x64xf16>)
    -> tensor<1x8x?x64xf16>
  return %0 : tensor<1x8x?x64xf16>
}

func.func @paged(%q: tensor<?x4x1x64xf32>, %pool: tensor<?x2x16x64xf32>,
    %table: tensor<?x?xi32>, %len: tensor<?xi64>) -> tensor<?x4x1x64xf32> {
  %0 = attn.sdpa %q, %pool, %pool kv_len(%len) page_table(%table)
    : (tensor<?x4x1x64xf32>, tensor<?x2x16x64xf32>, tensor<?x2x16x64xf32>,
       tensor<?xi64>, tensor<?x?xi32>) -> tensor<?x4x1x64xf32>
  return %0 : tensor<?x4x1x64xf32>
}

func.func @quantized(%q: tensor<1x8x?x64xf32>, %k: tensor<1x8x?x64xi8>,
    %scale: tensor<1x8x?x1xf32>) -> tensor<1x8x?x64xf32> {
  %0 = attn.sdpa %q, %k, %k key_scale(%scale) value_scale(%scale)
    : (tensor<1x8x?x64xf32>, tensor<1x8x?x64xi8>, tensor<1x8x?x64xi8>,
       tensor<1x8x?x1xf32>, tensor<1x8x?x1xf32>) -> tensor<1x8x?x64xf32>
  return %0 : tensor<1x8x?x64xf32>
}

// What an op in a loop is checked with goes through the stack, too.
func.func @looped(%q: tensor<1x2x?x64xf32>, %n: index)
    -> tensor<1x2x?x64xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %last = scf.for %i = %c0 to %n step %c1 iter_args(%x = %q)
      -> tensor<1x2x?x64xf32> {
    %y = attn.sdpa %x, %q, %q causal
      : (tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>)
      -> tensor<1x2x?x64xf32>
    scf.yield %y : tensor<1x2x?x64xf32>
  }
  return %last : tensor<1x2x?x64xf32>
}
