/*===- include/attn/Runtime/GpuEmulator.h - GPU kernels on the CPU --------===*\
 *
 * Part of attn-mlir.
 *
 * Runs kernels that attn-emulate-gpu turned into host functions: each thread of
 * a block is a fiber, each device operation a call of a function below.
 *
\*===----------------------------------------------------------------------===*/

#ifndef ATTN_RUNTIME_GPU_EMULATOR_H
#define ATTN_RUNTIME_GPU_EMULATOR_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What attn_emulate_launch returns. */
enum { ATTN_EMULATOR_OK = 0, ATTN_EMULATOR_ERROR = 1 };

/* Runs `kernel` once for each thread of each block. `params` points to the
 * kernel's arguments. Anything else than 0 is an error that was told on stderr:
 * a kernel, block and thread and what it did, or a launch no GPU accepts.
 *
 * Blocks run one after another, warps one at a time and as far as they come, in
 * an order drawn from the environment's ATTN_EMULATOR_SEED (a number, 1 without
 * it, or "random"). Also by seed and block, asynchronous copies land at once, or
 * only when they are waited for. What a kernel may not rely on holds NaN: fresh
 * shared memory, the destination of a copy under way. Re-entrant: launches on
 * several host threads do not know each other. */
int32_t attn_emulate_launch(void (*kernel)(void *const *params),
                            const int64_t grid[3], const int32_t block[3],
                            int64_t shared_bytes, void *const *params);

/* Name and address of a function that emulated kernels call. */
typedef struct attn_emulator_symbol {
  const char *name;
  void *address;
} attn_emulator_symbol;

/* All of them and attn_emulate_launch, for who links code in memory; ends with
 * a null name. */
const attn_emulator_symbol *attn_emulator_symbols(void);

/*===----------------------------------------------------------------------===*\
 * What attn-emulate-gpu calls, on the fiber of a thread. `where` names an op and
 * its place; collectives compare it by address.
\*===----------------------------------------------------------------------===*/

/* The block that runs: what all its threads see. Shared memory holds static
 * variables first, then, from `dynamic`, what the launch asked for. */
typedef struct attn_emulator_block {
  char *shared;
  int64_t shared_end;
} attn_emulator_block;

/* First in a kernel: its name, the bytes of its static shared memory, where the
 * dynamic begins, and the block size it is made for (0: any). */
void attn_emulator_enter(const char *kernel, int64_t static_bytes,
                         int64_t dynamic, int32_t x, int32_t y, int32_t z);

/* The block this thread belongs to. */
attn_emulator_block *attn_emulator_current(void);

/* Ends the launch: an access of `bytes` at `address` is outside of shared memory
 * (if `shared`) or not aligned. */
void attn_emulator_bad_access(const char *where, const void *address,
                              int64_t bytes, int64_t alignment, int32_t shared);

/* Ends the launch with a message: a trap or what cannot be reached. */
void attn_emulator_trap(const char *where);

/* Which special register attn_emulator_register reads. */
enum {
  ATTN_REG_TID_X, ATTN_REG_TID_Y, ATTN_REG_TID_Z,
  ATTN_REG_NTID_X, ATTN_REG_NTID_Y, ATTN_REG_NTID_Z,
  ATTN_REG_CTAID_X, ATTN_REG_CTAID_Y, ATTN_REG_CTAID_Z,
  ATTN_REG_NCTAID_X, ATTN_REG_NCTAID_Y, ATTN_REG_NCTAID_Z,
  ATTN_REG_LANEID, ATTN_REG_WARPID, ATTN_REG_NWARPID, ATTN_REG_WARPSIZE,
  ATTN_REG_LANEMASK_EQ, ATTN_REG_LANEMASK_LE, ATTN_REG_LANEMASK_LT,
  ATTN_REG_LANEMASK_GE, ATTN_REG_LANEMASK_GT,
  ATTN_REG_SMID, ATTN_REG_NSMID, ATTN_REG_DYNAMIC_SMEM_SIZE,
  ATTN_REG_TOTAL_SMEM_SIZE, ATTN_REG_ZERO, ATTN_REG_ONE
};
int32_t attn_emulator_register(int32_t which);
int64_t attn_emulator_clock(void);

