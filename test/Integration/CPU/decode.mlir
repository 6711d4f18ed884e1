// The kernel of few query rows, executed against the reference.
// DEFINE: %{run} = attn-run %s --verify

// Groups of 4, whole vectors: no block, less than a tile, a tile and a bit, blocks and a bit.
// RUN: %{run} --function=group4_f32 --input=1x8x1x128xf32=random\(1\) --input=1x2x0x128xf32=random\(2\) --input=1x2x0x128xf32=random\(3\) | FileCheck %s
// RUN: %{run} --function=group4_f32 --input=1x8x1x128xf32=random\(1\) --input=1x2x1x128xf32=random\(2\) --input=1x2x1x128xf32=random\(3\) | FileCheck %s
// RUN: %{run} --function=group4_f32 --input=1x8x1x128xf32=random\(1\) --input=1x2x3x128xf32=random\(2\) --input=1x2x3x128xf32=random\(3\) | FileCheck %s
// RUN: %{run} --function=group4_f32 --input=1x8x1x128xf32=random\(1\) --input=1x2x17x128xf32=random\(2\) --input=1x2x17x128xf32=random\(3\) | FileCheck %s
// RUN: %{run} --function=group4_f32 --input=1x8x1x128xf32=random\(1\) --input=1x2x4097x128xf32=random\(2\) --input=1x2x4097x128xf32=random\(3\) | FileCheck %s
// RUN: %{run} --function=group4_bf16 --input=1x8x1x128xbf16=random\(1\) --input=1x2x0x128xbf16=random\(2\) --input=1x2x0x128xbf16=random\(3\) | FileCheck %s
// RUN: %{run} --function=group4_bf16 --input=1x8x1x128xbf16=random\(1\) --input=1x2x1x128xbf16=random\(2\) --input=1x2x1x128xbf16=random\(3\) | FileCheck %s
// RUN: %{run} --function=group4_bf16 --input=1x8x1x128xbf16=random\(1\) --input=1x2x3x128xbf16=random\(2\) --input=1x2x3x128xbf16=random\(3\) | FileCheck %s
// RUN: %{run} --function=group4_bf16 --input=1x8x1x128xbf16=random\(1\) --input=1x2x17x128xbf16=random\(2\) --input=1x2x17x128xbf16=random\(3\) | FileCheck %s
// RUN: %{run} --function=group4_bf16 --input=1x8x1x128xbf16=random\(1\) --input=1x2x4097x128xbf16=random\(2\) --input=1x2x4097x128xbf16=random\(3\) | FileCheck %s
// RUN: %{run} --function=group4_f16 --input=1x8x1x128xf16=random\(1\) --input=1x2x17x128xf16=random\(2\) --input=1x2x17x128xf16=random\(3\) | FileCheck %s
// RUN: %{run} --function=group4_f16 --input=1x8x1x128xf16=random\(1\) --input=1x2x4097x128xf16=random\(2\) --input=1x2x4097x128xf16=random\(3\) | FileCheck %s
// RUN: %{run} --function=group4_f64 --input=1x8x1x128xf64=random\(1\) --input=1x2x17x128xf64=random\(2\) --input=1x2x17x128xf64=random\(3\) | FileCheck %s
// RUN: %{run} --function=group4_f64 --input=1x8x1x128xf64=random\(1\) --input=1x2x4097x128xf64=random\(2\) --input=1x2x4097x128xf64=random\(3\) | FileCheck %s
// Tiles of one, two and four rows, and a fourth row that nobody has.
// RUN: %{run} --function=group1_f32 --input=1x2x1x64xf32=random\(1\) --input=1x2x1x64xf32=random\(2\) --input=1x2x1x96xf32=random\(3\) | FileCheck %s
// RUN: %{run} --function=group1_f32 --input=1x2x1x64xf32=random\(1\) --input=1x2x65x64xf32=random\(2\) --input=1x2x65x96xf32=random\(3\) | FileCheck %s
// RUN: %{run} --function=group2_bf16 --input=1x4x1x64xbf16=random\(1\) --input=1x2x1x64xbf16=random\(2\) --input=1x2x1x96xbf16=random\(3\) | FileCheck %s
// RUN: %{run} --function=group2_bf16 --input=1x4x1x64xbf16=random\(1\) --input=1x2x65x64xbf16=random\(2\) --input=1x2x65x96xbf16=random\(3\) | FileCheck %s
// RUN: %{run} --function=group3_f16 --input=1x6x1x64xf16=random\(1\) --input=1x2x1x64xf16=random\(2\) --input=1x2x1x96xf16=random\(3\) | FileCheck %s
// RUN: %{run} --function=group3_f16 --input=1x6x1x64xf16=random\(1\) --input=1x2x65x64xf16=random\(2\) --input=1x2x65x96xf16=random\(3\) | FileCheck %s
// RUN: %{run} --function=group5_f32 --input=1x10x1x64xf32=random\(1\) --input=1x2x1x64xf32=random\(2\) --input=1x2x1x96xf32=random\(3\) | FileCheck %s
// RUN: %{run} --function=group5_f32 --input=1x10x1x64xf32=random\(1\) --input=1x2x65x64xf32=random\(2\) --input=1x2x65x96xf32=random\(3\) | FileCheck %s
// RUN: %{run} --function=group6_bf16 --input=1x12x1x64xbf16=random\(1\) --input=1x2x1x64xbf16=random\(2\) --input=1x2x1x96xbf16=random\(3\) | FileCheck %s
// RUN: %{run} --function=group6_bf16 --input=1x12x1x64xbf16=random\(1\) --input=1x2x65x64xbf16=random\(2\) --input=1x2x65x96xbf16=random\(3\) | FileCheck %s
// RUN: %{run} --function=group7_f32 --input=1x14x1x64xf32=random\(1\) --input=1x2x1x64xf32=random\(2\) --input=1x2x1x96xf32=random\(3\) | FileCheck %s
// RUN: %{run} --function=group7_f32 --input=1x14x1x64xf32=random\(1\) --input=1x2x65x64xf32=random\(2\) --input=1x2x65x96xf32=random\(3\) | FileCheck %s
// RUN: %{run} --function=group8_f16 --input=1x16x1x64xf16=random\(1\) --input=1x2x1x64xf16=random\(2\) --input=1x2x1x96xf16=random\(3\) | FileCheck %s
// RUN: %{run} --function=group8_f16 --input=1x16x1x64xf16=random\(1\) --input=1x2x65x64xf16=random\(2\) --input=1x2x65x96xf16=random\(3\) | FileCheck %s
// RUN: %{run} --function=group16_bf16 --input=1x32x1x64xbf16=random\(1\) --input=1x2x1x64xbf16=random\(2\) --input=1x2x1x96xbf16=random\(3\) | FileCheck %s
// RUN: %{run} --function=group16_bf16 --input=1x32x1x64xbf16=random\(1\) --input=1x2x65x64xbf16=random\(2\) --input=1x2x65x96xbf16=random\(3\) | FileCheck %s
// Rows of memory that fill no vector; more columns than are unrolled.
// RUN: %{run} --function=columns40_40_f32 --input=1x8x1x40xf32=random\(1\) --input=1x2x3x40xf32=random\(2\) --input=1x2x3x40xf32=random\(3\) | FileCheck %s
// RUN: %{run} --function=columns40_40_f32 --input=1x8x1x40xf32=random\(1\) --input=1x2x70x40xf32=random\(2\) --input=1x2x70x40xf32=random\(3\) | FileCheck %s
// RUN: %{run} --function=columns80_17_bf16 --input=1x8x1x80xbf16=random\(1\) --input=1x2x3x80xbf16=random\(2\) --input=1x2x3x17xbf16=random\(3\) | FileCheck %s
// RUN: %{run} --function=columns80_17_bf16 --input=1x8x1x80xbf16=random\(1\) --input=1x2x70x80xbf16=random\(2\) --input=1x2x70x17xbf16=random\(3\) | FileCheck %s
// RUN: %{run} --function=columns17_80_f32 --input=1x8x1x17xf32=random\(1\) --input=1x2x3x17xf32=random\(2\) --input=1x2x3x80xf32=random\(3\) | FileCheck %s
// RUN: %{run} --function=columns17_80_f32 --input=1x8x1x17xf32=random\(1\) --input=1x2x70x17xf32=random\(2\) --input=1x2x70x80xf32=random\(3\) | FileCheck %s
// RUN: %{run} --function=columns96_96_f16 --input=1x8x1x96xf16=random\(1\) --input=1x2x3x96xf16=random\(2\) --input=1x2x3x96xf16=random\(3\) | FileCheck %s
// RUN: %{run} --function=columns96_96_f16 --input=1x8x1x96xf16=random\(1\) --input=1x2x70x96xf16=random\(2\) --input=1x2x70x96xf16=random\(3\) | FileCheck %s
// RUN: %{run} --function=columns256_256_bf16 --input=1x8x1x256xbf16=random\(1\) --input=1x2x3x256xbf16=random\(2\) --input=1x2x3x256xbf16=random\(3\) | FileCheck %s
// RUN: %{run} --function=columns256_256_bf16 --input=1x8x1x256xbf16=random\(1\) --input=1x2x70x256xbf16=random\(2\) --input=1x2x70x256xbf16=random\(3\) | FileCheck %s
// RUN: %{run} --function=columns300_264_f32 --input=1x8x1x300xf32=random\(1\) --input=1x2x3x300xf32=random\(2\) --input=1x2x3x264xf32=random\(3\) | FileCheck %s
// RUN: %{run} --function=columns300_264_f32 --input=1x8x1x300xf32=random\(1\) --input=1x2x70x300xf32=random\(2\) --input=1x2x70x264xf32=random\(3\) | FileCheck %s
// RUN: %{run} --function=columns1_3_f32 --input=1x8x1x1xf32=random\(1\) --input=1x2x3x1xf32=random\(2\) --input=1x2x3x3xf32=random\(3\) | FileCheck %s
// RUN: %{run} --function=columns1_3_f32 --input=1x8x1x1xf32=random\(1\) --input=1x2x70x1xf32=random\(2\) --input=1x2x70x3xf32=random\(3\) | FileCheck %s
// RUN: %{run} --function=columns40_136_f64 --input=1x8x1x40xf64=random\(1\) --input=1x2x3x40xf64=random\(2\) --input=1x2x3x136xf64=random\(3\) | FileCheck %s
// RUN: %{run} --function=columns40_136_f64 --input=1x8x1x40xf64=random\(1\) --input=1x2x70x40xf64=random\(2\) --input=1x2x70x136xf64=random\(3\) | FileCheck %s
// Several queries, each with edges of its own.
// RUN: %{run} --function=queries4_2_f32 --input=1x8x2x64xf32=random\(1\) --input=1x2x1x64xf32=random\(2\) --input=1x2x1x64xf32=random\(3\) | FileCheck %s
// RUN: %{run} --function=queries4_2_f32 --input=1x8x2x64xf32=random\(1\) --input=1x2x17x64xf32=random\(2\) --input=1x2x17x64xf32=random\(3\) | FileCheck %s
// RUN: %{run} --function=queries4_2_f32 --input=1x8x2x64xf32=random\(1\) --input=1x2x70x64xf32=random\(2\) --input=1x2x70x64xf32=random\(3\) | FileCheck %s
// RUN: %{run} --function=queries2_7_bf16 --input=1x4x7x64xbf16=random\(1\) --input=1x2x1x64xbf16=random\(2\) --input=1x2x1x64xbf16=random\(3\) | FileCheck %s
// RUN: %{run} --function=queries2_7_bf16 --input=1x4x7x64xbf16=random\(1\) --input=1x2x17x64xbf16=random\(2\) --input=1x2x17x64xbf16=random\(3\) | FileCheck %s
// RUN: %{run} --function=queries2_7_bf16 --input=1x4x7x64xbf16=random\(1\) --input=1x2x70x64xbf16=random\(2\) --input=1x2x70x64xbf16=random\(3\) | FileCheck %s
// RUN: %{run} --function=queries1_7_f32 --input=1x2x7x64xf32=random\(1\) --input=1x2x1x64xf32=random\(2\) --input=1x2x1x64xf32=random\(3\) | FileCheck %s
// RUN: %{run} --function=queries1_7_f32 --input=1x2x7x64xf32=random\(1\) --input=1x2x17x64xf32=random\(2\) --input=1x2x17x64xf32=random\(3\) | FileCheck %s
// RUN: %{run} --function=queries1_7_f32 --input=1x2x7x64xf32=random\(1\) --input=1x2x70x64xf32=random\(2\) --input=1x2x70x64xf32=random\(3\) | FileCheck %s
// RUN: %{run} --function=queries8_2_f16 --input=1x16x2x64xf16=random\(1\) --input=1x2x1x64xf16=random\(2\) --input=1x2x1x64xf16=random\(3\) | FileCheck %s
// RUN: %{run} --function=queries8_2_f16 --input=1x16x2x64xf16=random\(1\) --input=1x2x17x64xf16=random\(2\) --input=1x2x17x64xf16=random\(3\) | FileCheck %s
// RUN: %{run} --function=queries8_2_f16 --input=1x16x2x64xf16=random\(1\) --input=1x2x70x64xf16=random\(2\) --input=1x2x70x64xf16=random\(3\) | FileCheck %s
// RUN: %{run} --function=queries1_2_f64 --input=1x2x2x64xf64=random\(1\) --input=1x2x1x64xf64=random\(2\) --input=1x2x1x64xf64=random\(3\) | FileCheck %s
// RUN: %{run} --function=queries1_2_f64 --input=1x2x2x64xf64=random\(1\) --input=1x2x17x64xf64=random\(2\) --input=1x2x17x64xf64=random\(3\) | FileCheck %s
// RUN: %{run} --function=queries1_2_f64 --input=1x2x2x64xf64=random\(1\) --input=1x2x70x64xf64=random\(2\) --input=1x2x70x64xf64=random\(3\) | FileCheck %s
// Rows of keys apart in memory.
// RUN: %{run} --function=apart_f32 --input=2x2x8x64xf32=random\(1\) --input=2x67x2x64xf32=random\(2\) --input=2x67x2x64xf32=random\(3\) | FileCheck %s
// RUN: %{run} --function=apart_bf16 --input=2x2x8x64xbf16=random\(1\) --input=2x67x2x64xbf16=random\(2\) --input=2x67x2x64xbf16=random\(3\) | FileCheck %s

