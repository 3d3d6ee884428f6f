// The kernels for AVX-512 with bfloat16 dot products.
#include "system.h"
#include "table.h"

#if defined(__x86_64__)
#define CK_SET avx512_bf16
#define CK_LANES 16
#define CK_DOT 1

#pragma clang attribute push(__attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,avx512bf16"))), apply_to = function)
#include "assembly.h"
#pragma clang attribute pop
#endif
