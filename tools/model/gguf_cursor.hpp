// SPDX-License-Identifier: Apache-2.0
// Reads little-endian numbers and texts one after another, never past a limit.
#pragma once

#include <fmt/format.h>

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <istream>
#include <limits>
#include <stdexcept>
#include <string>

namespace qkv::tools {

class GgufCursor {
 public:
  GgufCursor(std::istream& stream, std::uint64_t limit) : stream_(stream), limit_(limit) {}

  std::uint64_t position() const { return position_; }
  std::uint64_t bytes_left() const { return limit_ - position_; }

  template <typename Number>
  Number number() {
    static_assert(std::endian::native == std::endian::little);
    std::array<char, sizeof(Number)> bytes;
    take(bytes.data(), bytes.size());
    Number value;
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }

  // A size that fits std::int64_t.
  std::int64_t extent() {
    const auto extent = number<std::uint64_t>();
    if (extent > std::uint64_t{std::numeric_limits<std::int64_t>::max()})
      throw std::runtime_error(fmt::format("extent {} is too large", extent));
    return static_cast<std::int64_t>(extent);
  }

  std::string text() {
    const auto bytes = number<std::uint64_t>();
    require(bytes);
    std::string text(bytes, '\0');
    take(text.data(), bytes);
    return text;
  }

  // How many things follow of which each takes so many bytes at least.
  std::uint64_t count(std::uint64_t least_bytes_each) {
    const auto count = number<std::uint64_t>();
    if (count > bytes_left() / least_bytes_each)
      throw std::runtime_error(fmt::format("{} entries at byte {} exceed the header", count, position_));
    return count;
  }

 private:
  void require(std::uint64_t bytes) const {
    if (bytes > bytes_left())
      throw std::runtime_error(fmt::format("{} bytes at byte {} exceed the header", bytes, position_));
  }

  void take(char* destination, std::uint64_t bytes) {
    require(bytes);
    if (!stream_.read(destination, static_cast<std::streamsize>(bytes)))
      throw std::runtime_error(fmt::format("{} bytes at byte {} cannot be read", bytes, position_));
    position_ += bytes;
  }

  std::istream& stream_;
  std::uint64_t limit_;
  std::uint64_t position_ = 0;
};

}  // namespace qkv::tools