// Everything a score goes through, by vectors of keys, on one row up to seven; then a
// region by scalars. Rows are counted when the program runs.
// RUN: %{run} --function=modifiers --input=2x6x1x16xf32=random\(1\) --input=2x2x1x16xf32=random\(2\) --input=2xi64=1 --input=1xi64=1 --input=2x1x1x1xi1=random\(4\) --input=1x6x1x1xf16=random\(5\) --input=6xf32=random\(6\) | FileCheck %s
// RUN: %{run} --function=modifiers --input=2x6x1x16xf32=random\(1\) --input=2x2x70x16xf32=random\(2\) --input=2xi64=60 --input=1xi64=1 --input=2x6x1x70xi1=random\(4\) --input=1x6x1x70xf16=random\(5\) --input=6xf32=random\(6\) | FileCheck %s
// RUN: %{run} --function=modifiers --input=2x6x5x16xf32=random\(1\) --input=2x2x64x16xf32=random\(2\) --input=2xi64=60 --input=1xi64=5 --input=1x1x5x64xi1=random\(4\) --input=1x1x1x64xf16=random\(5\) --input=6xf32=random\(6\) | FileCheck %s
// RUN: %{run} --function=modifiers --input=2x6x4x16xf32=random\(1\) --input=2x2x100x16xf32=random\(2\) --input=2xi64=60 --input=1xi64=4 --input=1x6x4x1xi1=random\(4\) --input=2x6x4x100xf16=random\(5\) --input=6xf32=random\(6\) | FileCheck %s
// RUN: %{run} --function=branches --input=1x2x3x16xbf16=random\(1\) --input=1x2x50x16xbf16=random\(2\) | FileCheck %s
// RUN: %{run} --function=branches --input=1x2x40x16xbf16=random\(1\) --input=1x2x50x16xbf16=random\(2\) | FileCheck %s
// A mask that hides whole keys hides their values.
// RUN: %{run} --function=hidden --input=1x4x1x32xf32=random\(1\) --input=1x1x75x32xf32=random\(2\) | FileCheck %s

