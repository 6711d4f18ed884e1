/* Makes tensor maps: the driver is a fake, which writes the address of the
 * tensor's data first into a map. */

#include "attn/Runtime/GpuLaunch.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define DATA(i) ((void *)(0x7000000000 + 256 * (i)))

typedef struct map {
  uint64_t words[16];
} __attribute__((aligned(64))) map;

/* Two batches of rows of 64 f16, the lowest of four heads: [2, 300, 64]. */
static attn_gpu_tensor make(int64_t i) {
  attn_gpu_tensor tensor;
  memset(&tensor, 0xff, sizeof(tensor));
  tensor.data = DATA(i);
  tensor.sizes[0] = 64, tensor.sizes[1] = 300, tensor.sizes[2] = 2;
  tensor.strides[0] = 1, tensor.strides[1] = 256, tensor.strides[2] = 76800;
  tensor.box[0] = 64, tensor.box[1] = 128, tensor.box[2] = 1;
  tensor.rank = 3;
  tensor.element = ATTN_GPU_F16;
  tensor.swizzle = 3;
  tensor.l2_promotion = 2;
  tensor.fill = 0;
  return tensor;
}

static void encode(attn_gpu_tensor tensor) {
  map made;
  int32_t status = attn_gpu_encode_tensor_map(&tensor, NULL, &made);
  if (status)
    printf("status %d: %s\n", (int)status, attn_gpu_error());
  else
    printf("ok: %d\n", made.words[0] == (uint64_t)tensor.data);
  fflush(stdout);
}

/* More tensors than are remembered, from several threads. */
static void *encode_many(void *wrong) {
  int64_t i;
  for (i = 0; i < 5000; ++i) {
    attn_gpu_tensor tensor = make(i * 7 % 300);
    map made;
    if (attn_gpu_encode_tensor_map(&tensor, NULL, &made) ||
        made.words[0] != (uint64_t)tensor.data)
      __atomic_fetch_add((int *)wrong, 1, __ATOMIC_RELAXED);
  }
  return NULL;
}

int main(int argc, char **argv) {
  attn_gpu_tensor tensor = make(0);
  pthread_t threads[4];
  int i, wrong = 0;
  (void)argv;
  if (argc > 1) {
    for (i = 0; i < 4; ++i)
      pthread_create(&threads[i], NULL, encode_many, &wrong);
    for (i = 0; i < 4; ++i)
      pthread_join(threads[i], NULL);
    printf("%d wrong\n", wrong);
    return 0;
  }
  encode(tensor);
  /* The same again; what is beyond the rank does not matter. */
  tensor.sizes[3] = 5;
  encode(tensor);
  tensor.box[1] = 64;
  encode(tensor);
  /* One batch: its stride is not looked at. */
  tensor.sizes[2] = 1;
  tensor.strides[2] = 3;
  encode(tensor);

  tensor = make(0);
  tensor.data = (char *)tensor.data + 8;
  encode(tensor);
  tensor = make(0);
  tensor.sizes[1] = 0;
  encode(tensor);
  tensor.sizes[1] = ((int64_t)1 << 32) + 1;
  encode(tensor);
  tensor = make(0);
  tensor.strides[1] = 65;
  encode(tensor);
  tensor.strides[1] = -256;
  encode(tensor);
  tensor.strides[1] = (int64_t)1 << 39;
  encode(tensor);
  tensor = make(0);
  tensor.strides[0] = 2;
  encode(tensor);
  return 0;
}
