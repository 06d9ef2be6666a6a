// ES256 and RS256 by OpenSSL's EVP interface: numbers in and out, and signatures in the form of JOSE.
#include "core/openssl_key.hpp"

#include <algorithm>
#include <stdexcept>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "jeton/hash.hpp"

namespace jeton {
namespace {

template <auto free_it>
struct Free {
  template <class T>
  void operator()(T* object) const {
    free_it(object);
  }
};
using Context = std::unique_ptr<EVP_PKEY_CTX, Free<EVP_PKEY_CTX_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, Free<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Free<OSSL_PARAM_free>>;
using Number = std::unique_ptr<BIGNUM, Free<BN_free>>;
using PrivateKeyInfo = std::unique_ptr<PKCS8_PRIV_KEY_INFO, Free<PKCS8_PRIV_KEY_INFO_free>>;
using EcdsaPair = std::unique_ptr<ECDSA_SIG, Free<ECDSA_SIG_free>>;

constexpr std::size_t half = 32;  ///< bytes of r, of s and of each coordinate
constexpr unsigned long rsa_exponent = RSA_F4;
constexpr std::size_t heap_bytes = 64 * 1024;
constexpr std::size_t heap_smallest_piece = 32;

using Scalar = std::array<unsigned char, half>;
/// n of P-256 (SEC 2 section 2.4.2) and the half of it, rounded down.
constexpr Scalar order = {0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff,
                          0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
                          0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};
constexpr Scalar half_order = {0x7f, 0xff, 0xff, 0xff, 0x80, 0x00, 0x00, 0x00, 0x7f, 0xff, 0xff,
                               0xff, 0xff, 0xff, 0xff, 0xff, 0xde, 0x73, 0x7d, 0x56, 0xd3, 0x8b,
                               0xcf, 0x42, 0x79, 0xdc, 0xe5, 0x61, 0x7e, 0x31, 0x92, 0xa8};

[[noreturn]] void fail(const char* what) {
  ERR_clear_error();
  throw std::runtime_error(std::string("OpenSSL could not ") + what);
}

Number number_of(std::span<const unsigned char> bytes) {
  Number number(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
  if (!number) fail("make a number");
  return number;
}

Context context_of(EVP_PKEY* key) {
  Context context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  if (!context) fail("use a key");
  return context;
}

/// A public key of these numbers; null where they are none.
EVP_PKEY* public_key(const char* kind, OSSL_PARAM_BLD* builder) {
  const Params params(OSSL_PARAM_BLD_to_param(builder));
  const Context context(EVP_PKEY_CTX_new_from_name(nullptr, kind, nullptr));
  if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1) fail("read a key");
  EVP_PKEY* key = nullptr;
  if (EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) == 1) return key;
  ERR_clear_error();
  return nullptr;
}

Number number_in(const EVP_PKEY* key, const char* name) {
  BIGNUM* number = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &number) != 1) fail("show a public key");
  return Number(number);
}

Scalar scalar_of(const BIGNUM* number) {
  Scalar bytes;
  if (BN_bn2binpad(number, bytes.data(), static_cast<int>(bytes.size())) < 0) fail("write a number");
  return bytes;
}

/// RFC 7518 section 3.4: r and s, where OpenSSL has the DER of both.
Signature jose_of(std::span<const unsigned char> der) {
  const auto* at = der.data();
  const EcdsaPair pair(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  if (!pair) fail("read its own signature");
  Signature signature(2 * half);
  const auto write = [&](const BIGNUM* number, std::size_t from) {
    const auto bytes = scalar_of(number);
    std::copy(bytes.begin(), bytes.end(), signature.begin() + static_cast<std::ptrdiff_t>(from));
  };
  write(ECDSA_SIG_get0_r(pair.get()), 0);
  write(ECDSA_SIG_get0_s(pair.get()), half);
  if (is_lower_es256(signature)) return signature;
  const Number lower(BN_new());
  if (!lower || BN_sub(lower.get(), number_of(order).get(), ECDSA_SIG_get0_s(pair.get())) != 1) fail("subtract");
  write(lower.get(), half);
  return signature;
}

/// The other way round; empty for another length.
Signature der_of(std::span<const unsigned char> jose) {
  if (jose.size() != 2 * half) return {};
  const EcdsaPair pair(ECDSA_SIG_new());
  auto r = number_of(jose.first(half)), s = number_of(jose.last(half));
  if (!pair || ECDSA_SIG_set0(pair.get(), r.get(), s.get()) != 1) fail("make a signature");
  (void)r.release();  // the pair's from here on
  (void)s.release();
  unsigned char* bytes = nullptr;
  const int size = i2d_ECDSA_SIG(pair.get(), &bytes);
  if (size < 0) fail("write a signature");
  Signature der(bytes, bytes + size);
  OPENSSL_free(bytes);
  return der;
}

void prepare(EVP_PKEY_CTX* context, Algorithm algorithm) {
  if (algorithm == Algorithm::rs256 && EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) != 1)
    fail("pad as PKCS #1 v1.5");
  if (EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) != 1) fail("sign a SHA-256");
}