// CHECK-NOT: FAILED
// CHECK:     verify: result 0: max error
// CHECK-NOT: FAILED

func.func @group4_f32(%q: tensor<1x8x1x128xf32>, %k: tensor<1x2x?x128xf32>,
    %v: tensor<1x2x?x128xf32>) -> tensor<1x8x1x128xf32> {
  %0 = attn.sdpa %q, %k, %v
    : (tensor<1x8x1x128xf32>, tensor<1x2x?x128xf32>, tensor<1x2x?x128xf32>)
    -> tensor<1x8x1x128xf32>
  return %0 : tensor<1x8x1x128xf32>
}

func.func @group4_bf16(%q: tensor<1x8x1x128xbf16>, %k: tensor<1x2x?x128xbf16>,
    %v: tensor<1x2x?x128xbf16>) -> tensor<1x8x1x128xbf16> {
  %0 = attn.sdpa %q, %k, %v
    : (tensor<1x8x1x128xbf16>, tensor<1x2x?x128xbf16>, tensor<1x2x?x128xbf16>)
    -> tensor<1x8x1x128xbf16>
  return %0 : tensor<1x8x1x128xbf16>
}

func.func @group4_f16(%q: tensor<1x8x1x128xf16>, %k: tensor<1x2x?x128xf16>,
    %v: tensor<1x2x?x128xf16>) -> tensor<1x8x1x128xf16> {
  %0 = attn.sdpa %q, %k, %v
    : (tensor<1x8x1x128xf16>, tensor<1x2x?x128xf16>, tensor<1x2x?x128xf16>)
    -> tensor<1x8x1x128xf16>
  return %0 : tensor<1x8x1x128xf16>
}

