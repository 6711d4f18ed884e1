// Tiles chosen for other processors, executed on this one against the reference:
// vectors of any width run anywhere.
// RUN: attn-opt %s --attn-set-target="triple=x86_64-linux-gnu cpu=x86-64-v3" -o %t.sixteen.mlir
// RUN: attn-run %t.sixteen.mlir --verify --input=2x4x37x17xf32=random\(1\) --input=2x2x141x17xf32=random\(2\) --input=2x2x141x21xf32=random\(3\) --input=3:index --input=9:index | FileCheck %s
// RUN: attn-run %t.sixteen.mlir --verify --input=1x2x70x17xf32=random\(1\) --input=1x1x390x17xf32=random\(2\) --input=1x1x390x21xf32=random\(3\) --input=350:index --input=0:index | FileCheck %s
// RUN: attn-opt %s --attn-set-target="triple=aarch64-linux-gnu cpu=generic" -o %t.short.mlir
// RUN: attn-run %t.short.mlir --verify --input=2x4x37x17xf32=random\(1\) --input=2x2x141x17xf32=random\(2\) --input=2x2x141x21xf32=random\(3\) --input=3:index --input=9:index | FileCheck %s
// RUN: attn-run %t.short.mlir --verify --input=1x2x70x17xf32=random\(1\) --input=1x1x390x17xf32=random\(2\) --input=1x1x390x21xf32=random\(3\) --input=350:index --input=0:index | FileCheck %s
// RUN: attn-opt %s --attn-set-target="triple=i686-linux-gnu cpu=haswell" -o %t.eight.mlir
// RUN: attn-run %t.eight.mlir --verify --input=2x4x37x17xf32=random\(1\) --input=2x2x141x17xf32=random\(2\) --input=2x2x141x21xf32=random\(3\) --input=3:index --input=9:index | FileCheck %s
// RUN: attn-run %t.eight.mlir --verify --input=1x2x70x17xf32=random\(1\) --input=1x1x390x17xf32=random\(2\) --input=1x1x390x21xf32=random\(3\) --input=350:index --input=0:index | FileCheck %s

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
