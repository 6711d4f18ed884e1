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
