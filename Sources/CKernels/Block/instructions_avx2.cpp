// The kernels for AVX2 and FMA.
#include "system.h"
#include "table.h"

#if defined(__x86_64__)
#define CK_SET avx2
#define CK_LANES 8
#define CK_DOT 0

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "assembly.h"
#pragma clang attribute pop
#endif
