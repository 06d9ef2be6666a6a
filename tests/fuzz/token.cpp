// Does a text that passes for a token have exactly one reading, and does a stranger's key ever make it genuine?
#include "fuzz/all.hpp"
#include "fuzz/token_properties.hpp"

namespace jeton::fuzz {

void run_token(Bytes input) { hold_for_token(text_of(input)); }

std::vector<std::string> seeds_token() { return vector_texts("tokens.json", "token"); }

}  // namespace jeton::fuzz
