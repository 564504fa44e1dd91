/* SPDX-License-Identifier: Apache-2.0 */
/* One qkv_pool made of OpenMP, in a library of its own (qkv_openmp), so that the core needs no OpenMP. */
#ifndef QKV_OPENMP_H
#define QKV_OPENMP_H

#include "qkv/pool.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A pool of `workers` OpenMP threads; 0 means omp_get_max_threads(). Changes no OpenMP setting of the process. In a
 * forked child, where libgomp cannot start a team, it runs everything on the calling thread. */
QKV_API qkv_pool qkv_openmp_pool(int32_t workers);

#ifdef __cplusplus
}
#endif
#endif
