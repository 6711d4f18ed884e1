// RUN: attn-opt %s --convert-attn-to-gpu --canonicalize --cse --split-input-file | FileCheck %s

// Four launches for two key heads: scores of ranges of keys, what chunks of them
// are chosen by, the choice, and attention to what was chosen. Lengths of key_t
// are those of the scores.
// CHECK-LABEL: func.func @channels
// CHECK-SAME:    %[[Q:[^:]+]]: memref<1x8x1x128xf16>{{[^,]*}}, %[[K:[^:]+]]: memref<1x2x?x128xf16>{{[^,]*}}, %[[V:[^:]+]]: memref<1x2x?x128xf16>{{[^,]*}}, %[[KT:[^:]+]]: memref<1x2x?x128x2048xf16>{{[^,]*}}, %[[O:[^:]+]]: memref
// CHECK-DAG:     %[[SCORES:.+]] = memref.alloc({{.*}}) {{.*}} : memref<2x4x?xf32>
// CHECK-DAG:     %[[ORDERS:.+]] = memref.alloc({{.*}}) {{.*}} : memref<2x?xi32>
// CHECK-DAG:     %[[BINS:.+]] = memref.alloc() {{.*}} : memref<2x2048xi32>
// CHECK-DAG:     %[[NUMBERS:.+]] = memref.alloc({{.*}}) {{.*}} : memref<2x?x2048xi16>
// CHECK-DAG:     %[[CHOSEN:.+]] = memref.alloc() {{.*}} : memref<2x64xi32>
// CHECK:         gpu.launch {{.*}} threads{{.*}} = %c128, {{.*}} dynamic_shared_memory_size
// What the others count in.
// CHECK:           memref.store %c0_i32, %[[BINS]]
// Eight channels of eight keys are asked for at once, each by one access.
// CHECK:           scf.for
// CHECK-COUNT-8:     vector.load %[[KT]]{{.*}} {alignment = 16 : i64} : memref<1x2x?x128x2048xf16>, vector<8xf16>
// CHECK-NOT:         vector.load
// CHECK:             scf.yield
// CHECK-NOT:       %[[K]]
// CHECK-COUNT-4:   vector.store {{.*}}, %[[SCORES]]
// CHECK:           gpu.terminator
// The first of three digits, of four keys a thread, whose scores by four heads
// are asked for at once: counted in the block, then for the key head. What is
// read of others is behind a fence.
// CHECK:         gpu.launch {{.*}} threads{{.*}} = %c512, {{.*}} dynamic_shared_memory_size
// CHECK-COUNT-4:   vector.load %[[SCORES]]{{.*}} {alignment = 16 : i64} : memref<2x4x?xf32>, vector<4xf32>
// CHECK-NOT:       vector.load
// CHECK-COUNT-4:   memref.atomic_rmw addi {{.*}} : (i32, memref<2048xi32, #gpu.address_space<workgroup>>) -> i32
// CHECK:           vector.store {{.*}}, %[[ORDERS]]{{.*}} {alignment = 16 : i64}
// CHECK-COUNT-4:   memref.atomic_rmw addi {{.*}}, %[[BINS]]{{.*}} : (i32, memref<2x2048xi32>) -> i32
// CHECK:           vector.store {{.*}}, %[[NUMBERS]]{{.*}} : memref<2x?x2048xi16>, vector<4xi16>
// CHECK:           llvm.fence syncscope("device") acq_rel
// CHECK-NEXT:      gpu.barrier
// CHECK:           memref.atomic_rmw addi %c1_i32, {{.*}} : (i32, memref<2x2xi32>) -> i32
// CHECK:           gpu.barrier
// CHECK:           scf.if
// CHECK-NEXT:        llvm.fence syncscope("device") acq_rel
// CHECK:             memref.load %[[BINS]]
// CHECK:           gpu.terminator
// The other two, of the keys that have the first. A block writes its keys behind
// those of earlier chunks; the last one asks for eight candidates at once.
// CHECK:         gpu.launch {{.*}} threads{{.*}} = %c512, {{.*}} dynamic_shared_memory_size
// CHECK-COUNT-2:   memref.load %[[NUMBERS]]
// CHECK:           vector.load %[[ORDERS]]{{.*}} {alignment = 16 : i64} : memref<2x?xi32>, vector<4xi32>
// CHECK-COUNT-4:   memref.store {{.*}}, %[[CHOSEN]]
// CHECK:           llvm.fence syncscope("device") acq_rel
// CHECK-COUNT-8:   memref.load %[[ORDERS]]
// CHECK-COUNT-8:   memref.atomic_rmw addi {{.*}} : (i32, memref<2048xi32, #gpu.address_space<workgroup>>) -> i32
// CHECK-NOT:       memref.atomic_rmw
// CHECK-COUNT-8:   memref.load %[[ORDERS]]
// CHECK-COUNT-8:   memref.atomic_rmw addi {{.*}} : (i32, memref<2048xi32, #gpu.address_space<workgroup>>) -> i32
// CHECK-NOT:       memref.atomic_rmw
// CHECK-COUNT-8:   memref.store {{.*}}, %[[CHOSEN]]
// CHECK:           gpu.terminator
// CHECK:         gpu.launch {{.*}} = %c2, {{.*}} threads{{.*}} = %c256, {{.*}} dynamic_shared_memory_size
// CHECK:           memref.load %[[CHOSEN]]
// CHECK:           vector.load %[[K]]{{.*}} {alignment = 16 : i64}
// CHECK:           vector.load %[[V]]{{.*}} {alignment = 16 : i64}
// CHECK:           memref.store {{.*}}, %[[O]]
// CHECK:           gpu.terminator
// CHECK-NOT:     gpu.launch
// CHECK-NOT:     attn.
module attributes {attn.target = #attn.target<cuda, arch = "sm_90a", num_sms = 132>} {
  func.func @channels(%q: memref<1x8x1x128xf16>, %k: memref<1x2x?x128xf16>,
      %v: memref<1x2x?x128xf16>, %kt: memref<1x2x?x128x2048xf16>,
      %o: memref<1x8x1x128xf16>) {
    attn.sparq_step ins(%q, %k, %v rank(32) top_k(64) local_window(16)
        key_t(%kt)) outs(%o)
      : (memref<1x8x1x128xf16>, memref<1x2x?x128xf16>, memref<1x2x?x128xf16>,
         memref<1x2x?x128x2048xf16>, memref<1x8x1x128xf16>) -> ()
    return
  }
}

