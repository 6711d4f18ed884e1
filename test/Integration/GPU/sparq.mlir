// The kernels of SparQ attention, emulated, against the reference.
// DEFINE: %{run} = attn-run %s --target=cuda-emulated --verify

// Rows of key: no key, fewer than are wanted, several blocks of them.
// DEFINE: %{rows} = %{run} --function=rows --input=1x2x1x64xf16=random\(1\)
// RUN: %{rows} --input=1x2x0x64xf16=random\(2\) --input=1x2x0x64xf16=random\(3\) --input=1xi64=0 | FileCheck %s
// RUN: %{rows} --input=1x2x33x64xf16=random\(2\) --input=1x2x33x64xf16=random\(3\) --input=1xi64=33 | FileCheck %s
// RUN: %{rows} --input=1x2x900x64xf16=random\(2\) --input=1x2x900x64xf16=random\(3\) --input=1xi64=777 | FileCheck %s
// What is behind kv_len does not matter; what is before it does.
// RUN: %{rows} --input=1x2x900x64xf16=nan --input=1x2x900x64xf16=nan --input=1xi64=0 | FileCheck %s --check-prefixes=CHECK,DEAD
// RUN: %{rows} --input=1x2x900x64xf16=nan --input=1x2x900x64xf16=nan --input=1xi64=1 | FileCheck %s --check-prefixes=CHECK,NAN
// Equal keys: the first ones and the local window are chosen.
// RUN: %{rows} --input=1x2x900x64xf16=0.5 --input=1x2x900x64xf16=random\(3\) --input=1xi64=777 | FileCheck %s
// DEAD: result 0: {{.*}} min 0 max 0 mean 0 nan 0
// NAN:  result 0: {{.*}} nan 128

// Channels of key_t in accesses of 16 bytes, four heads to a key, a mean that
// is given; another order of the warps.
// DEFINE: %{channels} = --function=channels --input=1x8x1x64xf32=random\(1\) --input=1x2x1500x64xf32=random\(2\) --input=1x2x1500x64xf32=random\(3\) --input=1x2x12x64x128xf32=random\(4\) --input=1x2x64xf32=random\(5\) --input=1xi64=1100
// RUN: %{run} %{channels} | FileCheck %s
// RUN: env ATTN_EMULATOR_SEED=7 %{run} %{channels} | FileCheck %s
// Tiles of a length that no access divides, rows one after the other.
// RUN: %{run} --function=narrow --input=2x1x4x40xf16=random\(1\) --input=2x300x2x40xf16=random\(2\) --input=2x300x2x24xf16=random\(3\) --input=2x2x21x40x15xf16=random\(4\) | FileCheck %s

// Many chosen keys: more than one block of threads attends to them.
// RUN: %{run} --function=many --input=1x1x1x16xf32=random\(1\) --input=1x1x2500x16xf32=random\(2\) --input=1x1x2500x16xf32=random\(3\) | FileCheck %s

// Several chunks of keys, the last block of which chooses: many candidates in a
// few chunks, all of them there are, and all keys equal.
// DEFINE: %{long} = %{run} --function=long --input=1x2x1x16xf16=random\(1\) --input=1x2x5000x16xf16=random\(2\) --input=1x2x5000x16xf16=random\(3\)
// RUN: %{long} --input=1xi64=5000 | FileCheck %s
// RUN: env ATTN_EMULATOR_SEED=7 %{long} --input=1xi64=4099 | FileCheck %s
// RUN: env ATTN_EMULATOR_SEED=8 %{long} --input=1xi64=1300 | FileCheck %s
// RUN: env ATTN_EMULATOR_SEED=9 %{run} --function=long --input=1x2x1x16xf16=random\(1\) --input=1x2x5000x16xf16=0.25 --input=1x2x5000x16xf16=random\(3\) --input=1xi64=5000 | FileCheck %s
// RUN: %{run} --function=long --input=1x2x1x16xf16=zeros --input=1x2x5000x16xf16=random\(2\) --input=1x2x5000x16xf16=random\(3\) --input=1xi64=4999 | FileCheck %s

// Orders of 64 bits.
// RUN: %{run} --function=wide --input=1x4x1x16xf64=random\(1\) --input=1x2x600x16xf64=random\(2\) --input=1x2x600x16xf64=random\(3\) | FileCheck %s

// Modifiers, and a mean value of each head.
// DEFINE: %{gqa} = --input=1x8x1x64xf32=random\(1\) --input=1x2x400x64xf32=random\(2\) --input=1x2x400x64xf32=random\(3\)
// RUN: %{run} --function=mask %{gqa} --input=1x8x1x400xi1=random\(7\) | FileCheck %s
// RUN: %{run} --function=mask %{gqa} --input=1x8x1x400xi1=zeros | FileCheck %s --check-prefixes=CHECK,DEAD
// RUN: %{run} --function=region %{gqa} --input=1x8x1x400xf32=random\(7\) | FileCheck %s
// RUN: %{run} --function=logit %{gqa} | FileCheck %s

// Pages, and 8 bits.
// RUN: %{run} --function=paged --input=1x4x1x16xf16=random\(1\) --input=7x2x32x16xi8=random\(2\) --input=7x2x32x16xi8=random\(3\) --input=1xi64=150 --input=1x5xi32=3 --input=1x2x160x1xf32=0.01 --input=1x2x160x1xf32=0.02 | FileCheck %s

// CHECK:      verify: result 0: max error
// CHECK-NOT:  FAILED

!q = tensor<1x8x1x64xf32>
!kv = tensor<1x2x?x64xf32>

