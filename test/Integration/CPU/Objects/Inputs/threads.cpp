// 8 threads call the same function at once, each on its own inputs and
// workspace, some of them with threads of their own; every result equals the
// one a single call gave.

#include "attention.h"

#include <atomic>
#include <cstdio>
#include <cstring>
#include <thread>
#include <vector>

namespace {
/// What parallel_for runs on: threads that are made for each loop.
struct Pool {
  int32_t numThreads;
  std::atomic<int> numLoops{0};

  static void parallelFor(void *ctx, int64_t n, attn_loop_body body,
                          void *args) {
    auto *pool = static_cast<Pool *>(ctx);
    ++pool->numLoops;
    std::atomic<int64_t> next{0};
    std::vector<std::thread> threads;
    for (int64_t t = 0; t < pool->numThreads; ++t)
      threads.emplace_back([&, t] {
        for (int64_t i; (i = next++) < n;)
          body(args, i, t);
      });
    for (std::thread &thread : threads)
      thread.join();
  }
};

/// One caller's inputs and the result it expects.
struct Caller {
  static constexpr int64_t kBatch = 2, kLength = 150;
  std::vector<float> q, kv, expected;
  std::vector<float> lse = std::vector<float>(kBatch * 4 * kLength);

  explicit Caller(uint32_t seed)
      : q(kBatch * 4 * kLength * 64), kv(kBatch * 2 * kLength * 64),
        expected(q.size()) {
    for (auto *data : {&q, &kv})
      for (float &x : *data) {
        seed = seed * 1664525u + 1013904223u;
        x = static_cast<float>(seed >> 8) / 8388608.0f - 1.0f;
      }
  }

  int32_t call(std::vector<float> &out, const attn_exec *exec) {
    size_t bytes = 0;
    int32_t status = attention_call_workspace_bytes(0, kBatch, kLength, kLength,
                                                    exec, &bytes);
    if (status != ATTN_OK)
      return status;
    std::vector<char> workspace(bytes);
    return attention_call(q.data(), kv.data(), kv.data(), 0, out.data(),
                          lse.data(), kBatch, kLength, kLength,
                          workspace.data(), bytes, exec);
  }
};
} // namespace

int main() {
  std::vector<Caller> callers;
  for (uint32_t i = 0; i < 8; ++i)
    callers.emplace_back(i + 1);
  for (Caller &caller : callers)
    if (caller.call(caller.expected, nullptr) != ATTN_OK)
      return 1;

  Pool pool{3, {}};
  attn_exec exec = {&pool, Pool::parallelFor, 3, nullptr};
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (size_t i = 0; i < callers.size(); ++i)
    threads.emplace_back([&, i] {
      Caller &caller = callers[i];
      for (int repetition = 0; repetition < 20; ++repetition) {
        std::vector<float> out(caller.q.size(), -1.0f);
        int32_t status = caller.call(out, i % 2 ? &exec : nullptr);
        if (status != ATTN_OK || std::memcmp(out.data(), caller.expected.data(),
                                             out.size() * sizeof(float)) != 0)
          ++wrong;
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  std::printf("%d wrong, loops on a pool: %s\n", wrong.load(),
              pool.numLoops > 0 ? "yes" : "no");
  return wrong != 0;
}
