// SPDX-License-Identifier: Apache-2.0
#include "cli/output_file.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "text/quote.hpp"

namespace qkv::tools {

OutputFile::OutputFile(const std::string& option, const std::filesystem::path& path)
    : name_(option + " " + quote(path.string())), path_(path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (std::filesystem::is_directory(status)) fail(EISDIR);
  const bool direct = std::filesystem::exists(status) && !std::filesystem::is_regular_file(status);
  // A symbolic link stays one: what it points at is replaced.
  if (!direct && std::filesystem::exists(status)) path_ = std::filesystem::canonical(path);
  if (!direct) temporary_ = fmt::format("{}.{}.tmp", path_.string(), getpid());
  file_.reset(std::fopen((direct ? path_ : temporary_).c_str(), direct ? "wb" : "wbx"));
  if (file_ == nullptr) {
    temporary_.clear();
    fail(errno);
  }
}

OutputFile::~OutputFile() {
  std::error_code ignored;
  if (!temporary_.empty()) std::filesystem::remove(temporary_, ignored);
}

void OutputFile::fail(int error) const {
  throw std::runtime_error(fmt::format("{}: {}", name_, std::strerror(error)));
}

void OutputFile::write(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), file_.get()) != text.size()) fail(errno);
}

void OutputFile::finish() {
  if (std::fclose(file_.release()) != 0) fail(errno);
}

void OutputFile::commit() {
  if (temporary_.empty()) return;
  std::error_code error;
  std::filesystem::rename(temporary_, path_, error);
  if (error) throw std::runtime_error(fmt::format("{}: {}", name_, error.message()));
  temporary_.clear();
}

}  // namespace qkv::tools