int asked_to_go_on(EVP_PKEY_CTX* context) {
  const auto* go_on = static_cast<const std::function<bool()>*>(EVP_PKEY_CTX_get_app_data(context));
  return (*go_on)() ? 1 : 0;
}

/// Whether a key from elsewhere is of the kind that is also verified with.
bool fits(const EVP_PKEY* key, Algorithm algorithm) {
  if (algorithm == Algorithm::rs256)
    return EVP_PKEY_get_bits(key) >= static_cast<int>(rsa_bits_min) &&
           EVP_PKEY_get_bits(key) <= static_cast<int>(rsa_bits_max) &&
           BN_is_word(number_in(key, OSSL_PKEY_PARAM_RSA_E).get(), rsa_exponent) == 1;
  std::array<char, 32> curve{};
  return EVP_PKEY_is_a(key, "EC") == 1 && EVP_PKEY_get_group_name(key, curve.data(), curve.size(), nullptr) == 1 &&
         std::string_view(curve.data()) == SN_X9_62_prime256v1;
}

bool make_secure_heap() {
  // Somebody else's, in a program that links this: nothing is known of it.
  if (CRYPTO_secure_malloc_initialized() == 1) return false;
  return CRYPTO_secure_malloc_init(heap_bytes, heap_smallest_piece) == 1;
}

}  // namespace

bool secure_heap_locked() {
  static const bool locked = make_secure_heap();
  return locked;
}

// OpenSSL 3.0 locks a mutex for this that only the heap brings.
std::size_t secure_heap_used() { return CRYPTO_secure_malloc_initialized() == 1 ? CRYPTO_secure_used() : 0; }

bool is_lower_es256(std::span<const unsigned char> signature) {
  if (signature.size() != 2 * half) return false;
  const auto s = signature.last(half);
  return !std::lexicographical_compare(half_order.begin(), half_order.end(), s.begin(), s.end());
}

OpensslKey::OpensslKey(Algorithm algorithm, evp_pkey_st* key) : algorithm_(algorithm), key_(key, EVP_PKEY_free) {}

std::optional<OpensslKey> OpensslKey::of_point(const P256Point& point) {
  std::array<unsigned char, 1 + 2 * half> bytes{POINT_CONVERSION_UNCOMPRESSED};
  std::copy(point.x.begin(), point.x.end(), bytes.begin() + 1);
  std::copy(point.y.begin(), point.y.end(), bytes.begin() + 1 + half);
  const Builder builder(OSSL_PARAM_BLD_new());
  if (!builder ||
      OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, SN_X9_62_prime256v1, 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, bytes.data(), bytes.size()) != 1)
    fail("read a point");
  auto* key = public_key("EC", builder.get());
  if (key == nullptr) return std::nullopt;
  return OpensslKey(Algorithm::es256, key);
}

std::optional<OpensslKey> OpensslKey::of_modulus(std::span<const unsigned char> modulus) {
  if (modulus.empty() || modulus.front() == 0 || modulus.back() % 2 == 0) return std::nullopt;
  if (modulus.size() > rsa_bits_max / 8) return std::nullopt;
  const auto n = number_of(modulus);
  if (static_cast<std::size_t>(BN_num_bits(n.get())) < rsa_bits_min) return std::nullopt;
  const Builder builder(OSSL_PARAM_BLD_new());
  if (!builder || OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_ulong(builder.get(), OSSL_PKEY_PARAM_RSA_E, rsa_exponent) != 1)
    fail("read a modulus");
  auto* key = public_key("RSA", builder.get());
  if (key == nullptr) return std::nullopt;
  return OpensslKey(Algorithm::rs256, key);
}

