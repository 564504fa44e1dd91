// SPDX-License-Identifier: Apache-2.0
#include "command/interrupt.hpp"

#include <csignal>

namespace qkv::bench {
namespace {

volatile std::sig_atomic_t interrupt_count = 0;

void note_interrupt(int) {
  interrupt_count = 1;
}

}  // namespace

void watch_for_interrupts() {
  struct sigaction action = {};
  action.sa_handler = note_interrupt;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool interrupted() {
  return interrupt_count != 0;
}

}  // namespace qkv::bench
