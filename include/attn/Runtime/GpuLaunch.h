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
 * becomes current. A grid with a size of 0 launches nothing.
 *
 * `launched` is of one call of a function, 0 at first, and set by a launch. The
 * kernels after the first may begin while the one before them runs, and wait
 * for it themselves, where the code is for ATTN_GPU_FIRST_DEPENDENT or later
 * and the driver can. Returns 0 or ATTN_ERROR_DEVICE of Abi.h. */
int32_t attn_gpu_launch(const attn_gpu_kernel *kernel, const int64_t grid[3],
                        const int32_t block[3], int64_t shared_bytes,
                        void *stream, void **params, int32_t num_params,
                        int32_t *launched);

/* The capability from which on all kernels begin with griddepcontrol.wait. */
#define ATTN_GPU_FIRST_DEPENDENT 90

/* One kind of GPU as a number: its capability, and whether code is for this one
 * only. */
#define ATTN_GPU_ARCH(capability, is_exact) (2 * (capability) + (is_exact))

/* Writes for which ATTN_GPU_ARCH the code was made that a launch of a kernel of
 * `module` on `stream` runs. */
int32_t attn_gpu_arch(const attn_gpu_module *module, void *stream,
                      int32_t *arch);

/* Element types of tensor copies, by the driver's numbers. */
typedef enum attn_gpu_element {
  ATTN_GPU_U8 = 0,
  ATTN_GPU_U16 = 1,
  ATTN_GPU_U32 = 2,
  ATTN_GPU_U64 = 4,
  ATTN_GPU_F16 = 6,
  ATTN_GPU_F32 = 7,
  ATTN_GPU_F64 = 8,
  ATTN_GPU_BF16 = 9
} attn_gpu_element;

/* A tensor and how copies cut it into boxes: the innermost dimension first, all
 * beyond `rank` unused. */
typedef struct attn_gpu_tensor {
  void *data;
  int64_t sizes[5];
  int64_t strides[5]; /* in elements */
  int32_t box[5];
  int32_t rank;
  int32_t element;      /* an attn_gpu_element */
  int32_t swizzle;      /* of rows: 0 none, 1, 2, 3 for 32, 64, 128 bytes */
  int32_t l2_promotion; /* 0 none, 1, 2, 3 for 64, 128, 256 bytes */
  int32_t fill;         /* of what is outside: 0 zeros, 1 NaNs */
} attn_gpu_tensor;

/* Writes what tensor copies of a kernel need to know of `tensor`, a
 * CUtensorMap, to `map`: 128 bytes, aligned to 64, that kernels take by value.
 * Maps are remembered, so that the same tensor is not encoded again. Data
 * aligned to 16 bytes, adjacent elements, other strides of whole 16 bytes,
 * sizes from 1 to 2^32; else, as for drivers before CUDA 12, ATTN_ERROR_DEVICE.
 */
int32_t attn_gpu_encode_tensor_map(const attn_gpu_tensor *tensor, void *stream,
                                   void *map);
/* Of one attn_gpu_element. */
int32_t attn_gpu_element_bytes(int32_t element);
/* Whether tensor copies can be made of `tensor`; writes its sizes, and strides
 * in bytes from that of dimension 1 on. */
int32_t attn_gpu_check_tensor(const attn_gpu_tensor *tensor, uint64_t sizes[5],
                              uint64_t strides[5]);

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
/* Enqueues a copy within the device's memory, and returns before it is made. */
int32_t attn_gpu_copy(void *to, const void *from, int64_t bytes);
/* Seconds that the device takes for what `enqueue` launches without a stream,
 * by events before and after it. What `enqueue` returns, if not 0, is returned.
 */
int32_t attn_gpu_time(int32_t (*enqueue)(void *data), void *data,
                      double *seconds);
/* Waits for everything launched so far. */
int32_t attn_gpu_synchronize(void);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* ATTN_RUNTIME_GPU_LAUNCH_H */
