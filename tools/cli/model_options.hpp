// SPDX-License-Identifier: Apache-2.0
// What the command lines of the programs that run a model on texts have in common.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/arguments.hpp"

namespace qkv::tools {

// Parses the command line of an app that allows extras: the arguments that are no options, and all that follow --.
// Nothing if the help or the version was asked for and has been printed.
std::optional<std::vector<std::string>> parse_texts(CLI::App& app, int argument_count, const char* const* arguments);

void add_threads_option(CLI::App& app, std::int32_t& threads);
void add_max_isa_option(CLI::App& app, std::string& max_isa);

// Caps the instruction set by the option's value, or where that is empty looks whether $QKV_MAX_ISA is one that this
// build knows: the library itself takes an unknown one for the least. Throws UsageError.
void choose_isa(const std::string& max_isa);

// Throws UsageError for more threads than make sense, or than this build can have.
void check_threads(std::int32_t threads);

}  // namespace qkv::tools
