// Keys and certificates made for one test, as PEM; nothing of them is kept in the tree.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

struct evp_pkey_st;
struct x509_st;

namespace jeton::outside {

struct Identity {
  std::string certificate;
  std::string key;
  std::string sha256;  ///< base64url of the SHA-256 of the certificate's DER bytes
};

/// What a certificate is to say.
struct Wish {
  std::string name = "test";
  std::vector<std::string> names = {"DNS:localhost", "IP:127.0.0.1"};  ///< as openssl writes them: "URI:…"
  std::chrono::seconds from = std::chrono::hours(-1);                  ///< relative to now
  std::chrono::seconds until = std::chrono::hours(1);
  bool authority = false;
  std::string usage = {};  ///< extendedKeyUsage: "clientAuth", "serverAuth"; empty: none is said
  int rsa_bits = 0;        ///< 0: P-256
};

/// Signs others' certificates, or with none above it its own.
class Authority {
 public:
  explicit Authority(Wish wish = {.name = "test authority", .names = {}, .authority = true});
  /// One below `above`.
  Authority(Wish wish, const Authority& above);

  [[nodiscard]] const std::string& certificate() const { return own_.certificate; }
  [[nodiscard]] Identity issue(const Wish& wish) const;

 private:
  std::shared_ptr<evp_pkey_st> key_;
  std::shared_ptr<x509_st> x509_;
  Identity own_;
};

[[nodiscard]] Identity self_signed(const Wish& wish = {});

}  // namespace jeton::outside
