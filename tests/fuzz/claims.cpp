// The same for a header and a payload before they are encoded and signed: base64url hides both from a fuzzer.
#include "fuzz/all.hpp"
#include "fuzz/token_properties.hpp"

namespace jeton::fuzz {

/// The header up to the first line feed, then the payload; signed with the issuer's key.
void run_claims(Bytes input) {
  const auto text = text_of(input);
  const auto end = std::min(text.find('\n'), text.size());
  const auto compact =
      forge::signed_token(std::string(text.substr(0, end)), std::string(text.substr(std::min(end + 1, text.size()))));
  auto token = hold_for_token(compact);
  if (!token) return;
  static const KeySet issuer = forge::issuer_keys();
  const bool names_the_key = token->kid() == issuer.keys().front().kid() &&
                             token->algorithm_before_verification() == issuer.keys().front().algorithm();
  const auto genuine = GenuineToken::verify(std::move(*token), issuer);
  hold(genuine.has_value() == names_the_key, "a token is genuine under the key that signed it when it names that key");
}

std::vector<std::string> seeds_claims() {
  std::vector<std::string> seeds{
      forge::header_with() + "\n" + forge::payload_with(),
      forge::header_with() + "\n" + forge::payload_with(R"({"act":{"sub":"a","act":{"sub":"b"}}})")};
  for (const auto& token : vector_texts("tokens.json", "token")) {
    const auto parts = forge::parts_of(token);
    const auto header = from_base64url(parts.header), payload = from_base64url(parts.payload);
    if (header && payload)
      seeds.push_back(std::string(header->begin(), header->end()) + "\n" +
                      std::string(payload->begin(), payload->end()));
  }
  return seeds;
}

}  // namespace jeton::fuzz
