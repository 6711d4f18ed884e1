/* Calls an object of attn-compile as C, and as C++, would: the typed wrapper
 * and the general entry, right and wrong calls. Plain loops in f64 say what is
 * right. With TWO, a second object of another module is in the program. */

#include "attention.h"
#ifdef TWO
#include "half.h"
#endif

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 2, HEADS = 4, KV_HEADS = 2, LQ = 19, LK = 37, DIM = 64 };

static int failures = 0;

static void expect(int holds, const char *what) {
  if (holds)
    return;
  printf("failed: %s\n", what);
  ++failures;
}

/* Numbers in [-1, 1) that any machine has the same. */
static void fill(float *data, int64_t count, uint32_t seed) {
  int64_t i;
  for (i = 0; i < count; ++i) {
    seed = seed * 1664525u + 1013904223u;
    data[i] = (float)(seed >> 8) / 8388608.0f - 1.0f;
  }
}

/* The largest difference from attention of one query row, in f64. */
static double check_row(const float *q, const float *k, const float *v,
                        const float *out, float lse, int64_t visible) {
  double score[LK], most = -INFINITY, sum = 0, worst = 0;
  int64_t j, d;
  for (j = 0; j < visible; ++j) {
    score[j] = 0;
    for (d = 0; d < DIM; ++d)
      score[j] += (double)q[d] * k[j * DIM + d];
    score[j] /= sqrt((double)DIM);
    most = score[j] > most ? score[j] : most;
  }
  for (j = 0; j < visible; ++j)
    sum += exp(score[j] - most);
  for (d = 0; d < DIM; ++d) {
    double value = 0;
    for (j = 0; j < visible; ++j)
      value += exp(score[j] - most) / sum * v[j * DIM + d];
    worst = fmax(worst, fabs(value - out[d]));
  }
  return fmax(worst, fabs(most + log(sum) - lse));
}

static void *allocate(size_t bytes) {
  void *memory = malloc(bytes ? bytes : 1);
  if (!memory)
    exit(3);
  return memory;
}

