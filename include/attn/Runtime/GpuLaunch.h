/*===- include/attn/Runtime/GpuLaunch.h - Kernels on NVIDIA GPUs ----------===*\
 *
 * Part of attn-mlir.
 *
 * What objects for --target=cuda call, and carry: the driver is found when the
 * first kernel runs, so they load, and say so, on machines without one.
 *
\*===----------------------------------------------------------------------===*/

#ifndef ATTN_RUNTIME_GPU_LAUNCH_H
#define ATTN_RUNTIME_GPU_LAUNCH_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What an image is. */
typedef enum attn_gpu_image_kind {
  ATTN_GPU_CUBIN = 0,       /* for its capability and later ones of its major */
  ATTN_GPU_CUBIN_EXACT = 1, /* for its capability only */
  ATTN_GPU_PTX = 2,         /* text ending in a zero byte, for all later ones */
  ATTN_GPU_PTX_EXACT = 3
} attn_gpu_image_kind;

/* The kernels of a module as one kind of GPU takes them. */
typedef struct attn_gpu_image {
  const void *data;
  int64_t bytes;
  int32_t capability; /* 80 for 8.0 */
  int32_t kind;       /* an attn_gpu_image_kind */
} attn_gpu_image;

typedef struct attn_gpu_module {
  const attn_gpu_image *images;
  int64_t num_images;
} attn_gpu_module;

typedef struct attn_gpu_kernel {
  const attn_gpu_module *module;
  const char *name;
} attn_gpu_kernel;

/* Launches a kernel on `stream`, a CUstream of the caller's context or NULL,
 * and returns before it has run. `params` holds the addresses of its arguments.
 * The first launch of a kernel in a context loads its module, once. Without a
 * current context, that of the stream, or the first device's primary one,
 * becomes current. A grid with a size of 0 launches nothing. Returns 0 or
 * ATTN_ERROR_DEVICE of Abi.h. */
int32_t attn_gpu_launch(const attn_gpu_kernel *kernel, const int64_t grid[3],
                        const int32_t block[3], int64_t shared_bytes,
                        void *stream, void **params, int32_t num_params);

/* What went wrong last on this thread: a sentence, or "" if nothing did. A
 * kernel that fails while it runs is told of by a later call. */
const char *attn_gpu_error(void);

/*===----------------------------------------------------------------------===*\
 * For tools that have no CUDA library of their own: memory of the first device.
 * All return 0 or ATTN_ERROR_DEVICE.
\*===----------------------------------------------------------------------===*/

/* Makes the first device's context current; writes its capability, 80 for 8.0.
 */
int32_t attn_gpu_open(int32_t *capability);
/* Memory aligned to 256 bytes at least; NULL for 0 bytes. */
int32_t attn_gpu_alloc(void **data, int64_t bytes);
int32_t attn_gpu_free(void *data);
int32_t attn_gpu_copy_in(void *device, const void *host, int64_t bytes);
int32_t attn_gpu_copy_out(void *host, const void *device, int64_t bytes);
/* Waits for everything launched so far. */
int32_t attn_gpu_synchronize(void);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* ATTN_RUNTIME_GPU_LAUNCH_H */
