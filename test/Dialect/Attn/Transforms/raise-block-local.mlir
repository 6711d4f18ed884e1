// RUN: attn-opt %s --attn-raise 2>%t.remarks \
// RUN:   | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK --implicit-check-not=remark: < %t.remarks
// RUN: attn-opt %s --attn-raise="finite-masks=bias" 2>/dev/null \
// RUN:   | FileCheck %s --check-prefix=BIAS
// RUN: attn-opt %s --attn-raise="report=-" -o /dev/null 2>/dev/null \
// RUN:   | FileCheck %s --check-prefix=REPORT

// Ways to say i / T == j / T, and what else a mask says within blocks, that the
// captured programs do not have.

#qmap = affine_map<(b, h, i, j, d) -> (b, h, i, d)>
#kmap = affine_map<(b, h, i, j, d) -> (b, h, j, d)>
#smap = affine_map<(b, h, i, j, d) -> (b, h, i, j)>
#all = affine_map<(b, h, i, j) -> (b, h, i, j)>
#rows = affine_map<(b, h, i, j) -> (i, j)>
!q = tensor<2x4x12x8xf32>
!k = tensor<2x4x20x8xf32>
!s = tensor<2x4x12x20xf32>
!m = tensor<12x20xf32>

// Division of index values, and a causal edge.
// CHECK-LABEL: func.func @index_division(
// CHECK:         attn.block_local {{.*}} causal scale(1.000000e+00) block_len(4) :
func.func @index_division(%q: !q, %k: !k, %v: !k) -> !q {
  %zero = arith.constant 0.0 : f32
  %inf = arith.constant 0xFF800000 : f32
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %x = linalg.contract indexing_maps = [#qmap, #kmap, #smap]
    ins(%q, %k : !q, !k) outs(%s1 : !s) -> !s
  %s = linalg.generic {indexing_maps = [#all, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x : !s) outs(%s0 : !s) {
  ^bb0(%in: f32, %out: f32):
    %i = linalg.index 2 : index
    %j = linalg.index 3 : index
    %c4 = arith.constant 4 : index
    %bi4 = arith.divui %i, %c4 : index
    %bj4 = arith.divui %j, %c4 : index
    %e4 = arith.cmpi eq, %bi4, %bj4 : index
    %e = arith.cmpi sle, %j, %i : index
    %c = arith.andi %e4, %e : i1
    %r = arith.select %c, %in, %inf : f32
    linalg.yield %r : f32
  } -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o0 = tensor.empty() : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %o = linalg.contract indexing_maps = [#smap, #kmap, #qmap]
    ins(%p, %v : !s, !k) outs(%o1 : !q) -> !q
  return %o : !q
}

// Signed division rounds towards zero, which is down here.
// CHECK-LABEL: func.func @signed_division(
// CHECK:         attn.block_local {{.*}} scale(1.000000e+00) block_len(3) :
func.func @signed_division(%q: !q, %k: !k, %v: !k) -> !q {
  %zero = arith.constant 0.0 : f32
  %inf = arith.constant 0xFF800000 : f32
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %x = linalg.contract indexing_maps = [#qmap, #kmap, #smap]
    ins(%q, %k : !q, !k) outs(%s1 : !s) -> !s
  %s = linalg.generic {indexing_maps = [#all, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x : !s) outs(%s0 : !s) {
  ^bb0(%in: f32, %out: f32):
    %i = linalg.index 2 : index
    %j = linalg.index 3 : index
    %n = arith.constant 3 : i64
    %i64 = arith.index_cast %i : index to i64
    %j64 = arith.index_cast %j : index to i64
    %bi = arith.divsi %i64, %n : i64
    %bj = arith.floordivsi %j64, %n : i64
    %c = arith.cmpi eq, %bi, %bj : i64
    %r = arith.select %c, %in, %inf : f32
    linalg.yield %r : f32
  } -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o0 = tensor.empty() : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %o = linalg.contract indexing_maps = [#smap, #kmap, #qmap]
    ins(%p, %v : !s, !k) outs(%o1 : !q) -> !q
  return %o : !q
}

// First positions of blocks are compared.
// CHECK-LABEL: func.func @multiples(
// CHECK:         attn.block_local {{.*}} scale(1.000000e+00) block_len(4) :
func.func @multiples(%q: !q, %k: !k, %v: !k) -> !q {
  %zero = arith.constant 0.0 : f32
  %inf = arith.constant 0xFF800000 : f32
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %x = linalg.contract indexing_maps = [#qmap, #kmap, #smap]
    ins(%q, %k : !q, !k) outs(%s1 : !s) -> !s
  %s = linalg.generic {indexing_maps = [#all, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x : !s) outs(%s0 : !s) {
  ^bb0(%in: f32, %out: f32):
    %i = linalg.index 2 : index
    %j = linalg.index 3 : index
    %n = arith.constant 4 : index
    %ri = arith.remui %i, %n : index
    %bj = arith.divui %j, %n : index
    %fi = arith.subi %i, %ri : index
    %fj = arith.muli %bj, %n : index
    %c = arith.cmpi eq, %fi, %fj : index
    %r = arith.select %c, %in, %inf : f32
    linalg.yield %r : f32
  } -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o0 = tensor.empty() : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %o = linalg.contract indexing_maps = [#smap, #kmap, #qmap]
    ins(%p, %v : !s, !k) outs(%o1 : !q) -> !q
  return %o : !q
}

// Blocks of blocks.
// CHECK-LABEL: func.func @divided_twice(
// CHECK:         attn.block_local {{.*}} scale(1.000000e+00) block_len(6) :
func.func @divided_twice(%q: !q, %k: !k, %v: !k) -> !q {
  %zero = arith.constant 0.0 : f32
  %inf = arith.constant 0xFF800000 : f32
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %x = linalg.contract indexing_maps = [#qmap, #kmap, #smap]
    ins(%q, %k : !q, !k) outs(%s1 : !s) -> !s
  %s = linalg.generic {indexing_maps = [#all, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x : !s) outs(%s0 : !s) {
  ^bb0(%in: f32, %out: f32):
    %i = linalg.index 2 : index
    %j = linalg.index 3 : index
    %two = arith.constant 2 : index
    %three = arith.constant 3 : index
    %six = arith.constant 6 : index
    %i2 = arith.divui %i, %two : index
    %bi = arith.divui %i2, %three : index
    %bj = arith.divui %j, %six : index
    %c = arith.cmpi eq, %bi, %bj : index
    %r = arith.select %c, %in, %inf : f32
    linalg.yield %r : f32
  } -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o0 = tensor.empty() : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %o = linalg.contract indexing_maps = [#smap, #kmap, #qmap]
    ins(%p, %v : !s, !k) outs(%o1 : !q) -> !q
  return %o : !q
}

// f32 divides these few positions exactly enough.
// CHECK-LABEL: func.func @float_division(
// CHECK:         attn.block_local {{.*}} scale(1.000000e+00) block_len(5) :
func.func @float_division(%q: !q, %k: !k, %v: !k) -> !q {
  %zero = arith.constant 0.0 : f32
  %inf = arith.constant 0xFF800000 : f32
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %x = linalg.contract indexing_maps = [#qmap, #kmap, #smap]
    ins(%q, %k : !q, !k) outs(%s1 : !s) -> !s
  %s = linalg.generic {indexing_maps = [#all, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x : !s) outs(%s0 : !s) {
  ^bb0(%in: f32, %out: f32):
    %i = linalg.index 2 : index
    %j = linalg.index 3 : index
    %n = arith.constant 5.0 : f32
    %i64 = arith.index_cast %i : index to i64
    %j64 = arith.index_cast %j : index to i64
    %if = arith.sitofp %i64 : i64 to f32
    %jf = arith.sitofp %j64 : i64 to f32
    %iq = arith.divf %if, %n : f32
    %jq = arith.divf %jf, %n : f32
    %ir = math.floor %iq : f32
    %bi = arith.fptosi %ir : f32 to i64
    %bj = arith.fptosi %jq : f32 to i64
    %c = arith.cmpi eq, %bi, %bj : i64
    %r = arith.select %c, %in, %inf : f32
    linalg.yield %r : f32
  } -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o0 = tensor.empty() : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %o = linalg.contract indexing_maps = [#smap, #kmap, #qmap]
    ins(%p, %v : !s, !k) outs(%o1 : !q) -> !q
  return %o : !q
}

// One condition for each reason to exclude.
// CHECK-LABEL: func.func @excluded_by_or(
// CHECK:         attn.block_local {{.*}} causal scale(1.000000e+00) block_len(4) :
func.func @excluded_by_or(%q: !q, %k: !k, %v: !k) -> !q {
  %zero = arith.constant 0.0 : f32
  %inf = arith.constant 0xFF800000 : f32
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %x = linalg.contract indexing_maps = [#qmap, #kmap, #smap]
    ins(%q, %k : !q, !k) outs(%s1 : !s) -> !s
  %s = linalg.generic {indexing_maps = [#all, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x : !s) outs(%s0 : !s) {
  ^bb0(%in: f32, %out: f32):
    %i = linalg.index 2 : index
    %j = linalg.index 3 : index
    %c4 = arith.constant 4 : index
    %bi4 = arith.divui %i, %c4 : index
    %bj4 = arith.divui %j, %c4 : index
    %e4 = arith.cmpi ne, %bi4, %bj4 : index
    %later = arith.cmpi sgt, %j, %i : index
    %both = arith.ori %later, %e4 : i1
    %true = arith.constant true
    %c = arith.xori %both, %true : i1
    %r = arith.select %c, %in, %inf : f32
    linalg.yield %r : f32
  } -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o0 = tensor.empty() : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %o = linalg.contract indexing_maps = [#smap, #kmap, #qmap]
    ins(%p, %v : !s, !k) outs(%o1 : !q) -> !q
  return %o : !q
}

// No key before the block, none after the row: no equality at all.
// CHECK-LABEL: func.func @from_the_left(
// CHECK:         attn.block_local {{.*}} causal scale(1.000000e+00) block_len(4) :
func.func @from_the_left(%q: !q, %k: !k, %v: !k) -> !q {
  %zero = arith.constant 0.0 : f32
  %inf = arith.constant 0xFF800000 : f32
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %x = linalg.contract indexing_maps = [#qmap, #kmap, #smap]
    ins(%q, %k : !q, !k) outs(%s1 : !s) -> !s
  %s = linalg.generic {indexing_maps = [#all, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x : !s) outs(%s0 : !s) {
  ^bb0(%in: f32, %out: f32):
    %i = linalg.index 2 : index
    %j = linalg.index 3 : index
    %c4 = arith.constant 4 : index
    %bi4 = arith.divui %i, %c4 : index
    %bj4 = arith.divui %j, %c4 : index
    %e4 = arith.cmpi ule, %bi4, %bj4 : index
    %e = arith.cmpi ule, %j, %i : index
    %c = arith.andi %e4, %e : i1
    %r = arith.select %c, %in, %inf : f32
    linalg.yield %r : f32
  } -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o0 = tensor.empty() : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %o = linalg.contract indexing_maps = [#smap, #kmap, #qmap]
    ins(%p, %v : !s, !k) outs(%o1 : !q) -> !q
  return %o : !q
}

// Blocks that contain the others add nothing.
// CHECK-LABEL: func.func @longer_blocks_too(
// CHECK:         attn.block_local {{.*}} scale(1.000000e+00) block_len(2) :
func.func @longer_blocks_too(%q: !q, %k: !k, %v: !k) -> !q {
  %zero = arith.constant 0.0 : f32
  %inf = arith.constant 0xFF800000 : f32
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %x = linalg.contract indexing_maps = [#qmap, #kmap, #smap]
    ins(%q, %k : !q, !k) outs(%s1 : !s) -> !s
  %s = linalg.generic {indexing_maps = [#all, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x : !s) outs(%s0 : !s) {
  ^bb0(%in: f32, %out: f32):
    %i = linalg.index 2 : index
    %j = linalg.index 3 : index
    %c2 = arith.constant 2 : index
    %bi2 = arith.divui %i, %c2 : index
    %bj2 = arith.divui %j, %c2 : index
    %e2 = arith.cmpi eq, %bi2, %bj2 : index
    %c6 = arith.constant 6 : index
    %bi6 = arith.divui %i, %c6 : index
    %bj6 = arith.divui %j, %c6 : index
    %e6 = arith.cmpi eq, %bi6, %bj6 : index
    %c = arith.andi %e2, %e6 : i1
    %r = arith.select %c, %in, %inf : f32
    linalg.yield %r : f32
  } -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o0 = tensor.empty() : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %o = linalg.contract indexing_maps = [#smap, #kmap, #qmap]
    ins(%p, %v : !s, !k) outs(%o1 : !q) -> !q
  return %o : !q
}

// Blocks that do not are a condition within them.
// CHECK-LABEL: func.func @other_blocks_too(
// CHECK:         attn.block_local {{.*}} scale(1.000000e+00) block_len(4) score {
// CHECK:           %[[SIX:.+]] = arith.constant 6 : index
// CHECK:           arith.divui %{{.+}}, %[[SIX]]
// CHECK:           arith.cmpi eq
func.func @other_blocks_too(%q: !q, %k: !k, %v: !k) -> !q {
  %zero = arith.constant 0.0 : f32
  %inf = arith.constant 0xFF800000 : f32
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %x = linalg.contract indexing_maps = [#qmap, #kmap, #smap]
    ins(%q, %k : !q, !k) outs(%s1 : !s) -> !s
  %s = linalg.generic {indexing_maps = [#all, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x : !s) outs(%s0 : !s) {
  ^bb0(%in: f32, %out: f32):
    %i = linalg.index 2 : index
    %j = linalg.index 3 : index
    %c4 = arith.constant 4 : index
    %bi4 = arith.divui %i, %c4 : index
    %bj4 = arith.divui %j, %c4 : index
    %e4 = arith.cmpi eq, %bi4, %bj4 : index
    %c6 = arith.constant 6 : index
    %bi6 = arith.divui %i, %c6 : index
    %bj6 = arith.divui %j, %c6 : index
    %e6 = arith.cmpi eq, %bi6, %bj6 : index
    %c = arith.andi %e4, %e6 : i1
    %r = arith.select %c, %in, %inf : f32
    linalg.yield %r : f32
  } -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o0 = tensor.empty() : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %o = linalg.contract indexing_maps = [#smap, #kmap, #qmap]
    ins(%p, %v : !s, !k) outs(%o1 : !q) -> !q
  return %o : !q
}

// Edges that are nowhere near within a block: j <= i + 3, j > i - 4.
// CHECK-LABEL: func.func @far_edges(
// CHECK:         attn.block_local {{.*}} scale(1.000000e+00) block_len(4) :
func.func @far_edges(%q: !q, %k: !k, %v: !k) -> !q {
  %zero = arith.constant 0.0 : f32
  %inf = arith.constant 0xFF800000 : f32
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %x = linalg.contract indexing_maps = [#qmap, #kmap, #smap]
    ins(%q, %k : !q, !k) outs(%s1 : !s) -> !s
  %s = linalg.generic {indexing_maps = [#all, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x : !s) outs(%s0 : !s) {
  ^bb0(%in: f32, %out: f32):
    %i = linalg.index 2 : index
    %j = linalg.index 3 : index
    %c4 = arith.constant 4 : index
    %bi4 = arith.divui %i, %c4 : index
    %bj4 = arith.divui %j, %c4 : index
    %e4 = arith.cmpi eq, %bi4, %bj4 : index
    %n = arith.constant 3 : index
    %far = arith.addi %i, %n : index
    %last = arith.cmpi sle, %j, %far : index
    %near = arith.subi %i, %c4 : index
    %first = arith.cmpi sgt, %j, %near : index
    %e = arith.andi %last, %first : i1
    %c = arith.andi %e4, %e : i1
    %r = arith.select %c, %in, %inf : f32
    linalg.yield %r : f32
  } -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o0 = tensor.empty() : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %o = linalg.contract indexing_maps = [#smap, #kmap, #qmap]
    ins(%p, %v : !s, !k) outs(%o1 : !q) -> !q
  return %o : !q
}

// Nearer ones, j < i and j >= i - 2, are conditions within it.
// CHECK-LABEL: func.func @near_edges(
// CHECK:         attn.block_local {{.*}} scale(1.000000e+00) block_len(4) score {
// CHECK:           arith.cmpi slt
// CHECK:           arith.cmpi sge
// CHECK:           attn.yield
func.func @near_edges(%q: !q, %k: !k, %v: !k) -> !q {
  %zero = arith.constant 0.0 : f32
  %inf = arith.constant 0xFF800000 : f32
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %x = linalg.contract indexing_maps = [#qmap, #kmap, #smap]
    ins(%q, %k : !q, !k) outs(%s1 : !s) -> !s
  %s = linalg.generic {indexing_maps = [#all, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x : !s) outs(%s0 : !s) {
  ^bb0(%in: f32, %out: f32):
    %i = linalg.index 2 : index
    %j = linalg.index 3 : index
    %c4 = arith.constant 4 : index
    %bi4 = arith.divui %i, %c4 : index
    %bj4 = arith.divui %j, %c4 : index
    %e4 = arith.cmpi eq, %bi4, %bj4 : index
    %n = arith.constant 2 : index
    %last = arith.cmpi slt, %j, %i : index
    %near = arith.subi %i, %n : index
    %first = arith.cmpi sge, %j, %near : index
    %e = arith.andi %last, %first : i1
    %c = arith.andi %e4, %e : i1
    %r = arith.select %c, %in, %inf : f32
    linalg.yield %r : f32
  } -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o0 = tensor.empty() : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %o = linalg.contract indexing_maps = [#smap, #kmap, #qmap]
    ins(%p, %v : !s, !k) outs(%o1 : !q) -> !q
  return %o : !q
}

// Compared by their place in the block, as a triangle put on the diagonal is.
// CHECK-LABEL: func.func @places(
// CHECK:         attn.block_local {{.*}} causal scale(1.000000e+00) block_len(4) :
func.func @places(%q: !q, %k: !k, %v: !k) -> !q {
  %zero = arith.constant 0.0 : f32
  %inf = arith.constant 0xFF800000 : f32
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %x = linalg.contract indexing_maps = [#qmap, #kmap, #smap]
    ins(%q, %k : !q, !k) outs(%s1 : !s) -> !s
  %s = linalg.generic {indexing_maps = [#all, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x : !s) outs(%s0 : !s) {
  ^bb0(%in: f32, %out: f32):
    %i = linalg.index 2 : index
    %j = linalg.index 3 : index
    %c4 = arith.constant 4 : index
    %bi4 = arith.divui %i, %c4 : index
    %bj4 = arith.divui %j, %c4 : index
    %e4 = arith.cmpi eq, %bi4, %bj4 : index
    %ri = arith.remui %i, %c4 : index
    %rj = arith.remui %j, %c4 : index
    %e = arith.cmpi sle, %rj, %ri : index
    %c = arith.andi %e4, %e : i1
    %r = arith.select %c, %in, %inf : f32
    linalg.yield %r : f32
  } -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o0 = tensor.empty() : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %o = linalg.contract indexing_maps = [#smap, #kmap, #qmap]
    ins(%p, %v : !s, !k) outs(%o1 : !q) -> !q
  return %o : !q
}

// Blocks of one: j <= i says no more.
// CHECK-LABEL: func.func @one(
// CHECK:         attn.block_local {{.*}} scale(1.000000e+00) block_len(1) :
func.func @one(%q: !q, %k: !k, %v: !k) -> !q {
  %zero = arith.constant 0.0 : f32
  %inf = arith.constant 0xFF800000 : f32
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %x = linalg.contract indexing_maps = [#qmap, #kmap, #smap]
    ins(%q, %k : !q, !k) outs(%s1 : !s) -> !s
  %s = linalg.generic {indexing_maps = [#all, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x : !s) outs(%s0 : !s) {
  ^bb0(%in: f32, %out: f32):
    %i = linalg.index 2 : index
    %j = linalg.index 3 : index
    %same = arith.cmpi eq, %i, %j : index
    %e = arith.cmpi sle, %j, %i : index
    %c = arith.andi %same, %e : i1
    %r = arith.select %c, %in, %inf : f32
    linalg.yield %r : f32
  } -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o0 = tensor.empty() : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %o = linalg.contract indexing_maps = [#smap, #kmap, #qmap]
    ins(%p, %v : !s, !k) outs(%o1 : !q) -> !q
  return %o : !q
}

// A length and an offset that is an argument.
// CHECK-LABEL: func.func @lengths(
// CHECK-SAME:    %[[N:[^:]+]]: index) ->
// CHECK:         %[[LEN:.+]] = arith.constant dense<17> : tensor<1xi64>
// CHECK:         attn.block_local {{.*}} kv_len(%[[LEN]]) block_len(4) score {
// CHECK:           arith.addi %{{.+}}, %[[N]]
// CHECK:           arith.cmpi sle
func.func @lengths(%q: !q, %k: !k, %v: !k, %offset: index) -> !q {
  %zero = arith.constant 0.0 : f32
  %inf = arith.constant 0xFF800000 : f32
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %x = linalg.contract indexing_maps = [#qmap, #kmap, #smap]
    ins(%q, %k : !q, !k) outs(%s1 : !s) -> !s
  %s = linalg.generic {indexing_maps = [#all, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x : !s) outs(%s0 : !s) {
  ^bb0(%in: f32, %out: f32):
    %i = linalg.index 2 : index
    %j = linalg.index 3 : index
    %c4 = arith.constant 4 : index
    %bi4 = arith.divui %i, %c4 : index
    %bj4 = arith.divui %j, %c4 : index
    %e4 = arith.cmpi eq, %bi4, %bj4 : index
    %n = arith.constant 17 : index
    %short = arith.cmpi slt, %j, %n : index
    %far = arith.addi %i, %offset : index
    %last = arith.cmpi sle, %j, %far : index
    %e = arith.andi %short, %last : i1
    %c = arith.andi %e4, %e : i1
    %r = arith.select %c, %in, %inf : f32
    linalg.yield %r : f32
  } -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o0 = tensor.empty() : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %o = linalg.contract indexing_maps = [#smap, #kmap, #qmap]
    ins(%p, %v : !s, !k) outs(%o1 : !q) -> !q
  return %o : !q
}

// A finite number that is meant for -inf, as the mode has it.
// CHECK-LABEL: func.func @finite(
// CHECK:         attn.block_local {{.*}} scale(1.000000e+00) block_len(4) :
// BIAS-LABEL:    func.func @finite(
// BIAS:            attn.sdpa {{.*}} score {
// BIAS:              arith.divui
func.func @finite(%q: !q, %k: !k, %v: !k) -> !q {
  %zero = arith.constant 0.0 : f32
  %inf = arith.constant -1.0e9 : f32
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %x = linalg.contract indexing_maps = [#qmap, #kmap, #smap]
    ins(%q, %k : !q, !k) outs(%s1 : !s) -> !s
  %s = linalg.generic {indexing_maps = [#all, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x : !s) outs(%s0 : !s) {
  ^bb0(%in: f32, %out: f32):
    %i = linalg.index 2 : index
    %j = linalg.index 3 : index
    %c4 = arith.constant 4 : index
    %bi4 = arith.divui %i, %c4 : index
    %bj4 = arith.divui %j, %c4 : index
    %c = arith.cmpi eq, %bi4, %bj4 : index
    %r = arith.select %c, %in, %inf : f32
    linalg.yield %r : f32
  } -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o0 = tensor.empty() : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %o = linalg.contract indexing_maps = [#smap, #kmap, #qmap]
    ins(%p, %v : !s, !k) outs(%o1 : !q) -> !q
  return %o : !q
}

// One block holds everything: nothing is masked.
// CHECK-LABEL: func.func @all_in_one(
// CHECK:         attn.sdpa %{{[^ ]+}}, %{{[^ ]+}}, %{{[^ ]+}} scale(1.000000e+00) :
func.func @all_in_one(%q: !q, %k: !k, %v: !k) -> !q {
  %zero = arith.constant 0.0 : f32
  %inf = arith.constant 0xFF800000 : f32
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %x = linalg.contract indexing_maps = [#qmap, #kmap, #smap]
    ins(%q, %k : !q, !k) outs(%s1 : !s) -> !s
  %s = linalg.generic {indexing_maps = [#all, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x : !s) outs(%s0 : !s) {
  ^bb0(%in: f32, %out: f32):
    %i = linalg.index 2 : index
    %j = linalg.index 3 : index
    %c20 = arith.constant 20 : index
    %bi20 = arith.divui %i, %c20 : index
    %bj20 = arith.divui %j, %c20 : index
    %c = arith.cmpi eq, %bi20, %bj20 : index
    %r = arith.select %c, %in, %inf : f32
    linalg.yield %r : f32
  } -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o0 = tensor.empty() : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %o = linalg.contract indexing_maps = [#smap, #kmap, #qmap]
    ins(%p, %v : !s, !k) outs(%o1 : !q) -> !q
  return %o : !q
}

// A constant that is no resource.
// CHECK-LABEL: func.func @dense_constant(
// CHECK:         attn.block_local {{.*}} causal scale(1.000000e+00) block_len(2) :
func.func @dense_constant(%q: tensor<2x4x4x8xf32>, %k: tensor<2x4x4x8xf32>, %v: tensor<2x4x4x8xf32>) -> tensor<2x4x4x8xf32> {
  %zero = arith.constant 0.0 : f32
  %inf = arith.constant 0xFF800000 : f32
  %mask = arith.constant dense<[[false, true, true, true], [false, false, true, true],
    [true, true, false, true], [true, true, false, false]]> : tensor<4x4xi1>
  %s0 = tensor.empty() : tensor<2x4x4x4xf32>
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : tensor<2x4x4x4xf32>) -> tensor<2x4x4x4xf32>
  %x = linalg.contract indexing_maps = [#qmap, #kmap, #smap]
    ins(%q, %k : tensor<2x4x4x8xf32>, tensor<2x4x4x8xf32>) outs(%s1 : tensor<2x4x4x4xf32>) -> tensor<2x4x4x4xf32>
  %s = linalg.generic {indexing_maps = [#all, #rows, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x, %mask : tensor<2x4x4x4xf32>, tensor<4x4xi1>) outs(%s0 : tensor<2x4x4x4xf32>) {
  ^bb0(%in: f32, %m: i1, %out: f32):
    %i = linalg.index 2 : index
    %j = linalg.index 3 : index
    %m1 = arith.constant true
    %c = arith.xori %m, %m1 : i1
    %r = arith.select %c, %in, %inf : f32
    linalg.yield %r : f32
  } -> tensor<2x4x4x4xf32>
  %p = linalg.softmax dimension(3) ins(%s : tensor<2x4x4x4xf32>) outs(%s0 : tensor<2x4x4x4xf32>) -> tensor<2x4x4x4xf32>
  %o0 = tensor.empty() : tensor<2x4x4x8xf32>
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : tensor<2x4x4x8xf32>) -> tensor<2x4x4x8xf32>
  %o = linalg.contract indexing_maps = [#smap, #kmap, #qmap]
    ins(%p, %v : tensor<2x4x4x4xf32>, tensor<2x4x4x8xf32>) outs(%o1 : tensor<2x4x4x8xf32>) -> tensor<2x4x4x8xf32>
  return %o : tensor<2x4x4x8xf32>
}

// A band: a window.
// CHECK-LABEL: func.func @window_constant(
// CHECK:         attn.sdpa {{.*}} window(1, 0) scale(1.000000e+00) :
func.func @window_constant(%q: tensor<2x4x4x8xf32>, %k: tensor<2x4x4x8xf32>, %v: tensor<2x4x4x8xf32>) -> tensor<2x4x4x8xf32> {
  %zero = arith.constant 0.0 : f32
  %inf = arith.constant 0xFF800000 : f32
  %mask = arith.constant dense<[[1, 0, 0, 0], [1, 1, 0, 0], [0, 1, 1, 0],
    [0, 0, 1, 1]]> : tensor<4x4xi8>
  %s0 = tensor.empty() : tensor<2x4x4x4xf32>
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : tensor<2x4x4x4xf32>) -> tensor<2x4x4x4xf32>
  %x = linalg.contract indexing_maps = [#qmap, #kmap, #smap]
    ins(%q, %k : tensor<2x4x4x8xf32>, tensor<2x4x4x8xf32>) outs(%s1 : tensor<2x4x4x4xf32>) -> tensor<2x4x4x4xf32>
  %s = linalg.generic {indexing_maps = [#all, #rows, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x, %mask : tensor<2x4x4x4xf32>, tensor<4x4xi8>) outs(%s0 : tensor<2x4x4x4xf32>) {
  ^bb0(%in: f32, %m: i8, %out: f32):
    %i = linalg.index 2 : index
    %j = linalg.index 3 : index
    %one = arith.constant 1 : i8
    %c = arith.cmpi eq, %m, %one : i8
    %r = arith.select %c, %in, %inf : f32
    linalg.yield %r : f32
  } -> tensor<2x4x4x4xf32>
  %p = linalg.softmax dimension(3) ins(%s : tensor<2x4x4x4xf32>) outs(%s0 : tensor<2x4x4x4xf32>) -> tensor<2x4x4x4xf32>
  %o0 = tensor.empty() : tensor<2x4x4x8xf32>
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : tensor<2x4x4x8xf32>) -> tensor<2x4x4x8xf32>
  %o = linalg.contract indexing_maps = [#smap, #kmap, #qmap]
    ins(%p, %v : tensor<2x4x4x4xf32>, tensor<2x4x4x8xf32>) outs(%o1 : tensor<2x4x4x8xf32>) -> tensor<2x4x4x8xf32>
  return %o : tensor<2x4x4x8xf32>
}

// The last row sees a key too many.
// CHECK-LABEL: func.func @negative_constant(
// CHECK:         attn.sdpa {{.*}} mask(%{{.+}}) :
// REMARK:        remark: attention with a mask, not attn.block_local: a constant is neither blocks of one length nor an edge
func.func @negative_constant(%q: tensor<2x4x4x8xf32>, %k: tensor<2x4x4x8xf32>, %v: tensor<2x4x4x8xf32>) -> tensor<2x4x4x8xf32> {
  %zero = arith.constant 0.0 : f32
  %inf = arith.constant 0xFF800000 : f32
  %mask = arith.constant dense<[[1, 0, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0],
    [0, 1, 1, 1]]> : tensor<4x4xi8>
  %s0 = tensor.empty() : tensor<2x4x4x4xf32>
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : tensor<2x4x4x4xf32>) -> tensor<2x4x4x4xf32>
  %x = linalg.contract indexing_maps = [#qmap, #kmap, #smap]
    ins(%q, %k : tensor<2x4x4x8xf32>, tensor<2x4x4x8xf32>) outs(%s1 : tensor<2x4x4x4xf32>) -> tensor<2x4x4x4xf32>
  %s = linalg.generic {indexing_maps = [#all, #rows, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x, %mask : tensor<2x4x4x4xf32>, tensor<4x4xi8>) outs(%s0 : tensor<2x4x4x4xf32>) {
  ^bb0(%in: f32, %m: i8, %out: f32):
    %i = linalg.index 2 : index
    %j = linalg.index 3 : index
    %one = arith.constant 1 : i8
    %c = arith.cmpi eq, %m, %one : i8
    %r = arith.select %c, %in, %inf : f32
    linalg.yield %r : f32
  } -> tensor<2x4x4x4xf32>
  %p = linalg.softmax dimension(3) ins(%s : tensor<2x4x4x4xf32>) outs(%s0 : tensor<2x4x4x4xf32>) -> tensor<2x4x4x4xf32>
  %o0 = tensor.empty() : tensor<2x4x4x8xf32>
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : tensor<2x4x4x8xf32>) -> tensor<2x4x4x8xf32>
  %o = linalg.contract indexing_maps = [#smap, #kmap, #qmap]
    ins(%p, %v : tensor<2x4x4x4xf32>, tensor<2x4x4x8xf32>) outs(%o1 : tensor<2x4x4x8xf32>) -> tensor<2x4x4x8xf32>
  return %o : tensor<2x4x4x8xf32>
}

// Earlier blocks are seen as well.
// CHECK-LABEL: func.func @negative_block_causal(
// CHECK:         attn.sdpa {{.*}} score {
// CHECK:           arith.cmpi sle
// REMARK:        remark: attention with a mask, not attn.block_local: blocks of 4 queries see earlier blocks, too
func.func @negative_block_causal(%q: !q, %k: !k, %v: !k) -> !q {
  %zero = arith.constant 0.0 : f32
  %inf = arith.constant 0xFF800000 : f32
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %x = linalg.contract indexing_maps = [#qmap, #kmap, #smap]
    ins(%q, %k : !q, !k) outs(%s1 : !s) -> !s
  %s = linalg.generic {indexing_maps = [#all, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x : !s) outs(%s0 : !s) {
  ^bb0(%in: f32, %out: f32):
    %i = linalg.index 2 : index
    %j = linalg.index 3 : index
    %c4 = arith.constant 4 : index
    %bi4 = arith.divui %i, %c4 : index
    %bj4 = arith.divui %j, %c4 : index
    %c = arith.cmpi sle, %bj4, %bi4 : index
    %r = arith.select %c, %in, %inf : f32
    linalg.yield %r : f32
  } -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o0 = tensor.empty() : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %o = linalg.contract indexing_maps = [#smap, #kmap, #qmap]
    ins(%p, %v : !s, !k) outs(%o1 : !q) -> !q
  return %o : !q
}

// The block after the own one.
// CHECK-LABEL: func.func @negative_next_block(
// CHECK:         attn.sdpa {{.*}} score {
// REMARK:        remark: attention with a mask, not attn.block_local: blocks of 4 queries see other keys than those of their own block
func.func @negative_next_block(%q: !q, %k: !k, %v: !k) -> !q {
  %zero = arith.constant 0.0 : f32
  %inf = arith.constant 0xFF800000 : f32
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %x = linalg.contract indexing_maps = [#qmap, #kmap, #smap]
    ins(%q, %k : !q, !k) outs(%s1 : !s) -> !s
  %s = linalg.generic {indexing_maps = [#all, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x : !s) outs(%s0 : !s) {
  ^bb0(%in: f32, %out: f32):
    %i = linalg.index 2 : index
    %j = linalg.index 3 : index
    %c4 = arith.constant 4 : index
    %bi4 = arith.divui %i, %c4 : index
    %bj4 = arith.divui %j, %c4 : index
    %one = arith.constant 1 : index
    %next = arith.addi %bi4, %one : index
    %c = arith.cmpi eq, %next, %bj4 : index
    %r = arith.select %c, %in, %inf : f32
    linalg.yield %r : f32
  } -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o0 = tensor.empty() : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %o = linalg.contract indexing_maps = [#smap, #kmap, #qmap]
    ins(%p, %v : !s, !k) outs(%o1 : !q) -> !q
  return %o : !q
}

// Blocks of 4 queries, of 5 keys.
// CHECK-LABEL: func.func @negative_lengths(
// CHECK:         attn.sdpa {{.*}} score {
// REMARK:        remark: attention with a mask, not attn.block_local: blocks of 4 queries and of 5 keys are not the same
func.func @negative_lengths(%q: !q, %k: !k, %v: !k) -> !q {
  %zero = arith.constant 0.0 : f32
  %inf = arith.constant 0xFF800000 : f32
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %x = linalg.contract indexing_maps = [#qmap, #kmap, #smap]
    ins(%q, %k : !q, !k) outs(%s1 : !s) -> !s
  %s = linalg.generic {indexing_maps = [#all, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x : !s) outs(%s0 : !s) {
  ^bb0(%in: f32, %out: f32):
    %i = linalg.index 2 : index
    %j = linalg.index 3 : index
    %four = arith.constant 4 : index
    %five = arith.constant 5 : index
    %bi = arith.divui %i, %four : index
    %bj = arith.divui %j, %five : index
    %c = arith.cmpi eq, %bi, %bj : index
    %r = arith.select %c, %in, %inf : f32
    linalg.yield %r : f32
  } -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o0 = tensor.empty() : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %o = linalg.contract indexing_maps = [#smap, #kmap, #qmap]
    ins(%p, %v : !s, !k) outs(%o1 : !q) -> !q
  return %o : !q
}

// Blocks that begin elsewhere.
// CHECK-LABEL: func.func @negative_offset(
// CHECK:         attn.sdpa {{.*}} score {
// REMARK:        remark: attention with a mask, not attn.block_local: positions are compared for equality, but not as numbers of blocks of one length that begin at position 0
func.func @negative_offset(%q: !q, %k: !k, %v: !k) -> !q {
  %zero = arith.constant 0.0 : f32
  %inf = arith.constant 0xFF800000 : f32
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %x = linalg.contract indexing_maps = [#qmap, #kmap, #smap]
    ins(%q, %k : !q, !k) outs(%s1 : !s) -> !s
  %s = linalg.generic {indexing_maps = [#all, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x : !s) outs(%s0 : !s) {
  ^bb0(%in: f32, %out: f32):
    %i = linalg.index 2 : index
    %j = linalg.index 3 : index
    %n = arith.constant 4 : index
    %one = arith.constant 1 : index
    %i1 = arith.addi %i, %one : index
    %j1 = arith.addi %j, %one : index
    %bi = arith.divui %i1, %n : index
    %bj = arith.divui %j1, %n : index
    %c = arith.cmpi eq, %bi, %bj : index
    %r = arith.select %c, %in, %inf : f32
    linalg.yield %r : f32
  } -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o0 = tensor.empty() : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %o = linalg.contract indexing_maps = [#smap, #kmap, #qmap]
    ins(%p, %v : !s, !k) outs(%o1 : !q) -> !q
  return %o : !q
}

// All but the first key of the block.
// CHECK-LABEL: func.func @negative_late_start(
// CHECK:         attn.sdpa {{.*}} causal {{.*}} score {
func.func @negative_late_start(%q: !q, %k: !k, %v: !k) -> !q {
  %zero = arith.constant 0.0 : f32
  %inf = arith.constant 0xFF800000 : f32
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %x = linalg.contract indexing_maps = [#qmap, #kmap, #smap]
    ins(%q, %k : !q, !k) outs(%s1 : !s) -> !s
  %s = linalg.generic {indexing_maps = [#all, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x : !s) outs(%s0 : !s) {
  ^bb0(%in: f32, %out: f32):
    %i = linalg.index 2 : index
    %j = linalg.index 3 : index
    %n = arith.constant 4 : index
    %one = arith.constant 1 : index
    %bi = arith.divui %i, %n : index
    %first = arith.muli %bi, %n : index
    %second = arith.addi %first, %one : index
    %from = arith.cmpi sge, %j, %second : index
    %to = arith.cmpi sle, %j, %i : index
    %c = arith.andi %from, %to : i1
    %r = arith.select %c, %in, %inf : f32
    linalg.yield %r : f32
  } -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o0 = tensor.empty() : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %o = linalg.contract indexing_maps = [#smap, #kmap, #qmap]
    ins(%p, %v : !s, !k) outs(%o1 : !q) -> !q
  return %o : !q
}

// A length that is not known: the division may trap, so it stays where it is.
// CHECK-LABEL: func.func @negative_dynamic_length(
// CHECK-NOT:     attn.
// CHECK:         linalg.generic
// REMARK:        remark: looks like attention but is left alone: the mask cannot be computed as a tensor
func.func @negative_dynamic_length(%q: !q, %k: !k, %v: !k, %n: index) -> !q {
  %zero = arith.constant 0.0 : f32
  %inf = arith.constant 0xFF800000 : f32
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %x = linalg.contract indexing_maps = [#qmap, #kmap, #smap]
    ins(%q, %k : !q, !k) outs(%s1 : !s) -> !s
  %s = linalg.generic {indexing_maps = [#all, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x : !s) outs(%s0 : !s) {
  ^bb0(%in: f32, %out: f32):
    %i = linalg.index 2 : index
    %j = linalg.index 3 : index
    %bi = arith.divui %i, %n : index
    %bj = arith.divui %j, %n : index
    %c = arith.cmpi eq, %bi, %bj : index
    %r = arith.select %c, %in, %inf : f32
    linalg.yield %r : f32
  } -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o0 = tensor.empty() : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %o = linalg.contract indexing_maps = [#smap, #kmap, #qmap]
    ins(%p, %v : !s, !k) outs(%o1 : !q) -> !q
  return %o : !q
}

// REPORT:      "function": "index_division",
// REPORT:      "causal": true,
// REPORT:      "block_len": 4,
// REPORT-NOT:  "not_block_local"
// REPORT:      "function": "signed_division",
// REPORT:      "function": "negative_block_causal",
// REPORT-NOT:  "block_len"
// REPORT:      "not_block_local": "blocks of 4 queries see earlier blocks, too",