int main(void) {
  const int64_t offset = 5;
  const int64_t sizes_q[4] = {BATCH, HEADS, LQ, DIM};
  const int64_t sizes_kv[4] = {BATCH, KV_HEADS, LK, DIM};
  const int64_t count_q = BATCH * HEADS * LQ * DIM;
  const int64_t count_kv = BATCH * KV_HEADS * LK * DIM;
  float *q = (float *)allocate(sizeof(float) * count_q);
  float *k = (float *)allocate(sizeof(float) * count_kv);
  float *v = (float *)allocate(sizeof(float) * count_kv);
  float *out = (float *)allocate(sizeof(float) * count_q);
  float *again = (float *)allocate(sizeof(float) * count_q);
  float lse[BATCH * HEADS * LQ];
  attn_tensor args[4], results[2];
  size_t bytes = 0, same = 0;
  void *workspace;
  double worst = 0;
  int64_t row;
  fill(q, count_q, 1);
  fill(k, count_kv, 2);
  fill(v, count_kv, 3);

  expect(attn_abi_version() == ATTN_ABI_VERSION, "the versions agree");

  /* The wrapper. */
  expect(attention_call_workspace_bytes(offset, BATCH, LQ, LK, NULL, &bytes) ==
             ATTN_OK,
         "workspace");
  workspace = allocate(bytes);
  expect(attention_call(q, k, v, offset, out, lse, BATCH, LQ, LK, workspace,
                        bytes, NULL) == ATTN_OK,
         "attention_call");
  for (row = 0; row < BATCH * HEADS * LQ; ++row) {
    int64_t head = row / LQ, i = row % LQ;
    int64_t kv = (head / HEADS * KV_HEADS + head % HEADS / (HEADS / KV_HEADS)) *
                 LK * DIM;
    int64_t visible = i + offset + 1 < LK ? i + offset + 1 : (int64_t)LK;
    worst = fmax(worst, check_row(q + row * DIM, k + kv, v + kv,
                                  out + row * DIM, lse[row], visible));
  }
  printf("worst error %g\n", worst);
  expect(worst < 1e-5, "the numbers");

  /* The general entry, on queries and results with gaps between the rows. */
  {
    int64_t stride = DIM + 3, d;
    float *wide = (float *)allocate(sizeof(float) * count_q / DIM * stride);
    float *wide_out = (float *)allocate(sizeof(float) * count_q / DIM * stride);
    for (row = 0; row < count_q / DIM; ++row)
      for (d = 0; d < stride; ++d) {
        wide[row * stride + d] = d < DIM ? q[row * DIM + d] : NAN;
        wide_out[row * stride + d] = -7;
      }
    args[0] = attn_contiguous(wide, ATTN_F32, 4, sizes_q);
    for (d = 0; d < 3; ++d)
      args[0].strides[d] = args[0].strides[d] / DIM * stride;
    args[1] = attn_contiguous(k, ATTN_F32, 4, sizes_kv);
    args[2] = attn_contiguous(v, ATTN_F32, 4, sizes_kv);
    args[3] = attn_contiguous(&offset, ATTN_I64, 0, NULL);
    expect(attention_workspace_bytes(args, 4, NULL, &same) == ATTN_OK &&
               same == bytes,
           "the same workspace");
    expect(attention_result_shapes(args, 4, results, 2) == ATTN_OK,
           "result shapes");
    expect(results[0].dtype == ATTN_F32 && results[0].rank == 4 &&
               memcmp(results[0].sizes, sizes_q, sizeof(sizes_q)) == 0,
           "shape of the output");
    expect(results[1].rank == 3 && results[1].sizes[2] == LQ, "shape of lse");
    results[0].data = wide_out;
    for (d = 0; d < 3; ++d)
      results[0].strides[d] = results[0].strides[d] / DIM * stride;
    results[1].data = lse;
    expect(attention(args, 4, results, 2, workspace, bytes, NULL) == ATTN_OK,
           "attention");
    for (row = 0; row < count_q / DIM; ++row) {
      for (d = 0; d < DIM; ++d)
        again[row * DIM + d] = wide_out[row * stride + d];
      for (; d < stride; ++d)
        expect(wide_out[row * stride + d] == -7, "gaps stay");
    }
    expect(memcmp(out, again, sizeof(float) * count_q) == 0,
           "the same numbers");
    free(wide);
    free(wide_out);
  }

  /* Calls that are wrong say so, and write nothing. */
  memset(again, 0x55, sizeof(float) * count_q);
  results[0] = attn_contiguous(again, ATTN_F32, 4, sizes_q);
#define REFUSED(STATUS, N_ARGS)                                                \
  expect(attention(args, N_ARGS, results, 2, workspace, bytes, NULL) ==        \
             (STATUS),                                                         \
         #STATUS)
  REFUSED(ATTN_ERROR_ARGUMENT_COUNT, 3);
  args[1].sizes[2] = LK - 1;
  REFUSED(ATTN_ERROR_SHAPE, 4);
  printf("%s: %s\n", attn_status_string(ATTN_ERROR_SHAPE),
         attention_explain(args, 4, results, 2));
  args[1].sizes[2] = LK;
  args[1].dtype = ATTN_F16;
  REFUSED(ATTN_ERROR_DTYPE, 4);
  args[1].dtype = ATTN_F32;
  args[2].rank = 3;
  REFUSED(ATTN_ERROR_RANK, 4);
  args[2].rank = 4;
  args[0].strides[3] = 2;
  REFUSED(ATTN_ERROR_STRIDE, 4);
  args[0].strides[3] = 1;
  args[0].data = NULL;
  REFUSED(ATTN_ERROR_NULL, 4);
  args[0].data = (char *)q + 1;
  REFUSED(ATTN_ERROR_ALIGNMENT, 4);
  args[0].data = q;
  attn_set_contiguous(&args[0]);
  if (bytes > 0)
    expect(attention(args, 4, results, 2, workspace, bytes - 1, NULL) ==
               ATTN_ERROR_WORKSPACE,
           "a small workspace");
  for (row = 0; row < count_q; ++row)
    expect(memcmp(&again[row], "\x55\x55\x55\x55", 4) == 0, "nothing written");
  expect(attention(args, 4, results, 2, workspace, bytes, NULL) == ATTN_OK &&
             memcmp(out, again, sizeof(float) * count_q) == 0,
         "right again");

#ifdef TWO
  {
    /* Ones in f16: attention over equal values is that value. */
    uint16_t ones[2 * 3 * 32], result[2 * 3 * 32];
    size_t half_bytes = 0;
    void *half_workspace;
    for (row = 0; row < 2 * 3 * 32; ++row)
      ones[row] = 0x3c00;
    expect(half_attention_call_workspace_bytes(3, 3, NULL, &half_bytes) ==
               ATTN_OK,
           "workspace of the second object");
    half_workspace = allocate(half_bytes);
    expect(half_attention_call(ones, ones, ones, result, 3, 3, half_workspace,
                               half_bytes, NULL) == ATTN_OK,
           "the second object");
    expect(memcmp(ones, result, sizeof(ones)) == 0, "its numbers");
    free(half_workspace);
  }
#endif
  free(q);
  free(k);
  free(v);
  free(out);
  free(again);
  free(workspace);
  if (failures)
    printf("%d failures\n", failures);
  else
    printf("all as expected\n");
  return failures != 0;
}
