// The loops over pixels for AVX2.
#include "table.h"
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>

#define CI_VECTOR_BYTES 32
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#include "assembly.h"
#pragma clang attribute pop

const struct ci_kernels ci_kernels_avx2 = CI_KERNELS;
#endif