func.func @group4_f64(%q: tensor<1x8x1x128xf64>, %k: tensor<1x2x?x128xf64>,
    %v: tensor<1x2x?x128xf64>) -> tensor<1x8x1x128xf64> {
  %0 = attn.sdpa %q, %k, %v
    : (tensor<1x8x1x128xf64>, tensor<1x2x?x128xf64>, tensor<1x2x?x128xf64>)
    -> tensor<1x8x1x128xf64>
  return %0 : tensor<1x8x1x128xf64>
}

func.func @group1_f32(%q: tensor<1x2x1x64xf32>, %k: tensor<1x2x?x64xf32>,
    %v: tensor<1x2x?x96xf32>) -> tensor<1x2x1x96xf32> {
  %0 = attn.sdpa %q, %k, %v
    : (tensor<1x2x1x64xf32>, tensor<1x2x?x64xf32>, tensor<1x2x?x96xf32>)
    -> tensor<1x2x1x96xf32>
  return %0 : tensor<1x2x1x96xf32>
}

func.func @group2_bf16(%q: tensor<1x4x1x64xbf16>, %k: tensor<1x2x?x64xbf16>,
    %v: tensor<1x2x?x96xbf16>) -> tensor<1x4x1x96xbf16> {
  %0 = attn.sdpa %q, %k, %v
    : (tensor<1x4x1x64xbf16>, tensor<1x2x?x64xbf16>, tensor<1x2x?x96xbf16>)
    -> tensor<1x4x1x96xbf16>
  return %0 : tensor<1x4x1x96xbf16>
}

