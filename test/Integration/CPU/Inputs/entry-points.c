/* Calls the functions of entry-points.mlir, rightly and wrongly. All memory
 * that a call may see ends at a page that may not be touched, descriptors too;
 * a refused call must leave what it could write as it was. */
#include "attn/Runtime/Abi.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define DECLARE(NAME)                                                          \
  int32_t NAME(const attn_tensor *, int32_t, attn_tensor *, int32_t, void *,   \
               size_t, const attn_exec *);                                     \
  int32_t NAME##_result_shapes(const attn_tensor *, int32_t, attn_tensor *,    \
                               int32_t);                                       \
  int32_t NAME##_workspace_bytes(const attn_tensor *, int32_t,                 \
                                 const attn_exec *, size_t *);                 \
  const char *NAME##_explain(const attn_tensor *, int32_t,                     \
                             const attn_tensor *, int32_t);
DECLARE(attend)
DECLARE(transposed)
DECLARE(append)
DECLARE(scalars)
DECLARE(pages)
DECLARE(halves)

static int line_of_check;
#define CHECK(...)                                                             \
  do {                                                                         \
    if (!(__VA_ARGS__)) {                                                      \
      printf("line %d (from %d): %s\n", __LINE__, line_of_check,               \
             #__VA_ARGS__);                                                    \
      exit(1);                                                                 \
    }                                                                          \
  } while (0)
#define AT (line_of_check = __LINE__)

/* `bytes` that end where a page begins that may not be touched. */
static void *guarded(size_t bytes) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  size_t whole = (bytes + page - 1) / page * page;
  char *memory = mmap(NULL, whole + page, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(memory != MAP_FAILED);
  CHECK(mprotect(memory + whole, page, PROT_NONE) == 0);
  return memory + whole - bytes;
}

static const size_t kBytes[] = {0, 4, 2, 2, 8, 1, 1, 1, 1, 2, 4, 8, 1};

/* A contiguous tensor with memory of its own. */
static attn_tensor make(int32_t dtype, int32_t rank, const int64_t *sizes) {
  attn_tensor t;
  int64_t count = 1;
  memset(&t, 0x77, sizeof t);
  t.dtype = dtype;
  t.rank = rank;
  for (int d = rank - 1; d >= 0; --d) {
    t.sizes[d] = sizes[d];
    t.strides[d] = count;
    count *= sizes[d];
  }
  t.data = count == 0 ? NULL : guarded((size_t)count * kBytes[dtype]);
  return t;
}
#define MAKE(DTYPE, ...)                                                       \
  make(DTYPE, sizeof((int64_t[]){__VA_ARGS__}) / 8, (int64_t[]){__VA_ARGS__})

static uint32_t state = 1;
static float random_float(void) {
  state = state * 1664525u + 1013904223u;
  return (float)(state >> 8) / (float)(1 << 23) - 1.0f;
}

/* Element (a, b, c, d) of a tensor of f32 of rank 4. */
static float *at(const attn_tensor *t, int64_t a, int64_t b, int64_t c,
                 int64_t d) {
  return (float *)t->data + a * t->strides[0] + b * t->strides[1] +
         c * t->strides[2] + d * t->strides[3];
}

static void fill(const attn_tensor *t) {
  for (int64_t a = 0; a < t->sizes[0]; ++a)
    for (int64_t b = 0; b < t->sizes[1]; ++b)
      for (int64_t c = 0; c < t->sizes[2]; ++c)
        for (int64_t d = 0; d < t->sizes[3]; ++d)
          *at(t, a, b, c, d) = random_float();
}

typedef int32_t (*function)(const attn_tensor *, int32_t, attn_tensor *,
                            int32_t, void *, size_t, const attn_exec *);
typedef int32_t (*bytes_function)(const attn_tensor *, int32_t,
                                  const attn_exec *, size_t *);
typedef const char *(*explain_function)(const attn_tensor *, int32_t,
                                        const attn_tensor *, int32_t);
typedef int32_t (*shapes_function)(const attn_tensor *, int32_t, attn_tensor *,
                                   int32_t);

typedef struct {
  function run;
  shapes_function shapes;
  bytes_function bytes;
  explain_function explain;
  int right, refused;
} callee;
#define CALLEE(NAME)                                                           \
  {NAME, NAME##_result_shapes, NAME##_workspace_bytes, NAME##_explain, 0, 0}

static int loops, iterations;
static void parallel_for(void *ctx, int64_t n, attn_loop_body body,
                         void *args) {
  CHECK(ctx == &loops);
  ++loops;
  /* Backwards, on alternating threads. */
  for (int64_t i = n - 1; i >= 0; --i, ++iterations)
    body(args, i, i % 3);
}

/* Calls and checks that results agree with what was promised. */
static int32_t call(callee *f, const attn_tensor *args, int32_t n_args,
                    attn_tensor *results, int32_t n_results,
                    const attn_exec *exec) {
  attn_tensor *a = guarded((size_t)n_args * sizeof *a);
  attn_tensor *r = guarded((size_t)n_results * sizeof *r);
  memcpy(a, args, (size_t)n_args * sizeof *a);
  memcpy(r, results, (size_t)n_results * sizeof *r);
  size_t bytes = 0;
  int32_t status = f->bytes(a, n_args, exec, &bytes);
  void *workspace = status == ATTN_OK && bytes ? guarded(bytes) : NULL;
  if (status == ATTN_OK && bytes) {
    memset(workspace, 0xff, bytes);
    CHECK(f->run(a, n_args, r, n_results, workspace, bytes - 1, exec) !=
          ATTN_OK);
  }
  status = f->run(a, n_args, r, n_results, workspace, bytes, exec);
  CHECK((f->explain(a, n_args, r, n_results) == NULL) == (status == ATTN_OK));
  CHECK(memcmp(a, args, (size_t)n_args * sizeof *a) == 0);
  CHECK(memcmp(r, results, (size_t)n_results * sizeof *r) == 0);
  return status;
}

static void right(callee *f, const attn_tensor *args, int32_t n_args,
                  attn_tensor *results, int32_t n_results) {
  attn_exec exec = {&loops, parallel_for, 3, NULL};
  attn_exec none = {NULL, NULL, 1000, NULL};
  int32_t status = call(f, args, n_args, results, n_results, &exec);
  if (status != ATTN_OK)
    printf("line %d: %s\n", line_of_check,
           f->explain(args, n_args, results, n_results));
  CHECK(status == ATTN_OK);
  CHECK(call(f, args, n_args, results, n_results, &none) == ATTN_OK);
  CHECK(call(f, args, n_args, results, n_results, NULL) == ATTN_OK);
  ++f->right;
}

/* Each result has memory of `bytes` bytes. */
static void refused(callee *f, const attn_tensor *args, int32_t n_args,
                    attn_tensor *results, int32_t n_results, size_t bytes,
                    int32_t expected, const char *text) {
  char before[4096];
  CHECK(bytes <= sizeof before);
  for (int32_t i = 0; i < n_results; ++i)
    if (results && results[i].data)
      memset(results[i].data, 0x5a, bytes);
  memset(before, 0x5a, bytes);
  int32_t status = f->run(args, n_args, results, n_results, NULL, 0, NULL);
  const char *found = f->explain(args, n_args, results, n_results);
  if (status != expected || !found || !strstr(found, text))
    printf("line %d: %d (%s), %s\n", line_of_check, status,
           attn_status_string(status), found ? found : "(null)");
  CHECK(status == expected && found && strstr(found, text));
  CHECK(strcmp(attn_status_string(status), "ok") != 0);
  for (int32_t i = 0; i < n_results; ++i)
    if (results && results[i].data && ((uintptr_t)results[i].data & 3) == 0)
      CHECK(memcmp(results[i].data, before, bytes) == 0);
  ++f->refused;
}

/* One query row over `keys` keys, those `visible`; gives lse. */
static float attend_row(const float *q, const attn_tensor *k,
                        const attn_tensor *v, int64_t b, int64_t h,
                        int64_t keys, int swapped, const uint8_t *visible,
                        float *out) {
  double scores[256], highest = -INFINITY, sum = 0, acc[16] = {0};
  CHECK(keys <= 256);
  for (int64_t j = 0; j < keys; ++j) {
    double s = 0;
    for (int64_t d = 0; d < 16; ++d)
      s += (double)q[d] * *(swapped ? at(k, b, j, h, d) : at(k, b, h, j, d));
    scores[j] = visible && !visible[j] ? -INFINITY : s / 4;
    if (scores[j] > highest)
      highest = scores[j];
  }
  if (highest == -INFINITY) {
    memset(out, 0, 16 * sizeof *out);
    return -INFINITY;
  }
  for (int64_t j = 0; j < keys; ++j) {
    double p = exp(scores[j] - highest);
    sum += p;
    for (int64_t d = 0; d < 16; ++d)
      acc[d] += p * *(swapped ? at(v, b, j, h, d) : at(v, b, h, j, d));
  }
  for (int64_t d = 0; d < 16; ++d)
    out[d] = (float)(acc[d] / sum);
  return (float)(highest + log(sum));
}

static int close_to(float a, float b) {
  return a == b || fabsf(a - b) <= 1e-5f * (1 + fabsf(b));
}

/*===--- attend ---===*/

static void check_attend(const attn_tensor *a, const attn_tensor *r) {
  for (int64_t b = 0; b < a[0].sizes[0]; ++b)
    for (int64_t h = 0; h < 4; ++h)
      for (int64_t i = 0; i < a[0].sizes[2]; ++i) {
        float row[16];
        const uint8_t *mask = (uint8_t *)a[3].data +
                              (a[3].sizes[0] == 1 ? 0 : i * a[3].strides[0]);
        float lse = attend_row(at(&a[0], b, h, i, 0), &a[1], &a[2], b, h / 2,
                               ((int32_t *)a[4].data)[b], 0, mask, row);
        const float *found =
            (float *)r[1].data + b * r[1].strides[0] + h * r[1].strides[1] + i;
        CHECK(close_to(*found, lse));
        for (int64_t d = 0; d < 16; ++d)
          CHECK(close_to(*at(&r[0], b, h, i, d), row[d]));
      }
}

static void make_attend(attn_tensor *a, attn_tensor *r, int64_t batch,
                        int64_t queries, int64_t keys) {
  a[0] = MAKE(ATTN_F32, batch, 4, queries, 16);
  a[1] = MAKE(ATTN_F32, batch, 2, keys, 16);
  a[2] = MAKE(ATTN_F32, batch, 2, keys, 16);
  a[3] = MAKE(ATTN_BOOL, queries, keys);
  a[4] = MAKE(ATTN_I32, batch);
  for (int i = 0; i < 3; ++i)
    fill(&a[i]);
  for (int64_t i = 0; i < queries * keys; ++i)
    ((uint8_t *)a[3].data)[i] = random_float() > 0 ? (uint8_t)(i | 2) : 0;
  for (int64_t b = 0; b < batch; ++b)
    ((int32_t *)a[4].data)[b] = (int32_t)(keys - b * keys / batch);
  r[0] = MAKE(ATTN_F32, batch, 4, queries, 16);
  r[1] = MAKE(ATTN_F32, batch, 4, queries);
}

static void test_attend(void) {
  callee f = CALLEE(attend);
  attn_tensor a[5], r[2], shapes[2], changed[5], results[2];
  int64_t sizes[][3] = {{1, 1, 1}, {2, 33, 70}, {3, 7, 129}, {1, 64, 8}};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; ++i) {
    AT;
    make_attend(a, r, sizes[i][0], sizes[i][1], sizes[i][2]);
    right(&f, a, 5, r, 2);
    check_attend(a, r);
  }
  CHECK(loops > 0 && iterations > loops);

  /* Sizes of zero, without memory. */
  AT;
  make_attend(a, r, 2, 5, 0);
  right(&f, a, 5, r, 2);
  check_attend(a, r);
  make_attend(a, r, 2, 0, 5);
  right(&f, a, 5, r, 2);
  make_attend(a, r, 0, 5, 5);
  right(&f, a, 5, r, 2);

  /* Results are told, and arguments need no memory for that. */
  AT;
  make_attend(a, r, 2, 3, 5);
  memcpy(changed, a, sizeof a);
  for (int i = 0; i < 5; ++i)
    changed[i].data = NULL;
  memset(shapes, 0, sizeof shapes);
  CHECK(attend_result_shapes(changed, 5, shapes, 2) == ATTN_OK);
  CHECK(shapes[0].dtype == ATTN_F32 && shapes[0].rank == 4);
  CHECK(!shapes[0].data && !shapes[1].data && shapes[1].rank == 3);
  CHECK(!memcmp(shapes[0].sizes, r[0].sizes, 4 * 8));
  CHECK(!memcmp(shapes[0].strides, r[0].strides, 4 * 8));
  CHECK(!memcmp(shapes[1].sizes, r[1].sizes, 3 * 8));
  CHECK(!memcmp(shapes[1].strides, r[1].strides, 3 * 8));
  size_t bytes;
  CHECK(attend_workspace_bytes(changed, 5, NULL, &bytes) == ATTN_OK);
  CHECK(attend_workspace_bytes(changed, 5, NULL, NULL) == ATTN_ERROR_NULL);
  changed[0].rank = 3;
  CHECK(attend_result_shapes(changed, 5, shapes, 2) == ATTN_ERROR_RANK);
  CHECK(attend_workspace_bytes(changed, 5, NULL, &bytes) == ATTN_ERROR_RANK);
  changed[0].rank = 4;
  changed[2].sizes[2] = 4;
  CHECK(attend_result_shapes(changed, 5, shapes, 2) == ATTN_ERROR_SHAPE);
  CHECK(attend_result_shapes(a, 5, shapes, 1) == ATTN_ERROR_ARGUMENT_COUNT);
  CHECK(attend_result_shapes(a, 5, NULL, 2) == ATTN_ERROR_NULL);

  /* Views: heads and batches of larger tensors, values with stride 0. */
  AT;
  make_attend(a, r, 2, 6, 9);
  attn_tensor big = MAKE(ATTN_F32, 2, 9, 5, 32);
  fill(&big);
  a[1].data = at(&big, 0, 0, 1, 8);
  a[1].strides[0] = big.strides[0];
  a[1].strides[1] = big.strides[2];
  a[1].strides[2] = big.strides[1];
  a[2].strides[0] = 0;
  attn_tensor wide = MAKE(ATTN_F32, 2, 6, 4, 20);
  fill(&wide);
  r[0].data = at(&wide, 0, 0, 0, 4);
  r[0].strides[0] = wide.strides[0];
  r[0].strides[1] = wide.strides[2];
  r[0].strides[2] = wide.strides[1];
  float beside = *at(&wide, 1, 5, 3, 3);
  a[3].strides[0] = 9;
  right(&f, a, 5, r, 2);
  check_attend(a, r);
  CHECK(*at(&wide, 1, 5, 3, 3) == beside);
  /* One row of the mask for all. */
  a[3].sizes[0] = 1;
  right(&f, a, 5, r, 2);
  check_attend(a, r);
  /* Strides of dimensions of size 1 are nobody's business. */
  AT;
  make_attend(a, r, 1, 1, 3);
  a[0].strides[0] = a[0].strides[2] = r[0].strides[2] = r[0].strides[0] = -77;
  a[3].strides[0] = 0;
  right(&f, a, 5, r, 2);
  check_attend(a, r);

#define REFUSE(STATUS, TEXT, ...)                                              \
  do {                                                                         \
    AT;                                                                        \
    memcpy(changed, a, sizeof a);                                              \
    memcpy(results, r, sizeof r);                                              \
    __VA_ARGS__;                                                               \
    refused(&f, changed, 5, results, 2, 2 * 4 * 3 * 4, STATUS, TEXT);          \
  } while (0)
  make_attend(a, r, 2, 3, 5);
  refused(&f, a, 4, r, 2, 96, ATTN_ERROR_ARGUMENT_COUNT, "expects 5 arguments");
  refused(&f, a, -1, r, 2, 96, ATTN_ERROR_ARGUMENT_COUNT, "5 arguments");
  refused(&f, a, 5, r, 1, 96, ATTN_ERROR_ARGUMENT_COUNT, "expects 2 results");
  refused(&f, NULL, 5, r, 2, 96, ATTN_ERROR_NULL, "args is NULL");
  CHECK(attend(a, 5, NULL, 2, NULL, 0, NULL) == ATTN_ERROR_NULL);
  CHECK(attend_explain(a, 5, NULL, 2) == NULL);
  REFUSE(ATTN_ERROR_NULL, "argument 1: data is NULL", changed[1].data = NULL);
  REFUSE(ATTN_ERROR_NULL, "result 1: data is NULL", results[1].data = NULL);
  REFUSE(ATTN_ERROR_DTYPE, "argument 0: expects elements of type f32",
         changed[0].dtype = ATTN_F16);
  REFUSE(ATTN_ERROR_DTYPE, "argument 3: expects elements of type boolean",
         changed[3].dtype = ATTN_I8);
  REFUSE(ATTN_ERROR_DTYPE, "argument 4", changed[4].dtype = 0);
  REFUSE(ATTN_ERROR_DTYPE, "result 0", results[0].dtype = ATTN_F64);
  REFUSE(ATTN_ERROR_RANK, "argument 2: expects rank 4", changed[2].rank = 5);
  REFUSE(ATTN_ERROR_RANK, "argument 4: expects rank 1",
         changed[4].rank = INT32_MAX);
  REFUSE(ATTN_ERROR_RANK, "result 1: expects rank 3", results[1].rank = -1);
  REFUSE(ATTN_ERROR_SHAPE, "argument 0: expects sizes ?x4x?x16",
         changed[0].sizes[1] = 8);
  REFUSE(ATTN_ERROR_SHAPE, "argument 1", changed[1].sizes[3] = 17);
  REFUSE(ATTN_ERROR_SHAPE, "argument 2", changed[2].sizes[2] = -1);
  REFUSE(ATTN_ERROR_SHAPE, "key and value to agree on seq_len_kv",
         changed[2].sizes[2] = 4);
  REFUSE(ATTN_ERROR_SHAPE, "query and key to agree on batch",
         changed[0].sizes[0] = 1);
  REFUSE(ATTN_ERROR_SHAPE, "mask", changed[3].sizes[0] = 2);
  REFUSE(ATTN_ERROR_SHAPE, "kv_len", changed[4].sizes[0] = 3);
  REFUSE(ATTN_ERROR_SHAPE, "result 0: its sizes", results[0].sizes[2] = 4);
  REFUSE(ATTN_ERROR_SHAPE, "result 1: its sizes", results[1].sizes[0] = 1);
  REFUSE(ATTN_ERROR_SHAPE, "result 1: expects sizes ?x4x?",
         results[1].sizes[1] = 5);
  REFUSE(ATTN_ERROR_STRIDE, "argument 0: expects a last stride of 1",
         changed[0].strides[3] = 2);
  REFUSE(ATTN_ERROR_STRIDE, "argument 4", changed[4].strides[0] = 0);
  REFUSE(ATTN_ERROR_STRIDE,
         "result 0: expects a last stride of 1 and no stride",
         results[0].strides[2] = 0);
  REFUSE(ATTN_ERROR_ALIGNMENT, "argument 2: expects data aligned to 4 bytes",
         changed[2].data = (char *)a[2].data + 1);
  REFUSE(ATTN_ERROR_ALIGNMENT, "result 0",
         results[0].data = (char *)r[0].data - 2);
  int32_t *lengths = a[4].data;
  REFUSE(ATTN_ERROR_LENGTH, "kv_len of at most seq_len_kv", lengths[1] = 6);
  REFUSE(ATTN_ERROR_LENGTH, "kv_len of at least 0", lengths[1] = -1);
  REFUSE(ATTN_ERROR_LENGTH, "kv_len of at least 0", lengths[1] = INT32_MIN);
  lengths[1] = 0;
  right(&f, a, 5, r, 2);
  check_attend(a, r);
#undef REFUSE
  printf("attend: %d calls right\nattend: %d calls refused\n", f.right,
         f.refused);
}

/*===--- transposed ---===*/

static void test_transposed(void) {
  callee f = CALLEE(transposed);
  for (int64_t n = 1; n < 80; n += 26) {
    AT;
    attn_tensor a[2] = {MAKE(ATTN_F32, 1, n, 4, 16),
                        MAKE(ATTN_F32, 1, n, 2, 16)};
    attn_tensor r[1] = {MAKE(ATTN_F32, 1, n, 4, 16)};
    fill(&a[0]);
    fill(&a[1]);
    right(&f, a, 2, r, 1);
    for (int64_t i = 0; i < n; ++i)
      for (int64_t h = 0; h < 4; ++h) {
        float row[16];
        attend_row(at(&a[0], 0, i, h, 0), &a[1], &a[1], 0, h / 2, i + 1, 1,
                   NULL, row);
        for (int64_t d = 0; d < 16; ++d)
          CHECK(close_to(*at(r, 0, i, h, d), row[d]));
      }
  }
  printf("transposed: %d calls right\n", f.right);
}

/*===--- append ---===*/

static void test_append(void) {
  callee f = CALLEE(append);
  attn_tensor cache = MAKE(ATTN_F32, 1, 2, 10, 16), scalar;
  attn_tensor rows = MAKE(ATTN_F32, 1, 2, 3, 16);
  int64_t *pos = guarded(8);
  memset(&scalar, 0, sizeof scalar);
  scalar.dtype = ATTN_I64;
  scalar.data = pos;
  attn_tensor r = MAKE(ATTN_F32, 2, 16);
  attn_tensor a[3] = {MAKE(ATTN_F32, 2, 7, 16), MAKE(ATTN_F32, 2, 3, 16),
                      scalar};
  fill(&cache);
  fill(&rows);
  /* The cache is a view. */
  a[0].data = at(&cache, 0, 0, 1, 0);
  a[0].strides[0] = cache.strides[1];
  a[1].data = rows.data;
  float old[2 * 10 * 16];
  for (*pos = 0; *pos <= 4; ++*pos) {
    AT;
    memcpy(old, cache.data, sizeof old);
    right(&f, a, 3, &r, 1);
    for (int64_t h = 0; h < 2; ++h)
      for (int64_t d = 0; d < 16; ++d) {
        float sum = 0;
        for (int64_t j = 0; j < 10; ++j) {
          float found = *at(&cache, 0, h, j, d);
          int64_t row = j - 1 - *pos;
          CHECK(found == (row >= 0 && row < 3 ? *at(&rows, 0, h, row, d)
                                              : old[(h * 10 + j) * 16 + d]));
          sum += j >= 1 && j < 8 ? found : 0;
        }
        CHECK(close_to(((float *)r.data)[h * 16 + d], sum));
      }
  }
  memcpy(old, cache.data, sizeof old);
  for (int i = 0; i < 4; ++i) {
    static const int64_t wrong[] = {-1, 5, INT64_MAX, INT64_MIN};
    AT;
    *pos = wrong[i];
    refused(&f, a, 3, &r, 1, 2 * 16 * 4, ATTN_ERROR_LENGTH,
            "'tensor.insert_slice' op expects");
  }
  *pos = 0;
  a[0].strides[0] = 0;
  refused(&f, a, 3, &r, 1, 2 * 16 * 4, ATTN_ERROR_STRIDE, "argument 0");
  a[0].strides[0] = cache.strides[1];
  a[2].data = NULL;
  refused(&f, a, 3, &r, 1, 2 * 16 * 4, ATTN_ERROR_NULL, "argument 2");
  a[2].data = (char *)pos - 4;
  refused(&f, a, 3, &r, 1, 2 * 16 * 4, ATTN_ERROR_ALIGNMENT, "argument 2");
  CHECK(memcmp(old, cache.data, sizeof old) == 0);
  printf("append: %d calls right\nappend: %d calls refused\n", f.right,
         f.refused);
}

/*===--- scalars ---===*/

static attn_tensor make_scalar(int32_t dtype, const void *value) {
  attn_tensor t = make(dtype, 0, NULL);
  memcpy(t.data, value, kBytes[dtype]);
  return t;
}

static void test_scalars(void) {
  callee f = CALLEE(scalars);
  float x = 2.5f, t = 4;
  int64_t i = 5;
  int32_t j = -7;
  uint8_t b = 64;
  uint16_t h = 0x3fc0;
  attn_tensor a[6] = {make_scalar(ATTN_F32, &x), make_scalar(ATTN_I64, &i),
                      make_scalar(ATTN_I32, &j), make_scalar(ATTN_BOOL, &b),
                      make_scalar(ATTN_F32, &t), make_scalar(ATTN_BF16, &h)};
  attn_tensor r[6] = {make_scalar(ATTN_F32, &t),  make_scalar(ATTN_I64, &i),
                      make_scalar(ATTN_BOOL, &b), make_scalar(ATTN_F32, &x),
                      make_scalar(ATTN_BF16, &x), MAKE(ATTN_BOOL, 5)};
  AT;
  right(&f, a, 6, r, 6);
  CHECK(*(float *)r[0].data == 2.5f && *(int64_t *)r[1].data == -2);
  CHECK(*(uint8_t *)r[2].data == 0 && *(float *)r[3].data == 6.5f);
  CHECK(*(uint16_t *)r[4].data == 0x3fc0);
  CHECK(memcmp(r[5].data, "\1\0\1\0\1", 5) == 0);
  AT;
  *(uint8_t *)a[3].data = 0;
  right(&f, a, 6, r, 6);
  CHECK(*(float *)r[0].data == 0 && *(uint8_t *)r[2].data == 1);

  /* A size that is an argument's value: that is read to tell it. */
  AT;
  attn_tensor shapes[6], without[6];
  memset(shapes, 0, sizeof shapes);
  memcpy(without, a, sizeof a);
  CHECK(scalars_result_shapes(a, 6, shapes, 6) == ATTN_OK);
  CHECK(shapes[5].rank == 1 && shapes[5].sizes[0] == 5);
  CHECK(shapes[2].dtype == ATTN_BOOL && shapes[1].dtype == ATTN_I64);
  without[1].data = NULL;
  CHECK(scalars_result_shapes(without, 6, shapes, 6) == ATTN_ERROR_NULL);
  r[5].sizes[0] = 4;
  refused(&f, a, 6, r, 6, 1, ATTN_ERROR_SHAPE, "result 5: its sizes");
  printf("scalars: %d calls right\n", f.right);
}

/*===--- pages ---===*/

static void test_pages(void) {
  callee f = CALLEE(pages);
  attn_tensor a[5] = {MAKE(ATTN_F32, 1, 4, 1, 16), MAKE(ATTN_F32, 6, 2, 8, 16),
                      MAKE(ATTN_F32, 6, 2, 8, 16), MAKE(ATTN_I32, 1, 3),
                      MAKE(ATTN_I64, 1)};
  attn_tensor r = MAKE(ATTN_F32, 1, 4, 1, 16);
  for (int i = 0; i < 3; ++i)
    fill(&a[i]);
  int32_t *table = a[3].data;
  int64_t *length = a[4].data;
  table[0] = 5, table[1] = 2, table[2] = 99;
  attn_tensor k = MAKE(ATTN_F32, 1, 2, 16, 16),
              v = MAKE(ATTN_F32, 1, 2, 16, 16);
  for (int64_t h = 0; h < 2; ++h)
    for (int64_t j = 0; j < 16; ++j)
      for (int64_t d = 0; d < 16; ++d) {
        *at(&k, 0, h, j, d) = *at(&a[1], table[j / 8], h, j % 8, d);
        *at(&v, 0, h, j, d) = *at(&a[2], table[j / 8], h, j % 8, d);
      }
  for (*length = 0; *length <= 16; *length += 4) {
    AT;
    /* The last entry is beyond the length, so nobody follows it. */
    right(&f, a, 5, &r, 1);
    for (int64_t h = 0; h < 4; ++h) {
      float row[16];
      attend_row(at(&a[0], 0, h, 0, 0), &k, &v, 0, h / 2, *length, 0, NULL,
                 row);
      for (int64_t d = 0; d < 16; ++d)
        CHECK(close_to(*at(&r, 0, h, 0, d), row[d]));
    }
  }
  AT;
  *length = 17;
  refused(&f, a, 5, &r, 1, 256, ATTN_ERROR_LENGTH, "page_table");
  *length = 25;
  refused(&f, a, 5, &r, 1, 256, ATTN_ERROR_LENGTH, "kv_len");
  *length = INT64_MAX;
  refused(&f, a, 5, &r, 1, 256, ATTN_ERROR_LENGTH, "kv_len");
  *length = 9;
  table[1] = -1;
  refused(&f, a, 5, &r, 1, 256, ATTN_ERROR_LENGTH, "page_table");
  table[1] = 6;
  refused(&f, a, 5, &r, 1, 256, ATTN_ERROR_LENGTH, "page_table");
  printf("pages: %d calls right\npages: %d calls refused\n", f.right,
         f.refused);
}

/*===--- halves ---===*/

static void test_halves(void) {
  callee f = CALLEE(halves);
  attn_tensor a[2] = {MAKE(ATTN_F16, 1, 1, 5, 16),
                      MAKE(ATTN_BF16, 1, 1, 9, 16)};
  attn_tensor r[2] = {MAKE(ATTN_F16, 1, 1, 5, 16),
                      MAKE(ATTN_BF16, 1, 1, 9, 16)};
  /* All rows are 1.5, and so is any mean of them. */
  for (int i = 0; i < 5 * 16; ++i)
    ((uint16_t *)a[0].data)[i] = 0x3e00;
  for (int i = 0; i < 9 * 16; ++i)
    ((uint16_t *)a[1].data)[i] = 0x3fc0;
  AT;
  right(&f, a, 2, r, 2);
  CHECK(memcmp(r[0].data, a[0].data, 5 * 16 * 2) == 0);
  CHECK(memcmp(r[1].data, a[1].data, 9 * 16 * 2) == 0);
  printf("halves: %d calls right\n", f.right);
}

int main(void) {
  CHECK(attn_abi_version() == ATTN_ABI_VERSION);
  CHECK(!strcmp(attn_status_string(ATTN_OK), "ok"));
  CHECK(!strcmp(attn_status_string(-1), "not a status"));
  CHECK(!strcmp(attn_status_string(14), "not a status"));
  test_attend();
  test_transposed();
  test_append();
  test_scalars();
  test_pages();
  test_halves();
  return 0;
}
