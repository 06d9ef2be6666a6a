// What the daemon gives up for good once it knows its configuration: programs, other processes, the network.
#pragma once

#include "jeton/error.hpp"

namespace jeton {

/// Whether other programs are to be reached over IP. Nothing else of the network is left either way.
enum class Network : bool { none, ip };

/// A seccomp filter over this thread and every one it starts: no program is run, no process is made, traced or written
/// into, no socket but a Unix socket is opened (and, with Network::ip, one of IP), and no mount, namespace, module, key
/// ring or clock is touched. What is refused gives EPERM. For good: nothing takes it back. `internal` when the kernel has
/// no seccomp, or says no.
[[nodiscard]] Result<void> give_up_system_calls(Network network = Network::none);

}  // namespace jeton
