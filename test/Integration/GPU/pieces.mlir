// The ops that SparQ is made of, alone: kernels, emulated, against what the host
// computes in f64.
// DEFINE: %{run} = attn-run %s --target=cuda-emulated --verify

// Scores of rows of key: several blocks of keys, none of them, rows of queries
// that tiles do not divide.
// DEFINE: %{qk} = --input=2x6x3x40xf32=random\(1\) --input=2x2x300x40xf32=random\(2\)
// RUN: %{run} --function=scores %{qk} | FileCheck %s
// RUN: env ATTN_EMULATOR_SEED=7 %{run} --arch=sm_90a --function=scores %{qk} | FileCheck %s
// RUN: %{run} --function=scores --input=2x6x3x40xf32=random\(1\) --input=2x2x0x40xf32=random\(2\) | FileCheck %s --check-prefix=EMPTY
// RUN: %{run} --function=scores_f16 --input=1x8x1x128xf16=random\(1\) --input=1x2x513x128xf16=random\(2\) --input=1x8x1xf32=random\(3\) | FileCheck %s
// RUN: %{run} --function=scores_bf16 --input=2x5x4x64xbf16=random\(1\) --input=2x70x4x64xbf16=random\(2\) | FileCheck %s
// RUN: %{run} --function=scores_f64 --input=1x2x3x20xf64=random\(1\) --input=1x1x90x20xf64=random\(2\) | FileCheck %s
// EMPTY: result 0: 2x6x3x0xf32

// What is not visible is -inf whatever memory holds: behind a length, outside a
// window, in blocks of keys that no row sees.
// DEFINE: %{seen} = %{run} --function=seen --input=1x4x2x32xf16=random\(1\)
// RUN: %{seen} --input=1x2x700x32xf16=random\(2\) --input=1xi64=333 | FileCheck %s
// RUN: %{seen} --input=1x2x700x32xf16=nan --input=1xi64=0 | FileCheck %s --check-prefixes=CHECK,UNSEEN
// RUN: %{seen} --input=1x2x700x32xf16=nan --input=1xi64=72 | FileCheck %s --check-prefixes=CHECK,NAN
// RUN: %{run} --function=lengths --input=2x4x5x16xf32=random\(1\) --input=2x2x70x16xf32=random\(2\) --input=2xi64=43 --input=2xi64=44 --input=0.7:f32 | FileCheck %s
// UNSEEN: result 0: 1x4x2x700xf32 {{.*}}nan 0
// NAN:    result 0: 1x4x2x700xf32 {{.*}}nan 12

// Modifiers, of a dynamic number of heads too.
// DEFINE: %{modified} = --input=1x4x5x16xf32=random\(1\) --input=1x2x60x16xf32=random\(2\) --input=1x4x1x60xf32=random\(3\) --input=1x1x5x60xi1=random\(4\)
// RUN: %{run} --function=modified %{modified} | FileCheck %s
// RUN: %{run} --function=dynamic %{modified} | FileCheck %s

// Some channels, the others infinite or NaN; a factor; 8 bits in pages.
// RUN: %{run} --function=channels --input=1x4x1x24xf32=random\(1\) --input=1x2x300x24xf32=random\(2\) --input=1x4x1xf32=random\(3\) | FileCheck %s
// RUN: %{run} --function=paged --input=1x4x1x16xf16=random\(1\) --input=7x2x32x16xi8=random\(2\) --input=1xi64=150 --input=1x5xi32=3 --input=1x2x160x1xf32=0.01 | FileCheck %s
// Channels of key_t, of all types: key is not looked at.
// DEFINE: %{key_t} = --input=1x8x2x32xf16=random\(1\) --input=1x2x900x32xf16=nan
// RUN: %{run} --function=key_t %{key_t} --input=1x2x8x32x128xf16=random\(2\) --input=1xi64=815 | FileCheck %s
// RUN: %{run} --function=key_t %{key_t} --input=1x2x8x32x128xf16=nan --input=1xi64=0 | FileCheck %s --check-prefixes=CHECK,DEAD
// RUN: %{run} --function=key_t_odd --input=2x2x3x20xf64=random\(1\) --input=2x1x50x20xf64=nan --input=2x1x11x20x5xf64=random\(2\) | FileCheck %s
// RUN: %{run} --function=key_t_i8 --input=1x4x1x16xf32=random\(1\) --input=1x2x70x16xi8=random\(2\) --input=1x2x5x16x16xi8=random\(3\) --input=1x2x70x16xf32=random\(4\) | FileCheck %s
// RUN: %{run} --function=key_t_i8_row --input=1x4x1x16xf32=random\(1\) --input=1x2x70x16xi8=random\(2\) --input=1x2x5x16x16xi8=random\(3\) --input=1x2x70x1xf32=random\(4\) | FileCheck %s
// DEAD: result 0: 1x8x2x900xf32 {{.*}}nan 0

