// The linalg form of every op, executed against the reference.
// DEFINE: %{run} = attn-run %s --strategy=dense --verify

// Every modifier of a score at once, over groups of query heads.
// RUN: %{run} --function=modifiers --input=2x6x9x16xf32=random\(1\) --input=2x2x13x16xf32=random\(2\) --input=2x2x13x24xf32=random\(3\) --input=2xi64=7 --input=1xi64=8 --input=2x1x1x13xi1=random\(4\) --input=1x6x9x1xf16=random\(5\) --input=6xf32=random\(6\) | FileCheck %s
// Shapes known only at run time: a mask that turns out to be broadcast, heads
// that turn out to be grouped.
// RUN: %{run} --function=dynamic --input=2x7x6x8xbf16=random\(1\) --input=2x11x3x8xbf16=random\(2\) --input=2x1x7x1xi1=random\(3\) | FileCheck %s
// RUN: %{run} --function=dynamic --input=2x7x6x8xbf16=random\(1\) --input=2x11x3x8xbf16=random\(2\) --input=2x6x1x11xi1=random\(3\) | FileCheck %s
// Nothing to attend to, nobody to attend.
// RUN: %{run} --function=dynamic --input=2x7x6x8xbf16=random\(1\) --input=2x0x3x8xbf16=0 --input=2x1x1x1xi1=1 | FileCheck %s
// RUN: %{run} --function=dynamic --input=0x7x6x8xbf16=0 --input=0x11x3x8xbf16=0 --input=0x1x1x1xi1=0 | FileCheck %s
// Page table entries at or beyond kv_len are out of bounds here; in the second
// run there is no key at all, nor a page.
// RUN: %{run} --function=paged --input=2x4x5x8xf32=random\(1\) --input=3x2x4x8xf32=random\(2\) --input=1xi32=2 --input=1xi64=4 | FileCheck %s
// RUN: %{run} --function=paged --input=2x4x5x8xf32=random\(1\) --input=0x2x4x8xf32=0 --input=1xi32=0 --input=1xi64=0 | FileCheck %s
// Narrow keys and values; 1.5 is an f8, so that rounding to f8 is exact.
// RUN: %{run} --function=int8 --input=1x4x5x8xf16=random\(1\) --input=1x2x7x8xi8=3 --input=1x2x7x1xf32=random\(2\) --input=1x1x1x8xf32=random\(3\) | FileCheck %s
// RUN: %{run} --function=float8 --input=1x4x5x8xf32=random\(1\) --input=1x2x7x8xf32=1.5 --input=1x2x7x1xf32=random\(2\) --input=1x1x7x8xf32=random\(3\) | FileCheck %s
// A softmax beside attention, with no columns too.
// RUN: %{run} --function=softmax --input=3x70x4xf32=random\(1\) | FileCheck %s
// RUN: %{run} --function=softmax --input=3x0x4xf32=0 | FileCheck %s
// A transposed output of a merge, of finalize.
// RUN: %{run} --function=layouts --input=1x4x5x8xf32=random\(1\) --input=1x4x5xf32=random\(2\) | FileCheck %s
// Two ranges of keys in one state, joined with a third.
// RUN: %{run} --function=states --input=1x4x5x8xf64=random\(1\) --input=1x2x6x8xf64=random\(2\) --input=1x2x3x8xf64=random\(3\) --input=1x2x9x8xf64=random\(4\) | FileCheck %s

// CHECK-NOT: FAILED
// CHECK:     verify: result 0: max error
// CHECK-NOT: FAILED

