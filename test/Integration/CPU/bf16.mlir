// Kernels that multiply pairs of bf16, where the machine has an instruction for
// it, executed against the reference.
// DEFINE: %{run} = attn-run %s --verify

// Odd sizes of everything, values as wide as no key, a negative scale; the
// second run has rows of several heads in one panel, the third no key.
// RUN: %{run} --function=ragged --input=2x4x37x17xbf16=random\(1\) --input=2x2x141x17xbf16=random\(2\) --input=2x2x141x21xbf16=random\(3\) --input=3:index --input=9:index | FileCheck %s
// RUN: %{run} --function=ragged --input=2x6x7x17xbf16=random\(1\) --input=2x2x130x17xbf16=random\(2\) --input=2x2x130x21xbf16=random\(3\) --input=100:index --input=0:index | FileCheck %s
// RUN: %{run} --function=ragged --input=1x2x5x17xbf16=random\(1\) --input=1x1x0x17xbf16=0 --input=1x1x0x21xbf16=0 --input=0:index --input=0:index | FileCheck %s
// Whole panels, tiles with and without the diagonal.
// RUN: %{run} --function=whole --input=1x2x64x64xbf16=random\(1\) --input=1x2x256x64xbf16=random\(2\) --input=1x2x256x64xbf16=random\(3\) | FileCheck %s
// Everything a score goes through, by vectors; then a region by scalars.
// RUN: %{run} --function=modifiers --input=2x6x9x40xbf16=random\(1\) --input=2x2x150x40xbf16=random\(2\) --input=2xi64=140 --input=1xi64=8 --input=2x6x9x150xi1=random\(4\) --input=1x6x9x1xf16=random\(5\) --input=6xf32=random\(6\) | FileCheck %s
// RUN: %{run} --function=modifiers --input=2x6x40x40xbf16=random\(1\) --input=2x2x51x40xbf16=random\(2\) --input=2xi64=50 --input=1xi64=38 --input=2x6x40x51xi1=random\(4\) --input=1x6x40x1xf16=random\(5\) --input=6xf32=random\(6\) | FileCheck %s
// RUN: %{run} --function=branches --input=1x2x40x16xbf16=random\(1\) --input=1x2x50x16xbf16=random\(2\) | FileCheck %s
// A scale only known when run, 0 among them: keys stay excluded.
// RUN: %{run} --function=scaled --input=1x33x4x72xbf16=random\(1\) --input=1x70x2x72xbf16=random\(2\) --input=0.25:f32 | FileCheck %s
// RUN: %{run} --function=scaled --input=1x33x4x72xbf16=random\(1\) --input=1x70x2x72xbf16=random\(2\) --input=-1.5:f32 | FileCheck %s
// RUN: %{run} --function=scaled --input=1x33x4x72xbf16=random\(1\) --input=1x70x2x72xbf16=random\(2\) --input=0.0:f32 | FileCheck %s
// Pages shorter and longer than a block.
// RUN: %{run} --function=pages --input=2x6x37x24xbf16=random\(1\) --input=9x2x16x24xbf16=random\(2\) --input=9x2x16x20xbf16=random\(3\) --input=2x11xi32=8 --input=2xi64=170 | FileCheck %s
// RUN: %{run} --function=long_pages --input=1x300x4x40xbf16=random\(1\) --input=3x200x2x40xbf16=random\(2\) --input=1x2xi32=2 --input=1xi64=397 | FileCheck %s
// What is undefined stays so.
// RUN: %{run} --function=whole --input=1x2x64x64xbf16=nan --input=1x2x256x64xbf16=1 --input=1x2x256x64xbf16=1 | FileCheck %s --check-prefix=NAN

// CHECK-NOT: FAILED
// CHECK:     verify: result 0: max error
// CHECK-NOT: FAILED

// NAN: nan 8192
// NAN: verify: result 0: max error

func.func @ragged(%q: tensor<?x?x?x17xbf16>, %k: tensor<?x?x?x17xbf16>,
    %v: tensor<?x?x?x21xbf16>, %i: index, %j: index)
    -> (tensor<?x?x?x21xf32>, tensor<?x?x?xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %b = tensor.dim %q, %c0 : tensor<?x?x?x17xbf16>
  %h = tensor.dim %q, %c1 : tensor<?x?x?x17xbf16>
  %n = tensor.dim %q, %c2 : tensor<?x?x?x17xbf16>
  %o = tensor.empty(%b, %h, %n) : tensor<?x?x?x21xf32>
  %l = tensor.empty(%b, %h, %n) : tensor<?x?x?xf32>
  %r:2 = attn.partial ins(%q, %k, %v causal scale(-0.5)
      offsets(%c0, %c0, %i, %j)) outs(%o, %l)
    : (tensor<?x?x?x17xbf16>, tensor<?x?x?x17xbf16>, tensor<?x?x?x21xbf16>, index,
       index, index, index, tensor<?x?x?x21xf32>, tensor<?x?x?xf32>)
    -> (tensor<?x?x?x21xf32>, tensor<?x?x?xf32>)
  return %r#0, %r#1 : tensor<?x?x?x21xf32>, tensor<?x?x?xf32>
}

