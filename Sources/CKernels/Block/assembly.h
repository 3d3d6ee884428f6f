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
#include "transpose.h"
//
#include "packing.h"
#include "rows.h"
#include "wgrad.h"
//
#include "residual.h"
//
#include "operands.h"
//
#include "mlp_backward.h"
#include "mlp_forward.h"
//
#include "head_rows.h"
#include "small_product.h"
//
#include "head_attention.h"
//
#include "windows.h"
//
#include "local_attention_backward.h"
#include "local_attention_forward.h"
//
#include "patches.h"
#include "summary_backward.h"
//
#include "global_attention_backward.h"
#include "global_attention_forward.h"
//
#include "embedding_patches.h"
//
#include "embedding_backward.h"
#include "embedding_forward.h"
#include "position.h"
//
#include "linear_layer.h"

template <class S, class P>
constexpr Kernels kernels = {
    .packed_bytes = packed_bytes<P>,
    .pack_forward = PackingColumns<P>::run,
    .pack_backward = PackingRows<P>::run,
    .flatten_convolution = Turning::flatten,
    .mlp_forward_scratch = MlpForward<S, P>::scratch_bytes,
    .mlp_forward = MlpForward<S, P>::run,
    .mlp_backward_scratch = MlpBackward<S, P>::scratch_bytes,
    .mlp_backward = MlpBackward<S, P>::run,
    .local_attention_forward_scratch = LocalAttentionForward<S, P>::scratch_bytes,
    .local_attention_forward = LocalAttentionForward<S, P>::run,
    .local_attention_backward_scratch = LocalAttentionBackward<S, P>::scratch_bytes,
    .local_attention_backward = LocalAttentionBackward<S, P>::run,
    .global_attention_forward_scratch = GlobalAttentionForward<S, P>::scratch_bytes,
    .global_attention_forward = GlobalAttentionForward<S, P>::run,
    .global_attention_backward_scratch = GlobalAttentionBackward<S, P>::scratch_bytes,
    .global_attention_backward = GlobalAttentionBackward<S, P>::run,
    .embedding_forward_scratch = EmbeddingForward<S, P>::scratch_bytes,
    .embedding_forward = EmbeddingForward<S, P>::run,
    .embedding_backward_scratch = EmbeddingBackward<S, P>::scratch_bytes,
    .embedding_backward = EmbeddingBackward<S, P>::run,
    .position_scratch = Position::scratch_bytes,
    .position_forward = Position::forward,
    .position_backward = Position::backward,
    .linear_layer_forward_scratch = LinearLayer<P>::forward_scratch,
    .linear_layer_forward = LinearLayer<P>::forward,
    .linear_layer_backward_scratch = LinearLayer<P>::backward_scratch,
    .linear_layer_backward = LinearLayer<P>::backward,
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
