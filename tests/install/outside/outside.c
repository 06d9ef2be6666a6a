/* A C program of somebody else: is the library that was found the one the header is of? */
#include <stdio.h>

#include "jeton.h"

int main(void) {
  if (jeton_abi_version() != JETON_ABI_VERSION) return 1;
  printf("c: abi %u\n", (unsigned)jeton_abi_version());
  return 0;
}
