#include "table.h"

extern "C" size_t ck_embedding_forward_scratch(const ck_embedding *embedding, int threads) {
  return (size_t)ck::kernels_for(embedding->type).embedding_forward_scratch(*embedding, threads);
}

extern "C" size_t ck_embedding_backward_scratch(const ck_embedding *embedding, int threads) {
  return (size_t)ck::kernels_for(embedding->type).embedding_backward_scratch(*embedding, threads);
}

extern "C" void ck_embedding_forward(const ck_threads *threads, const ck_embedding *embedding, const float *x,
                                     float *y, const ck_embedding_saved *saved, void *scratch) {
  ck::kernels_for(embedding->type).embedding_forward(threads, *embedding, x, y, saved, (char *)scratch);
}

extern "C" void ck_embedding_backward(const ck_threads *threads, const ck_embedding *embedding,
                                      const ck_embedding_saved *saved, const float *x, const float *dy, float *dx,
                                      const ck_embedding_gradients *gradients, void *scratch) {
  ck::kernels_for(embedding->type)
      .embedding_backward(threads, *embedding, *saved, x, dy, dx, *gradients, (char *)scratch);
}
