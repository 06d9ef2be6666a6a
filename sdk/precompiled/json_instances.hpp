// The parts of the JSON library that nearly every file would instantiate for itself: declared here, made in one file.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "jeton/json.hpp"

// Empty where they are made.
#ifndef JETON_INSTANCE
#define JETON_INSTANCE extern
#endif

JETON_INSTANCE template class nlohmann::basic_json<>;
JETON_INSTANCE template class std::vector<jeton::Json>;
JETON_INSTANCE template class std::map<std::string, jeton::Json, std::less<>>;
JETON_INSTANCE template class nlohmann::detail::iter_impl<const jeton::Json>;
JETON_INSTANCE template class nlohmann::detail::serializer<jeton::Json>;
JETON_INSTANCE template class nlohmann::detail::json_sax_dom_parser<jeton::Json>;
JETON_INSTANCE template class nlohmann::detail::json_sax_dom_callback_parser<jeton::Json>;
JETON_INSTANCE template class nlohmann::detail::lexer<jeton::Json,
                                                      nlohmann::detail::iterator_input_adapter<const char*>>;
JETON_INSTANCE template class nlohmann::detail::lexer<
    jeton::Json, nlohmann::detail::iterator_input_adapter<std::string::const_iterator>>;
JETON_INSTANCE template class nlohmann::detail::parser<jeton::Json,
                                                       nlohmann::detail::iterator_input_adapter<const char*>>;
JETON_INSTANCE template class nlohmann::detail::parser<
    jeton::Json, nlohmann::detail::iterator_input_adapter<std::string::const_iterator>>;
