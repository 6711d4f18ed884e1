// The vector kernels of layer-B ops, executed against the reference.
// DEFINE: %{run} = attn-run %s --verify

// Rows, keys and columns that fill neither panels nor blocks nor vectors; the
// second run has rows of several heads in one panel, the third has no key.
// RUN: %{run} --function=ragged --input=2x4x37x17xf32=random\(1\) --input=2x2x141x17xf32=random\(2\) --input=2x2x141x21xf32=random\(3\) --input=3:index --input=9:index | FileCheck %s
// RUN: %{run} --function=ragged --input=2x6x7x17xf32=random\(1\) --input=2x2x130x17xf32=random\(2\) --input=2x2x130x21xf32=random\(3\) --input=100:index --input=0:index | FileCheck %s
// RUN: %{run} --function=ragged --input=1x2x5x17xf32=random\(1\) --input=1x1x0x17xf32=0 --input=1x1x0x21xf32=0 --input=0:index --input=0:index | FileCheck %s
// Whole panels, tiles with and without the diagonal.
// RUN: %{run} --function=whole --input=1x2x64x64xf32=random\(1\) --input=1x2x256x64xf32=random\(2\) --input=1x2x256x64xf32=random\(3\) | FileCheck %s
// Every element type; layout bshd.
// RUN: %{run} --function=half --input=1x33x4x24xf16=random\(1\) --input=1x70x2x24xf16=random\(2\) | FileCheck %s
// RUN: %{run} --function=brain --input=1x33x4x24xbf16=random\(1\) --input=1x70x2x24xbf16=random\(2\) | FileCheck %s
// RUN: %{run} --function=double --input=1x33x4x24xf64=random\(1\) --input=1x70x2x24xf64=random\(2\) | FileCheck %s
// Everything a score goes through, by vectors; then a region by scalars.
// RUN: %{run} --function=modifiers --input=2x6x9x16xf32=random\(1\) --input=2x2x150x16xf32=random\(2\) --input=2xi64=140 --input=1xi64=8 --input=2x6x9x150xi1=random\(4\) --input=1x6x9x1xf16=random\(5\) --input=6xf32=random\(6\) | FileCheck %s
// RUN: %{run} --function=modifiers --input=2x6x40x16xf32=random\(1\) --input=2x2x50x16xf32=random\(2\) --input=2xi64=50 --input=1xi64=38 --input=2x6x40x50xi1=random\(4\) --input=1x6x40x1xf16=random\(5\) --input=6xf32=random\(6\) | FileCheck %s
// RUN: %{run} --function=branches --input=1x2x40x16xf32=random\(1\) --input=1x2x50x16xf32=random\(2\) | FileCheck %s
// A mask and a bias that turn out to be broadcast, each another way.
// RUN: %{run} --function=broadcast --input=2x2x40x16xf32=random\(1\) --input=2x2x50x16xf32=random\(2\) --input=1x2x1x50xi1=random\(3\) --input=2x1x40x1xf32=random\(4\) | FileCheck %s
// RUN: %{run} --function=broadcast --input=2x2x40x16xf32=random\(1\) --input=2x2x50x16xf32=random\(2\) --input=2x1x40x1xi1=random\(3\) --input=1x2x1x50xf32=random\(4\) | FileCheck %s
// Three ranges of keys in two states, joined.
// RUN: %{run} --function=states --input=1x4x5x24xf64=random\(1\) --input=1x2x60x24xf64=random\(2\) --input=1x2x3x24xf64=random\(3\) --input=1x2x9x24xf64=random\(4\) --input=4xf64=random\(5\) | FileCheck %s
// RUN: %{run} --function=stacked --input=5x1x4x3x150xf32=random\(1\) --input=5x1x4x3xf32=random\(2\) | FileCheck %s
// RUN: %{run} --function=stacked --input=0x1x4x3x150xf32=0 --input=0x1x4x3xf32=0 | FileCheck %s
// Panels that no stack takes.
// RUN: %{run} --function=wide --input=1x2x40x9001xf32=random\(1\) --input=1x2x50x9001xf32=random\(2\) | FileCheck %s

// CHECK-NOT: FAILED
// CHECK:     verify: result 0: max error
// CHECK-NOT: FAILED

func.func @ragged(%q: tensor<?x?x?x17xf32>, %k: tensor<?x?x?x17xf32>,
    %v: tensor<?x?x?x21xf32>, %i: index, %j: index)
    -> (tensor<?x?x?x21xf32>, tensor<?x?x?xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %b = tensor.dim %q, %c0 : tensor<?x?x?x17xf32>
  %h = tensor.dim %q, %c1 : tensor<?x?x?x17xf32>
  %n = tensor.dim %q, %c2 : tensor<?x?x?x17xf32>
  %o = tensor.empty(%b, %h, %n) : tensor<?x?x?x21xf32>
  %l = tensor.empty(%b, %h, %n) : tensor<?x?x?xf32>
  %r:2 = attn.partial ins(%q, %k, %v causal scale(-0.5)
      offsets(%c0, %c0, %i, %j)) outs(%o, %l)
    : (tensor<?x?x?x17xf32>, tensor<?x?x?x17xf32>, tensor<?x?x?x21xf32>, index,
       index, index, index, tensor<?x?x?x21xf32>, tensor<?x?x?xf32>)
    -> (tensor<?x?x?x21xf32>, tensor<?x?x?xf32>)
  return %r#0, %r#1 : tensor<?x?x?x21xf32>, tensor<?x?x?xf32>
}

