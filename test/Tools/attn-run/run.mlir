// RUN: attn-run %s --function=scale --input=2x3xf32=2 --input=0.5:f32 | FileCheck %s --check-prefix=SCALE
// RUN: attn-run %s --function=scale --input=s:=3:f32 --input=2x3xf32=random\(7\) --threads=1 > %t.one
// RUN: attn-run %s --function=scale --input=%%x:=2x3xf32=random\(7\) --input=3:f32 --threads=2 > %t.two
// RUN: diff %t.one %t.two
// RUN: attn-run %s --function=many | FileCheck %s --check-prefix=MANY
// RUN: attn-run %s --function=dynamic --input=5x2xf64=1.5 --input=3:index | FileCheck %s --check-prefix=DYNAMIC
// RUN: attn-run %s --function=dynamic --input=0x2xf64=1.5 --input=3:index | FileCheck %s --check-prefix=EMPTY
// RUN: attn-run %s --function=keeps | FileCheck %s --check-prefix=KEEPS
// RUN: attn-run %s --function=updates --input=4xf32=1 | FileCheck %s --check-prefix=UPDATES
// RUN: attn-run %s --function=loop --input=1000xi32=0 | FileCheck %s --check-prefix=LOOP
// RUN: attn-run %s --list-strategies | FileCheck %s --check-prefix=LIST
// RUN: attn-run - --function=scale --input=2x3xf32=2 --input=0.5:f32 < %s | FileCheck %s --check-prefix=SCALE

// LIST: dense
// LIST: blockwise (exact)

// SCALE: result 0: 2x3xf32  min 1  max 1  mean 1  nan 0  [1, 1, 1, 1, 1, 1]
func.func @scale(%x: tensor<2x3xf32>, %s: f32) -> tensor<2x3xf32> {
  %e = tensor.empty() : tensor<2x3xf32>
  %0 = linalg.generic {
      indexing_maps = [affine_map<(i, j) -> (i, j)>,
                       affine_map<(i, j) -> (i, j)>],
      iterator_types = ["parallel", "parallel"]}
    ins(%x : tensor<2x3xf32>) outs(%e : tensor<2x3xf32>) {
  ^bb0(%a: f32, %b: f32):
    %p = arith.mulf %a, %s : f32
    linalg.yield %p : f32
  } -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// The first numbers of Philox streams 0 and 1; i1 is a coin.
// MANY: no --input given: random inputs, seed = argument number
// MANY: result 0: 4xf16 {{.*}} nan 0  [
// MANY: result 1: 4xi1 {{.*}}  [{{[01]}}, {{[01]}}, {{[01]}}, {{[01]}}]
// MANY: result 2: index  [7]
// MANY: result 3: i1  [1]
// MANY: result 4: f64  [0.25]
// MANY: result 5: 2xf32  nan 2  [nan, nan]
func.func @many(%x: tensor<4xf16>, %y: tensor<4xi1>)
    -> (tensor<4xf16>, tensor<4xi1>, index, i1, f64, tensor<2xf32>) {
  %c7 = arith.constant 7 : index
  %true = arith.constant true
  %q = arith.constant 0.25 : f64
  %nan = arith.constant dense<0x7FC00000> : tensor<2xf32>
  return %x, %y, %c7, %true, %q, %nan
    : tensor<4xf16>, tensor<4xi1>, index, i1, f64, tensor<2xf32>
}

// DYNAMIC: result 0: 5x3xf64  min 1.5  max 1.5
// EMPTY: result 0: 0x3xf64  []
func.func @dynamic(%x: tensor<?x2xf64>, %n: index) -> tensor<?x?xf64> {
  %c0 = arith.constant 0 : index
  %m = tensor.dim %x, %c0 : tensor<?x2xf64>
  %e = tensor.empty(%m, %n) : tensor<?x?xf64>
  %0 = linalg.generic {
      indexing_maps = [affine_map<(i, j) -> (i, j)>],
      iterator_types = ["parallel", "parallel"]} outs(%e : tensor<?x?xf64>) {
  ^bb0(%b: f64):
    %i = linalg.index 0 : index
    %c1 = arith.constant 1 : index
    %a = tensor.extract %x[%i, %c1] : tensor<?x2xf64>
    linalg.yield %a : f64
  } -> tensor<?x?xf64>
  return %0 : tensor<?x?xf64>
}

// An argument that is not inout is never written, however it is used.
// KEEPS: result 0: 4xi32  min 9  max 9
// KEEPS: result 1: 4xi32
// KEEPS-NOT: min 9
func.func @keeps(%x: tensor<4xi32>) -> (tensor<4xi32>, tensor<4xi32>) {
  %c9 = arith.constant 9 : i32
  %0 = linalg.fill ins(%c9 : i32) outs(%x : tensor<4xi32>) -> tensor<4xi32>
  return %0, %x : tensor<4xi32>, tensor<4xi32>
}

// UPDATES: inout m: 4xf32  min 2  max 2
func.func @updates(%m: memref<4xf32>) {
  linalg.add ins(%m, %m : memref<4xf32>, memref<4xf32>) outs(%m : memref<4xf32>)
  return
}

// Every iteration runs once, whichever thread it falls to.
// LOOP: result 0: 1000xi32  min 1  max 1
func.func @loop(%x: tensor<1000xi32>) -> tensor<1000xi32> {
  %c1 = arith.constant 1 : i32
  %0 = scf.forall (%i) in (1000) shared_outs(%o = %x) -> tensor<1000xi32> {
    %s = tensor.extract_slice %o[%i] [1] [1] : tensor<1000xi32> to tensor<1xi32>
    %z = arith.constant 0 : index
    %v = tensor.extract %s[%z] : tensor<1xi32>
    %w = arith.addi %v, %c1 : i32
    %r = tensor.insert %w into %s[%z] : tensor<1xi32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %r into %o[%i] [1] [1]
        : tensor<1xi32> into tensor<1000xi32>
    }
  }
  return %0 : tensor<1000xi32>
}
