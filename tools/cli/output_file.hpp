// SPDX-License-Identifier: Apache-2.0
// A file that appears whole or not at all: written beside its place under another name and renamed by commit.
#pragma once

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace qkv::tools {

class OutputFile {
 public:
  // Throws std::runtime_error, here and below, naming option and path. A device or a pipe is written directly.
  OutputFile(const std::string& option, const std::filesystem::path& path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void write(std::string_view text);

  // All bytes reach the file system; after this only the rename is left.
  void finish();
  void commit();

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  [[noreturn]] void fail(int error) const;

  std::string name_;
  std::filesystem::path path_, temporary_;  // temporary_ is empty when written directly
  std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace qkv::tools
