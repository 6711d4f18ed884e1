// RUN: attn-opt %s --convert-attn-to-gpu --canonicalize --cse --split-input-file | FileCheck %s

// A warp for each row; lse is written when all lanes have read the state.
// CHECK-LABEL: func.func @finalize
// CHECK-SAME:    %[[A:[^:]+]]: memref<1x2x4x64xf32>{{[^,]*}}, %[[M:[^:]+]]: memref<1x2x4xf32>{{[^,]*}}, %[[S:[^:]+]]: memref<2xf32>{{[^,]*}}, %[[O:[^:]+]]: memref<1x4x2x64xf16>{{[^,]*}}, %[[L:[^:]+]]: memref<1x2x4xf32>
// CHECK:         gpu.launch {{.*}} = %c2, {{.*}} threads{{.*}} = %c128,
// CHECK:           memref.load %[[M]]
// CHECK:           memref.load %[[S]]
// CHECK:           %[[X:.+]] = memref.load %[[A]]
// CHECK:           arith.truncf {{.*}} : f32 to f16
// CHECK:           memref.store {{.*}}, %[[O]]
// CHECK:           nvvm.bar.warp.sync
// CHECK:           memref.store {{.*}}, %[[L]]
// CHECK-NOT:     gpu.launch
func.func @finalize(%a: memref<1x2x4x64xf32>, %m: memref<1x2x4xf32>,
    %s: memref<2xf32>, %o: memref<1x4x2x64xf16>, %l: memref<1x2x4xf32>) {
  attn.finalize ins(%a, %m, %m sinks(%s)) outs(%o, %l) layout(bshd)
    : (memref<1x2x4x64xf32>, memref<1x2x4xf32>, memref<1x2x4xf32>,
       memref<2xf32>, memref<1x4x2x64xf16>, memref<1x2x4xf32>) -> ()
  return
}

// -----

// Attention leaves states as they are, of each range of keys; the running one
// takes them in.
// CHECK-LABEL: func.func @online
// CHECK-SAME:    %[[Q:[^:]+]]: memref<1x2x1x64xf16>{{[^,]*}}, %[[K:[^:]+]]: memref<1x2x?x64xf16>{{[^,]*}}, %[[A:[^:]+]]: memref<1x2x1x64xf32>{{[^,]*}}, %[[M:[^:]+]]: memref<1x2x1xf32>{{[^,]*}}, %[[L:[^:]+]]: memref<1x2x1xf32>
// CHECK:         %[[ACCS:.+]] = memref.alloc({{.*}}) : memref<?x1x2x1x64xf32>
// CHECK:         %[[MAXIMA:.+]] = memref.alloc({{.*}}) : memref<?x1x2x1xf32>
// CHECK:         %[[SUMS:.+]] = memref.alloc({{.*}}) : memref<?x1x2x1xf32>
// CHECK:         gpu.launch
// CHECK:           memref.store {{.*}}, %[[ACCS]]
// CHECK:           memref.store {{.*}}, %[[MAXIMA]]
// CHECK:           memref.store {{.*}}, %[[SUMS]]
// CHECK:           gpu.terminator
// CHECK:         gpu.launch
// CHECK:           memref.load %[[M]]
// CHECK:           memref.load %[[MAXIMA]]
// CHECK:           memref.load %[[L]]
// CHECK:           memref.load %[[ACCS]]
// CHECK:           memref.store {{.*}}, %[[A]]
// CHECK:           nvvm.bar.warp.sync
// CHECK:           memref.store {{.*}}, %[[M]]
// CHECK:           memref.store {{.*}}, %[[L]]
// CHECK-NOT:     gpu.launch
func.func @online(%q: memref<1x2x1x64xf16>, %k: memref<1x2x?x64xf16>,
    %a: memref<1x2x1x64xf32>, %m: memref<1x2x1xf32>, %l: memref<1x2x1xf32>) {
  attn.online ins(%q, %k, %k) outs(%a, %m, %l)
    : (memref<1x2x1x64xf16>, memref<1x2x?x64xf16>, memref<1x2x?x64xf16>,
       memref<1x2x1x64xf32>, memref<1x2x1xf32>, memref<1x2x1xf32>) -> ()
  return
}

// -----

// Without parts, lse alone says what the numbers are like.
// CHECK-LABEL: func.func @nothing
// CHECK-SAME:    %[[O:[^:]+]]: memref<1x2x4x64xf32>{{[^,]*}}, %[[L:[^:]+]]: memref<1x2x4xf64>
// CHECK:         gpu.launch
// CHECK:           memref.store {{.*}}, %[[O]]
// CHECK:           memref.store {{.*}}, %[[L]]
func.func @nothing(%o: memref<1x2x4x64xf32>, %l: memref<1x2x4xf64>) {
  attn.merge ins() outs(%o, %l)
    : (memref<1x2x4x64xf32>, memref<1x2x4xf64>) -> ()
  return
}

// -----

// Anchors of one's own and prefixes are a second loop over keys, before that
// over key; which of them a row sees is its own range.
// CHECK-LABEL: func.func @anchors
// CHECK-SAME:    %[[Q:[^:]+]]: memref<1x2x8x64xf32>{{[^,]*}}, %[[A:[^:]+]]: memref<1x2x4x64xf32>
// CHECK:         gpu.launch
// CHECK:           scf.for
// CHECK:             vector.load %[[A]]
// CHECK:             scf.yield
// CHECK:           scf.for
// CHECK:             vector.load %[[Q]]
// CHECK-NOT:     attn.
func.func @anchors(%q: memref<1x2x8x64xf32>, %a: memref<1x2x4x64xf32>,
    %o: memref<1x2x8x64xf32>, %at: index) {
  %c0 = arith.constant 0 : index
  attn.star_step ins(%q, %q, %q causal offsets(%c0, %c0, %at, %at)
      block_size(4) anchor_size(4) anchors(%a, %a)) outs(%o)
    : (memref<1x2x8x64xf32>, memref<1x2x8x64xf32>, memref<1x2x8x64xf32>,
       index, index, index, index, memref<1x2x4x64xf32>, memref<1x2x4x64xf32>,
       memref<1x2x8x64xf32>) -> ()
  return
}

// -----

// CHECK-LABEL: func.func @prefix
// CHECK-SAME:    %[[Q:[^:]+]]: memref<1x2x64x64xf32>{{[^,]*}}, %[[P:[^:]+]]: memref<1x2x32x64xf32>
// CHECK:         scf.for
// CHECK:           vector.load %[[P]]{{.*}} {alignment = 16 : i64}
// CHECK:           scf.yield
// CHECK:         scf.for
// CHECK:           vector.load %[[Q]]
func.func @prefix(%q: memref<1x2x64x64xf32>, %p: memref<1x2x32x64xf32>,
    %o: memref<1x2x64x64xf32>) {
  attn.block_local_step ins(%q, %q, %q causal block_len(4) prefix_len(2)
      prefix(%p, %p)) outs(%o)
    : (memref<1x2x64x64xf32>, memref<1x2x64x64xf32>, memref<1x2x64x64xf32>,
       memref<1x2x32x64xf32>, memref<1x2x32x64xf32>, memref<1x2x64x64xf32>)
    -> ()
  return
}
