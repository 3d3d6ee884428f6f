// The kernels of an instruction set as a table of functions, and the choice of one at run time.
#pragma once
#include "system.h"

namespace ck {

/// What activations are kept in and how products are formed: each kernel is assembled for each.
enum Kind { float32, bfloat16_fma, bfloat16_dot };

/// The kernels for one kind.
struct Kernels {
  size_t (*packed_bytes)(int outputs, int inputs);
  void (*pack_forward)(const ck_threads *, const float *weight, int outputs, int inputs, void *packed);
  void (*pack_backward)(const ck_threads *, const float *weight, int outputs, int inputs, void *packed);

  void (*flatten_convolution)(const ck_threads *, const float *weight, int outputs, int inputs, int r, float *flat);

  int64_t (*mlp_forward_scratch)(const ck_mlp &, int threads);
  void (*mlp_forward)(const ck_threads *, const ck_mlp &, const ck_samples &, const float *x, float *y,
                      const ck_mlp_saved *, char *scratch);
  int64_t (*mlp_backward_scratch)(const ck_mlp &, const ck_samples &, int threads);
  void (*mlp_backward)(const ck_threads *, const ck_mlp &, const ck_samples &, const ck_mlp_saved &, const float *dy,
                       float *dx, const ck_mlp_gradients &, char *scratch);

  int64_t (*local_attention_forward_scratch)(const ck_local_attention &, int threads);
  void (*local_attention_forward)(const ck_threads *, const ck_local_attention &, const ck_samples &, const float *x,
                                  float *y, const ck_local_attention_saved *, char *scratch);
  int64_t (*local_attention_backward_scratch)(const ck_local_attention &, const ck_samples &, int threads);
  void (*local_attention_backward)(const ck_threads *, const ck_local_attention &, const ck_samples &,
                                   const ck_local_attention_saved &, const float *dy, float *dx,
                                   const ck_local_attention_gradients &, char *scratch);

  int64_t (*global_attention_forward_scratch)(const ck_global_attention &, const ck_samples &, int threads);
  void (*global_attention_forward)(const ck_threads *, const ck_global_attention &, const ck_samples &,
                                   const float *x, float *y, const ck_global_attention_saved *, char *scratch);
  int64_t (*global_attention_backward_scratch)(const ck_global_attention &, const ck_samples &, int threads);
  void (*global_attention_backward)(const ck_threads *, const ck_global_attention &, const ck_samples &,
                                    const ck_global_attention_saved &, const float *dy, float *dx,
                                    const ck_global_attention_gradients &, char *scratch);

  int64_t (*embedding_forward_scratch)(const ck_embedding &, int threads);
  void (*embedding_forward)(const ck_threads *, const ck_embedding &, const float *x, float *y,
                            const ck_embedding_saved *, char *scratch);
  int64_t (*embedding_backward_scratch)(const ck_embedding &, int threads);
  void (*embedding_backward)(const ck_threads *, const ck_embedding &, const ck_embedding_saved &, const float *x,
                             const float *dy, float *dx, const ck_embedding_gradients &, char *scratch);

  int64_t (*position_scratch)(const ck_position &);
  void (*position_forward)(const ck_threads *, const ck_position &, const float *x, float *y, char *scratch);
  void (*position_backward)(const ck_threads *, const ck_position &, const float *x, const float *dy, float *dx,
                            float *dweight, float *dbias, char *scratch);

  int64_t (*linear_layer_forward_scratch)(const ck_linear_layer &, int threads);
  void (*linear_layer_forward)(const ck_threads *, const ck_linear_layer &, const float *x, float *y, char *scratch);
  int64_t (*linear_layer_backward_scratch)(const ck_linear_layer &, int threads);
  void (*linear_layer_backward)(const ck_threads *, const ck_linear_layer &, const float *x, const float *dy, float *dx,
                              const ck_linear_gradients &, char *scratch);
};

struct Table {
  /// Multiply-adds a nanosecond of products in registers; the second is 0 without a dot product.
  double (*fma_rate)();
  double (*dot_rate)();
  Kernels kernels[3];  // by Kind
};

namespace avx2 {
extern const Table table;
}
namespace avx512 {
extern const Table table;
}
namespace avx512_bf16 {
extern const Table table;
}

/// The table of the set in use; traps where the CPU has none.
const Table &table();

/// The kernels for a type of activations, with the instructions and products in use.
const Kernels &kernels_for(ck_type type);

}  // namespace ck
