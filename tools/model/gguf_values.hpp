// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/gguf_cursor.hpp"
#include "model/gguf_metadata.hpp"

namespace qkv::tools {

// One value of the metadata: its type, then what the type says. Throws std::runtime_error of one line.
GgufValue read_gguf_value(GgufCursor& cursor);

}  // namespace qkv::tools
