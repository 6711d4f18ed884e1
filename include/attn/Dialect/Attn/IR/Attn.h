//===- Attn.h - The attn dialect --------------------------------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Declares the attn dialect, its types, attributes and operations.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_ATTN_IR_ATTN_H
#define ATTN_DIALECT_ATTN_IR_ATTN_H

#include "attn/Dialect/Attn/IR/AttnInterfaces.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "attn/Dialect/Attn/IR/AttnDialect.h.inc"

namespace mlir::attn {
/// Name of the module attribute that holds a `#attn.target`.
inline constexpr llvm::StringLiteral kTargetAttrName = "attn.target";

/// Name of the module attribute that holds all GPUs it is compiled for, if
/// there are several: an array of `#attn.target`.
inline constexpr llvm::StringLiteral kTargetsAttrName = "attn.targets";

/// Name of the attribute of a launch, a kernel and a gpu.module that says for
/// which GPUs they are, if not for all: an array of strings.
inline constexpr llvm::StringLiteral kArchsAttrName = "attn.archs";

/// Name of the attribute of a cf.assert that says what it checks, a
/// `#attn.check`.
inline constexpr llvm::StringLiteral kCheckAttrName = "attn.check";

/// Name of the unit attribute of an argument that a function updates: a
/// function with n of them returns their new values as its last n results.
inline constexpr llvm::StringLiteral kInoutAttrName = "attn.inout";

/// Name of the attribute of an argument that a rewrite added to keep something
/// between calls; says what it is.
inline constexpr llvm::StringLiteral kStateAttrName = "attn.state";

/// Name of the attribute of an argument or a result of which every rank has its
/// own, a `#attn.shard`.
inline constexpr llvm::StringLiteral kShardAttrName = "attn.shard";
/// Of an argument: bytes of which its data and all strides but the last are
/// multiples, where that is more than an element has.
inline constexpr llvm::StringLiteral kAlignmentAttrName = "attn.alignment";

/// Name of the unit attribute of an i8 tensor that holds booleans, nonzero for
/// true.
inline constexpr llvm::StringLiteral kBoolAttrName = "attn.bool";

/// Name of the attribute of an argument that is the memory of a result, and
/// holds its number.
inline constexpr llvm::StringLiteral kResultAttrName = "attn.result";

/// Names of the attributes of a public function that refer to the functions
/// attn-extract-checks made of it.
inline constexpr llvm::StringLiteral kChecksAttrName = "attn.checks";
inline constexpr llvm::StringLiteral kResultShapesAttrName =
    "attn.result_shapes";

/// What ranks do together: ops that write to it are neither dropped nor joined,
/// nor do they pass each other.
struct CollectiveResource : SideEffects::Resource::Base<CollectiveResource> {
  StringRef getName() final { return "attn.collective"; }
};
} // namespace mlir::attn

#define GET_TYPEDEF_CLASSES
#include "attn/Dialect/Attn/IR/AttnTypes.h.inc"

#define GET_ATTRDEF_CLASSES
#include "attn/Dialect/Attn/IR/AttnAttrs.h.inc"

#define GET_OP_CLASSES
#include "attn/Dialect/Attn/IR/AttnOps.h.inc"

#endif // ATTN_DIALECT_ATTN_IR_ATTN_H
