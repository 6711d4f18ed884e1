// Keys and values in pages, scaled and of 8 bits, read by the vector kernels,
// executed against the reference. Pages are shared; entries beyond kv_len are
// not looked at. Property/key-sources.test has pages in no order.
// DEFINE: %{run} = attn-run %s --verify

// RUN: %{run} --function=small_pages --input=2x6x37x24xf32=random\(1\) --input=9x2x16x24xf32=random\(2\) --input=9x2x16x20xf32=random\(3\) --input=2x11xi32=8 --input=2xi64=170 | FileCheck %s
// RUN: %{run} --function=small_pages --input=2x2x3x24xf32=random\(1\) --input=0x2x16x24xf32=0 --input=0x2x16x20xf32=0 --input=2x3xi32=99 --input=2xi64=0 | FileCheck %s
// Blocks within a page and across; the window begins anywhere.
// RUN: %{run} --function=long_pages --input=1x300x4x40xf16=random\(1\) --input=3x200x2x40xf16=random\(2\) --input=1x2xi32=2 --input=1xi64=397 | FileCheck %s
// Scales of every kind, and 8-bit numbers.
// RUN: %{run} --function=bytes --input=2x40x4x40xbf16=random\(1\) --input=2x70x2x40xi8=random\(2\) --input=2x2x70x1xf32=random\(3\) --input=1x1x1x40xf32=random\(4\) | FileCheck %s
// RUN: %{run} --function=bytes --input=2x1x4x40xbf16=random\(1\) --input=2x333x2x40xi8=random\(2\) --input=1x1x1x1xf32=0.01 --input=1x1x333x40xf32=random\(4\) | FileCheck %s
// RUN: %{run} --function=float8 --input=1x3x8x16xf64=random\(1\) --input=1x1x99x16xf8E5M2=random\(2\) | FileCheck %s

// CHECK-NOT: FAILED
// CHECK:     verify: result 0: max error
// CHECK-NOT: FAILED

func.func @small_pages(%q: tensor<2x?x?x24xf32>, %k: tensor<?x2x16x24xf32>,
    %v: tensor<?x2x16x20xf32>, %table: tensor<2x?xi32>, %len: tensor<2xi64>)
    -> tensor<2x?x?x20xf32> {
  %0 = attn.sdpa %q, %k, %v causal bottom_right kv_len(%len) page_table(%table)
    : (tensor<2x?x?x24xf32>, tensor<?x2x16x24xf32>, tensor<?x2x16x20xf32>,
       tensor<2xi64>, tensor<2x?xi32>) -> tensor<2x?x?x20xf32>
  return %0 : tensor<2x?x?x20xf32>
}

func.func @long_pages(%q: tensor<1x?x4x40xf16>, %k: tensor<?x200x2x40xf16>,
    %table: tensor<1x?xi32>, %len: tensor<1xi64>) -> tensor<1x?x4x40xf16> {
  %0 = attn.sdpa %q, %k, %k window(150, 7) bottom_right kv_len(%len)
      page_table(%table) layout(bshd)
    : (tensor<1x?x4x40xf16>, tensor<?x200x2x40xf16>, tensor<?x200x2x40xf16>,
       tensor<1xi64>, tensor<1x?xi32>) -> tensor<1x?x4x40xf16>
  return %0 : tensor<1x?x4x40xf16>
}

func.func @bytes(%q: tensor<2x?x4x40xbf16>, %k: tensor<2x?x2x40xi8>,
    %ks: tensor<?x?x?x1xf32>, %vs: tensor<?x?x?x?xf32>)
    -> tensor<2x?x4x40xbf16> {
  %0 = attn.sdpa %q, %k, %k causal bottom_right key_scale(%ks)
      value_scale(%vs) layout(bshd)
    : (tensor<2x?x4x40xbf16>, tensor<2x?x2x40xi8>, tensor<2x?x2x40xi8>,
       tensor<?x?x?x1xf32>, tensor<?x?x?x?xf32>) -> tensor<2x?x4x40xbf16>
  return %0 : tensor<2x?x4x40xbf16>
}

func.func @float8(%q: tensor<1x3x8x16xf64>, %k: tensor<1x1x?x16xf8E5M2>)
    -> tensor<1x3x8x16xf64> {
  %0 = attn.sdpa %q, %k, %k
    : (tensor<1x3x8x16xf64>, tensor<1x1x?x16xf8E5M2>, tensor<1x1x?x16xf8E5M2>)
    -> tensor<1x3x8x16xf64>
  return %0 : tensor<1x3x8x16xf64>
}
