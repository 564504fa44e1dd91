// SPDX-License-Identifier: Apache-2.0
#include "tools/support/program.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>

namespace qkv_test {
namespace {

// Files instead of pipes: no order in which the two sides must read and write.
class Stream {
 public:
  explicit Stream(const std::string& content = "") {
    if (file_ == nullptr || std::fwrite(content.data(), 1, content.size(), file_.get()) != content.size())
      throw std::runtime_error("no temporary file");
    std::rewind(file_.get());
  }

  int descriptor() const { return fileno(file_.get()); }

  std::string content() const {
    std::rewind(file_.get());
    std::string text;
    std::array<char, 4096> chunk;
    while (const size_t count = std::fread(chunk.data(), 1, chunk.size(), file_.get()))
      text.append(chunk.data(), count);
    return text;
  }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::unique_ptr<std::FILE, Close> file_{std::tmpfile()};
};

int wait_for(pid_t child) {
  int status = 0;
  if (waitpid(child, &status, 0) != child) throw std::runtime_error("waitpid");
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

Outcome run_program(const char* variable, const std::vector<std::string>& arguments, const std::string& input,
                    const char* output_device) {
  const char* program = std::getenv(variable);
  if (program == nullptr) throw std::runtime_error(std::string(variable) + " must be the path of the program");
  std::vector<char*> argv = {const_cast<char*>(program)};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);

  const Stream in(input), out, err;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in.descriptor(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out.descriptor(), STDOUT_FILENO);
  if (output_device != nullptr) posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output_device, O_WRONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, err.descriptor(), STDERR_FILENO);
  pid_t child = 0;
  const int failed = posix_spawn(&child, program, &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) throw std::runtime_error(std::string(program) + " cannot be run");
  const int exit_code = wait_for(child);
  return {exit_code, out.content(), err.content()};
}

}  // namespace qkv_test