// Rows by index: all of them, some, none; where none can be.
// DEFINE: %{rows} = %{run} --function=rows --input=1x2x90x64xf16=random\(1\) --input=1x2x90x40xf16=random\(2\)
// RUN: %{rows} --input=1x2x90xf32=random\(3\) | FileCheck %s
// RUN: %{rows} --input=1x2x90xf32=nan | FileCheck %s
// RUN: %{rows} --input=1x2x90xf32=-inf | FileCheck %s --check-prefixes=CHECK,ZEROS
// RUN: %{run} --function=rows --input=1x2x0x64xf16=zeros --input=1x2x0x40xf16=zeros --input=1x2x0xf32=zeros | FileCheck %s --check-prefixes=CHECK,ZEROS
// RUN: %{run} --function=rows_bshd --input=2x90x3x20xf64=random\(1\) --input=2x90x3x12xf64=random\(2\) --input=2x3x90xf64=random\(3\) | FileCheck %s
// RUN: %{run} --function=rows_paged --input=7x2x32x16xi8=random\(1\) --input=7x2x32x8xi8=random\(2\) --input=1x5xi32=3 --input=1x2x160x1xf32=0.01 --input=1x1x1x8xf32=random\(5\) --input=1x2x160xf32=random\(3\) | FileCheck %s
// ZEROS: result 0: {{.*}} min 0 max 0 mean 0 nan 0

// SparQ by hand, to the output.
// DEFINE: %{sparq} = --input=1x4x1x64xf16=random\(1\) --input=1x4x600x64xf16=random\(2\) --input=1x4x600x64xf16=random\(3\)
// RUN: %{run} --function=by_hand %{sparq} | FileCheck %s
// RUN: %{run} --arch=sm_90a --function=by_hand %{sparq} | FileCheck %s

// Weights of rows of every type, along any dimension; of -inf alone they are NaN.
// RUN: %{run} --function=weights --input=3x700xf32=random\(1\) --input=5x40x2xf16=random\(2\) --input=2x90xf64=random\(3\) | FileCheck %s
// RUN: %{run} --function=weights --input=3x0xf32=zeros --input=5x0x2xf16=zeros --input=2x90xf64=-inf | FileCheck %s --check-prefixes=CHECK,NONE
// NONE: result 2: 2x90xf64 {{.*}}nan 180

// CHECK:      verify: result 0: max error
// CHECK-NOT:  FAILED

func.func @scores(%q: tensor<2x6x3x40xf32>, %k: tensor<2x2x?x40xf32>) -> tensor<2x6x3x?xf32> {
  %c2 = arith.constant 2 : index
  %n = tensor.dim %k, %c2 : tensor<2x2x?x40xf32>
  %e = tensor.empty(%n) : tensor<2x6x3x?xf32>
  %r = attn.scores ins(%q, %k scale(0.3)) outs(%e) : (tensor<2x6x3x40xf32>, tensor<2x2x?x40xf32>, tensor<2x6x3x?xf32>) -> tensor<2x6x3x?xf32>
  return %r : tensor<2x6x3x?xf32>
}

func.func @scores_f16(%q: tensor<1x8x1x128xf16>, %k: tensor<1x2x513x128xf16>, %f: tensor<1x8x1xf32>) -> tensor<1x8x1x513xf32> {
  %e = tensor.empty() : tensor<1x8x1x513xf32>
  %r = attn.scores ins(%q, %k factor(%f)) outs(%e) : (tensor<1x8x1x128xf16>, tensor<1x2x513x128xf16>, tensor<1x8x1xf32>, tensor<1x8x1x513xf32>) -> tensor<1x8x1x513xf32>
  return %r : tensor<1x8x1x513xf32>
}

