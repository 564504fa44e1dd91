/* SPDX-License-Identifier: Apache-2.0 */
/* Rotary position embedding (Su et al. 2021, 3.2): in each head, pair i of the first rotary_dim dimensions is turned by
 * the angle position * frequency_i:
 *
 *   (a, b) -> (a cos - b sin, b cos + a sin)
 *
 * A table holds the cosines and sines of the rows at hand. It is made once per step and used by every layer, for query
 * and key, so that what it costs to compute angles in double is not felt. frequency_i = base^(-2 i / rotary_dim) at
 * first; t_i = original_context frequency_i / (2 pi) is the number of turns it makes in the context it was trained on:
 *
 *   linear  (Chen et al. 2023)             frequency_i / factor
 *   Llama 3 (Llama 3.1, rope_type llama3)  mixed with frequency_i / factor by t_i, see below
 *   YaRN    (Peng et al. 2023, 3.2)        mixed with frequency_i / factor by i, see below; cosines and sines times
 *                                          0.1 ln(factor) + 1
 *
 * A mix is kept frequency_i + (1 - kept) frequency_i / factor. Llama 3: kept = (t_i - low_turns) / (high_turns -
 * low_turns), within 0 and 1. YaRN: with i(t) = the real number i at which t_i = t, first = floor(i(high_turns)), last
 * = ceil(i(low_turns)), both within 0 and rotary_dim - 1: kept = 1 - (i - first) / (last - first), within 0 and 1. */
#ifndef QKV_ROPE_H
#define QKV_ROPE_H

#include "qkv/pool.h"
#include "qkv/types.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum qkv_rope_scaling {
  QKV_ROPE_UNSCALED = 0,
  QKV_ROPE_LINEAR = 1,
  QKV_ROPE_LLAMA3 = 2,
  QKV_ROPE_YARN = 3
} qkv_rope_scaling;

typedef struct qkv_rope_table_args {
  size_t size;              /* sizeof(qkv_rope_table_args) */
  qkv_tensor output;        /* f32 [rows, rotary_dim], rotary_dim even: the cosines of all pairs, then their sines */
  const int64_t* positions; /* optional [rows], >= 0; NULL: first_position + row */
  int64_t first_position;   /* >= 0 */
  float base;               /* 1e-6 .. 1e12, for YaRN from 1.001; 0: 10000 */
  int32_t scaling;          /* qkv_rope_scaling; what it does not read of the next four must be 0 */
  float factor;             /* all but unscaled: 1 .. 1e6, how many times longer the context becomes */
  float original_context;   /* Llama 3, YaRN: positions of the training, 1 .. 1e12 */
  float low_turns;          /* Llama 3: low_freq_factor, YaRN: beta_slow; 1e-6 .. 1e6, 0: 1 */
  float high_turns;         /* Llama 3: high_freq_factor, 0: 4; YaRN: beta_fast, 0: 32; .. 1e6, above low_turns */
  float magnitude;          /* of cosines and sines, -1e6 .. 1e6; 0: 1, for YaRN 0.1 ln(factor) + 1 */
  qkv_tensor divisors;      /* optional f32 [rotary_dim / 2], 1e-6 .. 1e12: divide the scaled frequencies, as model
                               files bring them */
} qkv_rope_table_args;

QKV_API qkv_status qkv_rope_table_plan(const qkv_rope_table_args* args, qkv_plan* plan);
QKV_API qkv_status qkv_rope_table_run(const qkv_plan* plan, const qkv_rope_table_args* args, int64_t first_task,
                                      int64_t last_task, int32_t worker, void* workspace);
QKV_API qkv_status qkv_rope_table(const qkv_rope_table_args* args, const qkv_pool* pool, void* workspace,
                                  size_t workspace_bytes);

typedef enum qkv_rope_kind {
  QKV_ROPE_HALVES = 0,     /* pair i is (i, rotary_dim / 2 + i): GPT-NeoX, and Llama as Hugging Face stores it */
  QKV_ROPE_INTERLEAVED = 1 /* pair i is (2 i, 2 i + 1): GPT-J, and Llama as GGUF stores it */
} qkv_rope_kind;

typedef struct qkv_rope_args {
  size_t size;       /* sizeof(qkv_rope_args) */
  int32_t kind;      /* qkv_rope_kind */
  qkv_tensor table;  /* f32 [rows, rotary_dim] of qkv_rope_table, 2 <= rotary_dim <= head_dim */
  qkv_tensor input;  /* f32 [rows, heads, head_dim]; dimensions from rotary_dim on are copied */
  qkv_tensor output; /* f32 [rows, heads, head_dim]; may be the same view as input */
} qkv_rope_args;

QKV_API qkv_status qkv_rope_plan(const qkv_rope_args* args, qkv_plan* plan);
QKV_API qkv_status qkv_rope_run(const qkv_plan* plan, const qkv_rope_args* args, int64_t first_task, int64_t last_task,
                                int32_t worker, void* workspace);
QKV_API qkv_status qkv_rope(const qkv_rope_args* args, const qkv_pool* pool, void* workspace, size_t workspace_bytes);

#ifdef __cplusplus
}
#endif
#endif