func.func @rows(%q: tensor<1x2x1x64xf16>, %k: tensor<1x2x?x64xf16>, %v: tensor<1x2x?x64xf16>, %len: tensor<1xi64>) -> tensor<1x2x1x64xf16> {
  %o = attn.sparq %q, %k, %v kv_len(%len) rank(16) top_k(40) local_window(8)
    : (tensor<1x2x1x64xf16>, tensor<1x2x?x64xf16>, tensor<1x2x?x64xf16>, tensor<1xi64>) -> tensor<1x2x1x64xf16>
  return %o : tensor<1x2x1x64xf16>
}

func.func @channels(%q: !q, %k: !kv, %v: !kv, %kt: tensor<1x2x?x64x128xf32>, %mean: tensor<1x2x64xf32>, %len: tensor<1xi64>) -> !q {
  %o = attn.sparq %q, %k, %v kv_len(%len) rank(13) top_k(40) local_window(4) realloc(on) key_t(%kt) value_mean(%mean)
    : (!q, !kv, !kv, tensor<1xi64>, tensor<1x2x?x64x128xf32>, tensor<1x2x64xf32>) -> !q
  return %o : !q
}

func.func @narrow(%q: tensor<2x1x4x40xf16>, %k: tensor<2x300x2x40xf16>, %v: tensor<2x300x2x24xf16>, %kt: tensor<2x2x21x40x15xf16>) -> tensor<2x1x4x24xf16> {
  %o = attn.sparq %q, %k, %v layout(bshd) rank(9) top_k(20) realloc(on) key_t(%kt)
    : (tensor<2x1x4x40xf16>, tensor<2x300x2x40xf16>, tensor<2x300x2x24xf16>, tensor<2x2x21x40x15xf16>) -> tensor<2x1x4x24xf16>
  return %o : tensor<2x1x4x24xf16>
}

func.func @many(%q: tensor<1x1x1x16xf32>, %k: tensor<1x1x?x16xf32>, %v: tensor<1x1x?x16xf32>) -> tensor<1x1x1x16xf32> {
  %o = attn.sparq %q, %k, %v rank(8) top_k(1300) realloc(on)
    : (tensor<1x1x1x16xf32>, tensor<1x1x?x16xf32>, tensor<1x1x?x16xf32>) -> tensor<1x1x1x16xf32>
  return %o : tensor<1x1x1x16xf32>
}

func.func @long(%q: tensor<1x2x1x16xf16>, %k: tensor<1x2x?x16xf16>, %v: tensor<1x2x?x16xf16>, %len: tensor<1xi64>) -> tensor<1x2x1x16xf16> {
  %o = attn.sparq %q, %k, %v kv_len(%len) rank(8) top_k(1300) local_window(30) realloc(on)
    : (tensor<1x2x1x16xf16>, tensor<1x2x?x16xf16>, tensor<1x2x?x16xf16>, tensor<1xi64>) -> tensor<1x2x1x16xf16>
  return %o : tensor<1x2x1x16xf16>
}

func.func @wide(%q: tensor<1x4x1x16xf64>, %k: tensor<1x2x?x16xf64>, %v: tensor<1x2x?x16xf64>) -> tensor<1x4x1x16xf64> {
  %o = attn.sparq %q, %k, %v rank(8) top_k(50) local_window(3) realloc(on)
    : (tensor<1x4x1x16xf64>, tensor<1x2x?x16xf64>, tensor<1x2x?x16xf64>) -> tensor<1x4x1x16xf64>
  return %o : tensor<1x4x1x16xf64>
}

func.func @mask(%q: !q, %k: !kv, %v: !kv, %m: tensor<1x8x1x?xi1>) -> !q {
  %o = attn.sparq %q, %k, %v mask(%m) rank(16) top_k(32) local_window(8) realloc(on)
    : (!q, !kv, !kv, tensor<1x8x1x?xi1>) -> !q
  return %o : !q
}

func.func @region(%q: !q, %k: !kv, %v: !kv, %b: tensor<1x8x1x?xf32>) -> !q {
  %o = attn.sparq %q, %k, %v softcap(5.0) bias(%b) rank(16) top_k(32) realloc(on) score {
  ^bb0(%s: f32, %b0: index, %h: index, %i: index, %j: index):
    %n = arith.index_cast %j : index to i32
    %x = arith.sitofp %n : i32 to f32
    %c = arith.constant 0.01 : f32
    %y = arith.mulf %x, %c : f32
    %r = arith.addf %s, %y : f32
    attn.yield %r : f32
  } : (!q, !kv, !kv, tensor<1x8x1x?xf32>) -> !q
  return %o : !q
}

func.func @logit(%q: !q, %k: !kv, %v: !kv) -> !q {
  %o = attn.sparq %q, %k, %v rank(16) top_k(32) realloc(on) group_reduce(logit)
    : (!q, !kv, !kv) -> !q
  return %o : !q
}

func.func @paged(%q: tensor<1x4x1x16xf16>, %k: tensor<?x2x32x16xi8>, %v: tensor<?x2x32x16xi8>, %len: tensor<1xi64>, %t: tensor<1x5xi32>, %ks: tensor<1x2x160x1xf32>, %vs: tensor<1x2x160x1xf32>) -> tensor<1x4x1x16xf16> {
  %o = attn.sparq %q, %k, %v kv_len(%len) key_scale(%ks) value_scale(%vs) page_table(%t) rank(8) top_k(50) realloc(on)
    : (tensor<1x4x1x16xf16>, tensor<?x2x32x16xi8>, tensor<?x2x32x16xi8>, tensor<1xi64>, tensor<1x2x160x1xf32>, tensor<1x2x160x1xf32>, tensor<1x5xi32>) -> tensor<1x4x1x16xf16>
  return %o : tensor<1x4x1x16xf16>
}
