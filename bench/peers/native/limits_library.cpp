// SPDX-License-Identifier: Apache-2.0
// The machine's limits for the Python process that measures a peer: the same loops as qkv-bench's.
#include <algorithm>
#include <barrier>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "../../peak.hpp"

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds long_enough{1};

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

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

double fma_rate(const std::string& isa) {
  double best = 0;
  for (const auto start = Clock::now(); Clock::now() - start < long_enough;) {
    best = std::max(best, qkv::bench::measure_peak_flops(isa));
  }
  return best;
}

constexpr size_t granularity = 4096;

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

// "fma avx512" and so on, or "read ...": a buffer for each thread.
class Limit {
 public:
  Limit(const std::string& name, size_t bytes, int threads) : threads_(threads) {
    if (name.starts_with("fma ")) isa_ = name.substr(4);
    const size_t rounded = std::max<size_t>(1, bytes / granularity) * granularity;
    for (int worker = 0; isa_.empty() && worker < threads; worker++) buffers_.emplace_back(new Buffer(rounded));
  }

  double measure() const {
    return summed(threads_, [this](int worker) {
      return isa_.empty() ? buffers_[static_cast<size_t>(worker)]->read_rate() : fma_rate(isa_);
    });
  }

 private:
  std::string isa_;
  int threads_;
  std::vector<std::unique_ptr<Buffer>> buffers_;
};

}  // namespace

extern "C" {

void* qkv_limit_open(const char* name, size_t bytes, int threads) {
  try {
    return new Limit(name, bytes, threads);
  } catch (const std::exception&) {
    return nullptr;
  }
}

double qkv_limit_measure(const void* limit) {
  return static_cast<const Limit*>(limit)->measure();
}

}  // extern "C"
