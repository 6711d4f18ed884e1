/* Stands in for libcuda.so.1: says what it is asked to do, computes nothing.
 * FAKE_CUDA is what is wrong with the machine, FAKE_SM its capability,
 * FAKE_VERSION that of the driver. */

#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned long long address;

static int is(const char *what) {
  const char *mode = getenv("FAKE_CUDA");
  return mode && !strcmp(mode, what);
}
static int context;
static void *current;

int cuInit(unsigned flags) {
  return is("no-device") ? 100 : is("no-init") ? 999 : 0;
}
int cuDriverGetVersion(int *version) {
  const char *number = getenv("FAKE_VERSION");
  *version = number ? atoi(number) : 11040;
  return 0;
}
int cuDeviceGet(int *device, int number) { *device = 0; return 0; }
int cuDeviceGetAttribute(int *value, int which, int device) {
  const char *sm = getenv("FAKE_SM");
  const char *shared = getenv("FAKE_SHARED");
  int capability = sm ? atoi(sm) : 90;
  *value = which == 75   ? capability / 10
           : which == 76 ? capability % 10
           : shared      ? atoi(shared)
                         : 232448;
  return 0;
}
int cuDevicePrimaryCtxRetain(void **c, int device) {
  printf("cuda: primary context\n");
  *c = &context;
  return 0;
}
int cuCtxGetCurrent(void **c) { *c = current; return 0; }
int cuCtxSetCurrent(void *c) { current = c; return 0; }
int cuCtxGetDevice(int *device) { *device = 0; return 0; }
int cuCtxSynchronize(void) { return is("misaligned") ? 716 : 0; }
#ifndef WITHOUT_STREAMS
int cuStreamGetCtx(void *stream, void **c) {
  printf("cuda: context of stream\n");
  *c = &context;
  return 0;
}
#endif
int cuModuleLoadData(void **module, const void *data) {
  const char *text = data;
  printf("cuda: load %s\n", !memcmp(text, "\177ELF", 4) ? "machine code"
         : strstr(text, ".target sm_80") ? "PTX of sm_80" : "PTX");
  *module = (void *)data;
  return is("old") ? 222 : is("no-image") ? 209 : is("no-room") ? 2 : 0;
}
/* Whether `name` is somewhere in machine code, up to its section headers, or in
 * text. */
static int holds(const char *image, const char *name) {
  unsigned long long end;
  if (memcmp(image, "\177ELF", 4))
    return strstr(image, name) != NULL;
  memcpy(&end, image + 40, sizeof(end));
  return memmem(image, end, name, strlen(name)) != NULL;
}
int cuModuleGetFunction(void **function, void *module, const char *name) {
  *function = strdup(name);
  return is("no-function") || !holds(module, name) ? 500 : 0;
}
int cuFuncSetAttribute(void *function, int which, int value) {
  printf("cuda: %s may have %d bytes\n", (char *)function, value);
  return is("no-shared") ? 1 : 0;
}
int cuLaunchKernel(void *f, unsigned gx, unsigned gy, unsigned gz, unsigned bx,
                   unsigned by, unsigned bz, unsigned shared, void *stream,
                   void **params, void **extra) {
  printf("cuda: launch %s, %ux%ux%u blocks of %ux%ux%u, stream %d\n",
         (char *)f, gx, gy, gz, bx, by, bz, (int)(long long)stream);
  return is("no-launch") ? 701 : 0;
}
struct attribute {
  int id, pad, value, rest[15];
};
struct config {
  unsigned grid[3], block[3], shared;
  void *stream;
  struct attribute *attributes;
  unsigned count;
};
int cuLaunchKernelEx(const struct config *c, void *f, void **params,
                     void **extra) {
  unsigned i;
  cuLaunchKernel(f, c->grid[0], c->grid[1], c->grid[2], c->block[0],
                 c->block[1], c->block[2], c->shared, c->stream, params, extra);
  for (i = 0; i < c->count; ++i)
    printf("cuda: with attribute %d of %d\n", c->attributes[i].id,
           c->attributes[i].value);
  return is("no-dependent-launch") ? 701 : 0;
}
int cuMemAlloc_v2(address *data, size_t bytes) {
  *data = (address)calloc(bytes, 1);
  return is("small") ? 2 : 0;
}
int cuMemFree_v2(address data) { free((void *)data); return 0; }
int cuMemcpyHtoD_v2(address to, const void *from, size_t bytes) {
  memcpy((void *)to, from, bytes);
  return is("no-copy-in") ? 2 : 0;
}
int cuMemcpyDtoH_v2(void *to, address from, size_t bytes) {
  memcpy(to, (void *)from, bytes);
  return is("no-copy-out") ? 2 : 0;
}
#ifndef WITHOUT_TENSOR_MAPS
int cuTensorMapEncodeTiled(void *map, int type, unsigned rank, void *data,
                           const unsigned long long *sizes,
                           const unsigned long long *strides,
                           const unsigned *box, const unsigned *steps,
                           int interleave, int swizzle, int l2, int fill) {
  char line[400];
  unsigned i, at = sprintf(line, "cuda: tensor map of type %d, sizes", type);
  for (i = 0; i < rank; ++i)
    at += sprintf(line + at, " %llu", sizes[i]);
  at += sprintf(line + at, ", strides");
  for (i = 0; i + 1 < rank; ++i)
    at += sprintf(line + at, " %llu", strides[i]);
  at += sprintf(line + at, ", box");
  for (i = 0; i < rank; ++i)
    at += sprintf(line + at, " %u", box[i]);
  at += sprintf(line + at, ", steps");
  for (i = 0; i < rank; ++i)
    at += sprintf(line + at, " %u", steps[i]);
  printf("%s, interleave %d, swizzle %d, L2 %d, fill %d\n", line, interleave,
         swizzle, l2, fill);
  memset(map, 0, 128);
  memcpy(map, &data, sizeof(data));
  return is("no-maps") ? 1 : 0;
}
#endif
int cuMemcpyDtoDAsync_v2(address to, address from, size_t bytes, void *stream) {
  printf("cuda: copy of %zu bytes\n", bytes);
  return 0;
}
int cuEventCreate(void **event, unsigned flags) { *event = (void *)8; return 0; }
int cuEventDestroy_v2(void *event) { return 0; }
int cuEventRecord(void *event, void *stream) { printf("cuda: event\n"); return 0; }
int cuEventSynchronize(void *event) { return is("stopped") ? 719 : 0; }
int cuEventElapsedTime(float *milliseconds, void *start, void *end) {
  *milliseconds = 2;
  return 0;
}
int cuGetErrorName(int error, const char **name) {
  *name = error == 1     ? "CUDA_ERROR_INVALID_VALUE"
          : error == 2   ? "CUDA_ERROR_OUT_OF_MEMORY"
          : error == 500 ? "CUDA_ERROR_NOT_FOUND"
          : error == 701 ? "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES"
          : error == 716 ? "CUDA_ERROR_MISALIGNED_ADDRESS"
                         : "CUDA_ERROR";
  return 0;
}
int cuGetErrorString(int error, const char **text) { *text = "said so"; return 0; }
