// RUN: attn-opt %s --attn-extract-checks --split-input-file --verify-diagnostics

func.func private @elsewhere(tensor<4xf32>) -> tensor<4xf32>
func.func @calls_undefined(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{cannot be part of a C function: this module does not define @elsewhere}}
  %0 = call @elsewhere(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @recursive(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{cannot be part of a C function: @recursive is recursive or was not inlined; run inline first}}
  %0 = call @recursive(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// expected-error @below {{expects a body of one block, but got 2; use scf for control flow}}
func.func @blocks(%x: tensor<4xf32>) -> tensor<4xf32> {
  cf.br ^next
^next:
  return %x : tensor<4xf32>
}

// -----

// expected-error @below {{expects ranked tensors, scalars and communicators as arguments, but got 'memref<4xf32>'}}
func.func @memory(%x: memref<4xf32>) {
  return
}

// -----

// expected-error @below {{expects ranked tensors and scalars as results, but got 'vector<4xf32>'}}
func.func @vector(%x: f32) -> vector<4xf32> {
  %0 = vector.broadcast %x : f32 to vector<4xf32>
  return %0 : vector<4xf32>
}

// -----

// A sum of elements is known only when it has been computed.
func.func @computed(%x: tensor<?xi64>, %y: tensor<?xf32>) -> tensor<?xf32> {
  %zero = arith.constant 0 : i64
  %e = tensor.empty() : tensor<i64>
  %z = linalg.fill ins(%zero : i64) outs(%e : tensor<i64>) -> tensor<i64>
  // expected-error @below {{cannot come before the first write, but a run-time check or the size of a result needs it; only sizes, elements and scalars of arguments are known there}}
  %sum = linalg.reduce { arith.addi } ins(%x : tensor<?xi64>)
                       outs(%z : tensor<i64>) dimensions = [0]
  %s = tensor.extract %sum[] : tensor<i64>
  %ok = arith.cmpi sgt, %s, %zero : i64
  // expected-note @below {{needed to check: expects a positive sum}}
  cf.assert %ok, "expects a positive sum"
  return %y : tensor<?xf32>
}

// -----

// expected-error @below {{expects its last 2 results to be the new values of its attn.inout arguments, but has 1 results}}
func.func @few(%x: tensor<4xf32> {attn.inout}, %y: tensor<4xf32> {attn.inout})
    -> tensor<4xf32> {
  return %x : tensor<4xf32>
}

// -----

// expected-error @below {{expects result #1, the new value of attn.inout argument #0, to have its type 'tensor<4xf32>', but got 'tensor<5xf32>'}}
func.func @other_type(%x: tensor<4xf32> {attn.inout}, %y: tensor<5xf32>)
    -> (tensor<4xf32>, tensor<5xf32>) {
  return %x, %y : tensor<4xf32>, tensor<5xf32>
}

// -----

// expected-error @below {{expects attn.inout arguments to be ranked tensors, but argument #0 is 'index'}}
func.func @scalar(%x: index {attn.inout}) -> index {
  return %x : index
}