func.func @whole(%q: tensor<1x2x64x64xbf16>, %k: tensor<1x2x256x64xbf16>,
    %v: tensor<1x2x256x64xbf16>) -> tensor<1x2x64x64xbf16> {
  %0 = attn.sdpa %q, %k, %v window(100, 20) bottom_right
    : (tensor<1x2x64x64xbf16>, tensor<1x2x256x64xbf16>, tensor<1x2x256x64xbf16>)
    -> tensor<1x2x64x64xbf16>
  return %0 : tensor<1x2x64x64xbf16>
}

func.func @modifiers(%q: tensor<2x6x?x40xbf16>, %k: tensor<2x2x?x40xbf16>,
    %kv_len: tensor<2xi64>, %q_len: tensor<1xi64>, %mask: tensor<?x?x?x?xi1>,
    %bias: tensor<1x?x?x1xf16>, %sinks: tensor<6xf32>)
    -> (tensor<2x6x?x40xbf16>, tensor<2x6x?xf32>) {
  %0:2 = attn.sdpa %q, %k, %k window(90, 2) bottom_right softcap(3.0)
      kv_len(%kv_len) q_len(%q_len) mask(%mask) bias(%bias) sinks(%sinks) score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %slope = tensor.extract %sinks[%h] : tensor<6xf32>
    %distance = arith.subi %i, %j : index
    %i64 = arith.index_cast %distance : index to i64
    %f32 = arith.sitofp %i64 : i64 to f32
    %penalty = arith.mulf %f32, %slope : f32
    %c = arith.constant 0.01 : f32
    %small = arith.mulf %penalty, %c : f32
    %r = arith.addf %s, %small : f32
    attn.yield %r : f32
  } : (tensor<2x6x?x40xbf16>, tensor<2x2x?x40xbf16>, tensor<2x2x?x40xbf16>,
       tensor<2xi64>, tensor<1xi64>, tensor<?x?x?x?xi1>, tensor<1x?x?x1xf16>,
       tensor<6xf32>) -> (tensor<2x6x?x40xbf16>, tensor<2x6x?xf32>)
  return %0#0, %0#1 : tensor<2x6x?x40xbf16>, tensor<2x6x?xf32>
}

func.func @branches(%q: tensor<1x2x?x16xbf16>, %k: tensor<1x2x?x16xbf16>)
    -> tensor<1x2x?x16xbf16> {
  %0 = attn.sdpa %q, %k, %k softcap(3.0) score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %after = arith.cmpi ugt, %j, %i : index
    %r = scf.if %after -> f32 {
      %half = arith.constant 0.5 : f32
      %x = arith.mulf %s, %half : f32
      scf.yield %x : f32
    } else {
      scf.yield %s : f32
    }
    attn.yield %r : f32
  } : (tensor<1x2x?x16xbf16>, tensor<1x2x?x16xbf16>, tensor<1x2x?x16xbf16>)
    -> tensor<1x2x?x16xbf16>
  return %0 : tensor<1x2x?x16xbf16>
}

func.func @scaled(%q: tensor<1x33x4x72xbf16>, %k: tensor<1x?x2x72xbf16>,
    %scale: f32) -> tensor<1x33x4x72xbf16> {
  %0 = attn.sdpa %q, %k, %k causal dynamic_scale(%scale) layout(bshd)
    : (tensor<1x33x4x72xbf16>, tensor<1x?x2x72xbf16>, tensor<1x?x2x72xbf16>,
       f32) -> tensor<1x33x4x72xbf16>
  return %0 : tensor<1x33x4x72xbf16>
}

func.func @pages(%q: tensor<2x?x?x24xbf16>, %k: tensor<?x2x16x24xbf16>,
    %v: tensor<?x2x16x20xbf16>, %table: tensor<2x?xi32>, %len: tensor<2xi64>)
    -> tensor<2x?x?x20xbf16> {
  %0 = attn.sdpa %q, %k, %v causal bottom_right kv_len(%len) page_table(%table)
    : (tensor<2x?x?x24xbf16>, tensor<?x2x16x24xbf16>, tensor<?x2x16x20xbf16>,
       tensor<2xi64>, tensor<2x?xi32>) -> tensor<2x?x?x20xbf16>
  return %0 : tensor<2x?x?x20xbf16>
}

func.func @long_pages(%q: tensor<1x?x4x40xbf16>, %k: tensor<?x200x2x40xbf16>,
    %table: tensor<1x?xi32>, %len: tensor<1xi64>) -> tensor<1x?x4x40xbf16> {
  %0 = attn.sdpa %q, %k, %k window(150, 7) bottom_right kv_len(%len)
      page_table(%table) layout(bshd)
    : (tensor<1x?x4x40xbf16>, tensor<?x200x2x40xbf16>, tensor<?x200x2x40xbf16>,
       tensor<1xi64>, tensor<1x?xi32>) -> tensor<1x?x4x40xbf16>
  return %0 : tensor<1x?x4x40xbf16>
}
