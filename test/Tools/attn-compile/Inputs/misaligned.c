/* Calls a function compiled for GPUs with tensors whose rows begin at no multiple
 * of the 16 bytes that its kernel reads at a time. It is refused, and no driver
 * asked: nothing is read. */

#include "decode.h"

#include <stdio.h>

static char space[32], *memory;

static attn_tensor tensor(int32_t dtype, int32_t rank, const int64_t *sizes) {
  attn_tensor t = {memory, dtype, rank, {0}, {0}};
  int32_t i;
  for (i = 0; i < rank; ++i)
    t.sizes[i] = sizes[i];
  attn_set_contiguous(&t);
  return t;
}

int main(void) {
  const int64_t query[] = {2, 4, 1, 64}, key[] = {2, 2, 300, 64}, length[] = {2};
  attn_tensor args[4], results[1];
  const char *reason;
  int i;
  memory = space + 16 - (uintptr_t)space % 16;
  /* Data, a stride, and the stride of a dimension of one element, which is not
   * looked at. */
  for (i = 0; i < 3; ++i) {
    args[0] = results[0] = tensor(ATTN_F16, 4, query);
    args[1] = args[2] = tensor(ATTN_F16, 4, key);
    args[3] = tensor(ATTN_I64, 1, length);
    if (i == 0)
      args[1].data = memory + 8;
    else if (i == 1)
      args[2].strides[2] = 68;
    else
      args[0].strides[2] = 68;
    reason = decode_explain(args, 4, results, 1);
    printf("%d: %s\n", i, reason ? reason : "accepted");
  }
  return 0;
}
