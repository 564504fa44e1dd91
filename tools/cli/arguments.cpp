// SPDX-License-Identifier: Apache-2.0
#include "cli/arguments.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <exception>

#include "cli/standard_output.hpp"
#include "qkv/isa.h"
#include "text/quote.hpp"

namespace qkv::tools {
namespace {

// CLI11 takes an empty value for none, and lets a flag have one.
void check_values(const CLI::App& app) {
  for (const CLI::Option* option : app.get_options())
    for (const std::string& value : option->results()) {
      const bool is_flag = option->get_items_expected_min() == 0;
      if (is_flag && value != "true")
        throw UsageError(fmt::format("{}={}: takes no value", option->get_name(), quote(value)));
      if (!is_flag && value.empty()) throw UsageError(fmt::format("{} \"\": must not be empty", option->get_name()));
    }
}

}  // namespace

bool parse_arguments(CLI::App& app, int argument_count, const char* const* arguments) {
  try {
    app.parse(argument_count, arguments);
  } catch (const CLI::CallForHelp&) {
    write_standard_output(app.help());
    return false;
  } catch (const CLI::CallForVersion& version) {
    write_standard_output(fmt::format("{}\n", version.what()));
    return false;
  } catch (const CLI::ParseError& error) {
    throw UsageError(one_line(error.what()));
  }
  check_values(app);
  return true;
}

void cap_isa(const std::string& name) {
  if (qkv_isa_set_max(name.c_str()) == QKV_OK) return;
  std::string known;
  for (std::int32_t i = 0; const qkv_isa_description* isa = qkv_isa_at(i); ++i)
    known += fmt::format("{}{}", known.empty() ? "" : ", ", isa->name);
  throw UsageError(fmt::format("--max-isa {}: no such instruction set; this build has {}", quote(name), known));
}

namespace {

// A stream that the caller has closed must not become a file that is opened later, and a reader that goes away must not
// end the program before its files are written.
void secure_streams() {
  for (int stream = 0; stream <= 2; ++stream)
    while (fcntl(stream, F_GETFD) == -1 && open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0) continue;
  std::signal(SIGPIPE, SIG_IGN);
}

}  // namespace

int exit_code_of(const char* program, const std::function<void()>& run) {
  secure_streams();
  try {
    run();
    return 0;
  } catch (const std::exception& error) {
    write_standard_error(fmt::format("{}: {}\n", program, one_line(error.what())));
    return 2;
  }
}

}  // namespace qkv::tools
