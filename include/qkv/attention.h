/* SPDX-License-Identifier: Apache-2.0 */
/* Fused scaled dot-product attention (Vaswani et al. 2017, eq. 1; online softmax after Milakov and Gimelshein 2018):
 *
 *   output = softmax(scale * query key^T + bias, over the visible keys) value
 *
 * A key is visible to a query row if every rule given lets it be: key_count, causal, window_left,
 * window_right, mask, and a bias that is not -inf.
 * Contents of K and V at invisible keys never influence a result, whatever their bytes. A row without a visible key is
 * zeros with lse = -inf. NaN in a visible operand shows in the rows (V: columns) concerned and nowhere else.
 */
#ifndef QKV_ATTENTION_H
#define QKV_ATTENTION_H

#include "qkv/kv_cache.h"
#include "qkv/pool.h"
#include "qkv/tuning.h"
#include "qkv/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Zero the struct, set `size` and the four first tensors (or query, output and cache); everything else has a plain
 * default at zero. */
typedef struct qkv_attention_args {
  size_t size;      /* sizeof(qkv_attention_args): which fields the caller knows */
  qkv_tensor query; /* f32 [batch, query heads, query rows, key dim] */
  qkv_tensor key; /* f32 [batch, key heads, keys, key dim]; query head h reads key head h / (query heads / key heads) */
  qkv_tensor value;  /* f32 [batch, key heads, keys, value dim] */
  qkv_tensor output; /* f32 [batch, query heads, query rows, value dim]; overlaps neither an input nor itself */

  qkv_tensor lse;     /* optional f32 [batch, query heads, query rows]: natural log of the sum of exp(logit) */
  qkv_tensor weights; /* optional f32 [batch, query heads, query rows, keys]: the softmax itself, 0 at invisible keys.
                         A second pass without the fused kernel's speed: for looking at, not for computing with. */

  const int64_t* key_count;            /* optional [batch]: keys in use, 0 .. keys; NULL: all */
  const int64_t* first_query_position; /* optional [batch]: position of query row 0 among the keys, any value; NULL: 0.
                                          Row r is at position p = first_query_position + r */
  int32_t causal;                      /* 1: a row at position p sees keys 0 .. p */
  int64_t window_left;                 /* n > 0: it sees the last n keys up to its own, p - n + 1 ..; 0: all */
  int64_t window_right;                /* n > 0: it sees n keys from its own on, .. p + n - 1; 0: all */

  int32_t scale_is_set; /* 0: scale is 1 / sqrt(key dim), and the next field must be 0 */
  float scale;          /* any finite value */

  qkv_tensor bias; /* optional f32 [batch, query heads, query rows, keys], added to the scaled logits; -inf hides a key,
                      and finite values beyond 2.3e38 or -2.3e38 count as that (logits are kept in units of ln 2) */
  qkv_tensor mask; /* optional bool [batch, query heads, query rows, keys]: not 0 = visible */

  const qkv_tuning* tuning; /* optional, read when the plan is made */

  const qkv_kv_cache* cache; /* optional: where K and V are, instead of `key` and `value`, which then are absent. `keys`
                                is pages_per_sequence * page_size, and key_count tells how many tokens are there. Ids
                                of pages of which no row sees a key are not looked at */
} qkv_attention_args;

/* QKV_INVALID_ARGUMENT for shapes that do not fit together, negative extents, sizes that overflow, dtypes other than
 * the above, stride 0 in an output. Data pointers, key_count and first_query_position are not kept in the plan. */
QKV_API qkv_status qkv_attention_plan(const qkv_attention_args* args, qkv_plan* plan);

/* args must have the shapes and strides the plan was made for (else QKV_INVALID_ARGUMENT, nothing written). A range
 * writes the outputs of its own tasks only. */
QKV_API qkv_status qkv_attention_run(const qkv_plan* plan, const qkv_attention_args* args, int64_t first_task,
                                     int64_t last_task, int32_t worker, void* workspace);

/* All tasks on a pool (NULL: this thread), after everything was checked. Where few query rows look at many keys, and
 * key heads and batch entries are fewer than keep the workers busy, these share a head's keys, in parts of a fixed
 * length that are added up in a fixed order: bits do not depend on the workers. workspace_bytes must be what the plan's
 * description says for the pool's workers. With few tasks it includes those parts: value dim + 2 floats for each row of
 * all query heads and each 1024 keys (keys_per_block * blocks_per_span) that there is room for. */
QKV_API qkv_status qkv_attention_run_all(const qkv_plan* plan, const qkv_attention_args* args, const qkv_pool* pool,
                                         void* workspace, size_t workspace_bytes);

/* Plan and run all on a pool (NULL: this thread). The plan's description for the pool's workers tells workspace_bytes.
 */
QKV_API qkv_status qkv_attention(const qkv_attention_args* args, const qkv_pool* pool, void* workspace,
                                 size_t workspace_bytes);

#ifdef __cplusplus
}
#endif
#endif