func.func @scores_bf16(%q: tensor<2x5x4x64xbf16>, %k: tensor<2x70x4x64xbf16>) -> tensor<2x4x5x70xf32> {
  %e = tensor.empty() : tensor<2x4x5x70xf32>
  %c65 = arith.constant 65 : index
  %r = attn.scores ins(%q, %k causal causal_offset(%c65) layout(bshd)) outs(%e) : (tensor<2x5x4x64xbf16>, tensor<2x70x4x64xbf16>, index, tensor<2x4x5x70xf32>) -> tensor<2x4x5x70xf32>
  return %r : tensor<2x4x5x70xf32>
}

func.func @scores_f64(%q: tensor<1x2x3x20xf64>, %k: tensor<1x1x90x20xf64>) -> tensor<1x2x3x90xf64> {
  %e = tensor.empty() : tensor<1x2x3x90xf64>
  %r = attn.scores ins(%q, %k) outs(%e) : (tensor<1x2x3x20xf64>, tensor<1x1x90x20xf64>, tensor<1x2x3x90xf64>) -> tensor<1x2x3x90xf64>
  return %r : tensor<1x2x3x90xf64>
}

func.func @seen(%q: tensor<1x4x2x32xf16>, %k: tensor<1x2x700x32xf16>, %len: tensor<1xi64>) -> tensor<1x4x2x700xf32> {
  %at = arith.constant 400 : index
  %e = tensor.empty() : tensor<1x4x2x700xf32>
  %r = attn.scores ins(%q, %k window(330, 4) causal_offset(%at) kv_len(%len)) outs(%e) : (tensor<1x4x2x32xf16>, tensor<1x2x700x32xf16>, index, tensor<1xi64>, tensor<1x4x2x700xf32>) -> tensor<1x4x2x700xf32>
  return %r : tensor<1x4x2x700xf32>
}

func.func @lengths(%q: tensor<2x4x5x16xf32>, %k: tensor<2x2x70x16xf32>, %ql: tensor<2xi64>, %kl: tensor<2xi64>, %s: f32) -> tensor<2x4x5x70xf32> {
  %c3 = arith.constant 3 : index
  %c40 = arith.constant 40 : index
  %c0 = arith.constant 0 : index
  %e = tensor.empty() : tensor<2x4x5x70xf32>
  %r = attn.scores ins(%q, %k window(10, 2) q_len(%ql) kv_len(%kl) dynamic_scale(%s) offsets(%c0, %c0, %c40, %c3)) outs(%e)
    : (tensor<2x4x5x16xf32>, tensor<2x2x70x16xf32>, f32, tensor<2xi64>, tensor<2xi64>, index, index, index, index, tensor<2x4x5x70xf32>) -> tensor<2x4x5x70xf32>
  return %r : tensor<2x4x5x70xf32>
}

func.func @modified(%q: tensor<1x4x5x16xf32>, %k: tensor<1x2x60x16xf32>, %b: tensor<1x4x1x60xf32>, %m: tensor<1x1x5x60xi1>) -> tensor<1x4x5x60xf32> {
  %e = tensor.empty() : tensor<1x4x5x60xf32>
  %r = attn.scores ins(%q, %k softcap(3.0) bias(%b) mask(%m)) outs(%e) score {
  ^bb0(%s: f32, %b0: index, %h: index, %i: index, %j: index):
    %n = arith.index_cast %j : index to i32
    %x = arith.sitofp %n : i32 to f32
    %c = arith.constant 0.01 : f32
    %y = arith.mulf %x, %c : f32
    %t = arith.addf %s, %y : f32
    attn.yield %t : f32
  } : (tensor<1x4x5x16xf32>, tensor<1x2x60x16xf32>, tensor<1x1x5x60xi1>, tensor<1x4x1x60xf32>, tensor<1x4x5x60xf32>) -> tensor<1x4x5x60xf32>
  return %r : tensor<1x4x5x60xf32>
}

