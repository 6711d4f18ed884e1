// Blocks as a batch, as merged states, and as a mask.
// RUN: attn-opt %s --attn-batch-block-diagonal --canonicalize --cse --split-input-file --verify-diagnostics | FileCheck %s
// RUN: attn-opt %s --attn-batch-block-diagonal="form=merge" --canonicalize --cse --split-input-file 2>/dev/null | FileCheck %s --check-prefix=MERGE
// RUN: attn-opt %s --attn-batch-block-diagonal="form=mask" --canonicalize --cse --split-input-file 2>/dev/null | FileCheck %s --check-prefix=MASK

!t = tensor<2x12x20x64xf32>

// Layout bhsd needs a transposition.
// CHECK-LABEL: func.func @whole
// CHECK:         linalg.transpose {{.*}} permutation = [0, 2, 1, 3, 4]
// CHECK:         %[[Q:.+]] = tensor.collapse_shape {{.*}} into tensor<8x12x5x64xf32>
// CHECK:         %[[O:.+]] = attn.sdpa %[[Q]], %[[Q]], %[[Q]] causal : (tensor<8x12x5x64xf32>,
// CHECK:         tensor.expand_shape %[[O]] {{.*}} into tensor<2x4x12x5x64xf32>
// CHECK:         linalg.transpose
// CHECK-NOT:     tensor.pad
// MERGE-LABEL: func.func @whole
// MERGE:         attn.block_local
// MASK-LABEL:  func.func @whole
// MASK:          %[[M:.+]] = linalg.generic {{.*}} outs(%{{.+}} : tensor<1x1x20x20xi1>)
// MASK:          attn.sdpa {{.*}} causal mask(%[[M]]) : (tensor<2x12x20x64xf32>
func.func @whole(%t: !t) -> !t {
  %o = attn.block_local %t, %t, %t causal block_len(5) : (!t, !t, !t) -> !t
  return %o : !t
}

// -----

!t = tensor<2x20x12x64xf32>

// Layout bshd is a reshape.
// CHECK-LABEL: func.func @reshape
// CHECK-SAME:    %[[T:[^:]+]]:
// CHECK-NEXT:    %[[CUT:.+]] = tensor.expand_shape %[[T]]
// CHECK-NEXT:    %[[Q:.+]] = tensor.collapse_shape %[[CUT]] {{.*}} into tensor<8x5x12x64xf32>
// CHECK-NEXT:    %[[O:.+]] = attn.sdpa %[[Q]], %[[Q]], %[[Q]] layout(bshd)
// CHECK-NEXT:    tensor.expand_shape %[[O]]
// CHECK-NEXT:    tensor.collapse_shape
// CHECK-NEXT:    return
func.func @reshape(%t: !t) -> !t {
  %o = attn.block_local %t, %t, %t layout(bshd) block_len(5) : (!t, !t, !t) -> !t
  return %o : !t
}

// -----

!t = tensor<2x12x22x64xf32>

// A short last block is filled up. The diagonal hides what was added; without
// one, a length does.
// CHECK-LABEL: func.func @ragged
// CHECK:         tensor.pad {{.*}} low[0, 0, 0, 0] high[0, 0, 3, 0]
// CHECK:         attn.sdpa {{.*}} causal : (tensor<10x12x5x64xf32>
// CHECK:         %[[LEN:.+]] = linalg.generic {{.*}} outs(%{{.+}} : tensor<10xi64>)
// CHECK:         attn.sdpa {{.*}} kv_len(%[[LEN]]) : (tensor<10x12x5x64xf32>
// CHECK:         tensor.extract_slice {{.*}} : tensor<2x12x25x64xf32> to tensor<2x12x22x64xf32>
func.func @ragged(%t: !t) -> (!t, !t) {
  %o = attn.block_local %t, %t, %t causal block_len(5) : (!t, !t, !t) -> !t
  %p = attn.block_local %t, %t, %t block_len(5) : (!t, !t, !t) -> !t
  return %o, %p : !t, !t
}

// -----

!q = tensor<2x12x20x64xf16>
!kv = tensor<2x4x20x64xf16>
!p = tensor<2x4x8x64xf16>

