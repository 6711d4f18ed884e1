#include "attn/Support/Shapes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