func.func @dynamic(%q: tensor<?x?x?x16xf32>, %k: tensor<?x?x?x16xf32>, %b: tensor<?x?x?x?xf32>, %m: tensor<?x?x?x?xi1>) -> tensor<?x?x?x?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %d0 = tensor.dim %q, %c0 : tensor<?x?x?x16xf32>
  %d1 = tensor.dim %q, %c1 : tensor<?x?x?x16xf32>
  %d2 = tensor.dim %q, %c2 : tensor<?x?x?x16xf32>
  %d3 = tensor.dim %k, %c2 : tensor<?x?x?x16xf32>
  %e = tensor.empty(%d0, %d1, %d2, %d3) : tensor<?x?x?x?xf32>
  %r = attn.scores ins(%q, %k causal bottom_right bias(%b) mask(%m)) outs(%e)
    : (tensor<?x?x?x16xf32>, tensor<?x?x?x16xf32>, tensor<?x?x?x?xi1>, tensor<?x?x?x?xf32>, tensor<?x?x?x?xf32>) -> tensor<?x?x?x?xf32>
  return %r : tensor<?x?x?x?xf32>
}

func.func @channels(%q: tensor<1x4x1x24xf32>, %k: tensor<1x2x300x24xf32>, %f: tensor<1x4x1xf32>) -> tensor<1x4x1x300xf32> {
  // Of key head h every third channel, beginning with h.
  %ei = tensor.empty() : tensor<1x2x7xi64>
  %i = linalg.generic {indexing_maps = [affine_map<(b, h, c) -> (b, h, c)>], iterator_types = ["parallel", "parallel", "parallel"]}
      outs(%ei : tensor<1x2x7xi64>) {
  ^bb0(%old: i64):
    %h = linalg.index 1 : index
    %c = linalg.index 2 : index
    %c3 = arith.constant 3 : index
    %t = arith.muli %c, %c3 : index
    %u = arith.addi %t, %h : index
    %n = arith.index_cast %u : index to i64
    linalg.yield %n : i64
  } -> tensor<1x2x7xi64>
  %keys = linalg.generic {indexing_maps = [affine_map<(b, h, j, d) -> (b, h, j, d)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      outs(%k : tensor<1x2x300x24xf32>) {
  ^bb0(%x: f32):
    %h = linalg.index 1 : index
    %d = linalg.index 3 : index
    %c3 = arith.constant 3 : index
    %m = arith.remui %d, %c3 : index
    %is = arith.cmpi eq, %m, %h : index
    %j = linalg.index 2 : index
    %odd = arith.remui %j, %c3 : index
    %c0 = arith.constant 0 : index
    %z = arith.cmpi eq, %odd, %c0 : index
    %nan = arith.constant 0x7FC00000 : f32
    %inf = arith.constant 0x7F800000 : f32
    %bad = arith.select %z, %nan, %inf : f32
    %y = arith.select %is, %x, %bad : f32
    linalg.yield %y : f32
  } -> tensor<1x2x300x24xf32>
  %e = tensor.empty() : tensor<1x4x1x300xf32>
  %r = attn.scores ins(%q, %keys channels(%i) factor(%f)) outs(%e)
    : (tensor<1x4x1x24xf32>, tensor<1x2x300x24xf32>, tensor<1x2x7xi64>, tensor<1x4x1xf32>, tensor<1x4x1x300xf32>) -> tensor<1x4x1x300xf32>
  return %r : tensor<1x4x1x300xf32>
}

func.func @paged(%q: tensor<1x4x1x16xf16>, %k: tensor<?x2x32x16xi8>, %len: tensor<1xi64>, %t: tensor<1x5xi32>, %ks: tensor<1x2x160x1xf32>) -> tensor<1x4x1x160xf32> {
  %e = tensor.empty() : tensor<1x4x1x160xf32>
  %r = attn.scores ins(%q, %k kv_len(%len) key_scale(%ks) page_table(%t)) outs(%e) : (tensor<1x4x1x16xf16>, tensor<?x2x32x16xi8>, tensor<1xi64>, tensor<1x2x160x1xf32>, tensor<1x5xi32>, tensor<1x4x1x160xf32>) -> tensor<1x4x1x160xf32>
  return %r : tensor<1x4x1x160xf32>
}

func.func @key_t(%q: tensor<1x8x2x32xf16>, %k: tensor<1x2x900x32xf16>, %kt: tensor<1x2x8x32x128xf16>, %len: tensor<1xi64>) -> tensor<1x8x2x900xf32> {
  %u = tensor.empty() : tensor<1x2x32xf32>
  %one = arith.constant 1.0 : f32
  %w = linalg.generic {indexing_maps = [affine_map<(b, h, d) -> (b, h, d)>], iterator_types = ["parallel", "parallel", "parallel"]}
      outs(%u : tensor<1x2x32xf32>) {
  ^bb0(%old: f32):
    %d = linalg.index 2 : index
    %c7 = arith.constant 7 : index
    %m = arith.remui %d, %c7 : index
    %n = arith.index_cast %m : index to i32
    %x = arith.sitofp %n : i32 to f32
    linalg.yield %x : f32
  } -> tensor<1x2x32xf32>
  %ei = tensor.empty() : tensor<1x2x13xi64>
  %en = tensor.empty() : tensor<1x2xi64>
  %i:2 = attn.topk ins(%w) outs(%ei, %en) : (tensor<1x2x32xf32>, tensor<1x2x13xi64>, tensor<1x2xi64>) -> (tensor<1x2x13xi64>, tensor<1x2xi64>)
  %e = tensor.empty() : tensor<1x8x2x900xf32>
  %r = attn.scores ins(%q, %k kv_len(%len) channels(%i#0) key_t(%kt)) outs(%e)
    : (tensor<1x8x2x32xf16>, tensor<1x2x900x32xf16>, tensor<1xi64>, tensor<1x2x13xi64>, tensor<1x2x8x32x128xf16>, tensor<1x8x2x900xf32>) -> tensor<1x8x2x900xf32>
  return %r : tensor<1x8x2x900xf32>
}

func.func @key_t_odd(%q: tensor<2x2x3x20xf64>, %k: tensor<2x1x50x20xf64>, %kt: tensor<2x1x11x20x5xf64>) -> tensor<2x2x3x50xf64> {
  %e = tensor.empty() : tensor<2x2x3x50xf64>
  %r = attn.scores ins(%q, %k causal bottom_right key_t(%kt)) outs(%e) : (tensor<2x2x3x20xf64>, tensor<2x1x50x20xf64>, tensor<2x1x11x20x5xf64>, tensor<2x2x3x50xf64>) -> tensor<2x2x3x50xf64>
  return %r : tensor<2x2x3x50xf64>
}

func.func @key_t_i8(%q: tensor<1x4x1x16xf32>, %k: tensor<1x2x70x16xi8>, %kt: tensor<1x2x5x16x16xi8>, %ks: tensor<1x2x70x16xf32>) -> tensor<1x4x1x70xf32> {
  %e = tensor.empty() : tensor<1x4x1x70xf32>
  %r = attn.scores ins(%q, %k key_scale(%ks) key_t(%kt)) outs(%e) : (tensor<1x4x1x16xf32>, tensor<1x2x70x16xi8>, tensor<1x2x70x16xf32>, tensor<1x2x5x16x16xi8>, tensor<1x4x1x70xf32>) -> tensor<1x4x1x70xf32>
  return %r : tensor<1x4x1x70xf32>
}

func.func @key_t_i8_row(%q: tensor<1x4x1x16xf32>, %k: tensor<1x2x70x16xi8>, %kt: tensor<1x2x5x16x16xi8>, %ks: tensor<1x2x70x1xf32>) -> tensor<1x4x1x70xf32> {
  %e = tensor.empty() : tensor<1x4x1x70xf32>
  %r = attn.scores ins(%q, %k key_scale(%ks) key_t(%kt)) outs(%e) : (tensor<1x4x1x16xf32>, tensor<1x2x70x16xi8>, tensor<1x2x70x1xf32>, tensor<1x2x5x16x16xi8>, tensor<1x4x1x70xf32>) -> tensor<1x4x1x70xf32>
  return %r : tensor<1x4x1x70xf32>
}

func.func @rows(%k: tensor<1x2x?x64xf16>, %v: tensor<1x2x?x40xf16>, %u: tensor<1x2x?xf32>) -> (tensor<1x2x50x64xf16>, tensor<1x2x50x40xf16>) {
  %ei = tensor.empty() : tensor<1x2x50xi64>
  %en = tensor.empty() : tensor<1x2xi64>
  %i:2 = attn.topk ins(%u) outs(%ei, %en) : (tensor<1x2x?xf32>, tensor<1x2x50xi64>, tensor<1x2xi64>) -> (tensor<1x2x50xi64>, tensor<1x2xi64>)
  %ek = tensor.empty() : tensor<1x2x50x64xf16>
  %ev = tensor.empty() : tensor<1x2x50x40xf16>
  %r:2 = attn.gather_kv ins(%k, %v, %i#0, %i#1) outs(%ek, %ev)
    : (tensor<1x2x?x64xf16>, tensor<1x2x?x40xf16>, tensor<1x2x50xi64>, tensor<1x2xi64>, tensor<1x2x50x64xf16>, tensor<1x2x50x40xf16>) -> (tensor<1x2x50x64xf16>, tensor<1x2x50x40xf16>)
  return %r#0, %r#1 : tensor<1x2x50x64xf16>, tensor<1x2x50x40xf16>
}

func.func @rows_bshd(%k: tensor<2x90x3x20xf64>, %v: tensor<2x90x3x12xf64>, %u: tensor<2x3x90xf64>) -> (tensor<2x3x7x20xf64>, tensor<2x3x7x12xf64>) {
  %ei = tensor.empty() : tensor<2x3x7xi64>
  %en = tensor.empty() : tensor<2x3xi64>
  %i:2 = attn.topk ins(%u) outs(%ei, %en) : (tensor<2x3x90xf64>, tensor<2x3x7xi64>, tensor<2x3xi64>) -> (tensor<2x3x7xi64>, tensor<2x3xi64>)
  %ek = tensor.empty() : tensor<2x3x7x20xf64>
  %ev = tensor.empty() : tensor<2x3x7x12xf64>
  %r:2 = attn.gather_kv ins(%k, %v, %i#0, %i#1 layout(bshd)) outs(%ek, %ev)
    : (tensor<2x90x3x20xf64>, tensor<2x90x3x12xf64>, tensor<2x3x7xi64>, tensor<2x3xi64>, tensor<2x3x7x20xf64>, tensor<2x3x7x12xf64>) -> (tensor<2x3x7x20xf64>, tensor<2x3x7x12xf64>)
  return %r#0, %r#1 : tensor<2x3x7x20xf64>, tensor<2x3x7x12xf64>
}

func.func @rows_paged(%k: tensor<?x2x32x16xi8>, %v: tensor<?x2x32x8xi8>, %t: tensor<1x5xi32>, %ks: tensor<1x2x160x1xf32>, %vs: tensor<1x1x1x8xf32>, %u: tensor<1x2x160xf32>) -> (tensor<1x2x33x16xf32>, tensor<1x2x33x8xf32>) {
  %ei = tensor.empty() : tensor<1x2x33xi64>
  %en = tensor.empty() : tensor<1x2xi64>
  %i:2 = attn.topk ins(%u) outs(%ei, %en) : (tensor<1x2x160xf32>, tensor<1x2x33xi64>, tensor<1x2xi64>) -> (tensor<1x2x33xi64>, tensor<1x2xi64>)
  %ek = tensor.empty() : tensor<1x2x33x16xf32>
  %ev = tensor.empty() : tensor<1x2x33x8xf32>
  %r:2 = attn.gather_kv ins(%k, %v, %i#0, %i#1 key_scale(%ks) value_scale(%vs) page_table(%t)) outs(%ek, %ev)
    : (tensor<?x2x32x16xi8>, tensor<?x2x32x8xi8>, tensor<1x2x33xi64>, tensor<1x2xi64>, tensor<1x2x160x1xf32>, tensor<1x1x1x8xf32>, tensor<1x5xi32>, tensor<1x2x33x16xf32>, tensor<1x2x33x8xf32>) -> (tensor<1x2x33x16xf32>, tensor<1x2x33x8xf32>)
  return %r#0, %r#1 : tensor<1x2x33x16xf32>, tensor<1x2x33x8xf32>
}

func.func @by_hand(%q: tensor<1x4x1x64xf16>, %k: tensor<1x4x?x64xf16>, %v: tensor<1x4x?x64xf16>) -> tensor<1x4x1x64xf16> {
  %c2 = arith.constant 2 : index
  %n = tensor.dim %k, %c2 : tensor<1x4x?x64xf16>
  // The channels of largest |q|.
  %e0 = tensor.empty() : tensor<1x4x64xf32>
  %size = linalg.generic {indexing_maps = [affine_map<(b, h, d) -> (b, h, 0, d)>, affine_map<(b, h, d) -> (b, h, d)>], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%q : tensor<1x4x1x64xf16>) outs(%e0 : tensor<1x4x64xf32>) {
  ^bb0(%x: f16, %old: f32):
    %y = arith.extf %x : f16 to f32
    %a = math.absf %y : f32
    linalg.yield %a : f32
  } -> tensor<1x4x64xf32>
  %ei1 = tensor.empty() : tensor<1x4x16xi64>
  %en = tensor.empty() : tensor<1x4xi64>
  %i1:2 = attn.topk ins(%size) outs(%ei1, %en) : (tensor<1x4x64xf32>, tensor<1x4x16xi64>, tensor<1x4xi64>) -> (tensor<1x4x16xi64>, tensor<1x4xi64>)
  // Approximate scores, their softmax, and the best keys by it.
  %es = tensor.empty(%n) : tensor<1x4x1x?xf32>
  %s = attn.scores ins(%q, %k channels(%i1#0)) outs(%es) : (tensor<1x4x1x64xf16>, tensor<1x4x?x64xf16>, tensor<1x4x16xi64>, tensor<1x4x1x?xf32>) -> tensor<1x4x1x?xf32>
  %e1 = tensor.empty(%n) : tensor<1x4x1x?xf32>
  %p = linalg.softmax dimension(3) ins(%s : tensor<1x4x1x?xf32>) outs(%e1 : tensor<1x4x1x?xf32>) -> tensor<1x4x1x?xf32>
  %u = tensor.collapse_shape %p [[0], [1, 2], [3]] : tensor<1x4x1x?xf32> into tensor<1x4x?xf32>
  %ei2 = tensor.empty() : tensor<1x4x70xi64>
  %i2:2 = attn.topk ins(%u) outs(%ei2, %en) : (tensor<1x4x?xf32>, tensor<1x4x70xi64>, tensor<1x4xi64>) -> (tensor<1x4x70xi64>, tensor<1x4xi64>)
  // Attention to these.
  %eg = tensor.empty() : tensor<1x4x70x64xf16>
  %eh = tensor.empty() : tensor<1x4x70x64xf16>
  %g:2 = attn.gather_kv ins(%k, %v, %i2#0, %i2#1) outs(%eg, %eh)
    : (tensor<1x4x?x64xf16>, tensor<1x4x?x64xf16>, tensor<1x4x70xi64>, tensor<1x4xi64>, tensor<1x4x70x64xf16>, tensor<1x4x70x64xf16>) -> (tensor<1x4x70x64xf16>, tensor<1x4x70x64xf16>)
  %o = attn.sdpa %q, %g#0, %g#1 : (tensor<1x4x1x64xf16>, tensor<1x4x70x64xf16>, tensor<1x4x70x64xf16>) -> tensor<1x4x1x64xf16>
  return %o : tensor<1x4x1x64xf16>
}

func.func @weights(%a: tensor<3x?xf32>, %b: tensor<5x?x2xf16>, %c: tensor<2x90xf64>) -> (tensor<3x?xf32>, tensor<5x?x2xf16>, tensor<2x90xf64>) {
  %r0 = linalg.softmax dimension(1) ins(%a : tensor<3x?xf32>) outs(%a : tensor<3x?xf32>) -> tensor<3x?xf32>
  %r1 = linalg.softmax dimension(1) ins(%b : tensor<5x?x2xf16>) outs(%b : tensor<5x?x2xf16>) -> tensor<5x?x2xf16>
  %e = tensor.empty() : tensor<2x90xf64>
  %r2 = linalg.softmax dimension(1) ins(%c : tensor<2x90xf64>) outs(%e : tensor<2x90xf64>) -> tensor<2x90xf64>
  return %r0, %r1, %r2 : tensor<3x?xf32>, tensor<5x?x2xf16>, tensor<2x90xf64>
}
