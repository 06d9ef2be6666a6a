// Hard links, one rename, then the first names: at every step the whole log stands under some name.
#include "app/given_up_log.hpp"

#include <string_view>
#include <system_error>

#include <fmt/core.h>

#include "store/whole_file.hpp"

namespace jeton {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view prefix = "rolled-back-";
constexpr const char* unfinished = "giving-up";
/// In the order in which they lose their first names. A database without its key is refused at a start, so while the
/// old one stands no new one is begun beside it, which would take its key for a lost one once that is gone.
constexpr const char* files[] = {"log.key", "log.vkey", "jeton.db-wal", "jeton.db-shm", "jeton.db"};

tl::unexpected<Error> cannot(const std::string& what, const std::error_code& error) {
  return refuse(Code::log_unavailable, fmt::format("cannot {}: {}", what, error.message()));
}

bool is_given_up(const fs::path& directory) { return directory.filename().string().starts_with(prefix); }

/// The directory to be, with a second name for each file. What an earlier try left of it were links as well.
Result<fs::path> link_aside(const fs::path& state) {
  const auto aside = state / unfinished;
  std::error_code error;
  fs::remove_all(aside, error);
  if (!error) fs::create_directory(aside, error);
  if (!error) fs::permissions(aside, fs::perms::owner_all, error);
  if (error) return cannot(fmt::format("make {}", aside.string()), error);
  const auto link = [&](const char* name) {
    const auto kind = fs::symlink_status(state / name, error).type();
    if (kind == fs::file_type::not_found) return error.clear(), true;
    // A link to a link says something else from another directory.
    if (!error && kind != fs::file_type::regular) error = std::make_error_code(std::errc::operation_not_supported);
    if (!error) fs::create_hard_link(state / name, aside / name, error);
    return !error;
  };
  for (const char* name : files)
    if (!link(name)) return cannot(fmt::format("link {} into {}", name, aside.string()), error);
  if (!link("checkpoint")) return cannot(fmt::format("link checkpoint into {}", aside.string()), error);
  if (auto synced = sync_directory(aside); !synced) return refuse(synced.error());
  return aside;
}

/// A name nobody has: two logs can be given up in one second.
fs::path free_name(const fs::path& state, std::int64_t now_s) {
  auto name = state / fmt::format("{}{}", prefix, now_s);
  for (int i = 2; fs::exists(name); ++i) name = state / fmt::format("{}{}-{}", prefix, now_s, i);
  return name;
}

Result<void> take_first_names(const fs::path& state, const fs::path& aside) {
  for (const char* name : files) {
    std::error_code error;
    if (!fs::exists(state / name) || !fs::exists(aside / name)) continue;
    const bool same = fs::equivalent(state / name, aside / name, error);
    if (!error && !same) continue;  // a newer log's
    if (!error) fs::remove(state / name, error);
    if (error) return cannot(fmt::format("move {} to {}", name, aside.string()), error);
  }
  return sync_directory(state);
}

}  // namespace

Result<fs::path> give_up_log(const fs::path& state, std::int64_t now_s) {
  const auto links = link_aside(state);
  if (!links) return refuse(links.error());
  const auto aside = free_name(state, now_s);
  std::error_code error;
  fs::rename(*links, aside, error);
  if (error) return cannot(fmt::format("move the log to {}", aside.string()), error);
  if (auto synced = sync_directory(state); !synced) return refuse(synced.error());
  if (auto taken = take_first_names(state, aside); !taken) return refuse(taken.error());
  return aside;
}

Result<void> finish_giving_up(const fs::path& state) {
  for (const auto& entry : fs::directory_iterator(state))
    // Whoever moved it to another disk has a link here, and a link can lead anywhere, to STATE itself as well.
    if (is_given_up(entry.path()) && !entry.is_symlink())
      if (auto taken = take_first_names(state, entry.path()); !taken) return taken;
  return {};
}

bool was_given_up(const fs::path& state) {
  for (const auto& entry : fs::directory_iterator(state))
    if (is_given_up(entry.path())) return true;
  return false;
}

}  // namespace jeton