// CHECK-LABEL: func.func @prefix
// CHECK:         tensor.insert_slice {{.*}} into tensor<8x4x7x64xf16>
// CHECK:         %{{.+}}, %{{.+}} = attn.sdpa {{.*}} causal causal_offset(%c2) sinks(%{{.+}}) : (tensor<8x12x5x64xf16>, tensor<8x4x7x64xf16>
// MERGE-LABEL: func.func @prefix
// MERGE:         %[[PREFIX:.+]]:2 = attn.partial ins(%[[Q:[^,]+]], %{{[^,]+}}, %{{[^ )]+}}) outs({{.*}} tensor<8x4x2x64xf16>
// MERGE:         %[[OWN:.+]]:2 = attn.partial ins(%[[Q]], %{{.+}} causal) outs
// MERGE:         %[[SINK:.+]] = linalg.generic
// MERGE:         attn.merge ins(%[[PREFIX]]#0, %[[OWN]]#0, %{{.+}} lse %[[PREFIX]]#1, %[[OWN]]#1, %[[SINK]]) outs({{.*}}, tensor<8x12x5x64xf16>
// MASK-LABEL:  func.func @prefix
// MASK:          attn.sdpa {{.*}} causal causal_offset(%c8) mask(%{{.+}}) sinks(%{{.+}}) : (tensor<2x12x20x64xf16>, tensor<2x4x28x64xf16>
func.func @prefix(%q: !q, %kv: !kv, %p: !p, %s: tensor<12xf32>) -> (!q, tensor<2x12x20xf32>) {
  %o, %lse = attn.block_local %q, %kv, %kv causal sinks(%s) block_len(5) prefix_len(2) prefix(%p, %p)
    : (!q, !kv, !kv, tensor<12xf32>, !p, !p) -> (!q, tensor<2x12x20xf32>)
  return %o, %lse : !q, tensor<2x12x20xf32>
}

// -----

!t = tensor<2x12x20x64xf32>

// Masks and biases become those of blocks, lengths too; a score region goes on
// speaking of the sequence.
// CHECK-LABEL: func.func @modifiers
// CHECK-DAG:     %[[LEN:.+]] = linalg.generic {{.*}} outs(%{{.+}} : tensor<8xi64>)
// CHECK-DAG:     %[[M:.+]] = linalg.generic {{.*}} outs(%{{.+}} : tensor<8x1x5x5xi1>)
// CHECK:         attn.sdpa {{.*}} kv_len(%[[LEN]]) mask(%[[M]]) bias(%{{arg[0-9]+}}) score {
// CHECK:         ^bb0(%[[S:.+]]: f32, %[[B:.+]]: index, %{{.+}}: index, %[[I:.+]]: index, %{{.+}}: index):
// CHECK:           arith.remui %[[B]], %c4
// CHECK:           %[[ROW:.+]] = affine.apply {{.*}}(%[[I]], %{{.+}})
// CHECK:           arith.index_cast %[[ROW]]
// MASK-LABEL:  func.func @modifiers
// MASK:          linalg.generic {{.*}} outs(%{{.+}} : tensor<2x1x20x20xi1>)
func.func @modifiers(%t: !t, %len: tensor<2xi64>, %m: tensor<2x1x20x20xi1>, %b: tensor<1x12x1x1xf32>) -> !t {
  %o = attn.block_local %t, %t, %t causal kv_len(%len) mask(%m) bias(%b) block_len(5) score {
  ^bb0(%s: f32, %batch: index, %h: index, %i: index, %j: index):
    %n = arith.index_cast %i : index to i64
    %f = arith.sitofp %n : i64 to f32
    %r = arith.addf %s, %f : f32
    attn.yield %r : f32
  } : (!t, !t, !t, tensor<2xi64>, tensor<2x1x20x20xi1>, tensor<1x12x1x1xf32>) -> !t
  return %o : !t
}

// -----

!t = tensor<2x12x20x64xf32>
!pool = tensor<9x12x5x64xf32>

// CHECK-LABEL: func.func @left_alone
// CHECK:         attn.block_local
// CHECK:         attn.block_local
func.func @left_alone(%t: !t, %pool: !pool, %table: tensor<2x4xi32>, %at: index) -> (!t, !t) {
  %c0 = arith.constant 0 : index
  // expected-remark @below {{stays attn.block_local: its keys are in pages}}
  %o = attn.block_local %t, %pool, %pool causal page_table(%table) block_len(5) : (!t, !pool, !pool, tensor<2x4xi32>) -> !t
  // expected-remark @below {{stays attn.block_local: it is a piece of a problem (offsets)}}
  %p = attn.block_local %t, %t, %t causal offsets(%c0, %c0, %at, %at) block_len(5) : (!t, !t, !t, index, index, index, index) -> !t
  return %o, %p : !t, !t
}

// -----

// Of a mask of bytes, any byte but 0 lets a key be seen.
// MASK-LABEL:    func.func @bytes
// MASK-SAME:       %[[T:[^:]+]]: tensor<1x2x20x64xf32>, %[[M:[^:]+]]: tensor<1x1x20x20xi8>
// MASK:            %[[BYTE:.+]] = {{.*}}i8
// MASK:            %[[SEEN:.+]] = arith.cmpi ne, %{{.+}}, %c0_i8 : i8
// MASK:            arith.andi %{{.+}}, %[[SEEN]] : i1
func.func @bytes(%t: tensor<1x2x20x64xf32>, %m: tensor<1x1x20x20xi8>)
    -> tensor<1x2x20x64xf32> {
  %o = attn.block_local %t, %t, %t causal mask(%m) block_len(5)
    : (tensor<1x2x20x64xf32>, tensor<1x2x20x64xf32>, tensor<1x2x20x64xf32>,
       tensor<1x1x20x20xi8>) -> tensor<1x2x20x64xf32>
  return %o : tensor<1x2x20x64xf32>
}
