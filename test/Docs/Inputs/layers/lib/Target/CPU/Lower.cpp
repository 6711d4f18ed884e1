#include "attn/Support/Shapes.h"
#include "attn/Runtime/ParallelFor.h"
