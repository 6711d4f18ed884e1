// RUN: attn-opt %s --convert-attn-to-vector --split-input-file --verify-diagnostics

// What a kernel is held up by is said, with the way out.

!q = memref<1x2x32x20xf32>
!s = memref<1x2x32xf32>

func.func @columns(%q: !q, %v: memref<1x2x32x260xf32>, %m: !s) {
  // expected-remark @below {{the kernel moves the last columns of a row one by one, because a head_dim of 20 is not a multiple of 8; pad it with zeros}}
  // expected-remark @below {{the kernel moves the last columns of a row one by one, because a head_dim_v of 260 is not a multiple of 8; pad it with zeros}}
  // expected-remark @below {{the kernel keeps a panel outside of the L1 cache, because of a head_dim_v of 260; at most 256 stays inside}}
  attn.online ins(%q, %q, %v) outs(%v, %m, %m)
    : (!q, !q, memref<1x2x32x260xf32>, memref<1x2x32x260xf32>, !s, !s) -> ()
  return
}

// -----

!q = memref<1x2x32x16xf32>
!t = memref<1x2x32x16xf32, strided<[?, ?, ?, ?], offset: ?>>
!s = memref<1x2x32xf32>

func.func @strided(%q: !q, %t: !t, %m: !s,
                   %b: memref<1x1x1x32xf32, strided<[32, 32, 32, 2]>>) {
  // expected-remark @below {{the kernel reads key one element at a time, because its innermost stride is not known to be 1; copy it to rows of adjacent elements first}}
  // expected-remark @below {{the kernel reads value one element at a time}}
  // expected-remark @below {{the kernel reads bias one element at a time}}
  attn.online ins(%q, %t, %t bias(%b)) outs(%q, %m, %m)
    : (!q, !t, !t, memref<1x1x1x32xf32, strided<[32, 32, 32, 2]>>, !q, !s, !s)
      -> ()
  return
}

// -----

!q = memref<1x2x32x16xf32>
!s = memref<1x2x32xf32>

func.func @branch(%q: !q, %m: !s) {
  // expected-remark @below {{the kernel applies the score region to one score at a time, because 'scf.if' has no form for vectors; use elementwise ops, such as arith.select for a branch}}
  attn.online ins(%q, %q, %q) outs(%q, %m, %m) score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %is = arith.cmpi slt, %i, %j : index
    %r = scf.if %is -> f32 {
      %n = arith.negf %s : f32
      scf.yield %n : f32
    } else {
      scf.yield %s : f32
    }
    attn.yield %r : f32
  } : (!q, !q, !q, !q, !s, !s) -> ()
  return
}

// -----

!q = memref<1x1x24x16xf32>
!s = memref<1x1x24xf32>

func.func @narrow(%q: !q, %m: !s) {
  // expected-remark @below {{the kernel uses 24 of 32 lanes, because that many query rows share a key head; tile with a larger block-size-q}}
  attn.online ins(%q, %q, %q) outs(%q, %m, %m)
    : (!q, !q, !q, !q, !s, !s) -> ()
  return
}

// -----

!q = memref<1x1x32x4096xf32>
!s = memref<1x1x32xf32>

func.func @small_blocks(%q: !q, %m: !s) {
  // expected-remark @below {{because of a head_dim of 4096}}
  // expected-remark @below {{because of a head_dim_v of 4096}}
  // expected-remark @below {{the kernel updates sums every 16 keys instead of 128, so that scratch stays in the L2 cache; use a smaller head_dim}}
  attn.online ins(%q, %q, %q) outs(%q, %m, %m)
    : (!q, !q, !q, !q, !s, !s) -> ()
  return
}

// -----

!q = memref<1x2x64x64xf32>
!kv = memref<1x1x?x64xf32>
!s = memref<1x2x64xf32>

// Nothing to say: whole panels, adjacent elements, a region of vectors.
func.func @fast(%q: !q, %k: !kv, %m: !s, %bias: memref<1x1x1x?xf32>) {
  attn.online ins(%q, %k, %k causal bias(%bias)) outs(%q, %m, %m) score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %r = arith.addf %s, %s : f32
    attn.yield %r : f32
  } : (!q, !kv, !kv, memref<1x1x1x?xf32>, !q, !s, !s) -> ()
  return
}
