// What the header says: sizes by the names they have in attention, once each.
// RUN: attn-compile %s -o %t.o --header=%t.h --triple=x86_64-linux-gnu && FileCheck %s < %t.h

// CHECK:      Written by attn-compile from header.mlir. Do not edit.
// CHECK:      #ifndef ATTN_GENERATED_[[NAMES:paged_two_odd_plain_inout_local]]_H
// The interface itself, under its own guard.
// CHECK:      #ifndef ATTN_ABI_H
// CHECK:      typedef struct attn_tensor {
// CHECK:      #ifndef ATTN_ABI_HELPERS_H
// CHECK-NOT:  #include "

// CHECK:      /* paged of header.mlir. Every argument is required.
// CHECK-NEXT:  *
// CHECK-NEXT:  *   q       in     f16 [batch, seq_len_q, 8, 64]
// CHECK-NEXT:  *   k       in     f16 [num_pages, 16, 2, 64]
// CHECK-NEXT:  *   v       in     f16 [num_pages, 16, 2, 64]
// CHECK-NEXT:  *   pages   in     i32 [batch, pages_per_sequence]
// CHECK-NEXT:  *   lens    in     i64 [batch]
// CHECK-NEXT:  *   mask    in     i1 [mask_size0, 1, mask_size2, mask_size3]
// CHECK-NEXT:  *   output  out    f16 [batch, seq_len_q, 8, 64]
// CHECK-NEXT:  *
// CHECK-NEXT:  * attn.sdpa at header.mlir:{{[0-9]+}}:8: blockwise{{.*}}
// CHECK-NEXT:  */
// CHECK-NEXT: int32_t paged(const attn_tensor *args, int32_t n_args, attn_tensor *results,
// CHECK:      static inline int32_t paged_call(
// CHECK-NEXT:     const uint16_t *q,
// CHECK-NEXT:     const uint16_t *k,
// CHECK-NEXT:     const uint16_t *v,
// CHECK-NEXT:     const int32_t *pages,
// CHECK-NEXT:     const int64_t *lens,
// CHECK-NEXT:     const uint8_t *mask,
// CHECK-NEXT:     uint16_t *output,
// CHECK-NEXT:     int64_t batch,
// CHECK-NEXT:     int64_t seq_len_q,
// CHECK-NEXT:     int64_t num_pages,
// CHECK-NEXT:     int64_t pages_per_sequence,
// CHECK-NEXT:     int64_t mask_size0,
// CHECK-NEXT:     int64_t mask_size2,
// CHECK-NEXT:     int64_t mask_size3,
// CHECK-NEXT:     void *workspace,
func.func @paged(%q: tensor<?x?x8x64xf16>, %k: tensor<?x16x2x64xf16>,
                 %v: tensor<?x16x2x64xf16>, %pages: tensor<?x?xi32>,
                 %lens: tensor<?xi64>, %mask: tensor<?x1x?x?xi1>) -> tensor<?x?x8x64xf16> {
  %0 = attn.sdpa %q, %k, %v kv_len(%lens) mask(%mask) page_table(%pages) layout(bshd)
    : (tensor<?x?x8x64xf16>, tensor<?x16x2x64xf16>, tensor<?x16x2x64xf16>, tensor<?xi64>,
       tensor<?x1x?x?xi1>, tensor<?x?xi32>) -> tensor<?x?x8x64xf16>
  return %0 : tensor<?x?x8x64xf16>
}

// Two attentions in one function: their lengths have nothing to do with each
// other, and two names.
// CHECK:      /* two of
// CHECK:       *   a        in     f32 [1, 2, seq_len_q, 8]
// CHECK-NEXT:  *   b        in     f32 [1, 2, seq_len_q_2, 8]
// CHECK-NEXT:  *   output   out    f32 [1, 2, seq_len_q, 8]
// CHECK-NEXT:  *   output_2 out    f32 [1, 2, seq_len_q_2, 8]
func.func @two(%a: tensor<1x2x?x8xf32>, %b: tensor<1x2x?x8xf32>) -> (tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>) {
  %0 = attn.sdpa %a, %a, %a : (tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>) -> tensor<1x2x?x8xf32>
  %1 = attn.sdpa %b, %b, %b : (tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>) -> tensor<1x2x?x8xf32>
  return %0, %1 : tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>
}

