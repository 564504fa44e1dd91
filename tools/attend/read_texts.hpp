// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <istream>
#include <string>
#include <vector>

namespace qkv::tools {

// A text per line; a line break at the end of the last line is optional. Throws std::runtime_error, with the name of
// the stream, for a line that is not UTF-8 and for more than 64 MB.
std::vector<std::string> read_text_lines(std::istream& stream, const std::string& name);

// Throws std::runtime_error for a text that is not UTF-8, as "NAME 3: ..." for the third.
void require_utf8(const std::vector<std::string>& texts, const std::string& name);

// The file of --input: a text per line, or, where the name ends in .jsonl, a JSON string per line (blank lines are
// skipped). Throws as read_text_lines does, and for a line that is no JSON string.
std::vector<std::string> read_text_file(const std::filesystem::path& path);

}  // namespace qkv::tools
