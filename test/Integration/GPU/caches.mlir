// REQUIRES: numpy
// Caches and running states on emulated GPUs, against the reference.
// RUN: %python -c "import numpy; numpy.save(r'%t.npy', numpy.array([17, 0]))"
// DEFINE: %{run} = attn-run %s --target=cuda-emulated --verify

// One token, a prompt over several blocks of threads and tiles of key_t, none;
// positions of their own. What does not fit is not written.
// RUN: %{run} --function=append --input=2x3x1x8xf16=random\(1\) --input=2x3x1x5xf16=random\(2\) --input=@%t.npy --input=2x3x70x8xf16=random\(3\) --input=2x3x70x5xf16=random\(4\) --input=2x3x6x8x16xf16=random\(5\) | FileCheck %s
// RUN: %{run} --function=append --input=2x3x45x8xf16=random\(1\) --input=2x3x45x5xf16=random\(2\) --input=@%t.npy --input=2x3x70x8xf16=random\(3\) --input=2x3x70x5xf16=random\(4\) --input=2x3x6x8x16xf16=random\(5\) | FileCheck %s
// RUN: %{run} --function=append --input=2x3x0x8xf16=random\(1\) --input=2x3x0x5xf16=random\(2\) --input=@%t.npy --input=2x3x70x8xf16=random\(3\) --input=2x3x70x5xf16=random\(4\) --input=2x3x6x8x16xf16=random\(5\) | FileCheck %s
// RUN: attn-run %s --target=cuda-emulated --function=append --input=2x3x60x8xf16=5 --input=2x3x60x5xf16=5 --input=@%t.npy --input=2x3x70x8xf16=1 --input=2x3x70x5xf16=1 --input=2x3x6x8x16xf16=1 | FileCheck %s --check-prefix=FULL
// 60 of 70 rows of one of two entries are 5.
// FULL: inout k: {{.*}} mean 2.71429
// FULL: inout v: {{.*}} mean 2.71429

// Bytes, in the layout of tokens first, and a position for all.
// RUN: %{run} --function=bytes --input=1x33x2x4xi8=7 --input=3:index --input=1x40x2x4xi8=zeros | FileCheck %s
// RUN: %{run} --function=float8 --input=1x2x3x4xf8E4M3FN=1.5 --input=3:index --input=1x2x8x4xf8E4M3FN=0.5 | FileCheck %s

// A mean of none is what comes first; many tokens, one more, in any layout.
// RUN: %{run} --function=mean --input=2x3x1x40xf16=random\(1\) --input=0:index --input=2x3x40xf32=nan | FileCheck %s
// RUN: %{run} --function=mean --input=2x3x1x40xf16=random\(1\) --input=9:index --input=2x3x40xf32=random\(2\) | FileCheck %s
// RUN: %{run} --function=mean --input=2x3x301x40xf16=random\(1\) --input=9:index --input=2x3x40xf32=random\(2\) | FileCheck %s
// RUN: env ATTN_EMULATOR_SEED=7 %{run} --function=mean --input=2x3x301x40xf16=random\(1\) --input=0:index --input=2x3x40xf32=nan | FileCheck %s
// RUN: %{run} --function=mean --input=2x3x0x40xf16=random\(1\) --input=0:index --input=2x3x40xf32=nan | FileCheck %s
// RUN: %{run} --function=means --input=1x50x2x300xf64=random\(1\) --input=1xi64=4 --input=1x2x300xf64=random\(2\) | FileCheck %s
// One after the other, infinities become NaN, but the last does not.
// RUN: %{run} --function=mean --input=1x3x4x40xf16=inf --input=0:index --input=1x3x40xf32=0 | FileCheck %s --check-prefixes=CHECK,NAN
// RUN: %{run} --function=mean --input=1x3x1x40xf16=inf --input=5:index --input=1x3x40xf32=0 | FileCheck %s --check-prefixes=CHECK,INF
// NAN: result 0: {{.*}} nan 120
// INF: result 0: {{.*}} min inf max inf {{.*}} nan 0

// A state that goes through two ranges of keys, of several splits; one in which
// nothing is seen.
// DEFINE: %{online} = %{run} --function=online --input=1x4x3x64xf16=random\(1\)
// RUN: %{online} --input=1x2x40x64xf16=random\(2\) --input=1x2x1500x64xf16=random\(3\) --input=1xi64=1400 | FileCheck %s
// RUN: env ATTN_EMULATOR_SEED=7 %{online} --input=1x2x40x64xf16=random\(2\) --input=1x2x1500x64xf16=random\(3\) --input=1xi64=20 | FileCheck %s
// RUN: %{online} --input=1x2x40x64xf16=nan --input=1x2x150x64xf16=nan --input=1xi64=0 | FileCheck %s --check-prefixes=CHECK,DEAD
// DEAD: result 0: {{.*}} min 0 max 0 mean 0 nan 0
// DEAD: result 1: {{.*}} min -inf max -inf
// RUN: %{run} --function=state --input=1x2x5x64xf32=random\(1\) --input=1x2x70x64xf32=random\(2\) --input=1x2x5x64xf32=random\(3\) --input=1x2x5xf32=0.5 --input=1x2x5xf32=2.5 | FileCheck %s

// What is copied because it must stay.
// RUN: %{run} --function=keeps --input=1x2x3x4xf32=random\(1\) --input=2:index --input=1x2x8x4xf32=random\(2\) | FileCheck %s

// CHECK:      verify: result 0: max error
// CHECK-NOT:  FAILED