/* Approximate functions, more exact here than there. */
enum {
  ATTN_MATH_EX2, ATTN_MATH_LG2, ATTN_MATH_RCP, ATTN_MATH_RSQRT, ATTN_MATH_SQRT,
  ATTN_MATH_TANH, ATTN_MATH_SIN, ATTN_MATH_COS,
  /* Added: subnormal arguments and results are zero. */
  ATTN_MATH_FTZ = 256
};
float attn_emulator_math(int32_t function, float value);

/* A thread that looks again and again lets others run. */
void attn_emulator_poll(const char *where);

/* Block barriers: `count` threads, or with 0 all of the block. `reduction` is
 * that of nvvm (0 popc, 1 and, 2 or) or -1. */
int32_t attn_emulator_barrier(const char *where, int32_t id, int32_t count,
                              int32_t reduction, int32_t predicate);
void attn_emulator_barrier_arrive(const char *where, int32_t id, int32_t count);

/* Collectives of a warp. Numbers of kinds are those of nvvm. shuffle and match
 * return a predicate in bit 32. */
void attn_emulator_warp_sync(const char *where, int32_t mask);
int64_t attn_emulator_shuffle(const char *where, int32_t mask, int32_t value,
                              int32_t offset, int32_t clamp, int32_t kind);
int32_t attn_emulator_vote(const char *where, int32_t mask, int32_t predicate,
                           int32_t kind);
int64_t attn_emulator_match(const char *where, int32_t mask, int64_t value,
                            int32_t kind);
/* `flags`: 1 absolute value, 2 NaN wins. */
int32_t attn_emulator_redux(const char *where, int32_t mask, int32_t value,
                            int32_t kind, int32_t flags);
int32_t attn_emulator_elect(const char *where, int32_t mask);

/* `num` 8x8 matrices of 16-bit elements, a register of each lane for each. */
void attn_emulator_ldmatrix(const char *where, const void *address, int32_t num,
                            int32_t transposed, int32_t *registers);
void attn_emulator_stmatrix(const char *where, void *address, int32_t num,
                            int32_t transposed, const int32_t *registers);

/* Element types of matrix operands. */
enum {
  ATTN_ELEMENT_F16, ATTN_ELEMENT_BF16, ATTN_ELEMENT_TF32, ATTN_ELEMENT_F32,
  ATTN_ELEMENT_E4M3, ATTN_ELEMENT_E5M2, ATTN_ELEMENT_S8, ATTN_ELEMENT_U8,
  ATTN_ELEMENT_S32
};
/* mma.sync m16n8kK: `operands` are the lane's registers of A, B and C; `d` is the
 * type of C and of the result. */
void attn_emulator_mma(const char *where, int32_t k, int32_t a, int32_t b,
                       int32_t d, int32_t saturate, const int32_t *operands,
                       int32_t *result);

/* One number in another type, in the low bits, rounded to nearest even;
 * `saturate` to the greatest finite number. */
int32_t attn_emulator_convert(int32_t value, int32_t from, int32_t to,
                              int32_t saturate);

/* cp.async: `size` bytes of which `valid` are read and the others zero. */
void attn_emulator_cp_async(const char *where, void *destination,
                            const void *source, int32_t size, int32_t valid);
void attn_emulator_cp_async_commit(void);
void attn_emulator_cp_async_wait(int32_t pending_groups);

/* mbarriers, 8 bytes of shared memory each. An arrival first expects
 * `transactions` bytes; with `drop` later phases expect `count` less. Returns
 * what attn_emulator_mbarrier_test takes as `phase` if not `parity`. */
