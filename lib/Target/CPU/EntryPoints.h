//===- EntryPoints.h - The C functions of one function ----------*- C++ -*-===//
//
// Part of attn-mlir.
//
// Writes the functions of Abi.h around a function that works in memory.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_TARGET_CPU_ENTRYPOINTS_H
#define ATTN_TARGET_CPU_ENTRYPOINTS_H

#include "EntrySlots.h"

#include "mlir/IR/SymbolTable.h"

namespace mlir::attn {

/// Writes NAME, NAME_result_shapes, NAME_workspace_bytes and NAME_explain. On
/// failure an error has been emitted.
LogicalResult writeEntryPoints(SymbolTable &symbols, EntryFunction &function);

} // namespace mlir::attn

#endif // ATTN_TARGET_CPU_ENTRYPOINTS_H
