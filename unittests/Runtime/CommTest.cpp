//===- unittests/Runtime/CommTest.cpp - The communicator of one rank ------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//

#include "attn/Runtime/Comm.h"
#include "attn/Runtime/Abi.h"

#include <cstring>
#include <gtest/gtest.h>

namespace {
struct SingleRank : testing::Test {
  SingleRank() { attn_comm_init_single(&comm); }
  ~SingleRank() override { comm.destroy(&comm); }
  int32_t merge(int32_t dtype, int32_t algo, int32_t root, int32_t payload,
                int64_t rows = 1) {
    return comm.merge(&comm, o, lse, rows, 2, dtype, algo, root, payload);
  }

  attn_comm comm;
  float o[2] = {1.00390625f, -2}, lse[1] = {3};
};
} // namespace

TEST_F(SingleRank, KnowsItself) {
  EXPECT_EQ(comm.version, ATTN_COMM_VERSION);
  EXPECT_EQ(comm.struct_bytes, int32_t(sizeof(attn_comm)));
  EXPECT_EQ(comm.rank, 0);
  EXPECT_EQ(comm.size, 1);
  EXPECT_EQ(comm.barrier(&comm), ATTN_COMM_OK);
}

// A merge of one part is that part, and nothing is sent: a payload of bf16
// rounds nothing.
TEST_F(SingleRank, MergeChangesNothing) {
  for (int32_t algo :
       {ATTN_COMM_TREE, ATTN_COMM_ALLGATHER, ATTN_COMM_ALLREDUCE})
    for (int32_t root : {-1, 0})
      for (int32_t payload : {0, int32_t(ATTN_BF16), int32_t(ATTN_F32)})
        EXPECT_EQ(merge(ATTN_F32, algo, root, payload), ATTN_COMM_OK);
  EXPECT_EQ(o[0], 1.00390625f);
  EXPECT_EQ(o[1], -2);
  EXPECT_EQ(lse[0], 3);
  EXPECT_EQ(comm.messages, 0);
  EXPECT_EQ(comm.bytes, 0);
}

TEST_F(SingleRank, RefusesWhatMpiWouldRefuse) {
  EXPECT_EQ(merge(ATTN_F16, 0, -1, 0), ATTN_COMM_ERROR_ARGUMENT);
  EXPECT_EQ(merge(ATTN_F32, 3, -1, 0), ATTN_COMM_ERROR_ARGUMENT);
  EXPECT_EQ(merge(ATTN_F32, -1, -1, 0), ATTN_COMM_ERROR_ARGUMENT);
  EXPECT_EQ(merge(ATTN_F32, 0, 1, 0), ATTN_COMM_ERROR_ARGUMENT);
  EXPECT_EQ(merge(ATTN_F32, 0, -2, 0), ATTN_COMM_ERROR_ARGUMENT);
  EXPECT_EQ(merge(ATTN_F32, 0, -1, ATTN_F64), ATTN_COMM_ERROR_ARGUMENT);
  EXPECT_EQ(merge(ATTN_F32, 0, -1, 0, /*rows=*/-1), ATTN_COMM_ERROR_ARGUMENT);
  EXPECT_EQ(comm.merge(&comm, nullptr, lse, 1, 2, ATTN_F32, 0, -1, 0),
            ATTN_COMM_ERROR_ARGUMENT);
  EXPECT_STREQ(comm.error_string(&comm),
               "a rank, a type, an algorithm or a size is not possible");
  EXPECT_EQ(comm.merge(&comm, nullptr, nullptr, 0, 2, ATTN_F32, 0, -1, 0),
            ATTN_COMM_OK);
}

TEST_F(SingleRank, GathersAndBroadcasts) {
  char all[4] = "???";
  int64_t counts[1] = {2}, others[1] = {3};
  EXPECT_EQ(comm.gather(&comm, "ab", 2, all, counts, 0), ATTN_COMM_OK);
  EXPECT_STREQ(all, "ab?");
  EXPECT_EQ(comm.gather(&comm, "ab", 2, all, others, 0),
            ATTN_COMM_ERROR_ARGUMENT);
  EXPECT_EQ(comm.gather(&comm, "ab", 2, all, counts, 1),
            ATTN_COMM_ERROR_ARGUMENT);
  EXPECT_EQ(comm.broadcast(&comm, all, 4, 0), ATTN_COMM_OK);
  EXPECT_EQ(comm.broadcast(&comm, all, 4, 1), ATTN_COMM_ERROR_ARGUMENT);
}

TEST(Comm, EveryStatusHasAText) {
  for (int32_t i = 0; i <= ATTN_COMM_ERROR_MISSING; ++i) {
    EXPECT_STRNE(attn_comm_status_string(i), "not a status");
    for (int32_t j = 0; j < i; ++j)
      EXPECT_STRNE(attn_comm_status_string(i), attn_comm_status_string(j));
  }
  EXPECT_STREQ(attn_comm_status_string(99), "not a status");
}
