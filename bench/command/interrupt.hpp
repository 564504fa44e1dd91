// SPDX-License-Identifier: Apache-2.0
// Ctrl-C ends a run early without losing what was measured. A second one ends the program at once.
#pragma once

namespace qkv::bench {

void watch_for_interrupts();
bool interrupted();

}  // namespace qkv::bench
