// SPDX-License-Identifier: Apache-2.0
// Runs one prepared operation under Google Benchmark and prints its rate beside the limit measured right before and
// after.
#pragma once

#include <benchmark/benchmark.h>
#include <qkv/qkv.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <new>
#include <random>
#include <vector>

#include "peak.hpp"

namespace qkv::bench {

// Floats on a cache line boundary, uniformly random in [-1.7, 1.7]: variance 1 like normalised activations.
class Floats {
 public:
  explicit Floats(int64_t count) : values_(static_cast<size_t>(count)) {
    std::mt19937 generator(1);
    std::uniform_real_distribution<float> uniform(-1.7F, 1.7F);
    for (float& value : values_) value = uniform(generator);
  }
  float* data() { return values_.data(); }

 private:
  template <class T>
  struct Aligned {
    using value_type = T;
    Aligned() = default;
    template <class U>
    explicit Aligned(const Aligned<U>&) {}
    T* allocate(size_t count) { return static_cast<T*>(::operator new (count * sizeof(T), std::align_val_t{64})); }
    void deallocate(T* pointer, size_t) { ::operator delete (pointer, std::align_val_t{64}); }
    bool operator==(const Aligned&) const { return true; }
  };
  std::vector<float, Aligned<float>> values_;
};

// `run` computes all tasks of `plan` once.
template <class Run>
void measure(benchmark::State& state, const qkv_plan& plan, const char* isa, Run run) {
  using Clock = std::chrono::steady_clock;
  const qkv_plan_facts facts = qkv_plan_describe(&plan, 1);
  const double before = measure_peak_flops(isa);
  const auto start = Clock::now();
  for (auto _ : state) {
    if (run() != QKV_OK) return state.SkipWithError(qkv_error_message());
    benchmark::ClobberMemory();
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  const double peak = std::max(before, measure_peak_flops(isa));
  const double rate = facts.flops * static_cast<double>(state.iterations()) / seconds;
  state.counters["GFLOP/s"] = rate * 1e-9;
  state.counters["peak"] = peak * 1e-9;
  state.counters["%peak"] = 100 * rate / peak;
  state.SetLabel(facts.kernel);
}

// The supported tiers of this build, best last.
inline std::vector<const char*> supported_isas() {
  std::vector<const char*> names;
  for (int32_t tier = 0; const qkv_isa_description* isa = qkv_isa_at(tier); tier++) {
    if (isa->supported != 0) names.push_back(isa->name);
  }
  return names;
}

}  // namespace qkv::bench
