// SPDX-License-Identifier: Apache-2.0
// Files of strangers: never more is read than a limit, and a device is no file.
#pragma once

#include <cstddef>
#include <filesystem>
#include <istream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace qkv::tools {

// The rest of a stream; nothing if that is more than max_bytes.
std::optional<std::string> read_up_to(std::istream& stream, std::size_t max_bytes);

// A regular file. Throws std::runtime_error of one line that begins with the quoted path.
std::string read_file(const std::filesystem::path& path, std::size_t max_bytes);

// Without line breaks, of either kind; one at the end of the last line is optional.
std::vector<std::string> split_lines(std::string_view text);

}  // namespace qkv::tools
