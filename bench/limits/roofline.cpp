// SPDX-License-Identifier: Apache-2.0
#include "limits/roofline.hpp"

#include "limits/fma_loops.hpp"
#include "limits/memory_levels.hpp"

namespace qkv::bench {

Bound bound_of(const Work& work, const Setting& setting, Limits& limits) {
  const bool of_bytes = work.of_bytes && has_byte_loops(setting.isa);
  const std::string arithmetic = (of_bytes ? "dot " : "fma ") + setting.isa;
  const MemoryLevel& level = setting.cold ? memory_levels().back() : level_that_holds(work.bytes, setting.threads);
  const std::string reading = "read " + level.name;
  const double compute_seconds = work.flops / limits.get(arithmetic, setting.threads).best();
  const double read_seconds = work.bytes / limits.get(reading, setting.threads).best();
  if (compute_seconds >= read_seconds) return {arithmetic, work.flops, "FLOP/s"};
  return {reading, work.bytes, "bytes/s"};
}

}  // namespace qkv::bench
