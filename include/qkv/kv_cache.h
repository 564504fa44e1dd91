/* SPDX-License-Identifier: Apache-2.0 */
/* The cache of keys and values that attention reads while a text grows: packed for the CPU when tokens are appended.
 *
 * A cache is a pool of pages that the caller owns. A page holds page_size tokens of all key heads; a sequence is a list
 * of pages, and token t of it lies in its page t / page_size. A contiguous cache is one page per sequence, as long as
 * the longest text. Nothing is kept besides the pages: to truncate a sequence is to say a smaller count, to share a
 * prefix is to name the same pages in two tables, to free a page is to name it no longer.
 *
 * A page is its key heads one after another. A head is tiles of tile_tokens tokens one after another. A tile is K and
 * then V, so that decode reads memory from one end to the other; each is padded to 64 bytes, and with int8 it ends with
 * a scale for each token:
 *
 *   K   [key_dim][tile_tokens]     then f32 [tile_tokens] of scales: tokens are in vector lanes
 *   V   [tile_tokens][value_row]   then f32 [tile_tokens] of scales: value_dim values and zeros in each row
 *
 * An int8 element means element * scale of its token and head, scale = largest magnitude / 127; a token that holds NaN
 * or infinity becomes NaN as a whole. To f16 and bf16 values are rounded to nearest even.
 */
#ifndef QKV_KV_CACHE_H
#define QKV_KV_CACHE_H

#include "qkv/pool.h"
#include "qkv/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How elements lie in a tile. A CPU with matrix registers will want another order, which will be another number. */
typedef enum qkv_kv_order {
  QKV_KV_TOKENS_IN_LANES = 0 /* as above */
} qkv_kv_order;

/* Set the first block, and let qkv_kv_layout_make fill in the second. A plain value: equal bytes, equal layout. */
typedef struct qkv_kv_layout {
  int32_t key_dtype, value_dtype; /* QKV_F32, QKV_BF16, QKV_F16 or QKV_I8 */
  int64_t key_heads, key_dim, value_dim;
  int64_t page_size; /* tokens, a multiple of 16; pages of 128 are read nearly as fast as a contiguous cache */

  int32_t order;        /* qkv_kv_order */
  int32_t tile_tokens;  /* 64, or 16 where 64 does not divide page_size, which is slower */
  int64_t value_row;    /* elements from token to token in V: value_dim, padded to a multiple of 16 */
  int64_t value_offset; /* from a tile's begin to its V */
  int64_t tile_bytes;   /* from tile to tile */
  int64_t head_bytes;   /* from head to head */
  int64_t page_bytes;   /* from page to page: key_heads * head_bytes */
} qkv_kv_layout;

/* QKV_INVALID_ARGUMENT for negative extents, a page_size that is no positive multiple of 16, and sizes that overflow.
 */
QKV_API qkv_status qkv_kv_layout_make(qkv_kv_layout* layout);

/* Pages, and which sequence has which. Without a table, sequence s has the pages_per_sequence pages from
 * s * pages_per_sequence on. Every id that an operation uses is checked, 0 <= id < page_count, before anything is read
 * or written; entries for tokens that it does not use may hold anything. */
typedef struct qkv_kv_cache {
  size_t size;                /* sizeof(qkv_kv_cache) */
  qkv_kv_layout layout;       /* as made by qkv_kv_layout_make */
  void* pages;                /* page_count * layout.page_bytes bytes, aligned to 64 */
  int64_t page_count;         /* of the pool */
  int64_t pages_per_sequence; /* at most: a sequence has room for pages_per_sequence * page_size tokens */
  const int32_t* page_table;  /* optional ids [sequences][pages_per_sequence] */
  int64_t page_table_stride;  /* ids from sequence to sequence; 0: pages_per_sequence */
} qkv_kv_cache;

/* Appends tokens to sequences, or writes over those that are there: one token or a prompt, for each sequence of a
 * ragged batch as many as it has. A page that is written to must belong to one sequence of the call only. */
typedef struct qkv_kv_append_args {
  size_t size;               /* sizeof(qkv_kv_append_args) */
  const qkv_kv_cache* cache; /* its pages are written to */
  qkv_tensor key;            /* f32 [sequences, key heads, tokens, key dim] */
  qkv_tensor value;          /* f32 [sequences, key heads, tokens, value dim]; neither may overlap the pages */

  const int64_t* first_position; /* optional [sequences]: where token 0 goes, at least 0; NULL: 0 */
  const int64_t* token_count;    /* optional [sequences]: tokens of the sequence, 0 .. tokens; NULL: all */
} qkv_kv_append_args;

QKV_API qkv_status qkv_kv_append_plan(const qkv_kv_append_args* args, qkv_plan* plan);
QKV_API qkv_status qkv_kv_append_run(const qkv_plan* plan, const qkv_kv_append_args* args, int64_t first_task,
                                     int64_t last_task, int32_t worker, void* workspace);
QKV_API qkv_status qkv_kv_append(const qkv_kv_append_args* args, const qkv_pool* pool, void* workspace,
                                 size_t workspace_bytes);

/* Reads tokens back, with qkv_kv_append into another cache also what moves them there: to another dtype, order or page
 * size, or to lower positions where the first tokens of a window are dropped and pages cannot be. */
typedef struct qkv_kv_unpack_args {
  size_t size; /* sizeof(qkv_kv_unpack_args) */
  const qkv_kv_cache* cache;
  qkv_tensor key;   /* optional f32 [sequences, key heads, tokens, key dim] */
  qkv_tensor value; /* optional f32 [sequences, key heads, tokens, value dim]; neither may overlap the pages */

  const int64_t* first_position; /* optional [sequences]: where token 0 is, at least 0; NULL: 0 */
  const int64_t* token_count; /* optional [sequences]: tokens to read, 0 .. tokens; the rest of the output stays as it
                                 was; NULL: all */
} qkv_kv_unpack_args;

QKV_API qkv_status qkv_kv_unpack_plan(const qkv_kv_unpack_args* args, qkv_plan* plan);
QKV_API qkv_status qkv_kv_unpack_run(const qkv_plan* plan, const qkv_kv_unpack_args* args, int64_t first_task,
                                     int64_t last_task, int32_t worker, void* workspace);
QKV_API qkv_status qkv_kv_unpack(const qkv_kv_unpack_args* args, const qkv_pool* pool, void* workspace,
                                 size_t workspace_bytes);

/* Copies pages of a pool, as a fork does with the last, unfinished page of a prefix that stays shared. */
typedef struct qkv_kv_copy_args {
  size_t size;               /* sizeof(qkv_kv_copy_args) */
  const qkv_kv_cache* cache; /* its page table is not looked at */
  int64_t copies;
  const int32_t* from_page; /* [copies] */
  const int32_t* to_page;   /* [copies]: no id twice, and none of from_page; each is compared with each */
  int64_t token_count;      /* the first tokens of each page, at least; 0: the whole page */
} qkv_kv_copy_args;

QKV_API qkv_status qkv_kv_copy_plan(const qkv_kv_copy_args* args, qkv_plan* plan);
QKV_API qkv_status qkv_kv_copy_run(const qkv_plan* plan, const qkv_kv_copy_args* args, int64_t first_task,
                                   int64_t last_task, int32_t worker, void* workspace);
QKV_API qkv_status qkv_kv_copy(const qkv_kv_copy_args* args, const qkv_pool* pool, void* workspace,
                               size_t workspace_bytes);

#ifdef __cplusplus
}
#endif
#endif
