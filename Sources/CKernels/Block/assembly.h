// The kernels of one instruction set, in a namespace of its own. Included by instructions_*.cpp alone.
#pragma once

namespace ck::CK_SET {

#include "vectors.h"
//
#include "products.h"
//
#include "gemm.h"
#include "packing.h"
//
#include "pieces.h"
#include "rates.h"

extern const Table table;
const Table table = {
    .fma_rate = product_rate<FloatProduct>,
#if CK_DOT
    .dot_rate = product_rate<DotProduct>,
#else
    .dot_rate = nullptr,
#endif
};

}  // namespace ck::CK_SET
