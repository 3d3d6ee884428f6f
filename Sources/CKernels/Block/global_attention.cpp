#include "table.h"

extern "C" size_t ck_global_attention_forward_scratch(const ck_global_attention *attention, const ck_samples *samples,
                                                      int threads) {
  return (size_t)ck::kernels_for(attention->type).global_attention_forward_scratch(*attention, *samples, threads);
}

extern "C" size_t ck_global_attention_backward_scratch(const ck_global_attention *attention,
                                                       const ck_samples *samples, int threads) {
  return (size_t)ck::kernels_for(attention->type).global_attention_backward_scratch(*attention, *samples, threads);
}

extern "C" void ck_global_attention_forward(const ck_threads *threads, const ck_global_attention *attention,
                                            const ck_samples *samples, const float *x, float *y,
                                            const ck_global_attention_saved *saved, void *scratch) {
  ck::kernels_for(attention->type)
      .global_attention_forward(threads, *attention, *samples, x, y, saved, (char *)scratch);
}

extern "C" void ck_global_attention_backward(const ck_threads *threads, const ck_global_attention *attention,
                                             const ck_samples *samples, const ck_global_attention_saved *saved,
                                             const float *dy, float *dx,
                                             const ck_global_attention_gradients *gradients, void *scratch) {
  ck::kernels_for(attention->type)
      .global_attention_backward(threads, *attention, *samples, *saved, dy, dx, *gradients, (char *)scratch);
}
