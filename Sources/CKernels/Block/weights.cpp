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

extern "C" void ck_flatten_convolution(const ck_threads *threads, const float *weight, int outputs, int inputs, int r,
                                       float *flat) {
  ck::kernels_for(CK_FLOAT32).flatten_convolution(threads, weight, outputs, inputs, r, flat);
}
