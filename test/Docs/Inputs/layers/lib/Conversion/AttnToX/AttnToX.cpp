#include "attn/Conversion/Passes.h"
#include "attn/Dialect/Attn/Transforms/Passes.h"
#include "attn/Support/Shapes.h"
#include "attn/Nowhere/Nothing.h"
