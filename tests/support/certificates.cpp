// X.509 by OpenSSL.
#include "support/certificates.hpp"

#include <algorithm>
#include <stdexcept>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "jeton/base64url.hpp"
#include "jeton/hash.hpp"

namespace jeton::outside {
namespace {

using Key = std::shared_ptr<EVP_PKEY>;
using Certificate = std::shared_ptr<X509>;

Key make_key(int rsa_bits) {
  auto* made = rsa_bits == 0 ? EVP_EC_gen("P-256") : EVP_RSA_gen(static_cast<unsigned>(rsa_bits));
  if (made == nullptr) throw std::runtime_error("no key");
  return {made, EVP_PKEY_free};
}

void add(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  auto* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  if (extension == nullptr) throw std::runtime_error("no such extension: " + value);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

/// `issuer` and `issuer_key` null: it signs itself.
Certificate make_certificate(const Wish& wish, EVP_PKEY* key, X509* issuer, EVP_PKEY* issuer_key) {
  static long serial = 1;
  Certificate made(X509_new(), X509_free);
  auto* x509 = made.get();
  X509_set_version(x509, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x509), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(x509), wish.from.count());
  X509_gmtime_adj(X509_getm_notAfter(x509), wish.until.count());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(wish.name.c_str()), -1, -1, 0);
  X509_set_issuer_name(x509, X509_get_subject_name(issuer == nullptr ? x509 : issuer));
  X509_set_pubkey(x509, key);
  add(x509, issuer == nullptr ? x509 : issuer, NID_basic_constraints, wish.authority ? "critical,CA:TRUE" : "CA:FALSE");
  if (wish.authority) add(x509, x509, NID_key_usage, "critical,keyCertSign,cRLSign");
  if (!wish.usage.empty()) add(x509, x509, NID_ext_key_usage, wish.usage);
  std::string names;
  for (const auto& name : wish.names) names += (names.empty() ? "" : ",") + name;
  if (!names.empty()) add(x509, x509, NID_subject_alt_name, names);
  if (X509_sign(x509, issuer_key == nullptr ? key : issuer_key, EVP_sha256()) == 0)
    throw std::runtime_error("not signed");
  return made;
}

template <class Write>
std::string pem(Write write) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), BIO_free);
  write(out.get());
  std::string text(BIO_ctrl_pending(out.get()), '\0');
  BIO_read(out.get(), text.data(), static_cast<int>(text.size()));
  return text;
}

Identity identity_of(X509* certificate, EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate, &der);
  const auto digest = sha256({der, static_cast<std::size_t>(size)});
  OPENSSL_free(der);
  return {pem([&](BIO* out) { PEM_write_bio_X509(out, certificate); }),
          pem([&](BIO* out) { PEM_write_bio_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr); }),
          base64url(digest)};
}

}  // namespace

Authority::Authority(Wish wish) : key_(make_key(wish.rsa_bits)) {
  wish.authority = true;
  x509_ = make_certificate(wish, key_.get(), nullptr, nullptr);
  own_ = identity_of(x509_.get(), key_.get());
}

Authority::Authority(Wish wish, const Authority& above) : key_(make_key(wish.rsa_bits)) {
  x509_ = make_certificate(wish, key_.get(), above.x509_.get(), above.key_.get());
  own_ = identity_of(x509_.get(), key_.get());
}

Identity Authority::issue(const Wish& wish) const {
  const auto key = make_key(wish.rsa_bits);
  return identity_of(make_certificate(wish, key.get(), x509_.get(), key_.get()).get(), key.get());
}

Identity self_signed(const Wish& wish) {
  const auto key = make_key(wish.rsa_bits);
  return identity_of(make_certificate(wish, key.get(), nullptr, nullptr).get(), key.get());
}

}  // namespace jeton::outside
