// SPDX-License-Identifier: Apache-2.0
// Bytes per second of the best loop that reads from a level of memory. Each thread has a buffer of its own.
#pragma once

#include "limits/limit.hpp"
#include "limits/memory_levels.hpp"
#include "limits/read_loops.hpp"
#include "operations/floats.hpp"

namespace qkv::bench {

class ReadLimit : public Limit {
 public:
  ReadLimit(const MemoryLevel& level, const Team& team);

 private:
  // One thread's memory. A pass reads all of it, or of DRAM the next piece, which is cold again when its turn comes.
  struct Buffer {
    Floats floats;
    size_t bytes = 0, next = 0;
  };

  size_t loop_count() const override { return loops_.size(); }
  double rate_of(size_t loop) override;
  const std::byte* next_piece(Buffer& buffer) const;

  std::vector<ReadLoop> loops_;
  std::vector<Buffer> buffers_;
  size_t piece_ = 0;
  int passes_ = 1;
  bool stays_in_cache_;
};

}  // namespace qkv::bench
