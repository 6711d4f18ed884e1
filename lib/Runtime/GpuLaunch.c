/*===- lib/Runtime/GpuLaunch.c - Kernels on NVIDIA GPUs -------------------===*\
 *
 * Part of attn-mlir.
 *
 * Finds the driver, loads modules once a context and launches kernels. Plain C
 * without CUDA's headers: it is part of every object for GPUs.
 *
\*===----------------------------------------------------------------------===*/

#define _GNU_SOURCE
#include "attn/Runtime/GpuLaunch.h"

#include "attn/Runtime/Abi.h"

#include <dlfcn.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Several objects of one program carry this file; the linker keeps one. */
#define ATTN_SHARED __attribute__((weak))

/*===----------------------------------------------------------------------===*\
 * The driver, as its interface is documented
\*===----------------------------------------------------------------------===*/

typedef int cu_result;
typedef int cu_device;
typedef void *cu_context, *cu_module, *cu_function, *cu_stream;
typedef unsigned long long cu_address;

enum {
  CU_SUCCESS = 0,
  CU_OUT_OF_MEMORY = 2,
  CU_NO_DEVICE = 100,
  CU_INVALID_IMAGE = 200,
  CU_NO_BINARY_FOR_GPU = 209,
  CU_INVALID_PTX = 218,
  CU_UNSUPPORTED_PTX_VERSION = 222,
  CU_MISALIGNED_ADDRESS = 716
};
enum {
  CU_FUNC_MAX_DYNAMIC_SHARED_SIZE = 8,
  CU_DEVICE_CAPABILITY_MAJOR = 75,
  CU_DEVICE_CAPABILITY_MINOR = 76,
  CU_DEVICE_MAX_SHARED_OPTIN = 97
};

/* What a block may have of dynamic shared memory without asking. */
#define DEFAULT_SHARED_BYTES (48 * 1024)

#define DRIVER_FUNCTIONS(X)                                                    \
  X(init, "cuInit", (unsigned))                                                \
  X(driver_version, "cuDriverGetVersion", (int *))                             \
  X(device_get, "cuDeviceGet", (cu_device *, int))                             \
  X(device_attribute, "cuDeviceGetAttribute", (int *, int, cu_device))         \
  X(primary_retain, "cuDevicePrimaryCtxRetain", (cu_context *, cu_device))     \
  X(context_current, "cuCtxGetCurrent", (cu_context *))                        \
  X(context_set, "cuCtxSetCurrent", (cu_context))                              \
  X(context_device, "cuCtxGetDevice", (cu_device *))                           \
  X(context_wait, "cuCtxSynchronize", (void))                                  \
  X(stream_context, "cuStreamGetCtx", (cu_stream, cu_context *))               \
  X(module_load, "cuModuleLoadData", (cu_module *, const void *))              \
  X(module_function, "cuModuleGetFunction",                                    \
    (cu_function *, cu_module, const char *))                                  \
  X(function_set, "cuFuncSetAttribute", (cu_function, int, int))               \
  X(launch, "cuLaunchKernel",                                                  \
    (cu_function, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,  \
     unsigned, cu_stream, void **, void **))                                   \
  X(memory_alloc, "cuMemAlloc_v2", (cu_address *, size_t))                     \
  X(memory_free, "cuMemFree_v2", (cu_address))                                 \
  X(copy_in, "cuMemcpyHtoD_v2", (cu_address, const void *, size_t))            \
  X(copy_out, "cuMemcpyDtoH_v2", (void *, cu_address, size_t))                 \
  X(error_name, "cuGetErrorName", (cu_result, const char **))                  \
  X(error_text, "cuGetErrorString", (cu_result, const char **))

static struct {
  /* 0 before it was looked for, 1 if it is there. */
  int state;
#define FIELD(name, symbol, types) cu_result(*name) types;
  DRIVER_FUNCTIONS(FIELD)
#undef FIELD
  /* Since CUDA 12. */
  cu_result (*context_id)(cu_context, unsigned long long *);
} driver;

