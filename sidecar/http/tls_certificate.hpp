// What a certificate says, and whether a chain of them leads to one that is trusted.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <openssl/x509.h>

namespace jeton {

/// RFC 8705 section 3.1: base64url of the SHA-256 of its DER bytes.
[[nodiscard]] std::string thumbprint_of(const X509* certificate);
/// Subject alternative names, "URI:…" and "DNS:…", the first 32 of each certificate that are visible ASCII. Others are
/// left out: with a NUL or a blank in it a name can be read as two.
[[nodiscard]] std::vector<std::string> names_in(const X509* certificate);
/// Whether a client that asked for this host, a name or an IP address, takes it for that host's (RFC 9525): by its
/// subject alternative names alone.
[[nodiscard]] bool is_for_host(X509* certificate, const std::string& host);
/// Its notAfter: NumericDate.
[[nodiscard]] std::int64_t end_of(const X509* certificate);

/// Until when the certificate of a TLS client is trusted: the first end of the chain that leads to one of `trusted`; 0
/// where none does, or where something in it is not in time at `now` or too weak.
[[nodiscard]] std::int64_t trusted_until(X509_STORE* trusted, X509* certificate, STACK_OF(X509) * sent,
                                         std::int64_t now);

}  // namespace jeton