func.func @group3_f16(%q: tensor<1x6x1x64xf16>, %k: tensor<1x2x?x64xf16>,
    %v: tensor<1x2x?x96xf16>) -> tensor<1x6x1x96xf16> {
  %0 = attn.sdpa %q, %k, %v
    : (tensor<1x6x1x64xf16>, tensor<1x2x?x64xf16>, tensor<1x2x?x96xf16>)
    -> tensor<1x6x1x96xf16>
  return %0 : tensor<1x6x1x96xf16>
}

func.func @group5_f32(%q: tensor<1x10x1x64xf32>, %k: tensor<1x2x?x64xf32>,
    %v: tensor<1x2x?x96xf32>) -> tensor<1x10x1x96xf32> {
  %0 = attn.sdpa %q, %k, %v
    : (tensor<1x10x1x64xf32>, tensor<1x2x?x64xf32>, tensor<1x2x?x96xf32>)
    -> tensor<1x10x1x96xf32>
  return %0 : tensor<1x10x1x96xf32>
}

func.func @group6_bf16(%q: tensor<1x12x1x64xbf16>, %k: tensor<1x2x?x64xbf16>,
    %v: tensor<1x2x?x96xbf16>) -> tensor<1x12x1x96xbf16> {
  %0 = attn.sdpa %q, %k, %v
    : (tensor<1x12x1x64xbf16>, tensor<1x2x?x64xbf16>, tensor<1x2x?x96xbf16>)
    -> tensor<1x12x1x96xbf16>
  return %0 : tensor<1x12x1x96xbf16>
}