static int lock_word;

static void lock(void) {
  while (__atomic_exchange_n(&lock_word, 1, __ATOMIC_ACQUIRE))
    sched_yield();
}

static void unlock(void) { __atomic_store_n(&lock_word, 0, __ATOMIC_RELEASE); }

/*===----------------------------------------------------------------------===*\
 * Errors
\*===----------------------------------------------------------------------===*/

static __thread char last_error[512];

ATTN_SHARED const char *attn_gpu_error(void) { return last_error; }

__attribute__((format(printf, 1, 2))) static int32_t fail(const char *format,
                                                          ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(last_error, sizeof(last_error), format, arguments);
  va_end(arguments);
  return ATTN_ERROR_DEVICE;
}

/* ATTN_OK, or what the driver said while `what` was done. */
static int32_t check(cu_result result, const char *what) {
  const char *name = NULL, *text = NULL;
  if (result == CU_SUCCESS)
    return ATTN_OK;
  if (driver.error_name(result, &name) || !name)
    name = "unknown error";
  if (driver.error_text(result, &text) || !text)
    text = "no more is known";
  if (result == CU_OUT_OF_MEMORY)
    return fail("out of device memory: %s (%s)", what, name);
  if (result == CU_MISALIGNED_ADDRESS)
    return fail("a kernel got a pointer that is not aligned to 16 bytes, or a "
                "stride that makes one: found by %s (%s)",
                what, name);
  return fail("%s failed: %s (%s)", what, text, name);
}

/*===----------------------------------------------------------------------===*\
 * The driver, found
\*===----------------------------------------------------------------------===*/

static int32_t load_driver(void) {
  cu_result result;
  void *library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_GLOBAL);
  if (!library)
    return fail("no NVIDIA driver on this machine: %s", dlerror());
#define FIND(name, symbol, types)                                              \
  *(void **)&driver.name = dlsym(library, symbol);                             \
  if (!driver.name)                                                            \
    return fail("the NVIDIA driver is too old: it has no " symbol);
  DRIVER_FUNCTIONS(FIND)
#undef FIND
  *(void **)&driver.context_id = dlsym(library, "cuCtxGetId");
  result = driver.init(0);
  if (result == CU_NO_DEVICE)
    return fail("no NVIDIA GPU on this machine");
  return check(result, "cuInit");
}

/* The driver, looked for again by each call until it is there. */
static int32_t need_driver(void) {
  int32_t status = ATTN_OK;
  if (__atomic_load_n(&driver.state, __ATOMIC_ACQUIRE))
    return ATTN_OK;
  lock();
  if (!driver.state) {
    status = load_driver();
    if (status == ATTN_OK)
      __atomic_store_n(&driver.state, 1, __ATOMIC_RELEASE);
  }
  unlock();
  return status;
}

/* Makes the first device's primary context current. */
static int32_t enter_primary(cu_context *context) {
  cu_device device;
  int32_t status = check(driver.device_get(&device, 0), "cuDeviceGet");
  if (status == ATTN_OK)
    status = check(driver.primary_retain(context, device),
                   "cuDevicePrimaryCtxRetain");
  if (status == ATTN_OK)
    status = check(driver.context_set(*context), "cuCtxSetCurrent");
  return status;
}

static int32_t need_context(cu_stream stream, cu_context *context) {
  int32_t status = check(driver.context_current(context), "cuCtxGetCurrent");
  if (status != ATTN_OK || *context)
    return status;
  if (!stream)
    return enter_primary(context);
  status = check(driver.stream_context(stream, context), "cuStreamGetCtx");
  if (status != ATTN_OK)
    return status;
  return check(driver.context_set(*context), "cuCtxSetCurrent");
}

