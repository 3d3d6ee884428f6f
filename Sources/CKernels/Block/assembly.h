// The kernels of one instruction set, in a namespace of its own. Included by instructions_*.cpp alone.
#pragma once

namespace ck::CK_SET {

#include "vectors.h"
//
#include "products.h"
//
#include "gemm.h"
#include "pieces.h"
#include "rates.h"
//
#include "norm.h"
#include "packing.h"
#include "rows.h"
#include "wgrad.h"
//
#include "mlp_backward.h"
#include "mlp_forward.h"

template <class S, class P>
constexpr Kernels kernels = {
    .packed_bytes = packed_bytes<P>,
    .pack_forward = Packing<P>::forward,
    .pack_backward = Packing<P>::backward,
    .mlp_forward_scratch = MlpForward<S, P>::scratch_bytes,
    .mlp_forward = MlpForward<S, P>::run,
    .mlp_backward_scratch = MlpBackward<S, P>::scratch_bytes,
    .mlp_backward = MlpBackward<S, P>::run,
};

extern const Table table;
const Table table = {
    .fma_rate = product_rate<FloatProduct>,
#if CK_DOT
    .dot_rate = product_rate<DotProduct>,
    .kernels = {kernels<float, FloatProduct>, kernels<bfloat16, FloatProduct>, kernels<bfloat16, DotProduct>},
#else
    .dot_rate = nullptr,
    .kernels = {kernels<float, FloatProduct>, kernels<bfloat16, FloatProduct>, {}},
#endif
};

}  // namespace ck::CK_SET
