//===- AttnAssembly.h - Clauses of the attn ops' assembly -------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// The custom directives of AttnOps.td: the clauses that say what is attended,
// in any order when read, in one order when written.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_DIALECT_ATTN_IR_ATTNASSEMBLY_H
#define ATTN_LIB_DIALECT_ATTN_IR_ATTNASSEMBLY_H

#include "attn/Dialect/Attn/IR/Attn.h"

namespace mlir::attn {

using OptionalOperand = std::optional<OpAsmParser::UnresolvedOperand>;
using OperandList = SmallVectorImpl<OpAsmParser::UnresolvedOperand>;

/// The clauses every op that scores keys has.
ParseResult parseModifiers(
    OpAsmParser &parser, IntegerAttr &windowLeft, IntegerAttr &windowRight,
    UnitAttr &bottomRight, OptionalOperand &causalOffset, FloatAttr &scale,
    OptionalOperand &dynamicScale, FloatAttr &softcap, OptionalOperand &kvLen,
    OptionalOperand &qLen, OptionalOperand &mask, OptionalOperand &bias,
    OptionalOperand &keyScale, OptionalOperand &valueScale,
    OptionalOperand &pageTable, OperandList &offsets, LayoutAttr &layout);
void printModifiers(OpAsmPrinter &printer, Operation *op,
                    IntegerAttr windowLeft, IntegerAttr windowRight,
                    UnitAttr bottomRight, Value causalOffset, FloatAttr scale,
                    Value dynamicScale, FloatAttr softcap, Value kvLen,
                    Value qLen, Value mask, Value bias, Value keyScale,
                    Value valueScale, Value pageTable, OperandRange offsets,
                    LayoutAttr layout);

/// Those, and the two of layer A.
ParseResult parseSdpaModifiers(
    OpAsmParser &parser, IntegerAttr &windowLeft, IntegerAttr &windowRight,
    UnitAttr &bottomRight, OptionalOperand &causalOffset, FloatAttr &scale,
    OptionalOperand &dynamicScale, FloatAttr &softcap, OptionalOperand &kvLen,
    OptionalOperand &qLen, OptionalOperand &mask, OptionalOperand &bias,
    OptionalOperand &keyScale, OptionalOperand &valueScale,
    OptionalOperand &pageTable, OperandList &offsets, LayoutAttr &layout,
    OptionalOperand &sinks, StrategyAttrInterface &strategy);
void printSdpaModifiers(OpAsmPrinter &printer, Operation *op,
                        IntegerAttr windowLeft, IntegerAttr windowRight,
                        UnitAttr bottomRight, Value causalOffset,
                        FloatAttr scale, Value dynamicScale, FloatAttr softcap,
                        Value kvLen, Value qLen, Value mask, Value bias,
                        Value keyScale, Value valueScale, Value pageTable,
                        OperandRange offsets, LayoutAttr layout, Value sinks,
                        StrategyAttrInterface strategy);

/// `sinks(%sinks)` | nothing.
ParseResult parseSinks(OpAsmParser &parser, OptionalOperand &sinks);
void printSinks(OpAsmPrinter &printer, Operation *op, Value sinks);

/// `layout(bhsd)` | `layout(bshd)` | nothing.
ParseResult parseLayout(OpAsmParser &parser, LayoutAttr &layout);
void printLayout(OpAsmPrinter &printer, Operation *op, LayoutAttr layout);

/// `algo(tree)`, `root(0)`, `payload(bf16)`.
ParseResult parseMergeClauses(OpAsmParser &parser, MergeAlgoAttr &algo,
                              IntegerAttr &root, TypeAttr &payload);
void printMergeClauses(OpAsmPrinter &printer, Operation *op, MergeAlgoAttr algo,
                       IntegerAttr root, TypeAttr payload);

/// What attn.star has beside those every op that scores keys has.
ParseResult parseStarClauses(OpAsmParser &parser, OptionalOperand &sinks,
                             OptionalOperand &contextLen,
                             IntegerAttr &blockSize, IntegerAttr &anchorSize,
                             StarAnchorAttr &anchor, OptionalOperand &anchorKey,
                             OptionalOperand &anchorValue);
void printStarClauses(OpAsmPrinter &printer, Operation *op, Value sinks,
                      Value contextLen, IntegerAttr blockSize,
                      IntegerAttr anchorSize, StarAnchorAttr anchor,
                      Value anchorKey, Value anchorValue);

/// What attn.block_local has beside those every op that scores keys has.
ParseResult parseBlockLocalClauses(OpAsmParser &parser, OptionalOperand &sinks,
                                   IntegerAttr &blockLen,
                                   IntegerAttr &prefixLen,
                                   OptionalOperand &prefixKey,
                                   OptionalOperand &prefixValue);
void printBlockLocalClauses(OpAsmPrinter &printer, Operation *op, Value sinks,
                            IntegerAttr blockLen, IntegerAttr prefixLen,
                            Value prefixKey, Value prefixValue);

/// What attn.sparq has beside those every op that scores keys has.
ParseResult parseSparqClauses(OpAsmParser &parser, IntegerAttr &rank,
                              IntegerAttr &topK, IntegerAttr &localWindow,
                              ReallocAttr &realloc,
                              GroupReduceAttr &groupReduce,
                              KeyLayoutAttr &keyLayout, OptionalOperand &keyT,
                              OptionalOperand &valueMean);
void printSparqClauses(OpAsmPrinter &printer, Operation *op, IntegerAttr rank,
                       IntegerAttr topK, IntegerAttr localWindow,
                       ReallocAttr realloc, GroupReduceAttr groupReduce,
                       KeyLayoutAttr keyLayout, Value keyT, Value valueMean);

/// The same for attn.block_local_step.
ParseResult
parseBlockLocalStepClauses(OpAsmParser &parser, OptionalOperand &sinks,
                           IntegerAttr &blockLen, IntegerAttr &blockLenQ,
                           IntegerAttr &prefixLen, OptionalOperand &prefixKey,
                           OptionalOperand &prefixValue);
void printBlockLocalStepClauses(OpAsmPrinter &printer, Operation *op,
                                Value sinks, IntegerAttr blockLen,
                                IntegerAttr blockLenQ, IntegerAttr prefixLen,
                                Value prefixKey, Value prefixValue);

/// The same for attn.scores.
ParseResult parseScoresClauses(OpAsmParser &parser, OptionalOperand &channels,
                               OptionalOperand &factor, OptionalOperand &keyT);
void printScoresClauses(OpAsmPrinter &printer, Operation *op, Value channels,
                        Value factor, Value keyT);

/// What of the clauses every op that scores keys has says where rows lie.
ParseResult parseGatherClauses(OpAsmParser &parser, OptionalOperand &keyScale,
                               OptionalOperand &valueScale,
                               OptionalOperand &pageTable, LayoutAttr &layout);
void printGatherClauses(OpAsmPrinter &printer, Operation *op, Value keyScale,
                        Value valueScale, Value pageTable, LayoutAttr layout);

} // namespace mlir::attn

#endif // ATTN_LIB_DIALECT_ATTN_IR_ATTNASSEMBLY_H
