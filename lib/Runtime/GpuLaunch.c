/*===- lib/Runtime/GpuLaunch.c - Kernels on NVIDIA GPUs -------------------===*\
 *
 * Part of attn-mlir.
 *
 * Loads modules once a context, launches kernels and makes tensor maps. Plain C
 * without CUDA's headers: it is part of every object for GPUs.
 *
\*===----------------------------------------------------------------------===*/

#define _GNU_SOURCE
#include "GpuDriver.h"

#include <stdlib.h>
#include <string.h>

/*===----------------------------------------------------------------------===*\
 * Modules and kernels
\*===----------------------------------------------------------------------===*/

/* A context is told by its number, where there is one: another may come to lie
 * where an old one was. */
static unsigned long long identify(cu_context context) {
  unsigned long long id;
  if (driver.context_id && driver.context_id(context, &id) == CU_SUCCESS)
    return id;
  return (unsigned long long)(uintptr_t)context;
}

/* What is loaded; grows, never shrinks. */
typedef struct loaded_module {
  unsigned long long context;
  const attn_gpu_module *module;
  cu_module handle;
  int32_t capability; /* that the code is for */
  struct loaded_module *next;
} loaded_module;

typedef struct loaded_kernel {
  unsigned long long context;
  const attn_gpu_kernel *kernel;
  cu_function handle;
  int waits;            /* by itself, for the kernel before it */
  int64_t shared_bytes; /* that it may have */
  struct loaded_kernel *next;
} loaded_kernel;

static loaded_module *modules;
static loaded_kernel *kernels;

static int is_exact(const attn_gpu_image *image) {
  return image->kind == ATTN_GPU_CUBIN_EXACT ||
         image->kind == ATTN_GPU_PTX_EXACT;
}

/* How well `image` fits a device: 0 not at all. Machine code before text, a
 * later capability before an earlier one, an exact one before one that is not.
 */
static int fitness(const attn_gpu_image *image, int32_t capability) {
  int is_text =
      image->kind == ATTN_GPU_PTX || image->kind == ATTN_GPU_PTX_EXACT;
  if (image->capability > capability ||
      (is_exact(image) && image->capability != capability) ||
      (!is_text && image->capability / 10 != capability / 10))
    return 0;
  return 1 + ATTN_GPU_ARCH(image->capability, is_exact(image)) +
         (is_text ? 0 : 100000);
}

/* The image of `module` that the current device runs. */
static int32_t choose_image(const attn_gpu_module *module,
                            const attn_gpu_image **image) {
  const attn_gpu_image *best = NULL;
  int best_fitness = 0;
  int32_t capability = 0;
  int64_t i;
  int32_t status = get_capability(&capability);
  if (status != ATTN_OK)
    return status;
  for (i = 0; i < module->num_images; ++i) {
    int found = fitness(&module->images[i], capability);
    if (found > best_fitness) {
      best_fitness = found;
      best = &module->images[i];
    }
  }
  if (!best) {
    char list[200] = "";
    int at = 0;
    for (i = 0; i < module->num_images && at < (int)sizeof(list) - 16; ++i)
      at += snprintf(list + at, sizeof(list) - at, "%ssm_%d%s", i ? ", " : "",
                     (int)module->images[i].capability,
                     module->images[i].kind & 1 ? "a" : "");
    return fail("no code for this GPU, which is sm_%d: the object has %s; "
                "compile with another --arch",
                (int)capability, list);
  }
  *image = best;
  return ATTN_OK;
}

static int32_t load_image(const attn_gpu_module *module, cu_module *handle,
                          int32_t *capability) {
  const attn_gpu_image *best;
  int version = 0;
  cu_result result;
  int32_t status = choose_image(module, &best);
  if (status != ATTN_OK)
    return status;
  *capability = best->capability;
  result = driver.module_load(handle, best->data);
  if (result == CU_UNSUPPORTED_PTX_VERSION || result == CU_INVALID_IMAGE ||
      result == CU_NO_BINARY_FOR_GPU || result == CU_INVALID_PTX) {
    if (driver.driver_version(&version) != CU_SUCCESS)
      version = 0;
    return fail("the NVIDIA driver, for CUDA %d.%d, does not take the code for "
                "sm_%d: it is older than the code",
                version / 1000, version % 1000 / 10, (int)best->capability);
  }
  return check(result, "cuModuleLoadData");
}

