/* Calls a function compiled for GPUs twice on a stream, with memory of nobody:
 * the driver is a fake. */

#include "decode.h"

#include <stdio.h>

int main(void) {
  static char memory[1 << 20];
  attn_exec exec = {NULL, NULL, 1, (void *)77};
  int i;
  for (i = 0; i < 2; ++i) {
    int32_t status = decode_call((uint16_t *)memory, (uint16_t *)memory,
                                 (uint16_t *)memory, (int64_t *)memory,
                                 (uint16_t *)memory, 300, memory,
                                 sizeof(memory), i ? NULL : &exec);
    printf("%s: %s\n", attn_status_string(status), attn_gpu_error());
    fflush(stdout);
  }
  return 0;
}
