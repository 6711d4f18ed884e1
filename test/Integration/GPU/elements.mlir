// What surrounds attention, an element a thread, as the host computes it.
// REQUIRES: numpy
// DEFINE: %{input} = --input=3x50xf32=random\(1\) --input=50x3xf32=random\(2\) --input=3x50xf32=nan --input=3xf32=nan
// RUN: attn-run %s --function=f --target=cuda-emulated %{input} --output=@%t.r.npy --output=@%t.s.npy
// RUN: attn-run %s --function=f %{input} --output=@%t.r2.npy --output=@%t.s2.npy
// RUN: %python -c "import numpy as n; a, b, c, d = (n.load(r'%t' + x + '.npy') for x in ('.r', '.r2', '.s', '.s2')); assert n.isfinite(a).all() and (a == b).all() and (abs(c - d) < 1e-5).all()"

// Functions, as the host computes them; and LLVM knows their names.
// RUN: attn-run %s --function=functions --target=cuda-emulated --verify --input=500xf32=random\(1\) | FileCheck %s
// RUN: attn-compile %s --target=cuda --arch=sm_80 -o %t.ptx
// RUN: FileCheck %s --check-prefix=PTX --input-file=%t.ptx
// CHECK:     verify: result 0: max error
// CHECK-NOT: FAILED
// PTX-DAG:   ex2.approx.f32
// PTX-DAG:   lg2.approx.f32
// PTX-DAG:   rsqrt.approx.f32
// PTX-DAG:   rcp.approx.ftz.f32

func.func @functions(%a: tensor<?xf32>) -> tensor<?xf32> {
  %r = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      outs(%a : tensor<?xf32>) {
  ^bb0(%x: f32):
    %c = arith.constant 0.5 : f32
    %e = math.exp %x : f32
    %p = math.exp2 %x : f32
    %y = math.absf %x : f32
    %z = arith.addf %y, %c : f32
    %l = math.log %z : f32
    %s = math.rsqrt %z : f32
    %q = math.sqrt %z : f32
    %t = math.tanh %x : f32
    %0 = arith.addf %e, %p : f32
    %1 = arith.addf %0, %l : f32
    %2 = arith.addf %1, %s : f32
    %3 = arith.addf %2, %q : f32
    %4 = arith.addf %3, %t : f32
    linalg.yield %4 : f32
  } -> tensor<?xf32>
  return %r : tensor<?xf32>
}

func.func @f(%a: tensor<3x?xf32>, %b: tensor<?x3xf32>, %o: tensor<3x?xf32>,
    %s: tensor<3xf32>) -> (tensor<3x?xf32>, tensor<3xf32>) {
  %r = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>,
      affine_map<(i, j) -> (j, i)>, affine_map<(i, j) -> (i, j)>],
      iterator_types = ["parallel", "parallel"]}
      ins(%a, %b : tensor<3x?xf32>, tensor<?x3xf32>)
      outs(%o : tensor<3x?xf32>) {
  ^bb0(%x: f32, %y: f32, %z: f32):
    %j = linalg.index 1 : index
    %i = linalg.index 0 : index
    %c2 = arith.constant 2 : index
    %t = arith.cmpi slt, %j, %c2 : index
    %w = scf.if %t -> f32 {
      %n = arith.index_cast %i : index to i32
      %m = arith.sitofp %n : i32 to f32
      scf.yield %m : f32
    } else {
      %e = tensor.extract %a[%i, %c2] : tensor<3x?xf32>
      %u = arith.addf %x, %e : f32
      %v = arith.addf %u, %y : f32
      scf.yield %v : f32
    }
    linalg.yield %w : f32
  } -> tensor<3x?xf32>
  %c = arith.constant 1.5 : f32
  %f = linalg.fill ins(%c : f32) outs(%s : tensor<3xf32>) -> tensor<3xf32>
  %p = linalg.reduce ins(%a : tensor<3x?xf32>) outs(%f : tensor<3xf32>)
      dimensions = [1] (%in: f32, %out: f32) {
    %v = arith.addf %in, %out : f32
    linalg.yield %v : f32
  }
  return %r, %p : tensor<3x?xf32>, tensor<3xf32>
}
