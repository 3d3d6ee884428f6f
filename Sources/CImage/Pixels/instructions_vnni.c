// The loops over pixels for AVX-512 with products of bytes (VNNI).
#include "table.h"
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>

#define CI_VECTOR_BYTES 64
#define CI_BYTE_PRODUCTS
#pragma clang attribute push(__attribute__((target("avx2,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"))), apply_to = function)
#include "assembly.h"
#pragma clang attribute pop

const struct ci_kernels ci_kernels_vnni = CI_KERNELS;
#endif
