/* SPDX-License-Identifier: Apache-2.0 */
/* Position encodings that are added to embeddings. With dim = columns and position p of a row:
 *
 *   learned:                 table[p, :]
 *   sinusoidal, interleaved: [2i] = sin(p / base^(2i / dim)), [2i + 1] = cos(same)     (Vaswani et al. 2017, 3.5)
 *   sinusoidal, halves:      [i] = sin(p / base^(i / (dim/2 - 1))), [dim/2 + i] = cos(same)   (tensor2tensor, Whisper)
 *
 * Angles are computed in double, so position 1e6 is as exact as position 1. */
#ifndef QKV_POSITION_H
#define QKV_POSITION_H

#include "qkv/pool.h"
#include "qkv/types.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum qkv_position_kind {
  QKV_POSITION_LEARNED = 0,
  QKV_POSITION_SINUSOIDAL = 1,       /* interleaved sines and cosines; columns even */
  QKV_POSITION_SINUSOIDAL_HALVES = 2 /* sines, then cosines; columns even, >= 4 */
} qkv_position_kind;

typedef struct qkv_position_args {
  size_t size;              /* sizeof(qkv_position_args) */
  int32_t kind;             /* qkv_position_kind */
  int32_t accumulate;       /* 1: add to output instead of replacing it */
  qkv_tensor output;        /* f32 [rows, columns] */
  const int64_t* positions; /* optional [rows], >= 0; NULL: first_position + row */
  int64_t first_position;   /* >= 0 */
  qkv_tensor table;         /* learned: f32 [entries, columns]; every position is checked against entries first */
  float base;               /* sinusoidal; 0: 10000 */
} qkv_position_args;

QKV_API qkv_status qkv_position_plan(const qkv_position_args* args, qkv_plan* plan);
QKV_API qkv_status qkv_position_run(const qkv_plan* plan, const qkv_position_args* args, int64_t first_task,
                                    int64_t last_task, int32_t worker, void* workspace);
QKV_API qkv_status qkv_position(const qkv_position_args* args, const qkv_pool* pool, void* workspace,
                                size_t workspace_bytes);

#ifdef __cplusplus
}
#endif
#endif
