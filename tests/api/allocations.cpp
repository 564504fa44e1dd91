// SPDX-License-Identifier: Apache-2.0
// Counts allocations: through the sanitizer's hook where there is one, else by standing in front of glibc's functions.
#include "api/allocations.hpp"

#include <atomic>
#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define QKV_TEST_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define QKV_TEST_SANITIZED 1
#endif
#endif

static std::atomic<int64_t> count{0};

int64_t qkv_test::allocation_count() {
  return count;
}

#if defined(QKV_TEST_SANITIZED)

extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void*, size_t),
                                                         void (*on_free)(const volatile void*));

[[maybe_unused]] static const int installed = __sanitizer_install_malloc_and_free_hooks(
    [](const volatile void*, size_t) { count++; }, [](const volatile void*) {});

#else

extern "C" {

void* __libc_malloc(size_t bytes);
void* __libc_calloc(size_t count, size_t bytes);
void* __libc_realloc(void* memory, size_t bytes);
void* __libc_memalign(size_t alignment, size_t bytes);

void* malloc(size_t bytes) noexcept {
  count++;
  return __libc_malloc(bytes);
}
void* calloc(size_t elements, size_t bytes) noexcept {
  count++;
  return __libc_calloc(elements, bytes);
}
void* realloc(void* memory, size_t bytes) noexcept {
  count++;
  return __libc_realloc(memory, bytes);
}
void* aligned_alloc(size_t alignment, size_t bytes) noexcept {
  count++;
  return __libc_memalign(alignment, bytes);
}
}

#endif
