// What the daemon asks of the kernel for itself before it holds a key.
#pragma once

namespace jeton {

/// No core dump and no ptrace by its own account, files private by default, as many descriptors as allowed, no SIGPIPE.
void harden_process();

}  // namespace jeton
