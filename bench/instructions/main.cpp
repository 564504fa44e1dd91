// SPDX-License-Identifier: Apache-2.0
// qkv-count-instructions: computes one fixed problem, for tools/check_instructions.py to count what it takes.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>

#include "instructions/measured_call.hpp"
#include "problems/shape_file.hpp"
#include "qkv/isa.h"
#include "text/quote.hpp"

namespace qkv::bench {
namespace {

struct Fixed {
  const char *name, *line;
};

// Small, since emulated, but with every part of the kernels: tails, blocks, more than one task.
constexpr Fixed problems[] = {
    {"prefill", "attention heads=1 queries=256 head_dim=64"},
    {"prefill_causal", "attention heads=1 queries=256 head_dim=64 causal=1"},
    {"prefill_d80", "attention heads=1 queries=192 head_dim=80"},
    {"prefill_d128", "attention heads=1 queries=192 head_dim=128 causal=1"},
    {"prefill_grouped", "attention heads=4 kv_heads=1 queries=64 keys=192 head_dim=64 causal=1 position=128"},
    {"prefill_odd", "attention heads=2 queries=77 head_dim=72"},
    {"decode", "attention heads=4 queries=1 keys=1024 head_dim=128"},
    {"decode_grouped", "attention heads=8 kv_heads=1 queries=1 keys=1024 head_dim=128"},
    {"decode_four", "attention heads=4 kv_heads=2 queries=4 keys=512 head_dim=64 causal=1 position=508"},
    {"attention_tiny", "attention heads=1 queries=1 keys=16 head_dim=64"},
    {"matmul", "matmul m=192 n=192 k=256"},
    {"matmul_row", "matmul m=1 n=1024 k=512"},
    {"matmul_odd_gelu", "matmul m=37 n=200 k=123 activation=gelu bias=1"},
    {"softmax", "softmax rows=64 columns=500"},
    {"layer_norm", "norm kind=layer rows=64 columns=768"},
    {"rms_norm", "norm kind=rms rows=64 columns=768"},
    {"silu", "activation kind=silu rows=64 columns=500"},
    {"swiglu", "activation kind=silu rows=64 columns=500 multiplier=1"},
    {"sinusoidal", "position kind=sinusoidal rows=16 columns=384"},
    {"rope_halves", "rope kind=halves rows=32 heads=4 head_dim=80 rotary_dim=64"},
    {"rope_interleaved", "rope kind=interleaved rows=32 heads=4 head_dim=64"},
    {"rope_table", "rope_table rows=16 columns=64"},
};

// Compilers choose other instructions: counts of one say nothing about another.
std::string compiler() {
#if defined(__clang__)
  return fmt::format("clang {}.{}.{}", __clang_major__, __clang_minor__, __clang_patchlevel__);
#else
  return fmt::format("gcc {}.{}.{}", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#endif
}

void compute(const std::string& name) {
  const auto* const found = std::ranges::find(problems, name, &Fixed::name);
  if (found == std::end(problems)) {
    throw std::runtime_error(fmt::format("{}: no such problem; --list shows them", tools::quote(name)));
  }
  const Team team(1);
  const auto call = prepare(parse_problem(found->line).shape, {team});
  call->call();  // the first one makes the dynamic linker look up functions
  qkv_measured_call(*call);
  fmt::print("{}: {}\n", found->line, call->kernel());
}

int run(int argument_count, char** arguments) {
  const std::string word = argument_count == 2 ? arguments[1] : "";
  if (word.empty() || word == "--help") {
    fmt::print(
        "Usage: qkv-count-instructions NAME | --list | --compiler\n\n"
        "Computes the fixed problem NAME once, in the function qkv_measured_call. --list names the problems, one per\n"
        "line; --compiler tells what compiled this program. tools/check_instructions.py counts the instructions.\n");
    return word.empty() ? 2 : 0;
  }
  if (word == "--list") {
    for (const Fixed& problem : problems) fmt::print("{}\n", problem.name);
  } else if (word == "--compiler") {
    fmt::print("{}\n", compiler());
  } else {
    compute(word);
  }
  return 0;
}

}  // namespace
}  // namespace qkv::bench

int main(int argument_count, char** arguments) {
  try {
    return qkv::bench::run(argument_count, arguments);
  } catch (const std::exception& error) {
    fmt::print(stderr, "qkv-count-instructions: {}\n", error.what());
    return 2;
  }
}
