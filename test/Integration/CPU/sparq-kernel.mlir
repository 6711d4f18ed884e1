// The kernel of SparQ attention, executed against the reference.
// DEFINE: %{run} = attn-run %s --verify

// Groups of 1 to 8 heads, all types, lengths around tiles and blocks; fewer keys than are wanted.
// RUN: %{run} --function=group1_f32 --input=1x2x1x64xf32=random\(1\) --input=1x2x0x64xf32=random\(2\) --input=1x2x0x64xf32=random\(3\) | FileCheck %s
// RUN: %{run} --function=group1_f32 --input=1x2x1x64xf32=random\(1\) --input=1x2x1x64xf32=random\(2\) --input=1x2x1x64xf32=random\(3\) | FileCheck %s
// RUN: %{run} --function=group1_f32 --input=1x2x1x64xf32=random\(1\) --input=1x2x33x64xf32=random\(2\) --input=1x2x33x64xf32=random\(3\) | FileCheck %s
// RUN: %{run} --function=group1_f32 --input=1x2x1x64xf32=random\(1\) --input=1x2x257x64xf32=random\(2\) --input=1x2x257x64xf32=random\(3\) | FileCheck %s
// RUN: %{run} --function=group1_f32 --input=1x2x1x64xf32=random\(1\) --input=1x2x1500x64xf32=random\(2\) --input=1x2x1500x64xf32=random\(3\) | FileCheck %s
// RUN: %{run} --function=group2_f16 --input=1x4x1x64xf16=random\(1\) --input=1x2x0x64xf16=random\(2\) --input=1x2x0x64xf16=random\(3\) | FileCheck %s
// RUN: %{run} --function=group2_f16 --input=1x4x1x64xf16=random\(1\) --input=1x2x1x64xf16=random\(2\) --input=1x2x1x64xf16=random\(3\) | FileCheck %s
// RUN: %{run} --function=group2_f16 --input=1x4x1x64xf16=random\(1\) --input=1x2x33x64xf16=random\(2\) --input=1x2x33x64xf16=random\(3\) | FileCheck %s
// RUN: %{run} --function=group2_f16 --input=1x4x1x64xf16=random\(1\) --input=1x2x257x64xf16=random\(2\) --input=1x2x257x64xf16=random\(3\) | FileCheck %s
// RUN: %{run} --function=group2_f16 --input=1x4x1x64xf16=random\(1\) --input=1x2x1500x64xf16=random\(2\) --input=1x2x1500x64xf16=random\(3\) | FileCheck %s
// RUN: %{run} --function=group3_bf16 --input=1x6x1x64xbf16=random\(1\) --input=1x2x0x64xbf16=random\(2\) --input=1x2x0x64xbf16=random\(3\) | FileCheck %s
// RUN: %{run} --function=group3_bf16 --input=1x6x1x64xbf16=random\(1\) --input=1x2x1x64xbf16=random\(2\) --input=1x2x1x64xbf16=random\(3\) | FileCheck %s
// RUN: %{run} --function=group3_bf16 --input=1x6x1x64xbf16=random\(1\) --input=1x2x33x64xbf16=random\(2\) --input=1x2x33x64xbf16=random\(3\) | FileCheck %s
// RUN: %{run} --function=group3_bf16 --input=1x6x1x64xbf16=random\(1\) --input=1x2x257x64xbf16=random\(2\) --input=1x2x257x64xbf16=random\(3\) | FileCheck %s
// RUN: %{run} --function=group3_bf16 --input=1x6x1x64xbf16=random\(1\) --input=1x2x1500x64xbf16=random\(2\) --input=1x2x1500x64xbf16=random\(3\) | FileCheck %s
// RUN: %{run} --function=group4_f32 --input=1x8x1x64xf32=random\(1\) --input=1x2x0x64xf32=random\(2\) --input=1x2x0x64xf32=random\(3\) | FileCheck %s
// RUN: %{run} --function=group4_f32 --input=1x8x1x64xf32=random\(1\) --input=1x2x1x64xf32=random\(2\) --input=1x2x1x64xf32=random\(3\) | FileCheck %s
// RUN: %{run} --function=group4_f32 --input=1x8x1x64xf32=random\(1\) --input=1x2x33x64xf32=random\(2\) --input=1x2x33x64xf32=random\(3\) | FileCheck %s
// RUN: %{run} --function=group4_f32 --input=1x8x1x64xf32=random\(1\) --input=1x2x257x64xf32=random\(2\) --input=1x2x257x64xf32=random\(3\) | FileCheck %s
// RUN: %{run} --function=group4_f32 --input=1x8x1x64xf32=random\(1\) --input=1x2x1500x64xf32=random\(2\) --input=1x2x1500x64xf32=random\(3\) | FileCheck %s
// RUN: %{run} --function=group8_f16 --input=1x16x1x64xf16=random\(1\) --input=1x2x0x64xf16=random\(2\) --input=1x2x0x64xf16=random\(3\) | FileCheck %s
// RUN: %{run} --function=group8_f16 --input=1x16x1x64xf16=random\(1\) --input=1x2x1x64xf16=random\(2\) --input=1x2x1x64xf16=random\(3\) | FileCheck %s
// RUN: %{run} --function=group8_f16 --input=1x16x1x64xf16=random\(1\) --input=1x2x33x64xf16=random\(2\) --input=1x2x33x64xf16=random\(3\) | FileCheck %s
// RUN: %{run} --function=group8_f16 --input=1x16x1x64xf16=random\(1\) --input=1x2x257x64xf16=random\(2\) --input=1x2x257x64xf16=random\(3\) | FileCheck %s
// RUN: %{run} --function=group8_f16 --input=1x16x1x64xf16=random\(1\) --input=1x2x1500x64xf16=random\(2\) --input=1x2x1500x64xf16=random\(3\) | FileCheck %s
// RUN: %{run} --function=group4_f64 --input=1x8x1x64xf64=random\(1\) --input=1x2x0x64xf64=random\(2\) --input=1x2x0x64xf64=random\(3\) | FileCheck %s
// RUN: %{run} --function=group4_f64 --input=1x8x1x64xf64=random\(1\) --input=1x2x1x64xf64=random\(2\) --input=1x2x1x64xf64=random\(3\) | FileCheck %s
// RUN: %{run} --function=group4_f64 --input=1x8x1x64xf64=random\(1\) --input=1x2x33x64xf64=random\(2\) --input=1x2x33x64xf64=random\(3\) | FileCheck %s
// RUN: %{run} --function=group4_f64 --input=1x8x1x64xf64=random\(1\) --input=1x2x257x64xf64=random\(2\) --input=1x2x257x64xf64=random\(3\) | FileCheck %s
// RUN: %{run} --function=group4_f64 --input=1x8x1x64xf64=random\(1\) --input=1x2x1500x64xf64=random\(2\) --input=1x2x1500x64xf64=random\(3\) | FileCheck %s
// Realloc, for groups too, and the mean of values that goes with it.
// RUN: %{run} --function=realloc_on --input=1x8x1x64xf32=random\(1\) --input=1x2x0x64xf32=random\(2\) --input=1x2x0x64xf32=random\(3\) | FileCheck %s
// RUN: %{run} --function=realloc_on --input=1x8x1x64xf32=random\(1\) --input=1x2x20x64xf32=random\(2\) --input=1x2x20x64xf32=random\(3\) | FileCheck %s
// RUN: %{run} --function=realloc_on --input=1x8x1x64xf32=random\(1\) --input=1x2x1000x64xf32=random\(2\) --input=1x2x1000x64xf32=random\(3\) | FileCheck %s
// RUN: %{run} --function=realloc_off --input=1x2x1x64xf32=random\(1\) --input=1x2x0x64xf32=random\(2\) --input=1x2x0x64xf32=random\(3\) | FileCheck %s
// RUN: %{run} --function=realloc_off --input=1x2x1x64xf32=random\(1\) --input=1x2x20x64xf32=random\(2\) --input=1x2x20x64xf32=random\(3\) | FileCheck %s
// RUN: %{run} --function=realloc_off --input=1x2x1x64xf32=random\(1\) --input=1x2x1000x64xf32=random\(2\) --input=1x2x1000x64xf32=random\(3\) | FileCheck %s
// RUN: %{run} --function=logit --input=1x8x1x64xf32=random\(1\) --input=1x2x0x64xf32=random\(2\) --input=1x2x0x64xf32=random\(3\) | FileCheck %s
// RUN: %{run} --function=logit --input=1x8x1x64xf32=random\(1\) --input=1x2x20x64xf32=random\(2\) --input=1x2x20x64xf32=random\(3\) | FileCheck %s
// RUN: %{run} --function=logit --input=1x8x1x64xf32=random\(1\) --input=1x2x1000x64xf32=random\(2\) --input=1x2x1000x64xf32=random\(3\) | FileCheck %s
// Rows that fill no vector.
// RUN: %{run} --function=columns40_24 --input=1x4x1x40xf32=random\(1\) --input=1x2x300x40xf32=random\(2\) --input=1x2x300x24xf32=random\(3\) | FileCheck %s
// RUN: %{run} --function=columns17_80 --input=1x4x1x17xf32=random\(1\) --input=1x2x300x17xf32=random\(2\) --input=1x2x300x80xf32=random\(3\) | FileCheck %s
// Softcap, bias, mask and score region, for each head its own.
// RUN: %{run} --function=softcap --input=1x8x1x64xf32=random\(1\) --input=1x2x700x64xf32=random\(2\) --input=1x2x700x64xf32=random\(3\) | FileCheck %s
// RUN: %{run} --function=bias --input=1x8x1x64xf32=random\(1\) --input=1x2x700x64xf32=random\(2\) --input=1x2x700x64xf32=random\(3\) --input=1x8x1x700xf32=random\(7\) | FileCheck %s
// RUN: %{run} --function=mask --input=1x8x1x64xf32=random\(1\) --input=1x2x700x64xf32=random\(2\) --input=1x2x700x64xf32=random\(3\) --input=1x8x1x700xi1=random\(7\) | FileCheck %s
// RUN: %{run} --function=mask --input=1x8x1x64xf32=random\(1\) --input=1x2x700x64xf32=random\(2\) --input=1x2x700x64xf32=random\(3\) --input=1x8x1x700xi1=zeros | FileCheck %s
// RUN: %{run} --function=region --input=1x8x1x64xf32=random\(1\) --input=1x2x700x64xf32=random\(2\) --input=1x2x700x64xf32=random\(3\) | FileCheck %s
// RUN: %{run} --function=lengths --input=2x8x1x64xf32=random\(1\) --input=2x2x700x64xf32=random\(2\) --input=2x2x700x64xf32=random\(3\) --input=2xi64=300 | FileCheck %s
// RUN: %{run} --function=lengths --input=2x8x1x64xf32=random\(1\) --input=2x2x700x64xf32=random\(2\) --input=2x2x700x64xf32=random\(3\) --input=2xi64=0 | FileCheck %s
// One key head: several threads score its keys together.
// RUN: %{run} --function=together --threads=4 --input=1x4x1x64xf32=random\(1\) --input=1x1x20000x64xf32=random\(2\) --input=1x1x20000x64xf32=random\(3\) | FileCheck %s
// RUN: %{run} --function=together --threads=1 --input=1x4x1x64xf32=random\(1\) --input=1x1x20000x64xf32=random\(2\) --input=1x1x20000x64xf32=random\(3\) | FileCheck %s
// RUN: %{run} --function=together --threads=3 --input=1x4x1x64xf32=random\(1\) --input=1x1x5000x64xf32=random\(2\) --input=1x1x5000x64xf32=random\(3\) | FileCheck %s
// More components than fit on the stack: what they are gathered to is not used after it was freed.
// RUN: %{run} --function=components --guard-pages=end --input=1x4x1x512xf32=random\(1\) --input=1x2x300x512xf32=random\(2\) --input=1x2x300x64xf32=random\(3\) | FileCheck %s
// CHECK:     verify: result 0: max error
// CHECK-NOT: FAILED

