// SPDX-License-Identifier: Apache-2.0
// Watches allocations: through the sanitizer's hook where there is one, else with an operator new of its own.
#include "tools/support/largest_allocation.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

#if defined(__SANITIZE_ADDRESS__)
#define QKV_TEST_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define QKV_TEST_SANITIZED 1
#endif
#endif

static std::atomic<std::size_t> largest{0};

static void note(std::size_t bytes) {
  std::size_t known = largest;
  while (known < bytes && !largest.compare_exchange_weak(known, bytes)) {
  }
}

std::size_t qkv_test::largest_allocation() {
  return largest;
}

void qkv_test::reset_largest_allocation() {
  largest = 0;
}

#if defined(QKV_TEST_SANITIZED)

extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void*, size_t),
                                                         void (*on_free)(const volatile void*));

[[maybe_unused]] static const int installed = __sanitizer_install_malloc_and_free_hooks(
    [](const volatile void*, size_t bytes) { note(bytes); }, [](const volatile void*) {});

#else

void* operator new(std::size_t bytes) {
  note(bytes);
  if (void* memory = std::malloc(bytes == 0 ? 1 : bytes)) return memory;
  throw std::bad_alloc();
}

void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

#endif