!new_k = tensor<?x3x?x8xf16>
!new_v = tensor<?x3x?x5xf16>
!kt = tensor<?x3x?x8x16xf16>

func.func @append(%nk: !new_k, %nv: !new_v, %pos: tensor<?xi64>,
    %k: !new_k {attn.inout}, %v: !new_v {attn.inout}, %kt: !kt {attn.inout})
    -> (!new_k, !new_v, !kt) {
  %r:3 = attn.kv_append ins(%nk, %nv, %pos) outs(%k, %v, %kt)
    : (!new_k, !new_v, tensor<?xi64>, !new_k, !new_v, !kt)
    -> (!new_k, !new_v, !kt)
  return %r#0, %r#1, %r#2 : !new_k, !new_v, !kt
}

!i8 = tensor<1x?x2x4xi8>
func.func @bytes(%new: !i8, %pos: index, %k: !i8 {attn.inout}) -> !i8 {
  %r:2 = attn.kv_append ins(%new, %new, %pos layout(bshd)) outs(%k, %k)
    : (!i8, !i8, index, !i8, !i8) -> (!i8, !i8)
  return %r#0 : !i8
}

!f8 = tensor<1x2x?x4xf8E4M3FN>
func.func @float8(%new: !f8, %pos: index, %k: !f8 {attn.inout}) -> !f8 {
  %r:2 = attn.kv_append ins(%new, %new, %pos) outs(%k, %k)
    : (!f8, !f8, index, !f8, !f8) -> (!f8, !f8)
  return %r#0 : !f8
}

func.func @mean(%new: tensor<?x3x?x40xf16>, %n: index,
    %m: tensor<?x3x40xf32> {attn.inout}) -> tensor<?x3x40xf32> {
  %r = attn.running_mean ins(%new, %n) outs(%m)
    : (tensor<?x3x?x40xf16>, index, tensor<?x3x40xf32>) -> tensor<?x3x40xf32>
  return %r : tensor<?x3x40xf32>
}

func.func @means(%new: tensor<1x?x2x300xf64>, %n: tensor<1xi64>,
    %m: tensor<1x2x300xf64> {attn.inout}) -> tensor<1x2x300xf64> {
  %r = attn.running_mean ins(%new, %n layout(bshd)) outs(%m)
    : (tensor<1x?x2x300xf64>, tensor<1xi64>, tensor<1x2x300xf64>)
    -> tensor<1x2x300xf64>
  return %r : tensor<1x2x300xf64>
}

!q = tensor<1x4x3x64xf16>
!kv = tensor<1x2x?x64xf16>
!acc = tensor<1x4x3x64xf32>
!row = tensor<1x4x3xf32>

func.func @online(%q: !q, %k1: !kv, %k2: !kv, %len: tensor<1xi64>)
    -> (!q, !row) {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %n = tensor.dim %k1, %c2 : !kv
  %a = arith.constant dense<0.0> : !acc
  %m = arith.constant dense<0xFF800000> : !row
  %l = arith.constant dense<0.0> : !row
  %x:3 = attn.online ins(%q, %k1, %k1 kv_len(%len)) outs(%a, %m, %l)
    : (!q, !kv, !kv, tensor<1xi64>, !acc, !row, !row) -> (!acc, !row, !row)
  %y:3 = attn.online ins(%q, %k2, %k2 kv_len(%len) offsets(%c0, %c0, %c0, %n))
      outs(%x#0, %x#1, %x#2)
    : (!q, !kv, !kv, tensor<1xi64>, index, index, index, index, !acc, !row,
       !row) -> (!acc, !row, !row)
  %o = tensor.empty() : !q
  %e = tensor.empty() : !row
  %r:2 = attn.finalize ins(%y#0, %y#1, %y#2) outs(%o, %e)
    : (!acc, !row, !row, !q, !row) -> (!q, !row)
  return %r#0, %r#1 : !q, !row
}

// The state itself: a maximum is a maximum of scores.
func.func @state(%q: tensor<1x2x5x64xf32>, %k: tensor<1x2x70x64xf32>,
    %a: tensor<1x2x5x64xf32>, %m: tensor<1x2x5xf32>, %l: tensor<1x2x5xf32>)
    -> (tensor<1x2x5x64xf32>, tensor<1x2x5xf32>, tensor<1x2x5xf32>) {
  %x:3 = attn.online ins(%q, %k, %k causal) outs(%a, %m, %l)
    : (tensor<1x2x5x64xf32>, tensor<1x2x70x64xf32>, tensor<1x2x70x64xf32>,
       tensor<1x2x5x64xf32>, tensor<1x2x5xf32>, tensor<1x2x5xf32>)
    -> (tensor<1x2x5x64xf32>, tensor<1x2x5xf32>, tensor<1x2x5xf32>)
  return %x#0, %x#1, %x#2
    : tensor<1x2x5x64xf32>, tensor<1x2x5xf32>, tensor<1x2x5xf32>
}

func.func @keeps(%new: tensor<1x2x?x4xf32>, %pos: index,
    %k: tensor<1x2x?x4xf32>) -> (tensor<1x2x?x4xf32>, tensor<1x2x?x4xf32>) {
  %r:2 = attn.kv_append ins(%new, %new, %pos) outs(%k, %k)
    : (tensor<1x2x?x4xf32>, tensor<1x2x?x4xf32>, index, tensor<1x2x?x4xf32>,
       tensor<1x2x?x4xf32>) -> (tensor<1x2x?x4xf32>, tensor<1x2x?x4xf32>)
  return %r#0, %k : tensor<1x2x?x4xf32>, tensor<1x2x?x4xf32>
}
