// `jeton domain`: the root key that others pin, and the certificate that lets a daemon be one of its domain.
#include <algorithm>

#include <fmt/core.h>

#include "app/domain_files.hpp"
#include "cli/log_access.hpp"
#include "cli/table.hpp"
#include "identity/root_key.hpp"
#include "jeton/clock.hpp"
#include "store/whole_file.hpp"

namespace jeton::cli {
namespace {

constexpr std::int64_t day_s = 86'400;
/// Clocks of two machines are seldom the same.
constexpr std::int64_t earlier_s = 60;

std::string day_of(std::int64_t time_s) { return utc_time(time_s * us_per_s); }

void print_root(const Common& common, const RootKey& key) {
  const auto text = key.root().text();
  if (common.json)
    fmt::print("{}\n", json_for_terminal({{"trust_domain", key.trust_domain}, {"vkey", text}}));
  else
    fmt::print("{}\n", text);
}

/// The request that the daemon of this state directory makes.
Result<std::string> request_of(const Common& common) {
  const auto file = state_of(common) / request_file;
  auto text = text_of_file(file);
  if (!text)
    return refuse(
        Code::bad_request,
        fmt::format("cannot read {}; jetond writes it at its start, for its own account and root", file.string()));
  while (text->ends_with('\n')) text->pop_back();
  return text;
}

/// Why this daemon could do nothing with the certificate.
Result<DaemonCertificate> read_for(const DaemonIdentity& self, const std::string& text,
                                   const std::optional<std::string>& vkey) {
  auto certificate = read_daemon_certificate(text);
  if (vkey) {
    const auto root = read_text(*vkey).and_then([](const std::string& pinned) { return DomainRoot::parse(pinned); });
    if (!root) return refuse(root.error());
    certificate = open_daemon_certificate(text, *root);
  }
  if (!certificate) return certificate;
  const auto& [trust_domain, issuer, key] = certificate->daemon;
  if (key.kid() != self.key.kid() || issuer != self.issuer || trust_domain != self.trust_domain)
    return refuse(Code::bad_request, fmt::format("the certificate is for {} with issuer {}, this daemon is {} with "
                                                 "issuer {}; have its own request signed",
                                                 certificate->daemon.id(), issuer, self.id(), self.issuer));
  if (certificate->validity.until_s <= SystemClock().wall_us() / us_per_s)
    return refuse(Code::expired, "the certificate has ended; have the request signed anew");
  return certificate;
}

}  // namespace

int domain_init(const Common& common, const DomainOptions& options) {
  if (!is_trust_domain(options.trust_domain))
    return usage("--trust-domain is up to 255 of a-z 0-9 . _ -, as trust_domain in jeton.toml");
  const auto made = make_root_key(options.file, options.trust_domain);
  if (!made) return tell(common, made.error());
  print_root(common, *made);
  fmt::print(stderr,
             "jeton: hint: verifiers pin this text; keep {} off every host that runs jetond, and a copy of it\n",
             for_terminal(options.file));
  return 0;
}

int domain_vkey(const Common& common, const DomainOptions& options) {
  const auto key = read_root_key(options.file);
  if (!key) return tell(common, key.error());
  print_root(common, *key);
  return 0;
}

int domain_request(const Common& common) {
  const auto request = request_of(common);
  if (!request) return tell(common, request.error());
  const auto daemon = read_daemon_request(*request);
  if (!daemon) return tell(common, daemon.error());
  if (common.json)
    fmt::print("{}\n",
               json_for_terminal({{"daemon", daemon->id()}, {"issuer", daemon->issuer}, {"request", *request}}));
  else
    fmt::print("{}\n", *request);
  return 0;
}

int domain_sign(const Common& common, const DomainOptions& options) {
  const auto key = read_root_key(options.file);
  if (!key) return tell(common, key.error());
  const auto text = read_text(options.document);
  if (!text) return tell(common, text.error());
  const auto daemon = read_daemon_request(*text);
  if (!daemon) return tell(common, daemon.error());
  if (daemon->trust_domain != key->trust_domain)
    return tell(common,
                {Code::wrong_issuer,
                 fmt::format("the request is of trust domain {}, the key of {}; sign it with the key of its own domain",
                             daemon->trust_domain, key->trust_domain)});
  if (options.issuer && *options.issuer != daemon->issuer)
    return tell(common,
                {Code::wrong_issuer,
                 fmt::format("the request is for issuer {}; sign it only if that daemon may be it", daemon->issuer)});
  const auto now = SystemClock().wall_us() / us_per_s;
  const Validity validity{now - earlier_s, now + static_cast<std::int64_t>(options.days) * day_s};
  const auto certificate = certify_daemon(*daemon, key->key, validity);
  if (common.json) {
    fmt::print("{}\n", json_for_terminal({{"certificate", certificate},
                                          {"daemon", daemon->id()},
                                          {"issuer", daemon->issuer},
                                          {"ends_at", validity.until_s}}));
    return 0;
  }
  fmt::print("{}\n", certificate);
  fmt::print(stderr, "jeton: signed for {} with issuer {}, good until {}\n", for_terminal(daemon->id()),
             for_terminal(daemon->issuer), day_of(validity.until_s));
  return 0;
}

int domain_install(const Common& common, const DomainOptions& options) {
  const auto text = read_text(options.document);
  if (!text) return tell(common, text.error());
  const auto request = request_of(common);
  if (!request) return tell(common, request.error());
  const auto self = read_daemon_request(*request);
  if (!self) return tell(common, self.error());
  const auto certificate = read_for(*self, *text, options.vkey);
  if (!certificate) return tell(common, certificate.error());
  const auto file = state_of(common) / certificate_file;
  auto written = replace_file(file, *text + '\n');
  if (written) written = sync_directory(file.parent_path());
  if (!written) return tell(common, written.error());
  if (common.json)
    fmt::print("{}\n",
               json_for_terminal(
                   {{"file", file.string()}, {"daemon", self->id()}, {"ends_at", certificate->validity.until_s}}));
  else
    fmt::print("{}: good until {}\n", for_terminal(file.string()), day_of(certificate->validity.until_s));
  fmt::print(stderr, "jeton: hint: a running jetond takes it within a second or two\n");
  return 0;
}

}  // namespace jeton::cli
