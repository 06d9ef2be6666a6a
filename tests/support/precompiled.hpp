// What most tests include and is not ours, for the compiler to read once (JETON_PCH); no file includes this one.
#pragma once

#include <atomic>
#include <fstream>
#include <mutex>
#include <thread>

#include "precompiled/headers.hpp"
#include "support/catch.hpp"
