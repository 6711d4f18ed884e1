//===- TMTensor.h - torch-mlir's attention, to be read ----------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Declares the shadow of torch-mlir's tm_tensor dialect.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_TMTENSOR_TMTENSOR_H
#define ATTN_DIALECT_TMTENSOR_TMTENSOR_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "attn/Dialect/TMTensor/TMTensorDialect.h.inc"

#define GET_OP_CLASSES
#include "attn/Dialect/TMTensor/TMTensorOps.h.inc"

#endif // ATTN_DIALECT_TMTENSOR_TMTENSOR_H