func.func @group1_f32(%q: tensor<1x2x1x64xf32>, %k: tensor<1x2x?x64xf32>, %v: tensor<1x2x?x64xf32>) -> tensor<1x2x1x64xf32> {
  %o = attn.sparq %q, %k, %v rank(16) top_k(32) local_window(8)
    : (tensor<1x2x1x64xf32>, tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>) -> tensor<1x2x1x64xf32>
  return %o : tensor<1x2x1x64xf32>
}

func.func @group2_f16(%q: tensor<1x4x1x64xf16>, %k: tensor<1x2x?x64xf16>, %v: tensor<1x2x?x64xf16>) -> tensor<1x4x1x64xf16> {
  %o = attn.sparq %q, %k, %v rank(16) top_k(32) local_window(8)
    : (tensor<1x4x1x64xf16>, tensor<1x2x?x64xf16>, tensor<1x2x?x64xf16>) -> tensor<1x4x1x64xf16>
  return %o : tensor<1x4x1x64xf16>
}

func.func @group3_bf16(%q: tensor<1x6x1x64xbf16>, %k: tensor<1x2x?x64xbf16>, %v: tensor<1x2x?x64xbf16>) -> tensor<1x6x1x64xbf16> {
  %o = attn.sparq %q, %k, %v rank(16) top_k(32) local_window(8)
    : (tensor<1x6x1x64xbf16>, tensor<1x2x?x64xbf16>, tensor<1x2x?x64xbf16>) -> tensor<1x6x1x64xbf16>
  return %o : tensor<1x6x1x64xbf16>
}