void attn_emulator_mbarrier_init(const char *where, void *address,
                                 int32_t count);
void attn_emulator_mbarrier_inval(const char *where, void *address);
int64_t attn_emulator_mbarrier_arrive(const char *where, void *address,
                                      int32_t count, int32_t transactions,
                                      int32_t drop);
void attn_emulator_mbarrier_expect(const char *where, void *address,
                                   int32_t transactions);
/* Whether the phase is complete; `blocking` waits until it is. */
int32_t attn_emulator_mbarrier_test(const char *where, void *address,
                                    int64_t phase, int32_t parity,
                                    int32_t blocking);
/* Arrives when the thread's cp.asyncs so far have landed. */
void attn_emulator_cp_async_mbarrier_arrive(const char *where, void *address,
                                            int32_t noinc);

/* Bulk copies: to shared memory they complete transactions of an mbarrier, to
 * global memory they are in groups. */
void attn_emulator_bulk_load(const char *where, void *destination,
                             const void *source, void *mbarrier, int32_t size);
void attn_emulator_bulk_store(const char *where, void *destination,
                              const void *source, int32_t size);
void attn_emulator_bulk_commit(void);
void attn_emulator_bulk_wait(int32_t pending_groups);

/* What stands for a CUtensorMap, and is as big: the arguments of
 * cuTensorMapEncodeTiled, the innermost dimension first. `strides` are in bytes
 * and begin with that of dimension 1. `swizzle` is 0, 32, 64 or 128 bytes.
 * Returns 0, or 1 for what the driver refuses. */
typedef struct attn_emulator_tensor_map {
  uint64_t opaque[16];
} attn_emulator_tensor_map;
int32_t attn_emulator_encode_tensor_map(attn_emulator_tensor_map *map,
                                        int32_t element_bytes, int32_t rank,
                                        void *base, const uint64_t *sizes,
                                        const uint64_t *strides,
                                        const uint32_t *box, int32_t swizzle);
/* cp.async.bulk.tensor, tile mode. */
void attn_emulator_tensor_load(const char *where, void *destination,
                               const void *map, void *mbarrier, int32_t rank,
                               const int32_t *coordinates);
void attn_emulator_tensor_store(const char *where, const void *map,
                                const void *source, int32_t rank,
                                const int32_t *coordinates);

/* In kernels that use the async proxy (wgmma, bulk copies), before a store of
 * `bytes` to shared memory, and before stmatrix. The async proxy sees what the
 * thread stored once it has executed fence.proxy.async. */
void attn_emulator_shared_store(const char *where, const void *address,
                                int64_t bytes);
void attn_emulator_shared_store_matrix(const char *where, const void *address,
                                       int32_t num);
void attn_emulator_fence_async(void);

/* setmaxnreg by a warp: what is given back others of the block may take. */
void attn_emulator_set_registers(const char *where, int32_t count,
                                 int32_t increase);

/* wgmma.mma_async m64nN with 32 bytes along k. */
enum {
  ATTN_WGMMA_ACCUMULATE = 1, ATTN_WGMMA_NEGATE_A = 2, ATTN_WGMMA_NEGATE_B = 4,
  ATTN_WGMMA_TRANSPOSE_A = 8, ATTN_WGMMA_TRANSPOSE_B = 16,
  /* A is in registers. */
  ATTN_WGMMA_REGISTERS_A = 32
};
void attn_emulator_wgmma(const char *where, int32_t n, int32_t a, int32_t b,
                         int32_t d, int32_t flags, int64_t descriptor_a,
                         int64_t descriptor_b, const int32_t *registers_a,
                         int32_t *accumulators);
void attn_emulator_wgmma_commit(const char *where);
void attn_emulator_wgmma_wait(const char *where, int32_t pending_groups);

#ifdef __cplusplus
}
#endif

#endif /* ATTN_RUNTIME_GPU_EMULATOR_H */
