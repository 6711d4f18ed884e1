#include <vector>

#include "attn/Support/Shapes.h"
#include "llvm/ADT/ArrayRef.h"