std::optional<OpensslKey> OpensslKey::of_pkcs8(std::span<const unsigned char> der) {
  (void)secure_heap_locked();
  const auto* at = der.data();
  const PrivateKeyInfo info(d2i_PKCS8_PRIV_KEY_INFO(nullptr, &at, static_cast<long>(der.size())));
  auto* raw = info && at == der.data() + der.size() ? EVP_PKCS82PKEY(info.get()) : nullptr;
  if (raw == nullptr) {
    ERR_clear_error();
    return std::nullopt;
  }
  const bool rsa = EVP_PKEY_is_a(raw, "RSA") == 1;
  OpensslKey key(rsa ? Algorithm::rs256 : Algorithm::es256, raw);
  if (!fits(raw, key.algorithm()) || EVP_PKEY_check(context_of(raw).get()) != 1) {
    ERR_clear_error();
    return std::nullopt;
  }
  return key;
}

OpensslKey OpensslKey::generate_p256() {
  (void)secure_heap_locked();
  auto* key = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
  if (key == nullptr) fail("make a P-256 key");
  return {Algorithm::es256, key};
}

std::optional<OpensslKey> OpensslKey::generate_rsa(const std::function<bool()>& go_on) {
  (void)secure_heap_locked();
  const Context context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  if (!context || EVP_PKEY_keygen_init(context.get()) != 1 ||
      EVP_PKEY_CTX_set_rsa_keygen_bits(context.get(), static_cast<int>(rsa_bits_min)) != 1)
    fail("prepare an RSA key");
  bool stopped = false;
  const std::function<bool()> asked = [&] {
    stopped = stopped || !go_on();
    return !stopped;
  };
  EVP_PKEY_CTX_set_app_data(context.get(), const_cast<std::function<bool()>*>(&asked));
  EVP_PKEY_CTX_set_cb(context.get(), asked_to_go_on);
  EVP_PKEY* key = nullptr;
  const bool made = EVP_PKEY_generate(context.get(), &key) == 1;
  if (made && !stopped) return OpensslKey(Algorithm::rs256, key);
  EVP_PKEY_free(key);
  if (!stopped) fail("make an RSA key");
  ERR_clear_error();
  return std::nullopt;
}

P256Point OpensslKey::point() const {
  return {scalar_of(number_in(key_.get(), OSSL_PKEY_PARAM_EC_PUB_X).get()),
          scalar_of(number_in(key_.get(), OSSL_PKEY_PARAM_EC_PUB_Y).get())};
}

std::vector<unsigned char> OpensslKey::modulus() const {
  const auto n = number_in(key_.get(), OSSL_PKEY_PARAM_RSA_N);
  std::vector<unsigned char> bytes(static_cast<std::size_t>(BN_num_bytes(n.get())));
  BN_bn2bin(n.get(), bytes.data());
  return bytes;
}

bool OpensslKey::verifies(std::string_view message, std::span<const unsigned char> signature) const {
  Signature der;
  if (algorithm_ == Algorithm::es256) {
    der = der_of(signature);
    if (der.empty()) return false;
    signature = der;
  }
  const auto context = context_of(key_.get());
  if (EVP_PKEY_verify_init(context.get()) != 1) fail("verify");
  prepare(context.get(), algorithm_);
  const auto digest = sha256(message);
  const bool holds =
      EVP_PKEY_verify(context.get(), signature.data(), signature.size(), digest.data(), digest.size()) == 1;
  if (!holds) ERR_clear_error();
  return holds;
}

Signature OpensslKey::sign(std::string_view message) const {
  const auto context = context_of(key_.get());
  if (EVP_PKEY_sign_init(context.get()) != 1) fail("sign");
  prepare(context.get(), algorithm_);
  const auto digest = sha256(message);
  Signature signature(static_cast<std::size_t>(EVP_PKEY_get_size(key_.get())));
  auto size = signature.size();
  if (EVP_PKEY_sign(context.get(), signature.data(), &size, digest.data(), digest.size()) != 1) fail("sign");
  signature.resize(size);
  return algorithm_ == Algorithm::es256 ? jose_of(signature) : signature;
}

Secret OpensslKey::pkcs8() const {
  const PrivateKeyInfo info(EVP_PKEY2PKCS8(key_.get()));
  const int size = info ? i2d_PKCS8_PRIV_KEY_INFO(info.get(), nullptr) : -1;
  if (size <= 0) fail("write a key");
  Secret der(static_cast<std::size_t>(size));
  auto* at = der.writable().data();
  if (i2d_PKCS8_PRIV_KEY_INFO(info.get(), &at) != size) fail("write a key");
  der.seal();
  return der;
}

}  // namespace jeton
