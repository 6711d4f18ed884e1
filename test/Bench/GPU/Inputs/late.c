/* A shared object that passes its calls on to another one, -DREAL="...", and spoils
 * the first number of the result from the tenth call on. */

#include "attn/Runtime/Abi.h"

#include <dlfcn.h>
#include <string.h>

static void *find(const char *name) {
  static void *real;
  if (!real)
    real = dlopen(REAL, RTLD_NOW | RTLD_LOCAL);
  return dlsym(real, name);
}

const char *attn_status_string(int32_t status) { return "ok"; }
const char *attn_manifest(void) { return "{}"; }
void attn_openmp_exec(attn_exec *exec, int32_t threads) {}
const char *attention_explain(const attn_tensor *args, int32_t n_args,
                              const attn_tensor *results, int32_t n_results) {
  return NULL;
}
int32_t attention_result_shapes(const attn_tensor *args, int32_t n_args,
                                attn_tensor *results, int32_t n_results) {
  int32_t (*real)() = find("attention_result_shapes");
  return real(args, n_args, results, n_results);
}
int32_t attention_workspace_bytes(const attn_tensor *args, int32_t n_args,
                                  const attn_exec *exec, size_t *bytes) {
  int32_t (*real)() = find("attention_workspace_bytes");
  return real(args, n_args, exec, bytes);
}
int32_t attention(const attn_tensor *args, int32_t n_args, attn_tensor *results,
                  int32_t n_results, void *workspace, size_t workspace_bytes,
                  const attn_exec *exec) {
  static int calls;
  int32_t (*real)() = find("attention");
  int32_t status = real(args, n_args, results, n_results, workspace,
                        workspace_bytes, exec);
  if (++calls >= 10)
    memset(results[0].data, 0x7f, 2);
  return status;
}
