// One target under libFuzzer; which one, the build says.
#include "fuzz/targets.hpp"

namespace {

const jeton::fuzz::Target& this_target() {
  for (const auto& target : jeton::fuzz::targets())
    if (target.name == JETON_FUZZ_TARGET) return target;
  throw std::logic_error("no target has this name");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  static const auto& target = this_target();
  target.run({data, size});
  return 0;
}
