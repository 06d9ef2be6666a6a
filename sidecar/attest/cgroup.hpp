// Which systemd system service does a process belong to, by its cgroup?
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace jeton {

/// The system service named by the text of /proc/<pid>/cgroup: the first component below the slices. Whatever lies
/// deeper may have been made by the service itself and is not looked at, so everything under a user's own manager is
/// user@<uid>.service. Scopes (a login session, a container) are no services and give none.
[[nodiscard]] std::optional<std::string> unit_of_cgroup(std::string_view proc_cgroup);

/// Whether systemd could call a service so: crm.service, user@1000.service.
[[nodiscard]] bool is_service_name(std::string_view name);

}  // namespace jeton