func.func @group7_f32(%q: tensor<1x14x1x64xf32>, %k: tensor<1x2x?x64xf32>,
    %v: tensor<1x2x?x96xf32>) -> tensor<1x14x1x96xf32> {
  %0 = attn.sdpa %q, %k, %v
    : (tensor<1x14x1x64xf32>, tensor<1x2x?x64xf32>, tensor<1x2x?x96xf32>)
    -> tensor<1x14x1x96xf32>
  return %0 : tensor<1x14x1x96xf32>
}

func.func @group8_f16(%q: tensor<1x16x1x64xf16>, %k: tensor<1x2x?x64xf16>,
    %v: tensor<1x2x?x96xf16>) -> tensor<1x16x1x96xf16> {
  %0 = attn.sdpa %q, %k, %v
    : (tensor<1x16x1x64xf16>, tensor<1x2x?x64xf16>, tensor<1x2x?x96xf16>)
    -> tensor<1x16x1x96xf16>
  return %0 : tensor<1x16x1x96xf16>
}

func.func @group16_bf16(%q: tensor<1x32x1x64xbf16>, %k: tensor<1x2x?x64xbf16>,
    %v: tensor<1x2x?x96xbf16>) -> tensor<1x32x1x96xbf16> {
  %0 = attn.sdpa %q, %k, %v
    : (tensor<1x32x1x64xbf16>, tensor<1x2x?x64xbf16>, tensor<1x2x?x96xbf16>)
    -> tensor<1x32x1x96xbf16>
  return %0 : tensor<1x32x1x96xbf16>
}

func.func @columns40_40_f32(%q: tensor<1x8x1x40xf32>, %k: tensor<1x2x?x40xf32>,
    %v: tensor<1x2x?x40xf32>) -> tensor<1x8x1x40xf32> {
  %0 = attn.sdpa %q, %k, %v
    : (tensor<1x8x1x40xf32>, tensor<1x2x?x40xf32>, tensor<1x2x?x40xf32>)
    -> tensor<1x8x1x40xf32>
  return %0 : tensor<1x8x1x40xf32>
}

func.func @columns80_17_bf16(%q: tensor<1x8x1x80xbf16>, %k: tensor<1x2x?x80xbf16>,
    %v: tensor<1x2x?x17xbf16>) -> tensor<1x8x1x17xbf16> {
  %0 = attn.sdpa %q, %k, %v
    : (tensor<1x8x1x80xbf16>, tensor<1x2x?x80xbf16>, tensor<1x2x?x17xbf16>)
    -> tensor<1x8x1x17xbf16>
  return %0 : tensor<1x8x1x17xbf16>
}

func.func @columns17_80_f32(%q: tensor<1x8x1x17xf32>, %k: tensor<1x2x?x17xf32>,
    %v: tensor<1x2x?x80xf32>) -> tensor<1x8x1x80xf32> {
  %0 = attn.sdpa %q, %k, %v
    : (tensor<1x8x1x17xf32>, tensor<1x2x?x17xf32>, tensor<1x2x?x80xf32>)
    -> tensor<1x8x1x80xf32>
  return %0 : tensor<1x8x1x80xf32>
}

func.func @columns96_96_f16(%q: tensor<1x8x1x96xf16>, %k: tensor<1x2x?x96xf16>,
    %v: tensor<1x2x?x96xf16>) -> tensor<1x8x1x96xf16> {
  %0 = attn.sdpa %q, %k, %v
    : (tensor<1x8x1x96xf16>, tensor<1x2x?x96xf16>, tensor<1x2x?x96xf16>)
    -> tensor<1x8x1x96xf16>
  return %0 : tensor<1x8x1x96xf16>
}

func.func @columns256_256_bf16(%q: tensor<1x8x1x256xbf16>, %k: tensor<1x2x?x256xbf16>,
    %v: tensor<1x2x?x256xbf16>) -> tensor<1x8x1x256xbf16> {
  %0 = attn.sdpa %q, %k, %v
    : (tensor<1x8x1x256xbf16>, tensor<1x2x?x256xbf16>, tensor<1x2x?x256xbf16>)
    -> tensor<1x8x1x256xbf16>
  return %0 : tensor<1x8x1x256xbf16>
}

func.func @columns300_264_f32(%q: tensor<1x8x1x300xf32>, %k: tensor<1x2x?x300xf32>,
    %v: tensor<1x2x?x264xf32>) -> tensor<1x8x1x264xf32> {
  %0 = attn.sdpa %q, %k, %v
    : (tensor<1x8x1x300xf32>, tensor<1x2x?x300xf32>, tensor<1x2x?x264xf32>)
    -> tensor<1x8x1x264xf32>
  return %0 : tensor<1x8x1x264xf32>
}

