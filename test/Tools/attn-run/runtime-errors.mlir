// What only running shows to be wrong: a message, exit code 1 and no output.
// DEFINE: %{function} =
// DEFINE: %{inputs} =
// DEFINE: %{more} =
// DEFINE: %{check} = not attn-run %s --function=%{function} %{inputs} %{more} 2>&1 | FileCheck %s --check-prefix

// REDEFINE: %{function} = attend
// REDEFINE: %{inputs} = --input=2x4x8x16xf32=0 --input=2x2x64x16xf32=0 --input=2x2x63x16xf32=0 --input=1x1x1x1xi1=1 --input=2xi64=9
// RUN: %{check}=KEYS --implicit-check-not=expects
// REDEFINE: %{more} = --strategy=dense
// RUN: %{check}=KEYS
// REDEFINE: %{more} = --strategy=blockwise{block-size-q=4} --verify=ops
// RUN: %{check}=KEYS
// KEYS: attn-run: error: {{.*}}runtime-errors.mlir:[[#]]:8: 'attn.sdpa' op expects key and value to agree on seq_len_kv, but 64 != 63
// RUN: %python %S/Inputs/exit-code.py 1 attn-run %s --function=attend %{inputs}
// RUN: rm -f %t.npy
// REDEFINE: %{more} = --output=@%t.npy --benchmark=1
// RUN: %{check}=KEYS
// RUN: not ls %t.npy

// REDEFINE: %{more} =
// REDEFINE: %{inputs} = --input=2x4x8x16xf32=0 --input=3x2x64x16xf32=0 --input=3x2x64x16xf32=0 --input=1x1x1x1xi1=1 --input=2xi64=9
// RUN: %{check}=BATCH
// BATCH: 'attn.sdpa' op expects query and key to agree on batch, but 2 != 3
// REDEFINE: %{inputs} = --input=2x4x8x16xf32=0 --input=2x3x64x16xf32=0 --input=2x3x64x16xf32=0 --input=1x1x1x1xi1=1 --input=2xi64=9
// RUN: %{check}=HEADS
// HEADS: 'attn.sdpa' op expects num_heads to be a multiple of num_kv_heads, but 4 % 3 != 0
// REDEFINE: %{inputs} = --input=2x4x8x16xf32=0 --input=2x0x64x16xf32=0 --input=2x0x64x16xf32=0 --input=1x1x1x1xi1=1 --input=2xi64=9
// RUN: %{check}=NO-HEADS
// NO-HEADS: 'attn.sdpa' op expects num_heads to be a multiple of num_kv_heads, but 0 < 1
// REDEFINE: %{inputs} = --input=2x4x8x16xf32=0 --input=2x2x64x16xf32=0 --input=2x2x64x16xf32=0 --input=1x1x7x64xi1=1 --input=2xi64=9
// RUN: %{check}=MASK
// MASK: 'attn.sdpa' op expects mask to have query's seq_len_q or 1, but 7 != 1 and 7 != 8
// REDEFINE: %{inputs} = --input=2x4x8x16xf32=0 --input=2x2x64x16xf32=0 --input=2x2x64x16xf32=0 --input=1x1x1x1xi1=1 --input=3xi64=9
// RUN: %{check}=LENGTHS
// LENGTHS: 'attn.sdpa' op expects kv_len to have query's batch or 1, but 3 != 1 and 3 != 2
// REDEFINE: %{inputs} = --input=2x4x8x16xf32=0 --input=2x2x64x16xf32=0 --input=2x2x64x16xf32=0 --input=1x1x1x1xi1=1 --input=2xi64=65
// RUN: %{check}=LONG
// LONG: 'attn.sdpa' op expects kv_len of at most seq_len_kv, but 65 > 64
// REDEFINE: %{inputs} = --input=2x4x8x16xf32=0 --input=2x2x64x16xf32=0 --input=2x2x64x16xf32=0 --input=1x1x1x1xi1=1 --input=2xi64=-1
// RUN: %{check}=NEGATIVE
// NEGATIVE: 'attn.sdpa' op expects kv_len of at least 0, but -1 < 0