ATTN_SHARED int32_t attn_gpu_arch(const attn_gpu_module *module, void *stream,
                                  int32_t *arch) {
  const attn_gpu_image *image;
  cu_context context;
  int32_t status = need_driver();
  if (status == ATTN_OK)
    status = need_context(stream, &context);
  if (status == ATTN_OK)
    status = choose_image(module, &image);
  if (status == ATTN_OK)
    *arch = ATTN_GPU_ARCH(image->capability, is_exact(image));
  return status;
}

static int32_t find_module(unsigned long long context,
                           const attn_gpu_module *module,
                           const loaded_module **result) {
  loaded_module *entry;
  cu_module handle;
  int32_t capability;
  int32_t status;
  for (entry = modules; entry; entry = entry->next)
    if (entry->context == context && entry->module == module) {
      *result = entry;
      return ATTN_OK;
    }
  status = load_image(module, &handle, &capability);
  if (status != ATTN_OK)
    return status;
  entry = (loaded_module *)malloc(sizeof(*entry));
  if (!entry)
    return fail("out of memory");
  entry->context = context;
  entry->module = module;
  entry->handle = handle;
  entry->capability = capability;
  entry->next = modules;
  modules = entry;
  *result = entry;
  return ATTN_OK;
}

static int32_t load_kernel(unsigned long long context,
                           const attn_gpu_kernel *kernel,
                           loaded_kernel **result) {
  loaded_kernel *entry;
  const loaded_module *module;
  cu_function function;
  int32_t status = find_module(context, kernel->module, &module);
  if (status != ATTN_OK)
    return status;
  status =
      check(driver.module_function(&function, module->handle, kernel->name),
            "cuModuleGetFunction");
  if (status != ATTN_OK)
    return status;
  entry = (loaded_kernel *)malloc(sizeof(*entry));
  if (!entry)
    return fail("out of memory");
  entry->context = context;
  entry->kernel = kernel;
  entry->handle = function;
  entry->waits = module->capability >= ATTN_GPU_FIRST_DEPENDENT;
  entry->shared_bytes = DEFAULT_SHARED_BYTES;
  entry->next = kernels;
  __atomic_store_n(&kernels, entry, __ATOMIC_RELEASE);
  *result = entry;
  return ATTN_OK;
}

static loaded_kernel *lookup(unsigned long long context,
                             const attn_gpu_kernel *kernel) {
  loaded_kernel *entry = __atomic_load_n(&kernels, __ATOMIC_ACQUIRE);
  while (entry && (entry->context != context || entry->kernel != kernel))
    entry = entry->next;
  return entry;
}

/* Lets `entry` have `bytes` of shared memory. */
static int32_t allow_shared(loaded_kernel *entry, int64_t bytes) {
  cu_device device;
  int most = 0;
  int32_t status = check(driver.context_device(&device), "cuCtxGetDevice");
  if (status == ATTN_OK)
    status = check(
        driver.device_attribute(&most, CU_DEVICE_MAX_SHARED_OPTIN, device),
        "cuDeviceGetAttribute");
  if (status != ATTN_OK)
    return status;
  if (bytes > most)
    return fail("kernel '%s' takes %lld bytes of shared memory, of which this "
                "GPU has %d for a block",
                entry->kernel->name, (long long)bytes, most);
  status =
      check(driver.function_set(entry->handle, CU_FUNC_MAX_DYNAMIC_SHARED_SIZE,
                                (int)bytes),
            "cuFuncSetAttribute");
  if (status == ATTN_OK)
    __atomic_store_n(&entry->shared_bytes, bytes, __ATOMIC_RELEASE);
  return status;
}

