// Does a text that is accepted as JSON have one canonical form, and is that form its own?
#include "fuzz/all.hpp"
#include "jeton/tool_call.hpp"

namespace jeton::fuzz {

void run_json(Bytes input) {
  const auto text = text_of(input);
  const auto value = parse_json_strictly(text);
  if (!value) {
    hold(value.error().message.find_first_of("\n\x1b") == std::string::npos, "a fault shows no control characters");
    return;
  }
  const auto canonical = canonical_json(*value);
  hold(canonical.has_value(), "what parses has a canonical form");
  const auto again = parse_json_strictly(*canonical, {canonical->size(), JsonLimits{}.depth});
  hold(again.has_value(), "a canonical form parses");
  hold(canonical_json(*again).value_or("") == *canonical, "a canonical form is its own canonical form");

  const auto digest = args_digest("tool", *value);
  hold(!digest || value->is_object(), "only an object has a digest");
  if (!digest) return;
  hold(digest->equals(*args_digest("tool", *again)), "two spellings of one value have one digest");
  hold(!digest->equals(*args_digest("tool2", *value)), "the tool is part of the digest");
  hold(digest->equals(ArgsDigest{sha256("{\"arguments\":" + *canonical + ",\"name\":\"tool\"}")}),
       "the digest is over the canonical form");
}

std::vector<std::string> seeds_json() {
  auto seeds = vector_texts("digests.json", "arguments");
  for (auto& leaf : vector_texts("leaves.json", "leaf")) seeds.push_back(std::move(leaf));
  for (const char* text :
       {R"([1e-7,-0,0.1,9007199254740991,-1.5e300,1e21,null,true])", R"({"a":{"b":[[[]]]},"€":"𝄞"})",
        R"("\u0000\ud834\udd1e\n")", "9007199254740992", R"({"a":1,"\u0061":2})", "\"\xed\xa0\x80\""})
    seeds.emplace_back(text);
  return seeds;
}

}  // namespace jeton::fuzz
