#include "attn/ExecutionEngine/Run.h"
#include "attn/Runtime/ParallelFor.h"
