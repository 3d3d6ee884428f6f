#include "table.h"

extern "C" size_t ck_linear_forward_scratch(const ck_linear_layer *linear, int threads) {
  return (size_t)ck::kernels_for(linear->type).linear_forward_scratch(*linear, threads);
}

extern "C" size_t ck_linear_backward_scratch(const ck_linear_layer *linear, int64_t rows, int threads) {
  return (size_t)ck::kernels_for(linear->type).linear_backward_scratch(*linear, rows, threads);
}

extern "C" void ck_linear_forward(const ck_threads *threads, const ck_linear_layer *linear, int64_t rows, const float *x,
                                  float *y, void *scratch) {
  ck::kernels_for(linear->type).linear_forward(threads, *linear, rows, x, y, (char *)scratch);
}

extern "C" void ck_linear_backward(const ck_threads *threads, const ck_linear_layer *linear, int64_t rows, const float *x,
                                   const float *dy, float *dx, float *dweight, float *dbias, void *scratch) {
  ck::kernels_for(linear->type).linear_backward(threads, *linear, rows, x, dy, dx, dweight, dbias, (char *)scratch);
}