// Sizes that fit, among them 1 where one serves all.
// DEFINE: %{good} = attn-run %s --function=attend --input=2x4x8x16xf32=random\(0\) --input=2x2x64x16xf32=random\(1\) --input=2x2x64x16xf32=random\(2\) --verify
// RUN: %{good} --input=1x1x1x1xi1=1 --input=1xi64=64 --guard-pages=end | FileCheck %s --check-prefix=GOOD
// RUN: %{good} --input=2x1x8x1xi1=1 --input=2xi64=0 --guard-pages=start | FileCheck %s --check-prefix=GOOD
// GOOD: verify: result 0: max error
!t = tensor<?x?x?x16xf32>
func.func @attend(%q: !t, %k: !t, %v: !t, %mask: tensor<?x?x?x?xi1>, %len: tensor<?xi64>) -> !t {
  %0 = attn.sdpa %q, %k, %v causal mask(%mask) kv_len(%len)
    : (!t, !t, !t, tensor<?xi64>, tensor<?x?x?x?xi1>) -> !t
  return %0 : !t
}

// Pages are followed below kv_len: with 5 keys the third entry is not read.
// DEFINE: %{paged} = attn-run %s --function=paged --input=1x4x8x16xf32=random\(0\) --input=7x2x4x16xf32=random\(1\)
// RUN: %{paged} --input=0:i32 --input=6:i32 --input=9:i32 --input=1xi64=5 --verify --guard-pages=end | FileCheck %s --check-prefix=GOOD
// RUN: not %{paged} --input=0:i32 --input=6:i32 --input=9:i32 --input=1xi64=9 2>&1 | FileCheck %s --check-prefix=PAGE
// PAGE: 'attn.sdpa' op expects page_table entries below kv_len to be pages of key, but 9 >= 7
// RUN: not %{paged} --input=0:i32 --input=-1:i32 --input=9:i32 --input=1xi64=5 2>&1 | FileCheck %s --check-prefix=NO-PAGE
// NO-PAGE: 'attn.sdpa' op expects page_table entries below kv_len to be pages of key, but -1 < 0
!q = tensor<1x4x8x16xf32>
!pool = tensor<?x2x4x16xf32>
func.func @paged(%q: !q, %kv: !pool, %p0: i32, %p1: i32, %p2: i32, %len: tensor<1xi64>) -> !q {
  %pages = tensor.from_elements %p0, %p1, %p2 : tensor<1x3xi32>
  %0 = attn.sdpa %q, %kv, %kv kv_len(%len) page_table(%pages)
    : (!q, !pool, !pool, tensor<1xi64>, tensor<1x3xi32>) -> !q
  return %0 : !q
}

// A check of the program's own, in the bodies of several threads.
// RUN: %python %S/Inputs/exit-code.py 1 attn-run %s --function=threads --input=1000xi32=7 --threads=4
// RUN: not attn-run %s --function=threads --input=1000xi32=7 --threads=4 2>&1 | FileCheck %s --check-prefix=THREADS --implicit-check-not=error
// THREADS: attn-run: error: {{.*}}runtime-errors.mlir:[[#]]:5: expects seven or eight not to be, but 7 >= 7
func.func @threads(%x: tensor<1000xi32>) -> tensor<1000xi32> {
  %c7 = arith.constant 7 : i32
  %0 = scf.forall (%i) in (1000) shared_outs(%o = %x) -> tensor<1000xi32> {
    %v = tensor.extract %x[%i] : tensor<1000xi32>
    %small = arith.cmpi slt, %v, %c7 : i32
    cf.assert %small, "expects seven or eight not to be"
    %s = tensor.from_elements %v : tensor<1xi32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %s into %o[%i] [1] [1] : tensor<1xi32> into tensor<1000xi32>
    }
  }
  return %0 : tensor<1000xi32>
}