func.func @group4_f32(%q: tensor<1x8x1x64xf32>, %k: tensor<1x2x?x64xf32>, %v: tensor<1x2x?x64xf32>) -> tensor<1x8x1x64xf32> {
  %o = attn.sparq %q, %k, %v rank(16) top_k(32) local_window(8)
    : (tensor<1x8x1x64xf32>, tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>) -> tensor<1x8x1x64xf32>
  return %o : tensor<1x8x1x64xf32>
}

func.func @group8_f16(%q: tensor<1x16x1x64xf16>, %k: tensor<1x2x?x64xf16>, %v: tensor<1x2x?x64xf16>) -> tensor<1x16x1x64xf16> {
  %o = attn.sparq %q, %k, %v rank(16) top_k(32) local_window(8)
    : (tensor<1x16x1x64xf16>, tensor<1x2x?x64xf16>, tensor<1x2x?x64xf16>) -> tensor<1x16x1x64xf16>
  return %o : tensor<1x16x1x64xf16>
}

func.func @group4_f64(%q: tensor<1x8x1x64xf64>, %k: tensor<1x2x?x64xf64>, %v: tensor<1x2x?x64xf64>) -> tensor<1x8x1x64xf64> {
  %o = attn.sparq %q, %k, %v rank(16) top_k(32) local_window(8)
    : (tensor<1x8x1x64xf64>, tensor<1x2x?x64xf64>, tensor<1x2x?x64xf64>) -> tensor<1x8x1x64xf64>
  return %o : tensor<1x8x1x64xf64>
}

