// Builds a C program that links several functions and calls them rightly and
// wrongly, with all memory ending at pages that may not be touched.
// REQUIRES: clang
// RUN: mkdir -p %t
// RUN: attn-compile %s -o %t/functions.o
// RUN: llvm-nm %t/functions.o | FileCheck %s --check-prefix=SYMBOLS
// RUN: clang -std=c99 -Wall -Wextra -Werror -D_GNU_SOURCE -O1 \
// RUN:   -I %attn_src/include %S/Inputs/entry-points.c %t/functions.o -lm \
// RUN:   -o %t/program
// RUN: %t/program | FileCheck %s
// CHECK:     attend: {{[1-9][0-9]*}} calls right
// CHECK:     attend: {{[1-9][0-9]*}} calls refused
// CHECK:     transposed: {{[1-9][0-9]*}} calls right
// CHECK:     append: {{[1-9][0-9]*}} calls right
// CHECK:     append: {{[1-9][0-9]*}} calls refused
// CHECK:     scalars: {{[1-9][0-9]*}} calls right
// CHECK:     pages: {{[1-9][0-9]*}} calls right
// CHECK:     pages: {{[1-9][0-9]*}} calls refused
// CHECK:     halves: {{[1-9][0-9]*}} calls right

// No state, no allocation, no runtime.
// SYMBOLS-NOT: {{^[0-9a-f]+ [BbDdCGgSs] }}
// SYMBOLS-NOT: {{U (malloc|calloc|aligned_alloc|free|abort|attn_.*)$}}

!q = tensor<?x4x?x16xf32>
!kv = tensor<?x2x?x16xf32>

// Two results, a mask of booleans, lengths of another type.
func.func @attend(%q: !q, %k: !kv, %v: !kv, %mask: tensor<?x?xi1>,
                  %len: tensor<?xi32>) -> (!q, tensor<?x4x?xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %m = tensor.dim %mask, %c0 : tensor<?x?xi1>
  %n = tensor.dim %mask, %c1 : tensor<?x?xi1>
  %mask4 = tensor.expand_shape %mask [[0, 1, 2], [3]] output_shape [1, 1, %m, %n]
    : tensor<?x?xi1> into tensor<1x1x?x?xi1>
  %len64 = arith.extsi %len : tensor<?xi32> to tensor<?xi64>
  %r:2 = attn.sdpa %q, %k, %v kv_len(%len64) mask(%mask4)
    : (!q, !kv, !kv, tensor<?xi64>, tensor<1x1x?x?xi1>)
    -> (!q, tensor<?x4x?xf32>)
  return %r#0, %r#1 : !q, tensor<?x4x?xf32>
}

// A function that calls another, on the other layout.
func.func private @inner(%q: tensor<1x?x4x16xf32>, %k: tensor<1x?x2x16xf32>)
    -> tensor<1x?x4x16xf32> {
  %r = attn.sdpa %q, %k, %k causal layout(bshd)
    : (tensor<1x?x4x16xf32>, tensor<1x?x2x16xf32>, tensor<1x?x2x16xf32>)
    -> tensor<1x?x4x16xf32>
  return %r : tensor<1x?x4x16xf32>
}
func.func @transposed(%q: tensor<1x?x4x16xf32>, %k: tensor<1x?x2x16xf32>)
    -> tensor<1x?x4x16xf32> {
  %r = call @inner(%q, %k)
    : (tensor<1x?x4x16xf32>, tensor<1x?x2x16xf32>) -> tensor<1x?x4x16xf32>
  return %r : tensor<1x?x4x16xf32>
}

// An argument that is updated in place, and is no result.
func.func @append(%cache: tensor<2x?x16xf32> {attn.inout},
                  %new: tensor<2x?x16xf32>, %pos: index)
    -> (tensor<2x16xf32>, tensor<2x?x16xf32>) {
  %c1 = arith.constant 1 : index
  %n = tensor.dim %new, %c1 : tensor<2x?x16xf32>
  %updated = tensor.insert_slice %new into %cache[0, %pos, 0] [2, %n, 16] [1, 1, 1]
    : tensor<2x?x16xf32> into tensor<2x?x16xf32>
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2x16xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<2x16xf32>)
    -> tensor<2x16xf32>
  %sum = linalg.reduce ins(%updated : tensor<2x?x16xf32>)
                       outs(%z : tensor<2x16xf32>) dimensions = [1]
    (%a: f32, %b: f32) {
      %s = arith.addf %a, %b : f32
      linalg.yield %s : f32
    }
  return %sum, %updated : tensor<2x16xf32>, tensor<2x?x16xf32>
}

// Scalars of every kind, and tensors of rank 0.
func.func @scalars(%x: f32, %i: index, %j: i32, %b: i1, %t: tensor<f32>,
                   %h: bf16)
    -> (f32, index, i1, tensor<f32>, bf16, tensor<?xi1>) {
  %y = arith.select %b, %x, %x : f32
  %zero = arith.constant 0.0 : f32
  %z = arith.select %b, %x, %zero : f32
  %j64 = arith.index_cast %j : i32 to index
  %k = arith.addi %i, %j64 : index
  %not = arith.cmpi eq, %b, %b : i1
  %false = arith.xori %b, %not : i1
  %e = tensor.extract %t[] : tensor<f32>
  %s = arith.addf %e, %y : f32
  %u = tensor.from_elements %s : tensor<f32>
  %flags = tensor.generate %i {
  ^bb0(%d: index):
    %two = arith.constant 2 : index
    %c0 = arith.constant 0 : index
    %rest = arith.remui %d, %two : index
    %even = arith.cmpi eq, %rest, %c0 : index
    tensor.yield %even : i1
  } : tensor<?xi1>
  return %z, %k, %false, %u, %h, %flags
    : f32, index, i1, tensor<f32>, bf16, tensor<?xi1>
}

!pool = tensor<?x2x8x16xf32>
func.func @pages(%q: tensor<1x4x1x16xf32>, %k: !pool, %v: !pool,
                 %table: tensor<1x?xi32>, %len: tensor<1xi64>)
    -> tensor<1x4x1x16xf32> {
  %r = attn.sdpa %q, %k, %v kv_len(%len) page_table(%table)
    : (tensor<1x4x1x16xf32>, !pool, !pool, tensor<1xi64>, tensor<1x?xi32>)
    -> tensor<1x4x1x16xf32>
  return %r : tensor<1x4x1x16xf32>
}

func.func @halves(%q: tensor<1x1x?x16xf16>, %k: tensor<1x1x?x16xbf16>)
    -> (tensor<1x1x?x16xf16>, tensor<1x1x?x16xbf16>) {
  %a = attn.sdpa %q, %q, %q
    : (tensor<1x1x?x16xf16>, tensor<1x1x?x16xf16>, tensor<1x1x?x16xf16>)
    -> tensor<1x1x?x16xf16>
  %b = attn.sdpa %k, %k, %k
    : (tensor<1x1x?x16xbf16>, tensor<1x1x?x16xbf16>, tensor<1x1x?x16xbf16>)
    -> tensor<1x1x?x16xbf16>
  return %a, %b : tensor<1x1x?x16xf16>, tensor<1x1x?x16xbf16>
}
