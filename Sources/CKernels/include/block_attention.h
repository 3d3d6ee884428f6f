// The attention half of a block as one operation: y = x + factor · proj(attention(LayerNorm(x))), and its gradients.
//
// Weights are packed as block_weights.h says. x and y are [samples.count · H·W, C] float32, tokens in the order of the
// map; within, rows are those of the kept samples in an order that makes each group of tokens contiguous.
#pragma once
#include "block_mlp.h"
#include "block_weights.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Whether the kernels support these heads: channels / heads must be a multiple of 32.
int ck_attention_takes(int channels, int heads);

/// Locally-grouped self-attention: windows of `side` × `side` tokens of an H × W map, which is padded with zeros at
/// the right and bottom, after the norm, to whole windows; the padding takes part as keys.
typedef struct ck_local_attention {
  ck_type type;  ///< of products and of what is saved; sums, norm, softmax and residual are float32
  int channels, heads;
  int height, width, side;
  ck_norm norm;
  ck_linear qkv, projection;  ///< [3C, C] and [C, C]
} ck_local_attention;

/// What forward saves for backward, for R rows: the tokens of the kept samples' windows, with the padding.
typedef struct ck_local_attention_saved {
  void *normalized;   ///< x̂ [R, C], of `type`
  float *reciprocal;  ///< 1/σ [R]
  void *qkv;          ///< [R, 3C], of `type`
  void *mixed;        ///< o [R, C], of `type`
  float *logarithms;  ///< log₂ Σ exp of the scores, [windows, heads, side²]: R · heads
} ck_local_attention_saved;

typedef struct ck_local_attention_gradients {
  ck_norm_gradients norm;
  ck_linear_gradients qkv, projection;
} ck_local_attention_gradients;

/// Returns R.
int64_t ck_local_attention_rows(const ck_local_attention *attention, const ck_samples *samples);

/// Return the bytes of scratch memory, aligned to 64, that the two functions need with that many threads.
size_t ck_local_attention_forward_scratch(const ck_local_attention *attention, int threads);
size_t ck_local_attention_backward_scratch(const ck_local_attention *attention, const ck_samples *samples,
                                           int threads);

/// Writes y, which may be x. For a sample that is not kept, y = x. `saved` is null in evaluation.
void ck_local_attention_forward(const ck_threads *threads, const ck_local_attention *attention,
                                const ck_samples *samples, const float *x, float *y,
                                const ck_local_attention_saved *saved, void *scratch);

/// Writes dx from dy, which may be the same memory, and adds to the gradients.
void ck_local_attention_backward(const ck_threads *threads, const ck_local_attention *attention,
                                 const ck_samples *samples, const ck_local_attention_saved *saved, const float *dy,
                                 float *dx, const ck_local_attention_gradients *gradients, void *scratch);

/// Global sub-sampled attention: every token of an H × W map attends to a summary of ⌊H/r⌋ × ⌊W/r⌋ tokens, made by a
/// convolution of stride r and a norm; with r = 1 to all tokens, without them. H and W are at least r.
typedef struct ck_global_attention {
  ck_type type;  ///< as of ck_local_attention
  int channels, heads;
  int height, width, reduction;
  ck_norm norm;
  ck_linear q, kv, projection;  ///< [C, C], [2C, C] and [C, C]
  ck_linear convolution;        ///< [C, r·r·C], see ck_flatten_convolution; nothing if r is 1
  ck_norm summary_norm;         ///< nothing if r is 1
} ck_global_attention;

/// What forward saves for backward, for R = kept_count · H·W tokens and K = kept_count · ⌊H/r⌋·⌊W/r⌋ keys.
typedef struct ck_global_attention_saved {
  void *normalized;           ///< x̂ [R, C], of `type`
  float *reciprocal;          ///< 1/σ [R]
  void *q;                    ///< [R, C], of `type`
  void *kv;                   ///< [K, 2C], of `type`
  void *mixed;                ///< o [R, C], of `type`
  float *logarithms;          ///< log₂ Σ exp of the scores, [samples, heads, H·W]: R · heads
  void *summary_normalized;   ///< the summary's x̂ [K, C], of `type`; nothing if r is 1
  float *summary_reciprocal;  ///< the summary's 1/σ [K]; nothing if r is 1
} ck_global_attention_saved;

typedef struct ck_global_attention_gradients {
  ck_norm_gradients norm;
  ck_linear_gradients q, kv, projection;
  ck_linear_gradients convolution;  ///< in the convolution's own shape [C, C, r, r]; nothing if r is 1
  ck_norm_gradients summary_norm;   ///< nothing if r is 1
} ck_global_attention_gradients;

/// Return the bytes of scratch memory, aligned to 64, that the two functions need with that many threads.
size_t ck_global_attention_forward_scratch(const ck_global_attention *attention, const ck_samples *samples,
                                           int threads);
size_t ck_global_attention_backward_scratch(const ck_global_attention *attention, const ck_samples *samples,
                                            int threads);

/// Writes y, which may be x. For a sample that is not kept, y = x. `saved` is null in evaluation.
void ck_global_attention_forward(const ck_threads *threads, const ck_global_attention *attention,
                                 const ck_samples *samples, const float *x, float *y,
                                 const ck_global_attention_saved *saved, void *scratch);

/// Writes dx from dy, which may be the same memory, and adds to the gradients.
void ck_global_attention_backward(const ck_threads *threads, const ck_global_attention *attention,
                                  const ck_samples *samples, const ck_global_attention_saved *saved, const float *dy,
                                  float *dx, const ck_global_attention_gradients *gradients, void *scratch);

#ifdef __cplusplus
}
#endif
