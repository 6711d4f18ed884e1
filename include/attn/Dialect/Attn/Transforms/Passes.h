//===- Passes.h - Passes on the attn dialect --------------------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Factories, options and registration of the passes in Passes.td.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_ATTN_TRANSFORMS_PASSES_H
#define ATTN_DIALECT_ATTN_TRANSFORMS_PASSES_H

#include "attn/Dialect/Attn/IR/Attn.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Pass/Pass.h"

namespace mlir::attn {

/// What attn.block_local is rewritten to.
enum class BlockDiagonalForm {
  batch, ///< A batch of blocks; a prefix leads the keys of its block.
  merge, ///< The same, but the states of a prefix and of a block are merged.
  mask   ///< Whole sequences and a block-diagonal mask.
};

/// The function of the runtime that attn-count-work calls.
inline constexpr llvm::StringLiteral kCountWorkFunction = "attn_rt_count_work";

/// The functions that attn-record-key-ranges calls.
inline constexpr llvm::StringLiteral kRecordBeginFunction =
    "attn_rt_record_begin";
inline constexpr llvm::StringLiteral kRecordStepFunction =
    "attn_rt_record_step";
inline constexpr llvm::StringLiteral kRecordRangeFunction =
    "attn_rt_record_range";
inline constexpr llvm::StringLiteral kRecordPairFunction =
    "attn_rt_record_pair";
inline constexpr llvm::StringLiteral kRecordCountFunction =
    "attn_rt_record_count";

#define GEN_PASS_DECL
#include "attn/Dialect/Attn/Transforms/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "attn/Dialect/Attn/Transforms/Passes.h.inc"

} // namespace mlir::attn

#endif // ATTN_DIALECT_ATTN_TRANSFORMS_PASSES_H
