// RUN: attn-opt %s --convert-attn-to-gpu --canonicalize --cse --split-input-file | FileCheck %s

// Rows of a warp are in several blocks: it leaves out tiles of keys that none of
// them sees, and looks whether a value is not finite. There is no tile that all
// rows see, and one launch for each way to copy.
// CHECK-LABEL: func.func @tiny
// CHECK:         gpu.launch
// CHECK:           scf.for
// CHECK:             scf.if {{.*}} -> (f32
// CHECK:               nvvm.mma.sync
// CHECK:               scf.if
// CHECK:                 nvvm.ldmatrix
// CHECK:                 nvvm.vote.sync  any
// CHECK:               scf.if
// CHECK:                 scf.for
// CHECK:                   nvvm.mma.sync
// CHECK:               } else {
// CHECK:                 nvvm.mma.sync
// CHECK:             } else {
// CHECK-NEXT:          scf.yield
// CHECK-NOT:       nvvm.mma.sync
// CHECK:         } else {
// CHECK:         gpu.launch
// CHECK-NOT:     gpu.launch
func.func @tiny(%q: memref<32x8x?x64xf16>) {
  attn.block_local_step ins(%q, %q, %q causal block_len(4)) outs(%q)
    : (memref<32x8x?x64xf16>, memref<32x8x?x64xf16>, memref<32x8x?x64xf16>,
       memref<32x8x?x64xf16>) -> ()
  return
}

// -----

// Tiles of long blocks that all rows see compare nothing.
// CHECK-LABEL: func.func @long
// CHECK:         gpu.launch
// CHECK:           scf.for
// CHECK:             nvvm.vote.sync  any
// CHECK:           scf.for
// CHECK:             nvvm.mma.sync
// CHECK-NOT:         nvvm.vote.sync
// CHECK:         } else {
func.func @long(%q: memref<1x4x?x64xbf16>, %k: memref<1x2x?x64xbf16>) {
  attn.block_local_step ins(%q, %k, %k block_len(1000)) outs(%q)
    : (memref<1x4x?x64xbf16>, memref<1x2x?x64xbf16>, memref<1x2x?x64xbf16>,
       memref<1x4x?x64xbf16>) -> ()
  return
}

// -----

// Tiles of a prefix come from its operands, by the same copies.
// CHECK-LABEL: func.func @prefix
// CHECK-SAME:    %[[Q:[^:]+]]: memref<1x2x64x64xf16>{{[^,]*}}, %[[P:[^:]+]]: memref<1x2x32x64xf16>
// CHECK-DAG:     memref.extract_aligned_pointer_as_index %[[P]]
// CHECK-DAG:     memref.extract_aligned_pointer_as_index %[[Q]]
// CHECK:         gpu.launch
// CHECK:           arith.select {{.*}} : !llvm.ptr<1>
// CHECK:           nvvm.mma.sync
func.func @prefix(%q: memref<1x2x64x64xf16>, %p: memref<1x2x32x64xf16>,
    %o: memref<1x2x64x64xf16>) {
  attn.block_local_step ins(%q, %q, %q causal block_len(4) prefix_len(2)
      prefix(%p, %p)) outs(%o)
    : (memref<1x2x64x64xf16>, memref<1x2x64x64xf16>, memref<1x2x64x64xf16>,
       memref<1x2x32x64xf16>, memref<1x2x32x64xf16>, memref<1x2x64x64xf16>)
    -> ()
  return
}

// -----

// Where no tile of rows is in two blocks, wgmma goes through each.
// CHECK-LABEL: func.func @whole_tiles
// CHECK:         nvvm.wgmma
// CHECK-LABEL: func.func @parts_of_tiles
// CHECK-NOT:     nvvm.wgmma
// CHECK:         nvvm.mma.sync
module attributes {attn.target = #attn.target<cuda, arch = "sm_90a", num_sms = 132, shared_bytes = 232448>} {
func.func @whole_tiles(%q: memref<1x4x?x64xbf16>, %k: memref<1x2x?x64xbf16>) {
  attn.block_local_step ins(%q, %k, %k causal block_len(512)) outs(%q)
    : (memref<1x4x?x64xbf16>, memref<1x2x?x64xbf16>, memref<1x2x?x64xbf16>,
       memref<1x4x?x64xbf16>) -> ()
  return
}
func.func @parts_of_tiles(%q: memref<1x4x?x64xbf16>, %k: memref<1x2x?x64xbf16>) {
  attn.block_local_step ins(%q, %k, %k causal block_len(500)) outs(%q)
    : (memref<1x4x?x64xbf16>, memref<1x2x?x64xbf16>, memref<1x2x?x64xbf16>,
       memref<1x4x?x64xbf16>) -> ()
  return
}
}