func.func @columns1_3_f32(%q: tensor<1x8x1x1xf32>, %k: tensor<1x2x?x1xf32>,
    %v: tensor<1x2x?x3xf32>) -> tensor<1x8x1x3xf32> {
  %0 = attn.sdpa %q, %k, %v
    : (tensor<1x8x1x1xf32>, tensor<1x2x?x1xf32>, tensor<1x2x?x3xf32>)
    -> tensor<1x8x1x3xf32>
  return %0 : tensor<1x8x1x3xf32>
}

func.func @columns40_136_f64(%q: tensor<1x8x1x40xf64>, %k: tensor<1x2x?x40xf64>,
    %v: tensor<1x2x?x136xf64>) -> tensor<1x8x1x136xf64> {
  %0 = attn.sdpa %q, %k, %v
    : (tensor<1x8x1x40xf64>, tensor<1x2x?x40xf64>, tensor<1x2x?x136xf64>)
    -> tensor<1x8x1x136xf64>
  return %0 : tensor<1x8x1x136xf64>
}

func.func @queries4_2_f32(%q: tensor<1x8x2x64xf32>, %k: tensor<1x2x?x64xf32>,
    %v: tensor<1x2x?x64xf32>) -> tensor<1x8x2x64xf32> {
  %0 = attn.sdpa %q, %k, %v causal bottom_right
    : (tensor<1x8x2x64xf32>, tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>)
    -> tensor<1x8x2x64xf32>
  return %0 : tensor<1x8x2x64xf32>
}

func.func @queries2_7_bf16(%q: tensor<1x4x7x64xbf16>, %k: tensor<1x2x?x64xbf16>,
    %v: tensor<1x2x?x64xbf16>) -> tensor<1x4x7x64xbf16> {
  %0 = attn.sdpa %q, %k, %v causal bottom_right
    : (tensor<1x4x7x64xbf16>, tensor<1x2x?x64xbf16>, tensor<1x2x?x64xbf16>)
    -> tensor<1x4x7x64xbf16>
  return %0 : tensor<1x4x7x64xbf16>
}

func.func @queries1_7_f32(%q: tensor<1x2x7x64xf32>, %k: tensor<1x2x?x64xf32>,
    %v: tensor<1x2x?x64xf32>) -> tensor<1x2x7x64xf32> {
  %0 = attn.sdpa %q, %k, %v window(9, 0) bottom_right
    : (tensor<1x2x7x64xf32>, tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>)
    -> tensor<1x2x7x64xf32>
  return %0 : tensor<1x2x7x64xf32>
}

func.func @queries8_2_f16(%q: tensor<1x16x2x64xf16>, %k: tensor<1x2x?x64xf16>,
    %v: tensor<1x2x?x64xf16>) -> tensor<1x16x2x64xf16> {
  %0 = attn.sdpa %q, %k, %v causal
    : (tensor<1x16x2x64xf16>, tensor<1x2x?x64xf16>, tensor<1x2x?x64xf16>)
    -> tensor<1x16x2x64xf16>
  return %0 : tensor<1x16x2x64xf16>
}

func.func @queries1_2_f64(%q: tensor<1x2x2x64xf64>, %k: tensor<1x2x?x64xf64>,
    %v: tensor<1x2x?x64xf64>) -> tensor<1x2x2x64xf64> {
  %0 = attn.sdpa %q, %k, %v window(20, 3) bottom_right
    : (tensor<1x2x2x64xf64>, tensor<1x2x?x64xf64>, tensor<1x2x?x64xf64>)
    -> tensor<1x2x2x64xf64>
  return %0 : tensor<1x2x2x64xf64>
}

func.func @apart_f32(%q: tensor<2x2x8x64xf32>, %k: tensor<2x?x2x64xf32>,
    %v: tensor<2x?x2x64xf32>) -> tensor<2x2x8x64xf32> {
  %0 = attn.sdpa %q, %k, %v causal bottom_right layout(bshd)
    : (tensor<2x2x8x64xf32>, tensor<2x?x2x64xf32>, tensor<2x?x2x64xf32>)
    -> tensor<2x2x8x64xf32>
  return %0 : tensor<2x2x8x64xf32>
}

