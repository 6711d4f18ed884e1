/* Compares what GpuDriver.h and GpuLaunch.h know of the driver with cuda.h. */

#define _GNU_SOURCE
#include "GpuDriver.h"

#include <cuda.h>
#include <stddef.h>

#define SAME(ours, theirs)                                                     \
  _Static_assert((unsigned)(ours) == (unsigned)(theirs), #ours)
#define SAME_PLACE(ours, field, theirs, their_field)                           \
  SAME(offsetof(ours, field), offsetof(theirs, their_field))

SAME(CU_SUCCESS, CUDA_SUCCESS);
SAME(CU_OUT_OF_MEMORY, CUDA_ERROR_OUT_OF_MEMORY);
SAME(CU_NO_DEVICE, CUDA_ERROR_NO_DEVICE);
SAME(CU_INVALID_IMAGE, CUDA_ERROR_INVALID_IMAGE);
SAME(CU_NO_BINARY_FOR_GPU, CUDA_ERROR_NO_BINARY_FOR_GPU);
SAME(CU_INVALID_PTX, CUDA_ERROR_INVALID_PTX);
SAME(CU_UNSUPPORTED_PTX_VERSION, CUDA_ERROR_UNSUPPORTED_PTX_VERSION);
SAME(CU_MISALIGNED_ADDRESS, CUDA_ERROR_MISALIGNED_ADDRESS);

SAME(CU_FUNC_MAX_DYNAMIC_SHARED_SIZE,
     CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES);
SAME(CU_DEVICE_CAPABILITY_MAJOR, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR);
SAME(CU_DEVICE_CAPABILITY_MINOR, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
SAME(CU_DEVICE_MAX_SHARED_OPTIN,
     CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN);

SAME(sizeof(cu_address), sizeof(CUdeviceptr));
SAME(sizeof(cu_launch_config), sizeof(CUlaunchConfig));
SAME_PLACE(cu_launch_config, grid, CUlaunchConfig, gridDimX);
SAME_PLACE(cu_launch_config, block, CUlaunchConfig, blockDimX);
SAME_PLACE(cu_launch_config, shared_bytes, CUlaunchConfig, sharedMemBytes);
SAME_PLACE(cu_launch_config, stream, CUlaunchConfig, hStream);
SAME_PLACE(cu_launch_config, attributes, CUlaunchConfig, attrs);
SAME_PLACE(cu_launch_config, num_attributes, CUlaunchConfig, numAttrs);
SAME(sizeof(cu_launch_attribute), sizeof(CUlaunchAttribute));
SAME_PLACE(cu_launch_attribute, value, CUlaunchAttribute, value);
SAME(CU_LAUNCH_PROGRAMMATIC_STREAM_SERIALIZATION,
     CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION);

SAME(ATTN_GPU_U8, CU_TENSOR_MAP_DATA_TYPE_UINT8);
SAME(ATTN_GPU_U16, CU_TENSOR_MAP_DATA_TYPE_UINT16);
SAME(ATTN_GPU_U32, CU_TENSOR_MAP_DATA_TYPE_UINT32);
SAME(ATTN_GPU_U64, CU_TENSOR_MAP_DATA_TYPE_UINT64);
SAME(ATTN_GPU_F16, CU_TENSOR_MAP_DATA_TYPE_FLOAT16);
SAME(ATTN_GPU_F32, CU_TENSOR_MAP_DATA_TYPE_FLOAT32);
SAME(ATTN_GPU_F64, CU_TENSOR_MAP_DATA_TYPE_FLOAT64);
SAME(ATTN_GPU_BF16, CU_TENSOR_MAP_DATA_TYPE_BFLOAT16);
SAME(128, sizeof(CUtensorMap));

#ifdef WRONG
SAME(CU_SUCCESS, CUDA_ERROR_NO_DEVICE);
#endif