func.func @modifiers(%q: tensor<2x6x9x16xf32>, %k: tensor<2x2x?x16xf32>,
    %v: tensor<2x2x?x24xf32>, %kv_len: tensor<2xi64>, %q_len: tensor<1xi64>,
    %mask: tensor<2x1x1x?xi1>, %bias: tensor<1x6x9x1xf16>,
    %sinks: tensor<6xf32>) -> (tensor<2x6x9x24xf32>, tensor<2x6x9xf32>) {
  %0:2 = attn.sdpa %q, %k, %v window(5, 2) bottom_right softcap(3.0)
      kv_len(%kv_len) q_len(%q_len) mask(%mask) bias(%bias) sinks(%sinks) score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %distance = arith.subi %i, %j : index
    %i64 = arith.index_cast %distance : index to i64
    %f32 = arith.sitofp %i64 : i64 to f32
    %c = arith.constant -0.125 : f32
    %penalty = arith.mulf %f32, %c : f32
    %r = arith.addf %s, %penalty : f32
    attn.yield %r : f32
  } : (tensor<2x6x9x16xf32>, tensor<2x2x?x16xf32>, tensor<2x2x?x24xf32>,
       tensor<2xi64>, tensor<1xi64>, tensor<2x1x1x?xi1>, tensor<1x6x9x1xf16>,
       tensor<6xf32>) -> (tensor<2x6x9x24xf32>, tensor<2x6x9xf32>)
  return %0#0, %0#1 : tensor<2x6x9x24xf32>, tensor<2x6x9xf32>
}

!any = tensor<?x?x?x8xbf16>
func.func @dynamic(%q: !any, %k: !any, %mask: tensor<?x?x?x?xi1>) -> !any {
  %0 = attn.sdpa %q, %k, %k causal bottom_right mask(%mask) layout(bshd)
    : (!any, !any, !any, tensor<?x?x?x?xi1>) -> !any
  return %0 : !any
}

// The table is [page, beyond, beyond] for every batch entry.
func.func @paged(%q: tensor<2x4x5x8xf32>, %pool: tensor<?x2x4x8xf32>,
    %page: tensor<1xi32>, %kv_len: tensor<1xi64>)
    -> (tensor<2x4x5x8xf32>, tensor<2x4x5xf32>) {
  %beyond = arith.constant dense<[[0, 2147483647, -1], [0, -2147483648, 99]]>
    : tensor<2x3xi32>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %first = tensor.extract %page[%c0] : tensor<1xi32>
  %some = tensor.insert %first into %beyond[%c0, %c0] : tensor<2x3xi32>
  %table = tensor.insert %first into %some[%c1, %c0] : tensor<2x3xi32>
  %0:2 = attn.sdpa %q, %pool, %pool kv_len(%kv_len) page_table(%table)
    : (tensor<2x4x5x8xf32>, tensor<?x2x4x8xf32>, tensor<?x2x4x8xf32>,
       tensor<1xi64>, tensor<2x3xi32>)
    -> (tensor<2x4x5x8xf32>, tensor<2x4x5xf32>)
  return %0#0, %0#1 : tensor<2x4x5x8xf32>, tensor<2x4x5xf32>
}

func.func @int8(%q: tensor<1x4x5x8xf16>, %k: tensor<1x2x7x8xi8>,
    %key_scale: tensor<1x2x7x1xf32>, %value_scale: tensor<1x1x1x8xf32>)
    -> tensor<1x4x5x8xf16> {
  %0 = attn.sdpa %q, %k, %k key_scale(%key_scale) value_scale(%value_scale)
    : (tensor<1x4x5x8xf16>, tensor<1x2x7x8xi8>, tensor<1x2x7x8xi8>,
       tensor<1x2x7x1xf32>, tensor<1x1x1x8xf32>) -> tensor<1x4x5x8xf16>
  return %0 : tensor<1x4x5x8xf16>
}

