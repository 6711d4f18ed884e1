// RUN: attn-opt %s --convert-attn-to-gpu --canonicalize --cse --split-input-file | FileCheck %s

// One launch writes new rows of key and value, and columns of key_t; nothing is
// written where they do not fit.
// CHECK-LABEL: func.func @append
// CHECK-SAME:    %[[NEW:[^:]+]]: memref<2x4x1x64xf16>, %[[POS:[^:]+]]: memref<2xi64>, %[[K:[^:]+]]: memref<2x4x?x64xf16>, %[[V:[^:]+]]: memref<2x4x?x64xf16>, %[[KT:[^:]+]]: memref<2x4x?x64x128xf16>
// CHECK:         %[[CAPACITY:.+]] = memref.dim %[[K]]
// CHECK:         gpu.launch {{.*}} = %c8, {{.*}} threads{{.*}} = %c128,
// CHECK:           %[[AT:.+]] = memref.load %[[POS]]
// CHECK:           %[[PLACE:.+]] = arith.index_cast %[[AT]]
// CHECK:           arith.cmpi sge, %[[PLACE]], %c0
// CHECK:           arith.cmpi sle, %[[PLACE]]
// CHECK:           scf.if
// Four elements are asked for before one is written.
// CHECK-COUNT-4:     memref.load %[[NEW]]
// CHECK-COUNT-4:     memref.store {{.*}}, %[[K]]
// CHECK:             memref.store {{.*}}, %[[V]]
// CHECK:             memref.store {{.*}}, %[[KT]]
// CHECK:           gpu.terminator
// CHECK-NOT:     gpu.launch
// CHECK-NOT:     attn.
func.func @append(%new: memref<2x4x1x64xf16>, %pos: memref<2xi64>,
    %k: memref<2x4x?x64xf16>, %v: memref<2x4x?x64xf16>,
    %kt: memref<2x4x?x64x128xf16>) {
  attn.kv_append ins(%new, %new, %pos) outs(%k, %v, %kt)
    : (memref<2x4x1x64xf16>, memref<2x4x1x64xf16>, memref<2xi64>,
       memref<2x4x?x64xf16>, memref<2x4x?x64xf16>, memref<2x4x?x64x128xf16>)
    -> ()
  return
}

// -----

// One token: a thread for each column, and the mean that was, if it was one.
// CHECK-LABEL: func.func @mean
// CHECK-SAME:    %[[NEW:[^:]+]]: memref<1x2x1x64xf16>, %[[N:[^:]+]]: index, %[[M:[^:]+]]: memref<1x2x64xf32>
// CHECK:         gpu.launch {{.*}} = %c2, {{.*}} threads{{.*}} = %c64,
// CHECK:           %[[NONE:.+]] = arith.cmpi eq, {{.*}}, %c0
// CHECK:           %[[OLD:.+]] = memref.load %[[M]]
// CHECK:           arith.select %[[NONE]], %{{.+}}, %[[OLD]]
// CHECK:           memref.store {{.*}}, %[[M]]
// CHECK-NOT:     gpu.launch
func.func @mean(%new: memref<1x2x1x64xf16>, %n: index, %m: memref<1x2x64xf32>) {
  attn.running_mean ins(%new, %n) outs(%m)
    : (memref<1x2x1x64xf16>, index, memref<1x2x64xf32>) -> ()
  return
}

// -----

// Many tokens: four groups of threads share them.
// CHECK-LABEL: func.func @means
// CHECK:         gpu.launch {{.*}} threads{{.*}} = %c256, {{.*}} dynamic_shared_memory_size %c1024
func.func @means(%new: memref<1x?x2x64xf16>, %n: memref<1xi64>,
    %m: memref<1x2x64xf32>) {
  attn.running_mean ins(%new, %n layout(bshd)) outs(%m)
    : (memref<1x?x2x64xf16>, memref<1xi64>, memref<1x2x64xf32>) -> ()
  return
}

// -----

// What bufferization copies. A constant of one number is written, not read, one
// of several is read of the kernel's own.
memref.global "private" constant @nothing : memref<1x4x2xf32> = dense<0xFF800000>
memref.global "private" constant @several : memref<2xf32> = dense<[1.0, 2.0]>
memref.global "private" @variable : memref<2xf32> = dense<[1.0, 2.0]>

// CHECK-LABEL: func.func @copies
// CHECK-SAME:    %[[A:[^:]+]]: memref<1x4x2xf32>, %[[B:[^:]+]]: memref<1x4x2xf32, strided<[?, ?, ?], offset: ?>>, %[[C:[^:]+]]: memref<2xf32>
// CHECK:         gpu.launch
// CHECK:           %[[X:.+]] = memref.load %[[A]]
// CHECK:           memref.store %[[X]], %[[B]]
// CHECK:         gpu.launch
// CHECK-NOT:       memref.load
// CHECK:           memref.store %cst{{.*}}, %[[A]]
// CHECK:           gpu.terminator
// CHECK:         gpu.launch
// CHECK:           %[[G:.+]] = memref.get_global @several
// CHECK:           %[[Y:.+]] = memref.load %[[G]]
// CHECK:           memref.store %[[Y]], %[[C]]
// CHECK:           gpu.terminator
// Memory of the host is left, and an error of who looks at what is left.
// CHECK:         %[[V:.+]] = memref.get_global @variable
// CHECK:         memref.copy %[[V]], %[[C]]
func.func @copies(%a: memref<1x4x2xf32>,
    %b: memref<1x4x2xf32, strided<[?, ?, ?], offset: ?>>, %c: memref<2xf32>) {
  memref.copy %a, %b
    : memref<1x4x2xf32> to memref<1x4x2xf32, strided<[?, ?, ?], offset: ?>>
  %n = memref.get_global @nothing : memref<1x4x2xf32>
  memref.copy %n, %a : memref<1x4x2xf32> to memref<1x4x2xf32>
  %s = memref.get_global @several : memref<2xf32>
  memref.copy %s, %c : memref<2xf32> to memref<2xf32>
  %v = memref.get_global @variable : memref<2xf32>
  memref.copy %v, %c : memref<2xf32> to memref<2xf32>
  return
}

// -----

// What reads a constant reads a copy of it where kernels are.
memref.global "private" constant @weights : memref<3xf32> = dense<[1.0, 2.0, 4.0]>

// CHECK-LABEL: func.func @reads
// CHECK:         %[[COPY:.+]] = memref.alloc() : memref<3xf32>
// CHECK:         gpu.launch
// CHECK:           memref.get_global @weights
// CHECK:           memref.store {{.*}}, %[[COPY]]
// CHECK:         gpu.launch
// CHECK-NOT:       memref.get_global
// CHECK:           memref.load %[[COPY]]
// CHECK:         return
func.func @reads(%a: memref<3xf32>) {
  %w = memref.get_global @weights : memref<3xf32>
  linalg.mul ins(%a, %w : memref<3xf32>, memref<3xf32>) outs(%a : memref<3xf32>)
  return
}
