// What the operator reads on stderr: one logfmt line per thing worth waking up for.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace jeton {

enum class Level { debug, info, warning, error };

[[nodiscard]] std::optional<Level> level_named(std::string_view name);

/// What is below it is not written. Info, unless somebody says otherwise.
void set_log_level(Level least);
[[nodiscard]] bool is_logged(Level level);

using LogField = std::pair<std::string_view, std::string>;

/// level=info msg="listening" socket=/run/jeton/agent.sock. Values with spaces, quotes or control characters are quoted
/// and escaped. Never a token, a key or an argument. Whole lines, so journald and a terminal never see half of one.
void log_line(Level level, std::string_view message, std::initializer_list<LogField> fields = {});

}  // namespace jeton