func.func @float8(%q: tensor<1x4x5x8xf32>, %wide: tensor<1x2x7x8xf32>,
    %key_scale: tensor<1x2x7x1xf32>, %value_scale: tensor<1x1x7x8xf32>)
    -> tensor<1x4x5x8xf32> {
  %empty = tensor.empty() : tensor<1x2x7x8xf8E4M3FN>
  %k = linalg.map { arith.truncf } ins(%wide : tensor<1x2x7x8xf32>)
    outs(%empty : tensor<1x2x7x8xf8E4M3FN>)
  %0 = attn.sdpa %q, %k, %k key_scale(%key_scale) value_scale(%value_scale)
    : (tensor<1x4x5x8xf32>, tensor<1x2x7x8xf8E4M3FN>,
       tensor<1x2x7x8xf8E4M3FN>, tensor<1x2x7x1xf32>, tensor<1x1x7x8xf32>)
    -> tensor<1x4x5x8xf32>
  return %0 : tensor<1x4x5x8xf32>
}

!q = tensor<1x4x5x8xf64>
!rows = tensor<1x4x5xf64>
!kv = tensor<1x2x?x8xf64>
func.func @states(%q: !q, %k1: !kv, %k2: !kv, %k3: !kv) -> (!q, !rows) {
  %zero = arith.constant dense<0.0> : !q
  %none = arith.constant dense<0.0> : !rows
  %minus_inf = arith.constant dense<0xFFF0000000000000> : !rows
  %c0 = arith.constant 0 : index
  %c6 = arith.constant 6 : index
  %s1:3 = attn.online ins(%q, %k1, %k1) outs(%zero, %minus_inf, %none)
    : (!q, !kv, !kv, !q, !rows, !rows) -> (!q, !rows, !rows)
  %s2:3 = attn.online ins(%q, %k2, %k2 window(-1, 5)
      offsets(%c0, %c0, %c0, %c6)) outs(%s1#0, %s1#1, %s1#2)
    : (!q, !kv, !kv, index, index, index, index, !q, !rows, !rows)
    -> (!q, !rows, !rows)
  %p1:2 = attn.finalize ins(%s2#0, %s2#1, %s2#2) outs(%zero, %none)
    : (!q, !rows, !rows, !q, !rows) -> (!q, !rows)
  %p2:2 = attn.partial ins(%q, %k3, %k3 causal) outs(%zero, %none)
    : (!q, !kv, !kv, !q, !rows) -> (!q, !rows)
  %0:2 = attn.merge ins(%p1#0, %p2#0 lse %p1#1, %p2#1) outs(%zero, %none)
    : (!q, !q, !rows, !rows, !q, !rows) -> (!q, !rows)
  return %0#0, %0#1 : !q, !rows
}

func.func @layouts(%x: tensor<1x4x5x8xf32>, %rows: tensor<1x4x5xf32>)
    -> (tensor<1x5x4x8xf32>, tensor<1x5x4x8xf16>) {
  %o1 = tensor.empty() : tensor<1x5x4x8xf32>
  %o2 = tensor.empty() : tensor<1x5x4x8xf16>
  %0 = attn.merge ins(%x, %x lse %rows, %rows) outs(%o1) layout(bshd)
    : (tensor<1x4x5x8xf32>, tensor<1x4x5x8xf32>, tensor<1x4x5xf32>,
       tensor<1x4x5xf32>, tensor<1x5x4x8xf32>) -> tensor<1x5x4x8xf32>
  %1 = attn.finalize ins(%x, %rows, %rows) outs(%o2) layout(bshd)
    : (tensor<1x4x5x8xf32>, tensor<1x4x5xf32>, tensor<1x4x5xf32>,
       tensor<1x5x4x8xf16>) -> tensor<1x5x4x8xf16>
  return %0, %1 : tensor<1x5x4x8xf32>, tensor<1x5x4x8xf16>
}

func.func @softmax(%a: tensor<3x?x4xf32>) -> tensor<3x?x4xf32> {
  %c1 = arith.constant 1 : index
  %n = tensor.dim %a, %c1 : tensor<3x?x4xf32>
  %e = tensor.empty(%n) : tensor<3x?x4xf32>
  %r = linalg.softmax dimension(1) ins(%a : tensor<3x?x4xf32>) outs(%e : tensor<3x?x4xf32>) -> tensor<3x?x4xf32>
  return %r : tensor<3x?x4xf32>
}
