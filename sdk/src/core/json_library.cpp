// Boost.JSON's own code, compiled once: its headers alone, so that there is nothing to link or to ship.
#include <boost/json/src.hpp>
