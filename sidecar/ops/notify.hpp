// Telling systemd that the daemon is ready or stopping (sd_notify(3)); nothing happens where nobody asked.
#pragma once

#include <string_view>

namespace jeton {

/// "READY=1" or "STOPPING=1" to $NOTIFY_SOCKET.
void notify_service_manager(std::string_view state);

/// Whether $NOTIFY_SOCKET is a name of the kernel's and no file.
[[nodiscard]] bool service_manager_is_abstract();

}  // namespace jeton
