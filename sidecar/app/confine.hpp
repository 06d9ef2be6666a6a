// What the daemon gives up for good once it knows its configuration: programs, other processes, the network.
#pragma once

#include "jeton/error.hpp"

namespace jeton {

/// Which sockets are still opened: Unix sockets alone, or those of IPv4 and IPv6 too, where the configuration names
/// something to fetch.
enum class Network { none, ip };

/// A seccomp filter over this thread and every one it starts: no program is run, no process is made, traced or written
/// into, no socket of another family than `network` says is opened, and no mount, namespace, module, key ring or clock
/// is touched. What is refused gives EPERM. For good: nothing takes it back. `internal` when the kernel has no seccomp,
/// or says no.
[[nodiscard]] Result<void> give_up_system_calls(Network network);

}  // namespace jeton
