// SPDX-License-Identifier: Apache-2.0
// qkv-bench: the kernels of every supported tier against the FMA peak of the same run.
#include <benchmark/benchmark.h>

namespace qkv::bench {
void register_attention();
void register_matmul();
}  // namespace qkv::bench

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  qkv::bench::register_attention();
  qkv::bench::register_matmul();
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
