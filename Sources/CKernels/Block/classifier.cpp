#include "table.h"

extern "C" size_t ck_classifier_forward_scratch(const ck_classifier *classifier, int threads) {
  return (size_t)ck::kernels_for(classifier->type).classifier_forward_scratch(*classifier, threads);
}

extern "C" size_t ck_classifier_backward_scratch(const ck_classifier *classifier, int threads) {
  return (size_t)ck::kernels_for(classifier->type).classifier_backward_scratch(*classifier, threads);
}

extern "C" void ck_classifier_forward(const ck_threads *threads, const ck_classifier *classifier, const float *x,
                                      float *y, void *scratch) {
  ck::kernels_for(classifier->type).classifier_forward(threads, *classifier, x, y, (char *)scratch);
}

extern "C" void ck_classifier_backward(const ck_threads *threads, const ck_classifier *classifier, const float *x,
                                       const float *dy, float *dx, const ck_linear_gradients *gradients,
                                       void *scratch) {
  ck::kernels_for(classifier->type)
      .classifier_backward(threads, *classifier, x, dy, dx, *gradients, (char *)scratch);
}
