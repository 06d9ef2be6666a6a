// The one place that names the test framework's header, so that a move to its next version touches one file.
#pragma once

#include <catch2/catch.hpp>
