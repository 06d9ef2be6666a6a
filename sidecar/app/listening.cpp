// One table of conditions, for the file and for the command line.
#include "app/listening.hpp"

#include <ctime>

#include <fmt/core.h>

#include "app/tls_files.hpp"
#include "ops/log.hpp"

namespace jeton {

Result<std::optional<TcpAddress>> parse_listen(std::string_view text) {
  if (text == "none") return std::optional<TcpAddress>();
  if (auto address = TcpAddress::parse(text)) return address;
  return refuse(
      Code::bad_request,
      "is no place to listen; write an IP address and a port, such as \"127.0.0.1:8470\" or \"[::1]:8470\", or "
      "\"none\"");
}

std::optional<std::string> missing_to_listen(const Config& config) {
  if (!config.listen) return std::nullopt;
  if (!config.issuer && !config.dev)
    return "needs issuer, the https URL that clients reach it by; write issuer = \"https://...\" above the first "
           "[section]";
  if (!config.listen->is_loopback() && !config.tls)
    return config.dev ? "is no loopback address; listen on 127.0.0.1 or [::1], --dev has no TLS"
                      : "is no loopback address, and others are spoken to in TLS only; write [tls] with certificate = "
                        "\"FILE\" and key = \"FILE\", or listen on 127.0.0.1 or [::1]";
  return std::nullopt;
}

Result<Config> with_listen_option(Config config, const std::optional<std::string>& option) {
  if (!option) return config;
  const auto refused = [&](const std::string& what) {
    return refuse(Code::bad_request, fmt::format("--listen {}: {}", *option, what));
  };
  auto listen = parse_listen(*option);
  if (!listen) return refused(listen.error().message);
  config.listen = std::move(*listen);
  if (const auto missing = missing_to_listen(config)) return refused(*missing);
  return config;
}

Result<std::optional<TcpSocket>> bind_listener(const Config& config) {
  if (!config.listen) return std::optional<TcpSocket>();
  auto bound = TcpSocket::bind(*config.listen);
  if (!bound) return refuse(bound.error());
  return std::optional<TcpSocket>(std::move(*bound));
}

Result<std::shared_ptr<const TlsContext>> load_listener_tls(const Config& config, uid_t daemon_uid,
                                                            bool in_the_place_of_another) {
  if (!config.listen || !config.tls) return std::shared_ptr<const TlsContext>();
  auto made = load_tls(*config.tls, daemon_uid);
  if (made && config.issuer && !(*made)->is_for(host_of(*config.issuer)))
    log_line(Level::warning, "the certificate is not for the issuer's host, and clients will not believe it",
             {{"certificate", config.tls->certificate}, {"host", host_of(*config.issuer)}});
  if (!made || (*made)->ends_at() > std::time(nullptr)) return made;
  if (in_the_place_of_another)
    return refuse(Code::bad_request, "tls.certificate " + config.tls->certificate + ": has ended; get a new one");
  log_line(Level::warning, "the certificate has ended, and clients will not believe it",
           {{"certificate", config.tls->certificate}});
  return made;
}

std::string issuer_of(const Config& config, const std::optional<TcpSocket>& listener, const std::string& ledger_id) {
  if (config.issuer) return *config.issuer;
  return config.dev && listener ? "http://" + listener->address().text() : "urn:uuid:" + ledger_id;
}

}  // namespace jeton
