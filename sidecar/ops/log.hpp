// What the operator reads on stderr: one logfmt line per thing worth waking up for.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace jeton {

enum class Level { info, warning, error };

using LogField = std::pair<std::string_view, std::string>;

/// level=info msg="listening" socket=/run/jeton/agent.sock. Values with spaces, quotes or control characters are quoted
/// and escaped. Never a token, a key or an argument. Whole lines, so journald and a terminal never see half of one.
void log_line(Level level, std::string_view message, std::initializer_list<LogField> fields = {});

}  // namespace jeton