// Names that C has no use for, or uses itself.
// CHECK:      static inline int32_t odd_call(
// CHECK-NEXT:     float while_2,
// CHECK-NEXT:     int64_t a_b,
// CHECK-NEXT:     int64_t a_b_2,
// CHECK-NEXT:     double workspace_2,
// CHECK-NEXT:     uint8_t arg4,
// CHECK-NEXT:     float odd_2,
// CHECK-NEXT:     float *result0,
// CHECK-NEXT:     void *workspace,
// CHECK:        args[0] = attn_contiguous(&while_2, ATTN_F32, 0, NULL);
func.func @odd(%while: f32, %a.b: index, %a-b: i64, %workspace: f64, %0: i1, %odd: f32) -> f32 {
  return %while : f32
}

// No argument, no result.
// CHECK:      static inline int32_t plain_call(
// CHECK-NEXT:     void *workspace,
// CHECK-NEXT:     size_t workspace_bytes,
// CHECK-NEXT:     const attn_exec *exec) {
// CHECK-NEXT:   return plain(NULL, 0, NULL, 0,
func.func @plain() { return }

// Updated in place: one pointer, no result.
// CHECK:       *   cache    inout  f32 [cache_size0], state key_t
// CHECK-NEXT:  *   result0  out    f32 []
// CHECK-NEXT:  */
// CHECK:      static inline int32_t inout_call(
// CHECK-NEXT:     float *cache,
// CHECK-NEXT:     float *result0,
// CHECK-NEXT:     int64_t cache_size0,
func.func @inout(%cache: tensor<?xf32> {attn.inout, attn.state = "key_t"}) -> (tensor<f32>, tensor<?xf32>) {
  %c0 = arith.constant 0 : index
  %one = arith.constant 1.0 : f32
  %0 = tensor.from_elements %one : tensor<f32>
  %1 = tensor.insert %one into %cache[%c0] : tensor<?xf32>
  return %0, %1 : tensor<f32>, tensor<?xf32>
}

// Valid C and C++, with every warning (test/Integration compiles and runs one).
// RUN: echo '#include "%t.h"' > %t.c
// RUN: clang -fsyntax-only -std=c99 -Wall -Wextra -Wshadow -Wcast-qual -Wconversion -Werror -pedantic %t.c
// RUN: clang -fsyntax-only -x c++ -std=c++11 -Wall -Wextra -Wshadow -Wcast-qual -Wconversion -Werror -pedantic %t.c

// Blocks with a prefix.
// CHECK:      /* local of
// CHECK:       *   k        in     f32 [batch, 2, seq_len_kv, 8]
// CHECK-NEXT:  *   p        in     f32 [batch, 2, prefixes, 8]
// CHECK-NEXT:  *   output   out    f32 [batch, 4, seq_len_q, 8]
// CHECK-NEXT:  *   lse      out    f32 [batch, 4, seq_len_q]
func.func @local(%q: tensor<?x4x?x8xf32>, %k: tensor<?x2x?x8xf32>, %p: tensor<?x2x?x8xf32>) -> (tensor<?x4x?x8xf32>, tensor<?x4x?xf32>) {
  %0, %1 = attn.block_local %q, %k, %k causal block_len(4) prefix_len(2) prefix(%p, %p)
    : (tensor<?x4x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>) -> (tensor<?x4x?x8xf32>, tensor<?x4x?xf32>)
  return %0, %1 : tensor<?x4x?x8xf32>, tensor<?x4x?xf32>
}