// -----

// Without key_t, whole rows of key. One head chooses by its scores as they are:
// no powers without realloc. Orders of 64 bits have six digits.
// CHECK-LABEL: func.func @rows
// CHECK-SAME:    %[[Q:[^:]+]]: memref<1x2x1x16xf64>{{[^,]*}}, %[[K:[^:]+]]: memref<1x2x?x16xf64>
// CHECK:         gpu.launch
// CHECK-COUNT-4:   vector.load %[[K]]
// CHECK:           gpu.terminator
// CHECK:         gpu.launch
// CHECK-COUNT-4:   memref.atomic_rmw addi {{.*}} : (i32, memref<2048xi32, #gpu.address_space<workgroup>>) -> i32
// CHECK:           gpu.terminator
// CHECK:         gpu.launch
// CHECK-COUNT-40:  memref.atomic_rmw addi {{.*}} : (i32, memref<2048xi32, #gpu.address_space<workgroup>>) -> i32
// CHECK-NOT:       memref.atomic_rmw
// CHECK:           gpu.terminator
// CHECK:         gpu.launch
func.func @rows(%q: memref<1x2x1x16xf64>, %k: memref<1x2x?x16xf64>,
    %v: memref<1x2x?x16xf64>, %o: memref<1x2x1x16xf64>) {
  attn.sparq_step ins(%q, %k, %v rank(4) top_k(64) realloc(off)) outs(%o)
    : (memref<1x2x1x16xf64>, memref<1x2x?x16xf64>, memref<1x2x?x16xf64>,
       memref<1x2x1x16xf64>) -> ()
  return
}
