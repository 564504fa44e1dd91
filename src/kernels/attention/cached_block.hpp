// SPDX-License-Identifier: Apache-2.0
// A block of keys as decode finds it in a cache: the tiles, or parts of them, that hold the tokens which some row sees.
#pragma once

#include "kernels/attention/operands.hpp"
#include "kernels/kv_cache/tiles.hpp"

namespace qkv::QKV_ISA {
namespace {

// Keys [first, last) of the block lie in one tile, as lanes and rows from `lane` on.
struct CachedPiece {
  const char *tile, *next;  // next: the tile that follows, wherever it lies
  int64_t lane, first, last;
};

constexpr int64_t fetch_distance = 8192;  // bytes; on Zen 5, 4 KiB and 16 KiB were slower at four and eight rows

// What is read so many bytes after `at`; behind the last tile, nothing that there is.
QKV_INLINE const void* ahead_of(const void* at, const CachedPiece& piece, int64_t tile_bytes) {
  const auto ahead = reinterpret_cast<uintptr_t>(at) + uintptr_t{fetch_distance};
  const auto end = reinterpret_cast<uintptr_t>(piece.tile) + static_cast<uintptr_t>(tile_bytes);
  const uintptr_t in_next = reinterpret_cast<uintptr_t>(piece.next) + (ahead - end);
  return reinterpret_cast<const void*>(ahead < end ? ahead : in_next);
}

struct CachedBlock {
  int64_t count;  // of pieces, in the order of keys
  CachedPiece pieces[max_keys_per_block / key_group];
  const CachedPiece* begin() const { return pieces; }
  const CachedPiece* end() const { return pieces + count; }
};

// any: keys that some row sees. The pages of others are not touched. Which lane a key is in depends on the block's
// begin alone, so that other rows do not change the order of a row's sums.
inline void find_block(const HeadTiles& tiles, KeyRange any, KeyRange keys, CachedBlock& block) {
  const KeyRange seen = intersect(any, keys);
  block.count = 0;
  for_tiles_of(tiles, seen.begin, seen.end, [&](const TileTokens& tokens) {
    const char* next = tokens.last < any.end ? tiles.tile(tokens.last) : tokens.tile + tiles.layout.tile_bytes;
    block.pieces[block.count++] = {tokens.tile, next, tokens.first - tokens.origin, tokens.first - keys.begin,
                                   tokens.last - keys.begin};
  });
}

}  // namespace
}  // namespace qkv::QKV_ISA