func.func @realloc_on(%q: tensor<1x8x1x64xf32>, %k: tensor<1x2x?x64xf32>, %v: tensor<1x2x?x64xf32>) -> tensor<1x8x1x64xf32> {
  %o = attn.sparq %q, %k, %v rank(16) top_k(32) realloc(on)
    : (tensor<1x8x1x64xf32>, tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>) -> tensor<1x8x1x64xf32>
  return %o : tensor<1x8x1x64xf32>
}

func.func @realloc_off(%q: tensor<1x2x1x64xf32>, %k: tensor<1x2x?x64xf32>, %v: tensor<1x2x?x64xf32>) -> tensor<1x2x1x64xf32> {
  %o = attn.sparq %q, %k, %v rank(16) top_k(32) realloc(off)
    : (tensor<1x2x1x64xf32>, tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>) -> tensor<1x2x1x64xf32>
  return %o : tensor<1x2x1x64xf32>
}

func.func @logit(%q: tensor<1x8x1x64xf32>, %k: tensor<1x2x?x64xf32>, %v: tensor<1x2x?x64xf32>) -> tensor<1x8x1x64xf32> {
  %o = attn.sparq %q, %k, %v rank(16) top_k(32) realloc(on) group_reduce(logit)
    : (tensor<1x8x1x64xf32>, tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>) -> tensor<1x8x1x64xf32>
  return %o : tensor<1x8x1x64xf32>
}

func.func @columns40_24(%q: tensor<1x4x1x40xf32>, %k: tensor<1x2x?x40xf32>, %v: tensor<1x2x?x24xf32>) -> tensor<1x4x1x24xf32> {
  %o = attn.sparq %q, %k, %v rank(9) top_k(16) realloc(on)
    : (tensor<1x4x1x40xf32>, tensor<1x2x?x40xf32>, tensor<1x2x?x24xf32>) -> tensor<1x4x1x24xf32>
  return %o : tensor<1x4x1x24xf32>
}