/* Launches `entry`; if it is `dependent`, as soon as all blocks of the kernel
 * before it have begun. */
static int32_t launch(const loaded_kernel *entry, const int64_t grid[3],
                      const int32_t block[3], int64_t shared_bytes,
                      cu_stream stream, void **params, int dependent) {
  const unsigned gx = (unsigned)grid[0], gy = (unsigned)grid[1],
                 gz = (unsigned)grid[2];
  const unsigned bx = (unsigned)block[0], by = (unsigned)block[1],
                 bz = (unsigned)block[2];
  cu_launch_attribute attribute;
  cu_launch_config config;
  if (!dependent)
    return check(driver.launch(entry->handle, gx, gy, gz, bx, by, bz,
                               (unsigned)shared_bytes, stream, params, NULL),
                 entry->kernel->name);
  memset(&attribute, 0, sizeof(attribute));
  attribute.id = CU_LAUNCH_PROGRAMMATIC_STREAM_SERIALIZATION;
  attribute.value.is_allowed = 1;
  config.grid[0] = gx, config.grid[1] = gy, config.grid[2] = gz;
  config.block[0] = bx, config.block[1] = by, config.block[2] = bz;
  config.shared_bytes = (unsigned)shared_bytes;
  config.stream = stream;
  config.attributes = &attribute;
  config.num_attributes = 1;
  return check(driver.launch_dependent(&config, entry->handle, params, NULL),
               entry->kernel->name);
}

ATTN_SHARED int32_t attn_gpu_launch(const attn_gpu_kernel *kernel,
                                    const int64_t grid[3],
                                    const int32_t block[3],
                                    int64_t shared_bytes, void *stream,
                                    void **params, int32_t num_params,
                                    int32_t *launched) {
  cu_context context;
  unsigned long long id;
  loaded_kernel *entry;
  int32_t status = need_driver();
  (void)num_params;
  if (status == ATTN_OK)
    status = need_context(stream, &context);
  if (status != ATTN_OK)
    return status;
  if (grid[0] == 0 || grid[1] == 0 || grid[2] == 0)
    return ATTN_OK;
  if (grid[0] < 0 || grid[1] < 0 || grid[2] < 0 || grid[0] > INT32_MAX ||
      grid[1] > 65535 || grid[2] > 65535)
    return fail("kernel '%s' asks for %lld x %lld x %lld blocks, more than a "
                "GPU launches",
                kernel->name, (long long)grid[0], (long long)grid[1],
                (long long)grid[2]);
  id = identify(context);
  entry = lookup(id, kernel);
  if (!entry ||
      shared_bytes > __atomic_load_n(&entry->shared_bytes, __ATOMIC_ACQUIRE)) {
    lock();
    entry = lookup(id, kernel);
    if (!entry)
      status = load_kernel(id, kernel, &entry);
    if (status == ATTN_OK && shared_bytes > entry->shared_bytes)
      status = allow_shared(entry, shared_bytes);
    unlock();
    if (status != ATTN_OK)
      return status;
  }
  /* What is before the first is the caller's, and may not have waited for what
   * was before it. */
  status = launch(entry, grid, block, shared_bytes, stream, params,
                  *launched && entry->waits && driver.launch_dependent);
  if (status == ATTN_OK)
    *launched = 1;
  return status;
}

/*===----------------------------------------------------------------------===*\
 * Tensor maps
\*===----------------------------------------------------------------------===*/

#define TENSOR_MAP_BYTES 128
#define NUM_TENSOR_MAPS 128

/* Maps by the tensor they are of, each at the place its hash says. A rank of 0
 * is none. */
static struct {
  attn_gpu_tensor tensor;
  char map[TENSOR_MAP_BYTES];
} tensor_maps[NUM_TENSOR_MAPS];

ATTN_SHARED int32_t attn_gpu_element_bytes(int32_t element) {
  switch (element) {
  case ATTN_GPU_U8:
    return 1;
  case ATTN_GPU_U16:
  case ATTN_GPU_F16:
  case ATTN_GPU_BF16:
    return 2;
  case ATTN_GPU_U64:
  case ATTN_GPU_F64:
    return 8;
  default:
    return 4;
  }
}