func.func @apart_bf16(%q: tensor<2x2x8x64xbf16>, %k: tensor<2x?x2x64xbf16>,
    %v: tensor<2x?x2x64xbf16>) -> tensor<2x2x8x64xbf16> {
  %0 = attn.sdpa %q, %k, %v causal bottom_right layout(bshd)
    : (tensor<2x2x8x64xbf16>, tensor<2x?x2x64xbf16>, tensor<2x?x2x64xbf16>)
    -> tensor<2x2x8x64xbf16>
  return %0 : tensor<2x2x8x64xbf16>
}

!q = tensor<2x6x?x16xf32>
!kv = tensor<2x2x?x16xf32>
func.func @modifiers(%q: !q, %k: !kv, %kv_len: tensor<2xi64>,
    %q_len: tensor<1xi64>, %mask: tensor<?x?x?x?xi1>,
    %bias: tensor<?x?x?x?xf16>, %slopes: tensor<6xf32>)
    -> (!q, tensor<2x6x?xf32>) {
  %0:2 = attn.sdpa %q, %k, %k window(40, 2) bottom_right softcap(3.0)
      kv_len(%kv_len) q_len(%q_len) mask(%mask) bias(%bias) score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %slope = tensor.extract %slopes[%h] : tensor<6xf32>
    %distance = arith.subi %i, %j : index
    %i64 = arith.index_cast %distance : index to i64
    %f32 = arith.sitofp %i64 : i64 to f32
    %penalty = arith.mulf %f32, %slope : f32
    %c = arith.constant 0.0625 : f32
    %r = math.fma %penalty, %c, %s : f32
    attn.yield %r : f32
  } : (!q, !kv, !kv, tensor<2xi64>, tensor<1xi64>, tensor<?x?x?x?xi1>,
       tensor<?x?x?x?xf16>) -> (!q, tensor<2x6x?xf32>)
  return %0#0, %0#1 : !q, tensor<2x6x?xf32>
}

!brain = tensor<1x2x?x16xbf16>
func.func @branches(%q: !brain, %k: !brain) -> !brain {
  %0 = attn.sdpa %q, %k, %k causal bottom_right score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %three = arith.constant 3 : index
    %zero = arith.constant 0 : index
    %rest = arith.remui %j, %three : index
    %is_third = arith.cmpi eq, %rest, %zero : index
    %r = scf.if %is_third -> f32 {
      %none = arith.constant 0xFF800000 : f32
      scf.yield %none : f32
    } else {
      scf.yield %s : f32
    }
    attn.yield %r : f32
  } : (!brain, !brain, !brain) -> !brain
  return %0 : !brain
}

!one = tensor<1x4x1x32xf32>
!one_kv = tensor<1x1x?x32xf32>
// Values of odd keys become NaN and are masked.
func.func @hidden(%q: !one, %k: !one_kv) -> !one {
  %c2 = arith.constant 2 : index
  %c0 = arith.constant 0 : index
  %nan = arith.constant 0x7FC00000 : f32
  %n = tensor.dim %k, %c2 : !one_kv
  %e = tensor.empty(%n) : !one_kv
  %v = linalg.generic {
      indexing_maps = [affine_map<(b, h, j, c) -> (b, h, j, c)>,
                       affine_map<(b, h, j, c) -> (b, h, j, c)>],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%k : !one_kv) outs(%e : !one_kv) {
  ^bb0(%x: f32, %o: f32):
    %j = linalg.index 2 : index
    %odd = arith.remui %j, %c2 : index
    %even = arith.cmpi eq, %odd, %c0 : index
    %r = arith.select %even, %x, %nan : f32
    linalg.yield %r : f32
  } -> !one_kv
  %m = tensor.empty(%n) : tensor<1x1x1x?xi1>
  %mask = linalg.generic {
      indexing_maps = [affine_map<(b, h, i, j) -> (b, h, i, j)>],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      outs(%m : tensor<1x1x1x?xi1>) {
  ^bb0(%o: i1):
    %j = linalg.index 3 : index
    %odd = arith.remui %j, %c2 : index
    %even = arith.cmpi eq, %odd, %c0 : index
    linalg.yield %even : i1
  } -> tensor<1x1x1x?xi1>
  %0 = attn.sdpa %q, %k, %v mask(%mask)
    : (!one, !one_kv, !one_kv, tensor<1x1x1x?xi1>) -> !one
  return %0 : !one
}
