#include "table.h"

extern "C" size_t ck_mlp_forward_scratch(const ck_mlp *mlp, int threads) {
  return (size_t)ck::kernels_for(mlp->type).mlp_forward_scratch(*mlp, threads);
}

extern "C" size_t ck_mlp_backward_scratch(const ck_mlp *mlp, const ck_samples *samples, int threads) {
  return (size_t)ck::kernels_for(mlp->type).mlp_backward_scratch(*mlp, *samples, threads);
}

extern "C" void ck_mlp_forward(const ck_threads *threads, const ck_mlp *mlp, const ck_samples *samples, const float *x,
                               float *y, const ck_mlp_saved *saved, void *scratch) {
  ck::kernels_for(mlp->type).mlp_forward(threads, *mlp, *samples, x, y, saved, (char *)scratch);
}

extern "C" void ck_mlp_backward(const ck_threads *threads, const ck_mlp *mlp, const ck_samples *samples,
                                const ck_mlp_saved *saved, const float *dy, float *dx,
                                const ck_mlp_gradients *gradients, void *scratch) {
  ck::kernels_for(mlp->type).mlp_backward(threads, *mlp, *samples, *saved, dy, dx, *gradients, (char *)scratch);
}
