// Makes what json_instances.hpp declares.
#define JETON_INSTANCE
#include "precompiled/json_instances.hpp"
