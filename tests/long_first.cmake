# The seconds of the cases that take more than twenty, so that ctest begins with them and no core waits for one at the end:
# a fresh clone has no times of its own. Measured on two cores of a busy machine; nothing but the order hangs on them.
# What others wait for goes before its own time.
set(seconds
  "300 python: the wheel builds"
  "200 install: the package is made"
  "170 python: core"
  "105 crash: nothing is accepted twice or without its event across kill -9"
  "100 foreign: Go verifies what we sign and we verify what Go signs"
  "90 foreign: a real OPA decides beside jetond"
  "80 python: example"
  "70 every command line transcript is what a person sees"
  "60 install: the shell steps of the documents run"
  "55 install: dpkg installs it and upgrades it and purges it in a copy of this machine"
  "50 install: the .deb installs, starts and serves a guarded call"
  "48 a write or sync that fails once grants nothing and the next request finds the log as it was"
  "35 a machine that stops at any write or sync keeps all that was confirmed when every commit is synced"
  "28 a sync that failed and took its pages for written loses nothing that is confirmed later"
  "26 every seed of a fuzz target is handled"
  "24 foreign: oauth libraries from PyPI verify our tokens and a fuzzer finds nothing"
  "23 a machine that stops keeps every event below a kept checkpoint when commits are not synced"
  "21 across kill -9 an archive goes on and the log verifies at every step")

# ctest meets the cases of the test programs in files of its own, behind which it reads this one.
set(of_cases ${CMAKE_CURRENT_BINARY_DIR}/long_first.cmake)
file(WRITE ${of_cases} "")
foreach(line ${seconds})
  string(REGEX MATCH "^[0-9]+" cost ${line})
  string(REGEX REPLACE "^[0-9]+ " "" name ${line})
  if(TEST ${name})
    set_tests_properties(${name} PROPERTIES COST ${cost})
  else()
    file(APPEND ${of_cases} "set_tests_properties([==[${name}]==] PROPERTIES COST ${cost})\n")
  endif()
endforeach()
set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${of_cases})
