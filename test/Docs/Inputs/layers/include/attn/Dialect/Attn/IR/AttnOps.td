include "attn/Dialect/Attn/Transforms/Passes.td"
