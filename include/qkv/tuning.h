/* SPDX-License-Identifier: Apache-2.0 */
/* The choices that a plan makes, for those who measured better ones on their machine (qkv-tune prints them). */
#ifndef QKV_TUNING_H
#define QKV_TUNING_H

#include "qkv/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* 0 leaves a choice to the library. A value out of its range gives QKV_INVALID_ARGUMENT, naming it. Those marked (bits)
 * change how sums are split, and so results within their error; the others change speed only. */
typedef struct qkv_tuning {
  size_t size; /* sizeof(qkv_tuning) */

  int64_t keys_per_block;  /* (bits) keys that a row sums before they join the rest: 16 .. 512, a multiple of 16 */
  int64_t blocks_per_span; /* (bits) blocks that are summed before they join the rest, and that one worker takes at
                              least where workers share a head's keys: 1 .. 65536 */
  int64_t prefill_rows_per_task; /* query rows that share keys and values while they are in L2: 1 .. 256 */
  int64_t prefill_least_tasks;   /* tasks there shall be before they get more rows than the next says: 1 .. 65536 */
  int64_t prefill_least_rows;    /* 1 .. 256 */
  int64_t decode_query_rows;     /* (bits) with at most this many query rows, keys are in lanes: 1 .. 64 */

  int64_t matmul_rows_per_task;   /* rows of the input that stay in L2: 1 .. 65536 */
  int64_t matmul_panels_per_task; /* panels of the weight that stream by them: 1 .. 65536 */
  int64_t matmul_least_tasks;     /* tasks there shall be before they get larger: 1 .. 65536 */
  int64_t matmul_depth_block;     /* (bits) products that are summed before they join the rest: 16 .. 65536 */
} qkv_tuning;

/* What the library chooses where a tuning says 0. */
QKV_API qkv_tuning qkv_tuning_default(void);

#ifdef __cplusplus
}
#endif
#endif
