// The one place that names the test framework's header, so that a move to its next version touches one file.
#pragma once

// A failed assertion then throws out of the test and nothing is repeated in a catch block: a third less to compile.
#define CATCH_CONFIG_FAST_COMPILE
#include <catch2/catch.hpp>
