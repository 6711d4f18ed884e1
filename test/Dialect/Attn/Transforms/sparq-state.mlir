// RUN: attn-opt %s --attn-rewrite-to-sparq="rank=4 top-k=8 realloc=on state=args" --split-input-file --verify-diagnostics | FileCheck %s
// RUN: not attn-opt %s --attn-assign-strategy="strategy=sparq{state=args}" --attn-apply-strategies --split-input-file 2>&1 | FileCheck %s --check-prefix=APPLY

// APPLY: error: 'attn.sdpa' op asks for state=args, which changes the arguments of its function; run --attn-rewrite-to-sparq first

!q = tensor<2x4x1x16xf16>
!new = tensor<2x2x1x16xf16>
!kv = tensor<2x2x5000x16xf16>

// An append keeps the second layout and the mean, in place.
// CHECK-LABEL: func.func @step
// CHECK-SAME:    %[[K:[^:,]+]]: tensor<2x2x5000x16xf16> {attn.inout}, %[[V:[^:,]+]]: tensor<2x2x5000x16xf16> {attn.inout}
// CHECK-SAME:    %[[KT:[^:,]+]]: tensor<2x2x3x16x2048xf16> {attn.inout, attn.state = "key_t of argument 4"}
// CHECK-SAME:    %[[M:[^:,]+]]: tensor<2x2x16xf32> {attn.inout, attn.state = "value_mean of argument 5"}
// CHECK-SAME:    -> (tensor<2x4x1x16xf16>, tensor<2x2x5000x16xf16>, tensor<2x2x5000x16xf16>, tensor<2x2x3x16x2048xf16>, tensor<2x2x16xf32>)
// CHECK:         %[[MEAN:.+]] = attn.running_mean ins(%{{.+}}, %[[POS:.+]]) outs(%[[M]])
// CHECK:         %[[A:.+]]:3 = attn.kv_append ins(%{{.+}}, %{{.+}}, %[[POS]]) outs(%[[K]], %[[V]], %[[KT]])
// CHECK:         %[[O:.+]] = attn.sparq %{{.+}}, %[[A]]#0, %[[A]]#1 {{.*}} key_t(%[[A]]#2) value_mean(%[[MEAN]])
// CHECK:         return %[[O]], %[[A]]#0, %[[A]]#1, %[[A]]#2, %[[MEAN]]
// CHECK-LABEL: func.func @step_prepare
// CHECK-SAME:    (%{{.+}}: tensor<2x2x5000x16xf16>, %{{.+}}: tensor<2x2x5000x16xf16>, %{{.+}}: tensor<2xi64>, %{{.+}}: tensor<2x2x3x16x2048xf16> {attn.inout, attn.state = "key_t of argument 4"}, %{{.+}}: tensor<2x2x16xf32> {attn.inout, attn.state = "value_mean of argument 5"})
func.func @step(%q: !q, %new: !new, %pos: index, %len: tensor<1xi64>, %k: !kv {attn.inout}, %v: !kv {attn.inout}) -> (!q, !kv, !kv) {
  %a:2 = attn.kv_append ins(%new, %new, %pos) outs(%k, %v) : (!new, !new, index, !kv, !kv) -> (!kv, !kv)
  %o = attn.sdpa %q, %a#0, %a#1 kv_len(%len) : (!q, !kv, !kv, tensor<1xi64>) -> !q
  return %o, %a#0, %a#1 : !q, !kv, !kv
}

// -----

!q = tensor<2x4x1x16xf16>
!kv = tensor<2x2x?x16xf16>

// Two layers of one cache have one state; what is only read is not updated.
// CHECK-LABEL: func.func @two_reads
// CHECK-SAME:    tensor<2x2x?x16x2048xf16> {attn.state = "key_t of argument 1"}, %{{.+}}: tensor<2x2x16xf32> {attn.state = "value_mean of argument 1"}) -> (tensor<2x4x1x16xf16>, tensor<2x4x1x16xf16>)
// CHECK-COUNT-2: attn.sparq {{.*}} key_t(%{{.*}}) value_mean
// CHECK-LABEL: func.func @two_reads_prepare
// CHECK:         cf.assert {{.*}} "expects key_t to hold key's capacity"
func.func @two_reads(%q: !q, %kv: !kv) -> (!q, !q) {
  %a = attn.sdpa %q, %kv, %kv : (!q, !kv, !kv) -> !q
  %b = attn.sdpa %a, %kv, %kv : (!q, !kv, !kv) -> !q
  return %a, %b : !q, !q
}

// -----

!q = tensor<1x2x1x16xf32>
!kv = tensor<1x2x64x16xf32>

// CHECK-LABEL: func.func @negative_not_an_argument
// CHECK-SAME:    %{{[^:]+}}: tensor<1x2x1x16xf32>, %{{[^:]+}}: tensor<1x2x64x16xf32>)
// CHECK:         attn.sparq
// CHECK-NOT:     key_t
// CHECK-NOT:     _prepare
func.func @negative_not_an_argument(%q: !q, %kv: !kv) -> !q {
  %k = math.exp %kv : !kv
  // expected-remark @below {{keeps no state: key and value are not arguments of the function}}
  // expected-remark @below {{every call computes the mean of value anew}}
  // expected-remark @below {{every call reads whole keys}}
  %o = attn.sdpa %q, %k, %kv : (!q, !kv, !kv) -> !q
  return %o : !q
}

// -----

!q = tensor<1x2x1x16xf32>
!kv = tensor<1x2x64x16xf32>

func.func @negative_mask(%q: !q, %kv: !kv, %m: tensor<1x1x1x64xi1>) -> !q {
  // expected-remark @below {{keeps no state: a mask, a window or a score region says what is visible anew in every call}}
  // expected-remark @below {{every call computes the mean of value anew}}
  // expected-remark @below {{every call reads whole keys}}
  %o = attn.sdpa %q, %kv, %kv mask(%m) : (!q, !kv, !kv, tensor<1x1x1x64xi1>) -> !q
  return %o : !q
}

// -----

!q = tensor<1x2x1x16xf32>
!kv = tensor<1x2x64x16xf32>

func.func private @negative_called(%q: !q, %kv: !kv) -> !q {
  // expected-remark @below {{keeps no state: the function is called by another}}
  // expected-remark @below {{every call computes the mean of value anew}}
  // expected-remark @below {{every call reads whole keys}}
  %o = attn.sdpa %q, %kv, %kv : (!q, !kv, !kv) -> !q
  return %o : !q
}
func.func @caller(%q: !q, %kv: !kv) -> !q {
  %o = call @negative_called(%q, %kv) : (!q, !kv) -> !q
  return %o : !q
}

// -----

!q = tensor<1x2x1x16xf32>

func.func @negative_pages(%q: !q, %kv: tensor<9x2x16x16xf32>, %p: tensor<1x4xi32>) -> !q {
  // expected-remark @below {{keeps no state: keys are in pages}}
  // expected-remark @below {{every call computes the mean of value anew}}
  // expected-remark @below {{every call reads whole keys}}
  %o = attn.sdpa %q, %kv, %kv page_table(%p) : (!q, tensor<9x2x16x16xf32>, tensor<9x2x16x16xf32>, tensor<1x4xi32>) -> !q
  return %o : !q
}
