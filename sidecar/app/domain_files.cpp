// A certificate is put into STATE under a running daemon, so the daemon looks again, and reads only what changed.
#include "app/domain_files.hpp"

#include <utility>

#include <sys/stat.h>
#include <unistd.h>

#include "ops/log.hpp"
#include "ops/owned_file.hpp"
#include "store/whole_file.hpp"

namespace jeton {

DomainFiles::DomainFiles(std::filesystem::path state, Certifier& certifier)
    : state_(std::move(state)), certifier_(certifier) {}

Result<void> DomainFiles::show_request() const {
  const auto file = state_ / request_file;
  const auto wanted = certifier_.request() + '\n';
  if (const auto there = read_owned_file(file, ::geteuid()); there && *there == wanted) return {};
  return replace_file(file, wanted);
}

DomainFiles::Seen DomainFiles::seen_now() const {
  struct stat info {};
  if (::stat((state_ / certificate_file).c_str(), &info) != 0) return {};
  constexpr std::int64_t ns_per_s = 1'000'000'000;
  return {info.st_ino, info.st_size, info.st_ctim.tv_sec * ns_per_s + info.st_ctim.tv_nsec};
}

Result<std::string> DomainFiles::read() const {
  if (seen_ == Seen()) return "";
  auto text = read_owned_file(state_ / certificate_file, ::geteuid());
  while (text && text->ends_with('\n')) text->pop_back();
  return text;
}

void DomainFiles::look() {
  const auto now = seen_now();
  if (now == seen_) return;
  seen_ = now;
  found_ = read();
}

void DomainFiles::settle() {
  if (const auto found = std::exchange(found_, std::nullopt)) {
    if (!*found)
      certifier_.install_none(found->error().message);
    else if ((*found)->empty())
      certifier_.install_none(seen_ == Seen() ? "" : "the file is empty");
    else
      certifier_.install(**found);
  }
  const auto status = certifier_.status();
  const auto what = status.value("fault", status.contains("root") ? std::string("certified") : std::string());
  if (what == told_) return;
  told_ = what;
  if (what.empty()) return log_line(Level::info, "no domain certificate any more; keys are shown without a chain");
  if (what != "certified") return log_line(Level::warning, "the domain certificate certifies nothing", {{"why", what}});
  log_line(Level::info, "certified by the domain's root",
           {{"root", status.value("root", std::string())}, {"daemon", status.value("daemon", std::string())}});
}

}  // namespace jeton
