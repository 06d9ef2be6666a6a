// What the daemon asks of the kernel for itself before it holds a key.
#pragma once

#include <cstddef>

namespace jeton {

/// No core dump and no ptrace by its own account, files private by default, as many descriptors as allowed, no SIGPIPE.
void harden_process();

/// How many of the `wanted` connections this process has descriptors for, with some spare for the log, for looking at
/// callers and for those who are told that there is no place. At least one.
[[nodiscard]] std::size_t connections_within_descriptors(std::size_t wanted);

}  // namespace jeton
