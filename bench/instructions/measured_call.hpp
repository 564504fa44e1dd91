// SPDX-License-Identifier: Apache-2.0
// The call whose instructions are counted. A translation unit of its own, so that it stays a function with a name,
// which callgrind is told to collect in.
#pragma once

#include "operations/prepared_call.hpp"

extern "C" void qkv_measured_call(qkv::bench::PreparedCall& call);
