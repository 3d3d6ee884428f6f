#include "table.h"

extern "C" size_t ck_packed_bytes(ck_type type, int outputs, int inputs) {
  return ck::kernels_for(type).packed_bytes(outputs, inputs);
}

extern "C" void ck_pack_forward(const ck_threads *threads, ck_type type, const float *weight, int outputs, int inputs,
                                void *packed) {
  ck::kernels_for(type).pack_forward(threads, weight, outputs, inputs, packed);
}

extern "C" void ck_pack_backward(const ck_threads *threads, ck_type type, const float *weight, int outputs, int inputs,
                                 void *packed) {
  ck::kernels_for(type).pack_backward(threads, weight, outputs, inputs, packed);
}

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