func.func @columns17_80(%q: tensor<1x4x1x17xf32>, %k: tensor<1x2x?x17xf32>, %v: tensor<1x2x?x80xf32>) -> tensor<1x4x1x80xf32> {
  %o = attn.sparq %q, %k, %v rank(9) top_k(16) realloc(on)
    : (tensor<1x4x1x17xf32>, tensor<1x2x?x17xf32>, tensor<1x2x?x80xf32>) -> tensor<1x4x1x80xf32>
  return %o : tensor<1x4x1x80xf32>
}

func.func @softcap(%q: tensor<1x8x1x64xf32>, %k: tensor<1x2x?x64xf32>, %v: tensor<1x2x?x64xf32>) -> tensor<1x8x1x64xf32> {
  %o = attn.sparq %q, %k, %v softcap(5.0) rank(16) top_k(32) local_window(8) realloc(on)
    : (tensor<1x8x1x64xf32>, tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>) -> tensor<1x8x1x64xf32>
  return %o : tensor<1x8x1x64xf32>
}

func.func @bias(%q: tensor<1x8x1x64xf32>, %k: tensor<1x2x?x64xf32>, %v: tensor<1x2x?x64xf32>, %b: tensor<1x8x1x?xf32>) -> tensor<1x8x1x64xf32> {
  %o = attn.sparq %q, %k, %v bias(%b) rank(16) top_k(32) local_window(8) realloc(on)
    : (tensor<1x8x1x64xf32>, tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>, tensor<1x8x1x?xf32>) -> tensor<1x8x1x64xf32>
  return %o : tensor<1x8x1x64xf32>
}

func.func @mask(%q: tensor<1x8x1x64xf32>, %k: tensor<1x2x?x64xf32>, %v: tensor<1x2x?x64xf32>, %m: tensor<1x8x1x?xi1>) -> tensor<1x8x1x64xf32> {
  %o = attn.sparq %q, %k, %v mask(%m) rank(16) top_k(32) local_window(8) realloc(on)
    : (tensor<1x8x1x64xf32>, tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>, tensor<1x8x1x?xi1>) -> tensor<1x8x1x64xf32>
  return %o : tensor<1x8x1x64xf32>
}

func.func @region(%q: tensor<1x8x1x64xf32>, %k: tensor<1x2x?x64xf32>, %v: tensor<1x2x?x64xf32>) -> tensor<1x8x1x64xf32> {
  %o = attn.sparq %q, %k, %v rank(16) top_k(32) realloc(on) score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %n = arith.index_cast %j : index to i32
    %x = arith.sitofp %n : i32 to f32
    %c = arith.constant 0.01 : f32
    %y = arith.mulf %x, %c : f32
    %r = arith.addf %s, %y : f32
    attn.yield %r : f32
  }
    : (tensor<1x8x1x64xf32>, tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>) -> tensor<1x8x1x64xf32>
  return %o : tensor<1x8x1x64xf32>
}

func.func @lengths(%q: tensor<2x8x1x64xf32>, %k: tensor<2x2x?x64xf32>, %v: tensor<2x2x?x64xf32>, %l: tensor<2xi64>) -> tensor<2x8x1x64xf32> {
  %o = attn.sparq %q, %k, %v kv_len(%l) rank(16) top_k(32) local_window(8) realloc(on)
    : (tensor<2x8x1x64xf32>, tensor<2x2x?x64xf32>, tensor<2x2x?x64xf32>, tensor<2xi64>) -> tensor<2x8x1x64xf32>
  return %o : tensor<2x8x1x64xf32>
}

func.func @together(%q: tensor<1x4x1x64xf32>, %k: tensor<1x1x?x64xf32>, %v: tensor<1x1x?x64xf32>) -> tensor<1x4x1x64xf32> {
  %o = attn.sparq %q, %k, %v rank(16) top_k(64) local_window(8) realloc(on)
    : (tensor<1x4x1x64xf32>, tensor<1x1x?x64xf32>, tensor<1x1x?x64xf32>) -> tensor<1x4x1x64xf32>
  return %o : tensor<1x4x1x64xf32>
}

func.func @components(%q: tensor<1x4x1x512xf32>, %k: tensor<1x2x?x512xf32>, %v: tensor<1x2x?x64xf32>) -> tensor<1x4x1x64xf32> {
  %o = attn.sparq %q, %k, %v rank(400) top_k(32) key_layout(once)
    : (tensor<1x4x1x512xf32>, tensor<1x2x?x512xf32>, tensor<1x2x?x64xf32>) -> tensor<1x4x1x64xf32>
  return %o : tensor<1x4x1x64xf32>
}
