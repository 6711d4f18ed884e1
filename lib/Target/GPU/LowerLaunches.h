//===- LowerLaunches.h - Launches of kernels to calls -----------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// What the files of attn-lower-launches share.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_TARGET_GPU_LOWERLAUNCHES_H
#define ATTN_LIB_TARGET_GPU_LOWERLAUNCHES_H

#include "attn/Dialect/Attn/IR/Attn.h"
#include "attn/Target/GPU/Passes.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"

namespace mlir::attn {

/// Lowers the launches of one function.
class LaunchLowering {
public:
  LaunchLowering(func::FuncOp func, SymbolTable &symbols, bool emulate)
      : func(func), symbols(symbols), emulate(emulate),
        ptr(LLVM::LLVMPointerType::get(func.getContext())),
        i32(IntegerType::get(func.getContext(), 32)),
        i64(IntegerType::get(func.getContext(), 64)) {}

  LogicalResult lower(gpu::LaunchFuncOp launch);
  /// Compares the GPU the function runs on with that of `op`.
  LogicalResult lower(RunsOnOp op);
  /// Erases what only launches used.
  LogicalResult finish();

private:
  LogicalResult expand(gpu::LaunchFuncOp launch, Value operand, OpBuilder &b,
                       SmallVector<Value> &values);
  /// Memory on the stack, taken once a call of the function.
  Value allocate(Type type, int64_t count, Location loc, int64_t alignment = 8);
  /// An array on the stack that holds `values`.
  Value makeArray(OpBuilder &b, Location loc, Type type,
                  ArrayRef<Value> values);
  FailureOr<Value> getKernel(OpBuilder &b, gpu::LaunchFuncOp launch);
  /// Where it says whether this call of the function has launched a kernel.
  Value getLaunched(Location loc);
  /// The address of a constant that the one who compiles kernels defines.
  FailureOr<Value> getConstant(OpBuilder &b, Location loc, StringRef name);
  // LowerTensorMaps.cpp.
  /// Where the tensor map that `launch` passes as `operand` is.
  FailureOr<Value> getTensorMap(gpu::LaunchFuncOp launch, Value operand);
  /// Fills a tensor map in where `op` makes one; returns where it is.
  FailureOr<Value> encode(nvgpu::TmaCreateDescriptorOp op);

  FailureOr<LLVM::LLVMFuncOp> declare(StringRef name, Type result,
                                      ArrayRef<Type> arguments,
                                      Operation *user);

  func::FuncOp func;
  SymbolTable &symbols;
  bool emulate;
  Type ptr, i32, i64;
  Value launched;
  /// Descriptors and their maps; the maps by themselves.
  llvm::DenseMap<Operation *, Value> tensorMaps;
  llvm::DenseSet<Value> maps;
};

/// Lets `func` take tensor maps, which AttnTakeTensorMaps made pointers of, by
/// value.
void passTensorMapsByValue(LLVM::LLVMFuncOp func);

} // namespace mlir::attn

#endif // ATTN_LIB_TARGET_GPU_LOWERLAUNCHES_H
