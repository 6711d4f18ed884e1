// State that cannot be made for who leaves it out.
// RUN: split-file %s %t
// DEFINE: %{inputs} = --input=1x2x1x16xf32=random\(1\) --input=1x2x40x16xf32=random\(2\)

// RUN: not attn-run %t/no-prepare.mlir %{inputs} 2>&1 | FileCheck %s --check-prefix=PREPARE
// PREPARE: attn-run: error: no --input for %mean, and no function 'f_prepare' that makes it of the caches
//--- no-prepare.mlir
!q = tensor<1x2x1x16xf32>
!kv = tensor<1x2x?x16xf32>
!m = tensor<1x2x16xf32>
func.func @f(%q: !q, %kv: !kv, %mean: !m {attn.state = "value_mean of argument 1"}) -> !q {
  %o = attn.sparq %q, %kv, %kv rank(4) top_k(8) value_mean(%mean) : (!q, !kv, !kv, !m) -> !q
  return %o : !q
}

//--- no-prepare.test
// RUN: not attn-run %t/other-type.mlir %{inputs} 2>&1 | FileCheck %s --check-prefix=TYPE
// TYPE: attn-run: error: no --input for %mean, and 'f_prepare' does not make it: it is not of type (caches, kv_len, states) -> states
//--- other-type.mlir
!q = tensor<1x2x1x16xf32>
!kv = tensor<1x2x?x16xf32>
!m = tensor<1x2x16xf32>
func.func @f(%q: !q, %kv: !kv, %mean: !m {attn.state = "value_mean of argument 1"}) -> !q {
  %o = attn.sparq %q, %kv, %kv rank(4) top_k(8) value_mean(%mean) : (!q, !kv, !kv, !m) -> !q
  return %o : !q
}
func.func @f_prepare(%kv: !kv, %mean: !m {attn.inout}) -> !m {
  return %mean : !m
}

//--- other-type.test
// RUN: not attn-run %t/unread.mlir %{inputs} 2>&1 | FileCheck %s --check-prefix=UNREAD
// UNREAD: attn-run: error: no --input for %mean, and no attn.sparq reads it
//--- unread.mlir
!q = tensor<1x2x1x16xf32>
!kv = tensor<1x2x?x16xf32>
!m = tensor<1x2x16xf32>
func.func @f(%q: !q, %kv: !kv, %mean: !m {attn.state = "value_mean of argument 1"}) -> !q {
  %o = attn.sparq %q, %kv, %kv rank(4) top_k(8) : (!q, !kv, !kv) -> !q
  return %o : !q
}
func.func @f_prepare(%kv: !kv, %len: tensor<1xi64>, %mean: !m {attn.inout}) -> !m {
  return %mean : !m
}

//--- unread.test
// RUN: not attn-run %t/computed.mlir %{inputs} 2>&1 | FileCheck %s --check-prefix=COMPUTED
// COMPUTED: attn-run: error: no --input for %mean, and its cache is not an argument
//--- computed.mlir
!q = tensor<1x2x1x16xf32>
!kv = tensor<1x2x?x16xf32>
!m = tensor<1x2x16xf32>
func.func @f(%q: !q, %kv: !kv, %mean: !m {attn.state = "value_mean of argument 1"}) -> !q {
  %v = math.absf %kv : !kv
  %o = attn.sparq %q, %kv, %v rank(4) top_k(8) value_mean(%mean) : (!q, !kv, !kv, !m) -> !q
  return %o : !q
}
func.func @f_prepare(%kv: !kv, %len: tensor<1xi64>, %mean: !m {attn.inout}) -> !m {
  return %mean : !m
}

//--- computed.test
// RUN: not attn-run %t/branch.mlir %{inputs} 2>&1 | FileCheck %s --check-prefix=BRANCH
// BRANCH: attn-run: error: no --input for %mean, and the number of tokens in its caches is not clear
//--- branch.mlir
!q = tensor<1x2x1x16xf32>
!kv = tensor<1x2x?x16xf32>
!m = tensor<1x2x16xf32>
func.func @f(%q: !q, %kv: !kv, %mean: !m {attn.state = "value_mean of argument 1"}) -> !q {
  %c2 = arith.constant 2 : index
  %n = tensor.dim %kv, %c2 : !kv
  %b = arith.cmpi sgt, %n, %c2 : index
  %o = scf.if %b -> !q {
    %0 = attn.sparq %q, %kv, %kv rank(4) top_k(8) value_mean(%mean) : (!q, !kv, !kv, !m) -> !q
    scf.yield %0 : !q
  } else {
    scf.yield %q : !q
  }
  return %o : !q
}
func.func @f_prepare(%kv: !kv, %len: tensor<1xi64>, %mean: !m {attn.inout}) -> !m {
  return %mean : !m
}

//--- branch.test
// Two caches of different lengths, which one kv_len cannot describe.
// RUN: not attn-run %t/lengths.mlir --strategy="sparq{rank=4 top-k=8 state=args}" --input=1x2x1x16xf32=random\(1\) --input=1x2x40x16xf32=random\(2\) --input=1x2x40x16xf32=random\(3\) --input=1xi64=20 --input=1xi64=30 2>&1 | FileCheck %s --check-prefix=LENGTHS
// RUN: attn-run %t/lengths.mlir --strategy="sparq{rank=4 top-k=8 state=args}" --input=1x2x1x16xf32=random\(1\) --input=1x2x40x16xf32=random\(2\) --input=1x2x40x16xf32=random\(3\) --input=1xi64=20 --input=1xi64=20 --verify 2>&1 | FileCheck %s --check-prefix=SAME
// LENGTHS: attn-run: error: no --input for %key_t, and its caches hold different numbers of tokens
// SAME: state: f_prepare made key_t, value_mean, key_t_k2, value_mean_k2 of 20 tokens
// SAME-NOT: FAILED
//--- lengths.mlir
!q = tensor<1x2x1x16xf32>
!kv = tensor<1x2x?x16xf32>
func.func @f(%q: !q, %k: !kv, %k2: !kv, %n: tensor<1xi64>, %n2: tensor<1xi64>) -> !q {
  %0 = attn.sdpa %q, %k, %k kv_len(%n) : (!q, !kv, !kv, tensor<1xi64>) -> !q
  %1 = attn.sdpa %0, %k2, %k2 kv_len(%n2) : (!q, !kv, !kv, tensor<1xi64>) -> !q
  return %1 : !q
}