static int32_t get_capability(int32_t *capability) {
  cu_device device;
  int major = 0, minor = 0;
  int32_t status = check(driver.context_device(&device), "cuCtxGetDevice");
  if (status == ATTN_OK)
    status = check(
        driver.device_attribute(&major, CU_DEVICE_CAPABILITY_MAJOR, device),
        "cuDeviceGetAttribute");
  if (status == ATTN_OK)
    status = check(
        driver.device_attribute(&minor, CU_DEVICE_CAPABILITY_MINOR, device),
        "cuDeviceGetAttribute");
  *capability = 10 * major + minor;
  return status;
}

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
  struct loaded_module *next;
} loaded_module;

typedef struct loaded_kernel {
  unsigned long long context;
  const attn_gpu_kernel *kernel;
  cu_function handle;
  int64_t shared_bytes; /* that it may have */
  struct loaded_kernel *next;
} loaded_kernel;

static loaded_module *modules;
static loaded_kernel *kernels;

/* How well `image` fits a device: 0 not at all. Machine code before text, a
 * later capability before an earlier one, an exact one before one that is not.
 */
static int fitness(const attn_gpu_image *image, int32_t capability) {
  int is_exact =
      image->kind == ATTN_GPU_CUBIN_EXACT || image->kind == ATTN_GPU_PTX_EXACT;
  int is_text =
      image->kind == ATTN_GPU_PTX || image->kind == ATTN_GPU_PTX_EXACT;
  if (image->capability > capability ||
      (is_exact && image->capability != capability) ||
      (!is_text && image->capability / 10 != capability / 10))
    return 0;
  return 1 + 2 * image->capability + is_exact + (is_text ? 0 : 100000);
}

static int32_t load_image(const attn_gpu_module *module, cu_module *handle) {
  const attn_gpu_image *best = NULL;
  int best_fitness = 0, version = 0;
  int32_t capability = 0;
  int64_t i;
  cu_result result;
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

static int32_t find_module(unsigned long long context,
                           const attn_gpu_module *module, cu_module *handle) {
  loaded_module *entry;
  int32_t status;
  for (entry = modules; entry; entry = entry->next)
    if (entry->context == context && entry->module == module) {
      *handle = entry->handle;
      return ATTN_OK;
    }
  status = load_image(module, handle);
  if (status != ATTN_OK)
    return status;
  entry = (loaded_module *)malloc(sizeof(*entry));
  if (!entry)
    return fail("out of memory");
  entry->context = context;
  entry->module = module;
  entry->handle = *handle;
  entry->next = modules;
  modules = entry;
  return ATTN_OK;
}

static int32_t load_kernel(unsigned long long context,
                           const attn_gpu_kernel *kernel,
                           loaded_kernel **result) {
  loaded_kernel *entry;
  cu_module module;
  cu_function function;
  int32_t status = find_module(context, kernel->module, &module);
  if (status != ATTN_OK)
    return status;
  status = check(driver.module_function(&function, module, kernel->name),
                 "cuModuleGetFunction");
  if (status != ATTN_OK)
    return status;
  entry = (loaded_kernel *)malloc(sizeof(*entry));
  if (!entry)
    return fail("out of memory");
  entry->context = context;
  entry->kernel = kernel;
  entry->handle = function;
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

ATTN_SHARED int32_t attn_gpu_launch(const attn_gpu_kernel *kernel,
                                    const int64_t grid[3],
                                    const int32_t block[3],
                                    int64_t shared_bytes, void *stream,
                                    void **params, int32_t num_params) {
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
  return check(driver.launch(entry->handle, (unsigned)grid[0],
                             (unsigned)grid[1], (unsigned)grid[2],
                             (unsigned)block[0], (unsigned)block[1],
                             (unsigned)block[2], (unsigned)shared_bytes, stream,
                             params, NULL),
               kernel->name);
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

ATTN_SHARED int32_t attn_gpu_synchronize(void) {
  return check(driver.context_wait(), "cuCtxSynchronize");
}
