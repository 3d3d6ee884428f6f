#include "table.h"

extern "C" size_t ck_position_scratch(const ck_position *position) {
  return (size_t)ck::kernels_for(CK_FLOAT32).position_scratch(*position);
}

extern "C" void ck_position_forward(const ck_threads *threads, const ck_position *position, const float *x, float *y,
                                    void *scratch) {
  ck::kernels_for(CK_FLOAT32).position_forward(threads, *position, x, y, (char *)scratch);
}

extern "C" void ck_position_backward(const ck_threads *threads, const ck_position *position, const float *x,
                                     const float *dy, float *dx, float *dweight, float *dbias, void *scratch) {
  ck::kernels_for(CK_FLOAT32)
      .position_backward(threads, *position, x, dy, dx, dweight, dbias, (char *)scratch);
}
