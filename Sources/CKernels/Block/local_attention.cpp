#include "table.h"

extern "C" int ck_attention_takes(int channels, int heads) {
  return heads > 0 && channels % heads == 0 && channels / heads % 32 == 0;
}

extern "C" int64_t ck_local_attention_rows(const ck_local_attention *attention, const ck_samples *samples) {
  const int side = attention->side;
  const int64_t windows = (int64_t)((attention->height + side - 1) / side) * ((attention->width + side - 1) / side);
  return samples->kept_count * windows * side * side;
}

extern "C" size_t ck_local_attention_forward_scratch(const ck_local_attention *attention, int threads) {
  return (size_t)ck::kernels_for(attention->type).local_attention_forward_scratch(*attention, threads);
}

extern "C" size_t ck_local_attention_backward_scratch(const ck_local_attention *attention, const ck_samples *samples,
                                                      int threads) {
  return (size_t)ck::kernels_for(attention->type).local_attention_backward_scratch(*attention, *samples, threads);
}

extern "C" void ck_local_attention_forward(const ck_threads *threads, const ck_local_attention *attention,
                                           const ck_samples *samples, const float *x, float *y,
                                           const ck_local_attention_saved *saved, void *scratch) {
  ck::kernels_for(attention->type)
      .local_attention_forward(threads, *attention, *samples, x, y, saved, (char *)scratch);
}

extern "C" void ck_local_attention_backward(const ck_threads *threads, const ck_local_attention *attention,
                                            const ck_samples *samples, const ck_local_attention_saved *saved,
                                            const float *dy, float *dx, const ck_local_attention_gradients *gradients,
                                            void *scratch) {
  ck::kernels_for(attention->type)
      .local_attention_backward(threads, *attention, *samples, *saved, dy, dx, *gradients, (char *)scratch);
}
