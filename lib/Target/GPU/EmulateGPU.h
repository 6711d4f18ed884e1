//===- lib/Target/GPU/EmulateGPU.h - Device ops on the host -----*- C++ -*-===//
//
// Part of attn-mlir.
//
// What the files of attn-emulate-gpu share: where calls of the runtime go.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_TARGET_GPU_EMULATEGPU_H
#define ATTN_LIB_TARGET_GPU_EMULATEGPU_H

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringMap.h"

namespace mlir::attn::emulate {

/// N of a wgmma m64nN and its element types.
struct WgmmaShape {
  int n, a, b, d;
};

/// Reports what accesses registers of a wgmma while it is in flight, or before
/// a wgmma without a fence.
LogicalResult verifyWgmmaRegisters(LLVM::LLVMFuncOp function);

/// The ATTN_MATH_* that the first word of `name` is, or -1.
int getMathFunction(StringRef name);

/// Rewrites the ops of one device function into code for the host. Pointers
/// keep their address spaces until the whole function is done.
class FunctionEmulator {
public:
  FunctionEmulator(LLVM::LLVMFuncOp function, ModuleOp host,
                   const llvm::StringMap<int64_t> &sharedOffsets);

  /// Rewrites all ops; fails with a diagnostic at what is not known.
  LogicalResult run();

  /// A wgmma at `op`: its result, of `resultType`. Without `descriptorA`, A is
  /// in registers.
  Value emitWgmma(Operation *op, const WgmmaShape &shape, Value flags,
                  Value descriptorA, Value descriptorB, ValueRange registersA,
                  ValueRange accumulators, Type resultType);

private:
  // EmulateGPUAccesses.cpp: memory.
  void emulateAccess(Operation *op);
  LogicalResult emulatePointerOp(Operation *op);
  // EmulateGPUOps.cpp: device operations.
  LogicalResult emulateNVVM(Operation *op);
  LogicalResult emulateIntrinsic(LLVM::CallIntrinsicOp op);
  LogicalResult emulateCall(LLVM::CallOp op);
  void emulateSpecialRegister(Operation *op, StringRef name);
  void emulateShuffle(NVVM::ShflOp op);
  void emulateMatch(NVVM::MatchSyncOp op);
  LogicalResult emulateLdMatrix(NVVM::LdMatrixOp op);
  LogicalResult emulateStMatrix(NVVM::StMatrixOp op);
  LogicalResult emulateMma(NVVM::MmaOp op);
  LogicalResult emulateConversion(Operation *op);
  LogicalResult emulateMathIntrinsic(LLVM::CallIntrinsicOp op, StringRef name);

  // EmulateGPUHopper.cpp: asynchronous operations.
  LogicalResult emulateHopper(Operation *op);
  LogicalResult emulateWgmma(NVVM::WgmmaMmaAsyncOp op);
  LogicalResult
  emulateTensorLoad(NVVM::CpAsyncBulkTensorGlobalToSharedClusterOp op);
  void emulateArrive(Operation *op, Value address, Value count,
                     Value transactions, bool drop, Value predicate);
  void emulateMBarrierTest(Operation *op, Value address, Value phase,
                           bool blocking);
  // EmulateGPUAssembly.cpp: inline PTX.
  LogicalResult emulateAssembly(LLVM::InlineAsmOp op);

  // Helpers.
  /// Goes on before `op`, where `predicate` holds, if there is one.
  void beginPredicated(Operation *op, Value predicate);
  Value constant(Type type, int64_t value);
  Value i32(int64_t value) { return constant(builder.getI32Type(), value); }
  Value i64(int64_t value) { return constant(builder.getI64Type(), value); }
  /// `value` as an i32: zero extended, or 0 if there is none.
  Value toI32(Value value, int64_t otherwise = 0);
  /// A pointer of address space 0, whatever the op's is.
  Value plain(Value pointer);
  /// The text that names `op` and its place.
  Value where(Operation *op);
  /// Calls the runtime. A null `result` is none. `pure` functions only depend
  /// on the thread.
  Value call(StringRef name, Type result, ValueRange arguments,
             bool pure = false);
  /// Memory at the function's beginning that ops use in turn.
  Value operandBuffer(int64_t bytes);
  Value resultBuffer(int64_t bytes);
  /// The block's description, its shared memory, and the address there.
  Value block();
  Value sharedBase();
  Value sharedAddress(int64_t offset);
  /// Stores `values` one behind the other in the operand buffer.
  Value packOperands(ValueRange values);
  void replace(Operation *op, Value value);
  /// Inserts a check function of the host and returns its name.
  StringRef getCheckFunction(bool shared);

  Value createBuffer(Value &buffer, int64_t &size, int64_t bytes);

  LLVM::LLVMFuncOp function;
  ModuleOp host;
  const llvm::StringMap<int64_t> &sharedOffsets;
  OpBuilder builder;
  LLVM::LLVMPointerType ptr;
  /// Whether the module has wgmma or bulk copies.
  bool usesAsyncProxy;
  Value blockValue, operands, results;
  int64_t operandBytes = 0, resultBytes = 0;
  llvm::StringMap<int> ordinals;
};

/// Whether pointers of `type` are to shared memory.
bool isSharedPointer(Type type);

/// Bytes of `type` in memory, and the alignment that an access claims if it
/// does not say.
int64_t sizeInBytes(Operation *op, Type type);
int64_t alignmentInBytes(Operation *op, Type type);

} // namespace mlir::attn::emulate

#endif // ATTN_LIB_TARGET_GPU_EMULATEGPU_H