// A check in a linalg body, as torch-mlir writes.
// RUN: not attn-run %s --function=body --input=3xi64=-1 2>&1 | FileCheck %s --check-prefix=BODY
// BODY: attn-run: error: {{.*}}:[[#]]:5: index must be larger or equal to 0, but -1 < 0
func.func @body(%x: tensor<3xi64>) -> tensor<3xi64> {
  %c0 = arith.constant 0 : i64
  %0 = linalg.generic {
      indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>],
      iterator_types = ["parallel"]}
    ins(%x : tensor<3xi64>) outs(%x : tensor<3xi64>) {
  ^bb0(%a: i64, %b: i64):
    %ok = arith.cmpi sge, %a, %c0 : i64
    cf.assert %ok, "index must be larger or equal to 0"
    linalg.yield %a : i64
  } -> tensor<3xi64>
  return %0 : tensor<3xi64>
}

// Upstream's own checks of linalg and tensor ops.
// RUN: not attn-run %s --function=add --input=4xf32=0 --input=3xf32=0 2>&1 | FileCheck %s --check-prefix=ADD
// ADD: attn-run: error: {{.*}}:[[#]]:8: 'linalg.add' op dimension #0 of input/output operand #1 is incompatible with inferred dimension size
// RUN: not attn-run %s --function=add --input=3xf32=0 --input=3xf32=0 2>&1 | FileCheck %s --check-prefix=CAST
// CAST: attn-run: error: {{.*}}:[[#]]:8: 'tensor.cast' op size mismatch of dim 0, but 3 != 4
// RUN: attn-run %s --function=add --input=4xf32=1 --input=4xf32=2 | FileCheck %s --check-prefix=SUM
// SUM: result 0: 4xf32 min 3 max 3
func.func @add(%a: tensor<?xf32>, %b: tensor<?xf32>) -> tensor<4xf32> {
  %0 = linalg.add ins(%a, %b : tensor<?xf32>, tensor<?xf32>) outs(%a : tensor<?xf32>) -> tensor<?xf32>
  %1 = tensor.cast %0 : tensor<?xf32> to tensor<4xf32>
  return %1 : tensor<4xf32>
}

// Shapes are computed with divisions, which trap.
// RUN: not attn-run %s --function=divide --input=7:i64 --input=0:i64 2>&1 | FileCheck %s --check-prefix=DIVIDE
// DIVIDE: attn-run: error: {{.*}}:[[#]]:8: 'arith.divsi' op expects a divisor other than 0, but 0 == 0
func.func @divide(%a: i64, %b: i64) -> i64 {
  %0 = arith.divsi %a, %b : i64
  return %0 : i64
}

// Dynamic scales and offsets of which one serves all.
// RUN: attn-run %s --function=scaled --input=2x4x20x16xf32=random\(0\) --input=2x4x70x16xi8=random\(1\) --input=1x4x70x1xf32=0.1 --input=1x1x1x16xf32=0.2 --input=1xi64=5 --verify --guard-pages=end | FileCheck %s --check-prefix=GOOD
// RUN: not attn-run %s --function=scaled --input=2x4x20x16xf32=0 --input=2x4x70x16xi8=0 --input=1x4x71x1xf32=0.1 --input=1x1x1x16xf32=0.2 --input=1xi64=5 2>&1 | FileCheck %s --check-prefix=SCALE
// SCALE: 'attn.sdpa' op expects key_scale to have seq_len_kv 70 or 1, but 71 != 1 and 71 != 70
// RUN: not attn-run %s --function=scaled --input=2x4x20x16xf32=0 --input=2x4x70x16xi8=0 --input=1x1x1x1xf32=0.1 --input=1x1x1x1xf32=0.2 --input=2xi64=281474976710657 2>&1 | FileCheck %s --check-prefix=OFFSET
// OFFSET: 'attn.sdpa' op expects causal_offset from -281474976710656 to 281474976710656, but 281474976710657 > 281474976710656
!wide = tensor<2x4x20x16xf32>
!narrow = tensor<2x4x70x16xi8>
!scale = tensor<?x?x?x?xf32>
func.func @scaled(%q: !wide, %kv: !narrow, %ks: !scale, %vs: !scale, %off: tensor<?xi64>) -> !wide {
  %0 = attn.sdpa %q, %kv, %kv causal causal_offset(%off) key_scale(%ks) value_scale(%vs)
    : (!wide, !narrow, !narrow, tensor<?xi64>, !scale, !scale) -> !wide
  return %0 : !wide
}