ATTN_SHARED int32_t attn_gpu_check_tensor(const attn_gpu_tensor *tensor,
                                          uint64_t sizes[5],
                                          uint64_t strides[5]) {
  const int64_t width = attn_gpu_element_bytes(tensor->element);
  int32_t i;
  if ((uintptr_t)tensor->data % 16)
    return fail("tensor copies take data aligned to 16 bytes, but got %p",
                tensor->data);
  if (tensor->strides[0] != 1 && tensor->sizes[0] != 1)
    return fail("tensor copies take rows whose elements are adjacent, but got "
                "a stride of %lld",
                (long long)tensor->strides[0]);
  for (i = 0; i < tensor->rank; ++i) {
    int64_t size = tensor->sizes[i], stride = tensor->strides[i];
    if (size < 1 || size > (int64_t)1 << 32)
      return fail("tensor copies take sizes from 1 to 2^32, but dimension %d "
                  "has %lld",
                  (int)(tensor->rank - 1 - i), (long long)size);
    sizes[i] = (uint64_t)size;
    if (i == 0)
      continue;
    /* Of a single row, nobody uses the stride. */
    if (size == 1)
      stride = (tensor->sizes[0] * width + 15) / 16 * 16 / width;
    if (stride < 0 || stride >= ((int64_t)1 << 40) / width ||
        stride * width % 16)
      return fail("tensor copies take strides that are multiples of 16 bytes, "
                  "up to 2^40, but dimension %d has one of %lld elements of "
                  "%d bytes",
                  (int)(tensor->rank - 1 - i), (long long)stride, (int)width);
    strides[i - 1] = (uint64_t)(stride * width);
  }
  return ATTN_OK;
}

static int32_t encode_tensor(const attn_gpu_tensor *tensor, void *stream,
                             void *map) {
  uint64_t sizes[5], strides[5];
  uint32_t box[5], steps[5];
  cu_context context;
  int32_t i;
  int32_t status = need_driver();
  if (status == ATTN_OK)
    status = need_context(stream, &context);
  if (status == ATTN_OK)
    status = attn_gpu_check_tensor(tensor, sizes, strides);
  if (status != ATTN_OK)
    return status;
  if (!driver.encode)
    return fail("the NVIDIA driver is too old: it has no "
                "cuTensorMapEncodeTiled, which came with CUDA 12");
  for (i = 0; i < tensor->rank; ++i) {
    box[i] = (uint32_t)tensor->box[i];
    steps[i] = 1;
  }
  return check(driver.encode(map, tensor->element, (unsigned)tensor->rank,
                             tensor->data, sizes, strides, box, steps,
                             /*interleave=*/0, tensor->swizzle,
                             tensor->l2_promotion, tensor->fill),
               "cuTensorMapEncodeTiled");
}

/* Only what is used, so that equal tensors have equal bytes. */
static attn_gpu_tensor normalize(const attn_gpu_tensor *tensor) {
  attn_gpu_tensor key = *tensor;
  int32_t i;
  for (i = tensor->rank; i < 5; ++i) {
    key.sizes[i] = key.strides[i] = 0;
    key.box[i] = 0;
  }
  return key;
}

static unsigned hash_tensor(const attn_gpu_tensor *key) {
  const unsigned char *bytes = (const unsigned char *)key;
  uint32_t hash = 2166136261u; /* FNV-1a */
  size_t i;
  for (i = 0; i < sizeof(*key); ++i)
    hash = (hash ^ bytes[i]) * 16777619u;
  return (hash ^ hash >> 16) % NUM_TENSOR_MAPS;
}

