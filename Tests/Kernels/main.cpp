// kernel-tests: the kernels of a block against ATen, by every instruction set that this processor has.
//
// Prints what failed and ends with 1 where something did; VERBOSE=1 prints all errors.
#include <cstdio>

#include "harness.h"

void test_mlp();
void test_attention();
void test_embedding();
void test_position();
void test_linear_layer();

int main() {
  test_mlp();
  test_attention();
  test_embedding();
  test_position();
  test_linear_layer();
  std::printf(harness::failures ? "%d FAILED\n" : "all passed\n", harness::failures);
  return harness::failures ? 1 : 0;
}
