// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <istream>
#include <string>
#include <vector>

namespace qkv::tools {

// A text per line; a line break at the end of the last line is optional.
std::vector<std::string> read_lines(std::istream& stream);

// Throws std::runtime_error for a text that is not UTF-8, as "NAME 3: ..." for the third.
void require_utf8(const std::vector<std::string>& texts, const std::string& name);

// A text per line, or, where the name ends in .jsonl, a JSON string per line (blank lines are skipped). Throws
// std::runtime_error that names the file, and the line that is not UTF-8 or
// no JSON string.
std::vector<std::string> read_text_file(const std::filesystem::path& path);

}  // namespace qkv::tools