ATTN_SHARED int32_t attn_gpu_encode_tensor_map(const attn_gpu_tensor *tensor,
                                               void *stream, void *map) {
  attn_gpu_tensor key = normalize(tensor);
  unsigned place = hash_tensor(&key);
  int32_t status;
  int is_known;
  lock();
  is_known = !memcmp(&tensor_maps[place].tensor, &key, sizeof(key));
  if (is_known)
    memcpy(map, tensor_maps[place].map, TENSOR_MAP_BYTES);
  unlock();
  if (is_known)
    return ATTN_OK;
  status = encode_tensor(&key, stream, map);
  if (status != ATTN_OK)
    return status;
  lock();
  tensor_maps[place].tensor = key;
  memcpy(tensor_maps[place].map, map, TENSOR_MAP_BYTES);
  unlock();
  return ATTN_OK;
}

/*===----------------------------------------------------------------------===*\
 * Memory
\*===----------------------------------------------------------------------===*/

ATTN_SHARED int32_t attn_gpu_open(int32_t *capability) {
  cu_context context;
  int32_t status = need_driver();
  if (status == ATTN_OK)
    status = enter_primary(&context);
  if (status == ATTN_OK)
    status = get_capability(capability);
  return status;
}

ATTN_SHARED int32_t attn_gpu_alloc(void **data, int64_t bytes) {
  cu_address address = 0;
  char what[64];
  int32_t status;
  *data = NULL;
  if (bytes == 0)
    return ATTN_OK;
  snprintf(what, sizeof(what), "taking %lld bytes", (long long)bytes);
  status = check(driver.memory_alloc(&address, (size_t)bytes), what);
  *data = (void *)(uintptr_t)address;
  return status;
}

ATTN_SHARED int32_t attn_gpu_free(void *data) {
  if (!data)
    return ATTN_OK;
  return check(driver.memory_free((cu_address)(uintptr_t)data), "cuMemFree");
}

ATTN_SHARED int32_t attn_gpu_copy_in(void *device, const void *host,
                                     int64_t bytes) {
  if (bytes == 0)
    return ATTN_OK;
  return check(
      driver.copy_in((cu_address)(uintptr_t)device, host, (size_t)bytes),
      "copying to the device");
}

ATTN_SHARED int32_t attn_gpu_copy_out(void *host, const void *device,
                                      int64_t bytes) {
  if (bytes == 0)
    return ATTN_OK;
  return check(
      driver.copy_out(host, (cu_address)(uintptr_t)device, (size_t)bytes),
      "copying from the device");
}

ATTN_SHARED int32_t attn_gpu_copy(void *to, const void *from, int64_t bytes) {
  if (bytes == 0)
    return ATTN_OK;
  return check(driver.copy((cu_address)(uintptr_t)to,
                           (cu_address)(uintptr_t)from, (size_t)bytes, NULL),
               "copying on the device");
}

/* What attn_gpu_time measures, between events that are there. */
static int32_t time_between(cu_event start, cu_event end,
                            int32_t (*enqueue)(void *), void *data,
                            double *seconds) {
  float milliseconds = 0;
  int32_t status = check(driver.event_record(start, NULL), "cuEventRecord");
  if (status == ATTN_OK)
    status = enqueue(data);
  if (status == ATTN_OK)
    status = check(driver.event_record(end, NULL), "cuEventRecord");
  if (status == ATTN_OK)
    status = check(driver.event_wait(end), "cuEventSynchronize");
  if (status == ATTN_OK)
    status = check(driver.event_elapsed(&milliseconds, start, end),
                   "cuEventElapsedTime");
  *seconds = 1e-3 * milliseconds;
  return status;
}

ATTN_SHARED int32_t attn_gpu_time(int32_t (*enqueue)(void *data), void *data,
                                  double *seconds) {
  cu_event start, end;
  int32_t status = check(driver.event_create(&start, 0), "cuEventCreate");
  if (status != ATTN_OK)
    return status;
  status = check(driver.event_create(&end, 0), "cuEventCreate");
  if (status == ATTN_OK) {
    status = time_between(start, end, enqueue, data, seconds);
    driver.event_destroy(end);
  }
  driver.event_destroy(start);
  return status;
}

ATTN_SHARED int32_t attn_gpu_synchronize(void) {
  return check(driver.context_wait(), "cuCtxSynchronize");
}