func.func @whole(%q: tensor<1x2x64x64xf32>, %k: tensor<1x2x256x64xf32>,
    %v: tensor<1x2x256x64xf32>) -> tensor<1x2x64x64xf32> {
  %0 = attn.sdpa %q, %k, %v window(100, 20) bottom_right
    : (tensor<1x2x64x64xf32>, tensor<1x2x256x64xf32>, tensor<1x2x256x64xf32>)
    -> tensor<1x2x64x64xf32>
  return %0 : tensor<1x2x64x64xf32>
}

func.func @half(%q: tensor<1x33x4x24xf16>, %k: tensor<1x?x2x24xf16>)
    -> tensor<1x33x4x24xf16> {
  %0 = attn.sdpa %q, %k, %k causal layout(bshd)
    : (tensor<1x33x4x24xf16>, tensor<1x?x2x24xf16>, tensor<1x?x2x24xf16>)
    -> tensor<1x33x4x24xf16>
  return %0 : tensor<1x33x4x24xf16>
}

func.func @brain(%q: tensor<1x33x4x24xbf16>, %k: tensor<1x?x2x24xbf16>)
    -> tensor<1x33x4x24xbf16> {
  %0 = attn.sdpa %q, %k, %k causal layout(bshd)
    : (tensor<1x33x4x24xbf16>, tensor<1x?x2x24xbf16>, tensor<1x?x2x24xbf16>)
    -> tensor<1x33x4x24xbf16>
  return %0 : tensor<1x33x4x24xbf16>
}

func.func @double(%q: tensor<1x33x4x24xf64>, %k: tensor<1x?x2x24xf64>)
    -> tensor<1x33x4x24xf64> {
  %0 = attn.sdpa %q, %k, %k causal softcap(4.0) layout(bshd)
    : (tensor<1x33x4x24xf64>, tensor<1x?x2x24xf64>, tensor<1x?x2x24xf64>)
    -> tensor<1x33x4x24xf64>
  return %0 : tensor<1x33x4x24xf64>
}

func.func @modifiers(%q: tensor<2x6x?x16xf32>, %k: tensor<2x2x?x16xf32>,
    %kv_len: tensor<2xi64>, %q_len: tensor<1xi64>, %mask: tensor<?x?x?x?xi1>,
    %bias: tensor<1x?x?x1xf16>, %sinks: tensor<6xf32>)
    -> (tensor<2x6x?x16xf32>, tensor<2x6x?xf32>) {
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
  } : (tensor<2x6x?x16xf32>, tensor<2x2x?x16xf32>, tensor<2x2x?x16xf32>,
       tensor<2xi64>, tensor<1xi64>, tensor<?x?x?x?xi1>, tensor<1x?x?x1xf16>,
       tensor<6xf32>) -> (tensor<2x6x?x16xf32>, tensor<2x6x?xf32>)
  return %0#0, %0#1 : tensor<2x6x?x16xf32>, tensor<2x6x?xf32>
}

func.func @branches(%q: tensor<1x2x?x16xf32>, %k: tensor<1x2x?x16xf32>)
    -> tensor<1x2x?x16xf32> {
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
  } : (tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>)
    -> tensor<1x2x?x16xf32>
  return %0 : tensor<1x2x?x16xf32>
}

