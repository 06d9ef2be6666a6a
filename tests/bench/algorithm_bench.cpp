// Signing and verifying a token by each algorithm, beside the bare signature of the library that makes it.
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <sodium.h>

#include "bench/measure.hpp"
#include "jeton/hash.hpp"
#include "jeton/token.hpp"

namespace jeton::bench {
namespace {

/// One key of the library's own, one message, and the context made once: nothing but the arithmetic.
class RawOpenssl {
 public:
  explicit RawOpenssl(Algorithm algorithm)
      : key_(algorithm == Algorithm::es256 ? EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")
                                           : EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048})),
        signing_(EVP_PKEY_CTX_new(key_, nullptr)),
        verifying_(EVP_PKEY_CTX_new(key_, nullptr)),
        signature_(static_cast<std::size_t>(EVP_PKEY_get_size(key_))) {
    EVP_PKEY_sign_init(signing_);
    EVP_PKEY_verify_init(verifying_);
    for (auto* context : {signing_, verifying_}) {
      if (algorithm == Algorithm::rs256) EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING);
      EVP_PKEY_CTX_set_signature_md(context, EVP_sha256());
    }
  }
  ~RawOpenssl() {
    EVP_PKEY_CTX_free(signing_);
    EVP_PKEY_CTX_free(verifying_);
    EVP_PKEY_free(key_);
  }
  RawOpenssl(const RawOpenssl&) = delete;
  RawOpenssl& operator=(const RawOpenssl&) = delete;

  void sign(std::string_view message) {
    const auto digest = sha256(message);
    size_ = signature_.size();
    if (EVP_PKEY_sign(signing_, signature_.data(), &size_, digest.data(), digest.size()) != 1)
      throw std::runtime_error("sign");
  }
  void verify(std::string_view message) {
    const auto digest = sha256(message);
    if (EVP_PKEY_verify(verifying_, signature_.data(), size_, digest.data(), digest.size()) != 1)
      throw std::runtime_error("verify");
  }

 private:
  EVP_PKEY* key_;
  EVP_PKEY_CTX* signing_;
  EVP_PKEY_CTX* verifying_;
  std::vector<unsigned char> signature_;
  std::size_t size_ = 0;
};

class RawSodium {
 public:
  RawSodium() { crypto_sign_keypair(public_, secret_); }
  void sign(std::string_view message) {
    crypto_sign_detached(signature_, nullptr, as_bytes(message).data(), message.size(), secret_);
  }
  void verify(std::string_view message) {
    if (crypto_sign_verify_detached(signature_, as_bytes(message).data(), message.size(), public_) != 0)
      throw std::runtime_error("verify");
  }

 private:
  unsigned char public_[crypto_sign_PUBLICKEYBYTES], secret_[crypto_sign_SECRETKEYBYTES], signature_[crypto_sign_BYTES];
};

TokenClaims claims_to_sign() {
  TokenClaims claims;
  claims.iss = "urn:bench";
  claims.aud = server;
  claims.sub = claims.client_id = "spiffe://bench.local/agent/bench";
  claims.exp = (claims.iat = 1'795'300'000) + 30;
  claims.jti = Jti::random();
  claims.txn = Txn::random();
  claims.tool = "read_file";
  claims.digest = expect(args_digest(claims.tool, arguments));
  return claims;
}

template <class Raw>
void one_algorithm(Report& report, Algorithm algorithm, Raw&& raw) {
  const auto key = SigningKey::generate(algorithm);
  const KeySet keys({key.verifying_key()});
  const auto claims = claims_to_sign();
  const auto compact = sign_token(claims, key).expose_for_transport();
  const auto input = compact.substr(0, compact.rfind('.'));
  const auto add = [&](const char* what, const std::function<void()>& real, const std::function<void()>& floor) {
    const auto sides = in_turns(
        20, 20, [&] { return micros_of(real); }, [&] { return micros_of(floor); });
    report.ratio(fmt::format("{}_{}", what, name_of(algorithm)), quantile(sides.real, 0.5), quantile(sides.floor, 0.5),
                 "us p50, a token beside the bare signature");
  };
  add(
      "sign", [&] { (void)sign_token(claims, key); }, [&] { raw.sign(input); });
  add(
      "genuine", [&] { expect(GenuineToken::verify(expect(UnverifiedToken::parse(compact)), keys)); },
      [&] { raw.verify(input); });
}

}  // namespace

void algorithms(Report& report) {
  one_algorithm(report, Algorithm::eddsa, RawSodium());
  one_algorithm(report, Algorithm::es256, RawOpenssl(Algorithm::es256));
  one_algorithm(report, Algorithm::rs256, RawOpenssl(Algorithm::rs256));
}

}  // namespace jeton::bench
