// X.509 by OpenSSL: names are taken apart here, chains are judged there.
#include "http/tls_certificate.hpp"

#include <algorithm>
#include <ctime>
#include <memory>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "jeton/base64url.hpp"
#include "jeton/hash.hpp"

namespace jeton {
namespace {

constexpr std::size_t names_max = 32;
/// 112 bits: RSA of 2048, no SHA-1.
constexpr int least_strength = 2;

template <auto free_it>
struct Free {
  template <class T>
  void operator()(T* object) const {
    free_it(object);
  }
};

std::string text_of(const ASN1_STRING* string) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
          static_cast<std::size_t>(ASN1_STRING_length(string))};
}

bool is_visible(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

}  // namespace

std::string thumbprint_of(const X509* certificate) {
  const int size = i2d_X509(certificate, nullptr);
  std::vector<unsigned char> der(static_cast<std::size_t>(std::max(size, 0)));
  auto* out = der.data();
  i2d_X509(certificate, &out);
  return base64url(sha256(der));
}

std::vector<std::string> names_in(const X509* certificate) {
  std::vector<std::string> names;
  const std::unique_ptr<GENERAL_NAMES, Free<GENERAL_NAMES_free>> all(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  ERR_clear_error();
  for (int i = 0; i < sk_GENERAL_NAME_num(all.get()) && names.size() < names_max; ++i) {
    const auto* name = sk_GENERAL_NAME_value(all.get(), i);
    if (name->type != GEN_URI && name->type != GEN_DNS) continue;
    auto text = text_of(name->type == GEN_URI ? name->d.uniformResourceIdentifier : name->d.dNSName);
    if (is_visible(text)) names.push_back((name->type == GEN_URI ? "URI:" : "DNS:") + std::move(text));
  }
  return names;
}

bool is_for_host(X509* certificate, const std::string& host) {
  const bool by_address = X509_check_ip_asc(certificate, host.c_str(), 0) == 1;
  return by_address ||
         X509_check_host(certificate, host.data(), host.size(), X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, nullptr) == 1;
}

std::int64_t end_of(const X509* certificate) {
  std::tm end{};
  return ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) == 1 ? ::timegm(&end) : 0;
}

std::int64_t trusted_until(X509_STORE* trusted, X509* certificate, STACK_OF(X509) * sent, std::int64_t now) {
  const std::unique_ptr<X509_STORE_CTX, Free<X509_STORE_CTX_free>> chain(X509_STORE_CTX_new());
  std::int64_t until = 0;
  if (chain && X509_STORE_CTX_init(chain.get(), trusted, certificate, sent) == 1 &&
      X509_STORE_CTX_set_default(chain.get(), "ssl_client") == 1) {
    auto* rules = X509_STORE_CTX_get0_param(chain.get());
    X509_VERIFY_PARAM_set_time(rules, now);
    X509_VERIFY_PARAM_set_auth_level(rules, least_strength);
    // Whatever stands in client_ca is trusted, an intermediate authority as well.
    X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_PARTIAL_CHAIN);
    if (X509_verify_cert(chain.get()) == 1) {
      const auto* links = X509_STORE_CTX_get0_chain(chain.get());
      until = end_of(certificate);
      for (int i = 0; i < sk_X509_num(links); ++i) until = std::min(until, end_of(sk_X509_value(links, i)));
    }
  }
  ERR_clear_error();
  return until;
}

}  // namespace jeton
