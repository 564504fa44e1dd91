// SPDX-License-Identifier: Apache-2.0
// The machine's limits for the Python process that measures a peer: the same loops as qkv-bench's.
#include <algorithm>
#include <barrier>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "../../peak.hpp"

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds long_enough{1};

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// The sum over workers that start together.
template <class Loop>
double summed(int threads, Loop loop) {
  if (threads == 1) return loop(0);
  std::barrier together(threads);
  std::vector<double> rates(static_cast<size_t>(threads));
  {
    std::vector<std::jthread> workers;
    for (int worker = 0; worker < threads; worker++) {
      workers.emplace_back([&, worker] {
        together.arrive_and_wait();
        rates[static_cast<size_t>(worker)] = loop(worker);
      });
    }
  }
  double sum = 0;
  for (const double rate : rates) sum += rate;
  return sum;
}

double fma_rate(const char* isa) {
  double best = 0;
  for (const auto start = Clock::now(); Clock::now() - start < long_enough;) {
    best = std::max(best, qkv::bench::measure_peak_flops(isa));
  }
  return best;
}

constexpr size_t line = 64;

// A vector register as wide as the build has, filled from memory and forgotten.
#if defined(__AVX512F__)
using Vector = float __attribute__((vector_size(64)));
#elif defined(__AVX__)
using Vector = float __attribute__((vector_size(32)));
#else
using Vector = float __attribute__((vector_size(16)));
#endif

void read_once(const std::byte* data, size_t bytes) {
  constexpr size_t step = sizeof(Vector);
  for (size_t at = 0; at < bytes; at += 4 * step) {
    for (size_t i = 0; i < 4; i++) {
      Vector value;
      std::memcpy(&value, data + at + i * step, step);
#if defined(__x86_64__)
      asm volatile("" : : "v"(value));
#else
      asm volatile("" : : "w"(value));
#endif
    }
  }
}

class Buffer {
 public:
  explicit Buffer(size_t bytes) : bytes_(bytes), data_(static_cast<std::byte*>(::operator new(bytes, alignment))) {
    std::memset(data_, 1, bytes);
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { ::operator delete(data_, alignment); }

  double read_rate() const {
    size_t passes = 0;
    const auto start = Clock::now();
    do {
      read_once(data_, bytes_);
      passes++;
    } while (Clock::now() - start < long_enough);
    return static_cast<double>(passes * bytes_) / seconds_since(start);
  }

 private:
  static constexpr std::align_val_t alignment{4096};
  size_t bytes_;
  std::byte* data_;
};

}  // namespace

extern "C" {

double qkv_limit_flops(const char* isa, int threads) {
  return summed(threads, [&](int) { return fma_rate(isa); });
}

// Each thread reads memory of its own. The handle keeps the memory.
void* qkv_limit_reader(size_t bytes, int threads) {
  auto* buffers = new std::vector<Buffer*>;
  for (int worker = 0; worker < threads; worker++) buffers->push_back(new Buffer(bytes / (4 * line) * (4 * line)));
  return buffers;
}

double qkv_limit_read(const void* reader) {
  const auto& buffers = *static_cast<const std::vector<Buffer*>*>(reader);
  return summed(static_cast<int>(buffers.size()),
                [&](int worker) { return buffers[static_cast<size_t>(worker)]->read_rate(); });
}

}  // extern "C"
