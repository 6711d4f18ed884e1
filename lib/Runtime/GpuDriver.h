/*===- lib/Runtime/GpuDriver.h - NVIDIA's driver, found -------------------===*\
 *
 * Part of attn-mlir.
 *
 * The functions of libcuda, contexts, and how errors are told. A part of
 * GpuLaunch.c, which alone includes it: an object carries one file.
 *
\*===----------------------------------------------------------------------===*/

#ifndef ATTN_LIB_RUNTIME_GPUDRIVER_H
#define ATTN_LIB_RUNTIME_GPUDRIVER_H

#include "attn/Runtime/Abi.h"
#include "attn/Runtime/GpuLaunch.h"

#include <dlfcn.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>

/* Several objects of one program carry this file; the linker keeps one. */
#define ATTN_SHARED __attribute__((weak))

/*===----------------------------------------------------------------------===*\
 * The driver, as its interface is documented
\*===----------------------------------------------------------------------===*/

typedef int cu_result;
typedef int cu_device;
typedef void *cu_context, *cu_module, *cu_function, *cu_stream, *cu_event;
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

/* A launch with attributes, as cuda.h has it. */
typedef struct cu_launch_attribute {
  int id;
  char pad[4];
  union {
    char bytes[64];
    int is_allowed;
  } value;
} cu_launch_attribute;
typedef struct cu_launch_config {
  unsigned grid[3], block[3], shared_bytes;
  cu_stream stream;
  cu_launch_attribute *attributes;
  unsigned num_attributes;
} cu_launch_config;
enum { CU_LAUNCH_PROGRAMMATIC_STREAM_SERIALIZATION = 6 };
/* The first driver that also captures such launches in graphs: CUDA 12.3. */
enum { CU_FIRST_WITH_DEPENDENT_LAUNCHES = 12030 };

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
  X(copy, "cuMemcpyDtoDAsync_v2", (cu_address, cu_address, size_t, cu_stream)) \
  X(event_create, "cuEventCreate", (cu_event *, unsigned))                     \
  X(event_destroy, "cuEventDestroy_v2", (cu_event))                            \
  X(event_record, "cuEventRecord", (cu_event, cu_stream))                      \
  X(event_wait, "cuEventSynchronize", (cu_event))                              \
  X(event_elapsed, "cuEventElapsedTime", (float *, cu_event, cu_event))        \
  X(error_name, "cuGetErrorName", (cu_result, const char **))                  \
  X(error_text, "cuGetErrorString", (cu_result, const char **))

static struct {
  /* 0 before it was looked for, 1 if it is there. */
  int state;
#define FIELD(name, symbol, types) cu_result(*name) types;
  DRIVER_FUNCTIONS(FIELD)
#undef FIELD
  /* Null before CU_FIRST_WITH_DEPENDENT_LAUNCHES. */
  cu_result (*launch_dependent)(const cu_launch_config *, cu_function, void **,
                                void **);
  /* Since CUDA 12; null before. */
  cu_result (*context_id)(cu_context, unsigned long long *);
  cu_result (*encode)(void *, int, unsigned, void *, const uint64_t *,
                      const uint64_t *, const uint32_t *, const uint32_t *, int,
                      int, int, int);
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
  int version = 0;
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
  *(void **)&driver.encode = dlsym(library, "cuTensorMapEncodeTiled");
  if (driver.driver_version(&version) == CU_SUCCESS &&
      version >= CU_FIRST_WITH_DEPENDENT_LAUNCHES)
    *(void **)&driver.launch_dependent = dlsym(library, "cuLaunchKernelEx");
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

#endif /* ATTN_LIB_RUNTIME_GPUDRIVER_H */
