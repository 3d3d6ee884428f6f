#include "table.h"

extern "C" size_t ck_linear_layer_forward_scratch(const ck_linear_layer *layer, int threads) {
  return (size_t)ck::kernels_for(layer->type).linear_layer_forward_scratch(*layer, threads);
}

extern "C" size_t ck_linear_layer_backward_scratch(const ck_linear_layer *layer, int threads) {
  return (size_t)ck::kernels_for(layer->type).linear_layer_backward_scratch(*layer, threads);
}

extern "C" void ck_linear_layer_forward(const ck_threads *threads, const ck_linear_layer *layer, const float *x,
                                      float *y, void *scratch) {
  ck::kernels_for(layer->type).linear_layer_forward(threads, *layer, x, y, (char *)scratch);
}

extern "C" void ck_linear_layer_backward(const ck_threads *threads, const ck_linear_layer *layer, const float *x,
                                       const float *dy, float *dx, const ck_linear_gradients *gradients,
                                       void *scratch) {
  ck::kernels_for(layer->type)
      .linear_layer_backward(threads, *layer, x, dy, dx, *gradients, (char *)scratch);
}
