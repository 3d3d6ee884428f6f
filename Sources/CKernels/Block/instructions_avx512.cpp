// The kernels for AVX-512 (F, BW, DQ, VL).
#include "system.h"
#include "table.h"

#if defined(__x86_64__)
#define CK_SET avx512
#define CK_LANES 16
#define CK_DOT 0

#pragma clang attribute push(__attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl"))), apply_to = function)
#include "assembly.h"
#pragma clang attribute pop
#endif
