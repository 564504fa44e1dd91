/* SPDX-License-Identifier: Apache-2.0 */
/* Which instruction sets this build has kernels for, which of them this CPU runs, and which is in use. */
#ifndef QKV_ISA_H
#define QKV_ISA_H

#include "qkv/types.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qkv_isa_description {
  const char* name;       /* "generic", "avx2", "avx512", "avx512_bf16", "neon" */
  int32_t supported;      /* 1: this CPU and operating system run it */
  const char* reason;     /* why it is not supported, for example "no AVX512BW"; "" where it is */
  int32_t vector_bits;    /* width of a vector register */
  int32_t register_count; /* vector registers */
} qkv_isa_description;

/* The tiers in this build, from the plainest to the best; NULL past the last. Valid until this thread's next call. */
QKV_API const qkv_isa_description* qkv_isa_at(int32_t index);

/* The best supported tier within the cap: what plans made from now on use. */
QKV_API const char* qkv_isa_active(void);

/* Caps the tier for plans made from now on; NULL or "" lifts the cap. The environment variable QKV_MAX_ISA, read once,
 * is a second cap that this call cannot lift. QKV_INVALID_ARGUMENT if this build has no tier of that name. A
 * QKV_MAX_ISA that names no tier leaves only `generic`. */
QKV_API qkv_status qkv_isa_set_max(const char* name);

#ifdef __cplusplus
}
#endif
#endif