func.func @broadcast(%q: tensor<2x2x40x16xf32>, %k: tensor<2x2x?x16xf32>,
    %mask: tensor<?x?x?x?xi1>, %bias: tensor<?x?x?x?xf32>)
    -> tensor<2x2x40x16xf32> {
  %zero = arith.constant dense<0.0> : tensor<2x2x40x16xf32>
  %none = arith.constant dense<0xFF800000> : tensor<2x2x40xf32>
  %empty = arith.constant dense<0.0> : tensor<2x2x40xf32>
  %s:3 = attn.online ins(%q, %k, %k mask(%mask) bias(%bias))
      outs(%zero, %none, %empty)
    : (tensor<2x2x40x16xf32>, tensor<2x2x?x16xf32>, tensor<2x2x?x16xf32>,
       tensor<?x?x?x?xi1>, tensor<?x?x?x?xf32>, tensor<2x2x40x16xf32>,
       tensor<2x2x40xf32>, tensor<2x2x40xf32>)
    -> (tensor<2x2x40x16xf32>, tensor<2x2x40xf32>, tensor<2x2x40xf32>)
  %o = tensor.empty() : tensor<2x2x40x16xf32>
  %r = attn.finalize ins(%s#0, %s#1, %s#2) outs(%o)
    : (tensor<2x2x40x16xf32>, tensor<2x2x40xf32>, tensor<2x2x40xf32>,
       tensor<2x2x40x16xf32>) -> tensor<2x2x40x16xf32>
  return %r : tensor<2x2x40x16xf32>
}

func.func @states(%q: tensor<1x4x5x24xf64>, %k0: tensor<1x2x60x24xf64>,
    %k1: tensor<1x2x3x24xf64>, %k2: tensor<1x2x9x24xf64>, %sinks: tensor<4xf64>)
    -> (tensor<1x4x5x24xf64>, tensor<1x4x5xf64>) {
  %zero = arith.constant dense<0.0> : tensor<1x4x5x24xf64>
  %none = arith.constant dense<0xFFF0000000000000> : tensor<1x4x5xf64>
  %empty = arith.constant dense<0.0> : tensor<1x4x5xf64>
  %s0:3 = attn.online ins(%q, %k0, %k0) outs(%zero, %none, %empty)
    : (tensor<1x4x5x24xf64>, tensor<1x2x60x24xf64>, tensor<1x2x60x24xf64>,
       tensor<1x4x5x24xf64>, tensor<1x4x5xf64>, tensor<1x4x5xf64>)
    -> (tensor<1x4x5x24xf64>, tensor<1x4x5xf64>, tensor<1x4x5xf64>)
  %s1:3 = attn.online ins(%q, %k1, %k1 causal) outs(%s0#0, %s0#1, %s0#2)
    : (tensor<1x4x5x24xf64>, tensor<1x2x3x24xf64>, tensor<1x2x3x24xf64>,
       tensor<1x4x5x24xf64>, tensor<1x4x5xf64>, tensor<1x4x5xf64>)
    -> (tensor<1x4x5x24xf64>, tensor<1x4x5xf64>, tensor<1x4x5xf64>)
  %o = tensor.empty() : tensor<1x4x5x24xf64>
  %l = tensor.empty() : tensor<1x4x5xf64>
  %a:2 = attn.finalize ins(%s1#0, %s1#1, %s1#2 sinks(%sinks)) outs(%o, %l)
    : (tensor<1x4x5x24xf64>, tensor<1x4x5xf64>, tensor<1x4x5xf64>,
       tensor<4xf64>, tensor<1x4x5x24xf64>, tensor<1x4x5xf64>)
    -> (tensor<1x4x5x24xf64>, tensor<1x4x5xf64>)
  %b:2 = attn.partial ins(%q, %k2, %k2 window(1, -1)) outs(%o, %l)
    : (tensor<1x4x5x24xf64>, tensor<1x2x9x24xf64>, tensor<1x2x9x24xf64>,
       tensor<1x4x5x24xf64>, tensor<1x4x5xf64>)
    -> (tensor<1x4x5x24xf64>, tensor<1x4x5xf64>)
  %r:2 = attn.merge ins(%a#0, %b#0 lse %a#1, %b#1) outs(%o, %l)
    : (tensor<1x4x5x24xf64>, tensor<1x4x5x24xf64>, tensor<1x4x5xf64>,
       tensor<1x4x5xf64>, tensor<1x4x5x24xf64>, tensor<1x4x5xf64>)
    -> (tensor<1x4x5x24xf64>, tensor<1x4x5xf64>)
  return %r#0, %r#1 : tensor<1x4x5x24xf64>, tensor<1x4x5xf64>
}

func.func @stacked(%o: tensor<?x1x4x3x150xf32>, %l: tensor<?x1x4x3xf32>)
    -> (tensor<1x3x4x150xbf16>, tensor<1x4x3xf32>) {
  %out = tensor.empty() : tensor<1x3x4x150xbf16>
  %lse = tensor.empty() : tensor<1x4x3xf32>
  %r:2 = attn.merge ins(%o lse %l) along(0) outs(%out, %lse) layout(bshd)
    : (tensor<?x1x4x3x150xf32>, tensor<?x1x4x3xf32>, tensor<1x3x4x150xbf16>,
       tensor<1x4x3xf32>) -> (tensor<1x3x4x150xbf16>, tensor<1x4x3xf32>)
  return %r#0, %r#1 : tensor<1x3x4x150xbf16>, tensor<1x4x3xf32>
}

func.func @wide(%q: tensor<1x2x40x9001xf32>, %k: tensor<1x2x50x9001xf32>)
    -> tensor<1x2x40x9001xf32> {
  %0 = attn.sdpa %q, %k, %k scale(0.01) bottom_right causal
    : (tensor<1x2x40x9001xf32>, tensor<1x2x50x9001xf32>,
       tensor<1x2x50x9001xf32>) -> tensor<1x2x40x9001xf32>
  return %0 : tensor<1x2x40x9001xf32>
}
