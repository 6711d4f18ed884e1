/*===- include/attn/Runtime/CommRows.h - What ranks send each other -------===*\
 *
 * Part of attn-mlir.
 *
 * Packs partial attention into messages and joins messages. No communication:
 * what the implementations of Comm.h are made of.
 *
\*===----------------------------------------------------------------------===*/

#ifndef ATTN_COMM_ROWS_H
#define ATTN_COMM_ROWS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A row of a message is {lse, `width` elements}, without padding: lse in
 * `dtype`, which is that of o and lse in memory (ATTN_F32 or ATTN_F64), the
 * elements in `payload` (ATTN_BF16, ATTN_F32 or `dtype`). Messages need no
 * alignment. */
typedef struct attn_comm_row {
  int64_t width;
  int32_t dtype, payload;
} attn_comm_row;

/* Bytes of lse in a row, and of the whole row. */
int64_t attn_comm_lse_bytes(const attn_comm_row *row);
int64_t attn_comm_row_bytes(const attn_comm_row *row);

/* `rows` rows of memory to and from a message. Elements are rounded to nearest
 * even; a NaN stays one. */
void attn_comm_pack(const attn_comm_row *row, const void *o, const void *lse,
                    int64_t rows, void *message);
void attn_comm_unpack(const attn_comm_row *row, const void *message,
                      int64_t rows, void *o, void *lse);

/* inout = merge(in, inout), of two messages. Commutes to the bit. */
void attn_comm_merge(const attn_comm_row *row, const void *in, void *inout,
                     int64_t rows);

/* Merges `parts` messages, each `rows` rows and one behind the other, into o
 * and lse, in their order. */
void attn_comm_merge_all(const attn_comm_row *row, const void *messages,
                         int64_t parts, int64_t rows, void *o, void *lse);

/* The same by sums. `max` are the maxima of lse over all parts, in dtype: packs
 * {w, w * o} with w = exp(lse - max) where the rows above have {lse, o}; adds
 * messages; and divides by the sum of w. */
void attn_comm_pack_weighted(const attn_comm_row *row, const void *o,
                             const void *lse, const void *max, int64_t rows,
                             void *message);
void attn_comm_add(const attn_comm_row *row, const void *in, void *inout,
                   int64_t rows);
void attn_comm_unpack_weighted(const attn_comm_row *row, const void *message,
                               const void *max, int64_t rows, void *o,
                               void *lse);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* ATTN_COMM_ROWS_H */
