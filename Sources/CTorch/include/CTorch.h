// libtorch behind a plain C interface.
//
// A function that can fail returns a `ct_status`; `ct_last_error()` has the message unless it is `CT_DONE`.
// Its result comes back through the last pointer, and the caller frees a returned tensor. A trailing
// underscore means in place. Types and devices are the numbers of the two enums; a negative dimension counts
// from the last. Swift's `Tensor` documents each operation.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "card_kernels.h"
#include "card_layers.h"
#include "card_steps.h"
#include "card_sums.h"
#include "devices.h"
#include "engine.h"
#include "losses.h"
#include "updates.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Element types; the numbers are libtorch's own (c10/core/ScalarType.h).
typedef enum {
  CT_UINT8 = 0, CT_INT64 = 4, CT_FLOAT16 = 5, CT_FLOAT32 = 6, CT_FLOAT64 = 7, CT_BFLOAT16 = 15
} ct_dtype;

/// Device kinds; the numbers are libtorch's own (c10/core/DeviceType.h). Ascend registers as
/// `PrivateUse1`.
typedef enum { CT_CPU = 0, CT_CUDA = 1, CT_NPU = 20 } ct_device_kind;

/// The result of a call.
typedef enum {
  CT_DONE = 0,
  /// Misuse, or any error without a status of its own.
  CT_FAILED = 1,
  /// A device other than the CPU has too little memory.
  CT_NO_DEVICE_MEMORY = 2,
  /// A device failed: an error of its memory or link, or a kernel that broke it.
  CT_DEVICE_FAILED = 3,
  /// An operation has no form that comes to the same bits each time, which `ct_set_deterministic` asked for.
  CT_NOT_DETERMINISTIC = 4,
} ct_status;

/// The message of this thread's last failed call; valid until its next failing one.
const char *ct_last_error(void);

// Runtime (runtime.cpp)

/// The version of the loaded libtorch, such as `2.13.0`; static.
const char *ct_version(void);
/// The version of the libtorch that this was built against; static.
const char *ct_built_version(void);
/// The file that libtorch was loaded from; static.
const char *ct_library_path(void);
/// The compiler of this target, whose clang is the one in Swift's; static.
const char *ct_compiler(void);
/// The instruction set that libtorch's kernels use on this processor, such as `AVX2`; static.
const char *ct_instruction_set(void);
/// The instruction set that the block kernels use on this processor; static, null where they cannot run.
const char *ct_kernel_instructions(void);
/// How the block kernels form bfloat16 products, measured at the first call; static, null where they cannot
/// run.
const char *ct_kernel_products(void);
int ct_set_threads(int count);
int ct_threads(int *out);
/// Makes every later CPU tensor use an allocator that keeps freed memory (keeping_allocator.h).
int ct_keep_memory(void);
/// Opens a library that registers a device with libtorch; fails in the dynamic loader's words.
int ct_open_library(const char *path);
/// Starts an Ascend card through its opened library, and stops it when the process ends; does nothing if the
/// library needs no start. Fails in the library's words.
int ct_start_npu(int index);
/// Whether a library has registered a device (PrivateUse1).
bool ct_has_registered_device(void);
/// Whether libtorch was built for CUDA.
bool ct_is_for_cuda(void);
int ct_device_count(int kind, int *out);
/// Starts the library of a device kind; fails in its words.
int ct_start_device(int kind);
/// Makes a device the calling thread's current one, which calls that name none use.
int ct_set_device(int kind, int index);
/// The most bytes that tensors have occupied on a device at once; fails if its allocator keeps no count.
int ct_peak_memory(int kind, int index, int64_t *out);

// Creation and content (tensor.cpp)
int ct_empty(const int64_t *shape, int rank, int dtype, int kind, int index, ct_tensor **out);
int ct_zeros(const int64_t *shape, int rank, int dtype, int kind, int index, ct_tensor **out);
int ct_from_bytes(const void *bytes, const int64_t *shape, int rank, int dtype, ct_tensor **out);
/// A contiguous CPU tensor in the caller's memory; `release` is called when nothing uses that memory any
/// more.
int ct_from_memory(void *bytes, const int64_t *shape, int rank, int dtype, void *owner,
                   void (*release)(void *owner), ct_tensor **out);
int ct_copy_to_bytes(const ct_tensor *t, void *bytes, size_t count);
int ct_copy_from_bytes(ct_tensor *t, const void *bytes, size_t count);
/// The memory of a contiguous CPU tensor; valid while the tensor lives.
int ct_data(ct_tensor *t, void **out);
/// The card addresses of a contiguous tensor, which the host must not access; valid while the tensor lives.
int ct_card_data(ct_tensor *t, void **out);
void ct_free(ct_tensor *t);
int ct_rank(const ct_tensor *t);
int64_t ct_size(const ct_tensor *t, int dimension);
int64_t ct_count(const ct_tensor *t);
int ct_dtype_of(const ct_tensor *t);
/// Returns the kind; the index comes back through the pointer, 0 for the CPU.
int ct_device_of(const ct_tensor *t, int *index);
int ct_item(const ct_tensor *t, double *out);
int ct_to(const ct_tensor *t, int dtype, int kind, int index, ct_tensor **out);
int ct_cast(const ct_tensor *t, int dtype, ct_tensor **out);
int ct_normal_(ct_tensor *t, double mean, double deviation, uint64_t seed);
int ct_bernoulli_(ct_tensor *t, double chance, uint64_t seed);
int ct_fill_(ct_tensor *t, double value);
int ct_copy_(ct_tensor *t, const ct_tensor *source);
/// Replaces the elements of a contiguous tensor at row-major indices `places` (int64); an index that occurs
/// twice must have the same value both times.
int ct_put_(ct_tensor *t, const ct_tensor *places, const ct_tensor *values);

// Shape (shape.cpp)
int ct_reshape(const ct_tensor *t, const int64_t *shape, int rank, ct_tensor **out);
int ct_permute(const ct_tensor *t, const int64_t *order, int rank, ct_tensor **out);
int ct_transpose(const ct_tensor *t, int64_t a, int64_t b, ct_tensor **out);
int ct_flatten(const ct_tensor *t, int64_t first, int64_t last, ct_tensor **out);
int ct_contiguous(const ct_tensor *t, ct_tensor **out);
int ct_narrow(const ct_tensor *t, int64_t dimension, int64_t start, int64_t length, ct_tensor **out);
int ct_select(const ct_tensor *t, int64_t dimension, int64_t index, ct_tensor **out);
/// Splits a dimension into `count` views of equal size.
int ct_split(const ct_tensor *t, int64_t dimension, int count, ct_tensor **out);
int ct_flip(const ct_tensor *t, int64_t dimension, ct_tensor **out);
/// Pads with zeros: amounts before and after the last dimension, then of the one before it.
int ct_pad(const ct_tensor *t, const int64_t *amounts, int count, ct_tensor **out);
/// A view that repeats the only element of the first dimension `count` times.
int ct_repeat(const ct_tensor *t, int64_t count, ct_tensor **out);
int ct_concatenate(ct_tensor *const *parts, int count, int64_t dimension, ct_tensor **out);

// Maths (maths.cpp)
int ct_add(const ct_tensor *a, const ct_tensor *b, ct_tensor **out);
int ct_subtract(const ct_tensor *a, const ct_tensor *b, ct_tensor **out);
int ct_multiply(const ct_tensor *a, const ct_tensor *b, ct_tensor **out);
int ct_add_(ct_tensor *a, const ct_tensor *b);
int ct_multiply_(ct_tensor *a, const ct_tensor *b);
int ct_divide(const ct_tensor *a, const ct_tensor *b, ct_tensor **out);
int ct_scale(const ct_tensor *a, double factor, ct_tensor **out);
int ct_scale_(ct_tensor *a, double factor);
int ct_lerp_(ct_tensor *a, const ct_tensor *b, double weight);
/// With a weight [] of the tensors' device and type.
int ct_lerp_by_(ct_tensor *a, const ct_tensor *b, const ct_tensor *weight);
int ct_mean(const ct_tensor *t, int64_t dimension, ct_tensor **out);
int ct_sum(const ct_tensor *t, ct_tensor **out);
/// In float64, whatever the elements are.
int ct_norm(const ct_tensor *t, ct_tensor **out);
/// The divisor that clips a gradient of that norm to `limit`: float32, at least 1.
int ct_clip_divisor(const ct_tensor *norm, double limit, ct_tensor **out);
/// Sets the float32 flag [1] to 1 if any number is not finite; otherwise leaves it unchanged.
int ct_note_non_finite_(ct_tensor *flag, const ct_tensor *numbers);
int ct_top_indices(const ct_tensor *t, int64_t count, ct_tensor **out);
int ct_softmax(const ct_tensor *t, ct_tensor **out);
/// The largest number of each row.
int ct_highest(const ct_tensor *t, ct_tensor **out);
/// Takes elements of `a` where the byte of `mask` is 1, of `b` where it is 0.
int ct_where(const ct_tensor *mask, const ct_tensor *a, const ct_tensor *b, ct_tensor **out);

// Network (network.cpp)
int ct_linear(const ct_tensor *x, const ct_tensor *weight, const ct_tensor *bias, ct_tensor **out);
int ct_conv2d(const ct_tensor *x, const ct_tensor *weight, const ct_tensor *bias, int64_t stride,
              int64_t padding, int64_t groups, ct_tensor **out);
int ct_layer_norm(const ct_tensor *x, const ct_tensor *weight, const ct_tensor *bias, double epsilon,
                  ct_tensor **out);
int ct_gelu(const ct_tensor *x, ct_tensor **out);
int ct_attention(const ct_tensor *q, const ct_tensor *k, const ct_tensor *v, ct_tensor **out);
/// For [B, C, H, W], antialiased.
int ct_resize_bicubic(const ct_tensor *planes, int64_t height, int64_t width, ct_tensor **out);

// Block halves and the parts around the blocks, each as one operation on the CPU (fused*.cpp), in float32 or
// bfloat16

/// A layer's weight and bias.
typedef struct ct_affine {
  const ct_tensor *weight, *bias;
} ct_affine;

/// The sides of the map whose rows the tokens are.
typedef struct ct_map {
  int height, width;
} ct_map;

/// The layers that make the summary for global attention.
typedef struct ct_summary {
  ct_affine convolution, norm;
  double epsilon;
  int reduction;
} ct_summary;

/// Whether this processor can run these operations with products of a type, and no slower than libtorch's.
bool ct_fuses(int dtype);
/// Whether they support attention with this number of channels and heads.
bool ct_attention_fuses(int channels, int heads);
/// x + factor · contract(GELU(expand(norm(x)))) for float32 tokens [B, N, C]; products are of `dtype`.
///
/// `factors` [B] has 0 for samples whose branch is dropped, and one common value for the others; null keeps
/// all. If not `is_read`, only what gradients need is computed, not the result's values.
int ct_feed_forward_half(const ct_tensor *x, ct_affine norm, double epsilon, ct_affine expand, ct_affine contract,
                         const ct_tensor *factors, int dtype, bool is_read, ct_tensor **out);
/// x + factor · projection(attention(norm(x))), in windows of side² tokens; the map is padded with zeros after the norm.
int ct_local_attention_half(const ct_tensor *x, ct_map map, ct_affine norm, double epsilon, ct_affine qkv,
                            ct_affine projection, int heads, int side, const ct_tensor *factors, int dtype,
                            ct_tensor **out);
/// The same, with all tokens attending to a summary, or without one to all tokens.
int ct_global_attention_half(const ct_tensor *x, ct_map map, ct_affine norm, double epsilon, ct_affine q, ct_affine kv,
                             ct_affine projection, int heads, const ct_summary *summary, const ct_tensor *factors,
                             int dtype, ct_tensor **out);
/// norm(convolution(x)) with patches as wide as the convolution's stride, to float32 tokens [B, N, C];
/// products are of `dtype`. x is float32 tokens of `map`, or images [B, C, H, W] if that is null.
int ct_embedding(const ct_tensor *x, const ct_map *map, ct_affine convolution, ct_affine norm, double epsilon,
                 int dtype, ct_tensor **out);
/// x + convolution(x) for float32 tokens of a map, depthwise 3 × 3, with zeros around the map.
int ct_positional_encoding(const ct_tensor *x, ct_map map, ct_affine convolution, ct_tensor **out);
/// x · weightᵀ + bias for float32 features [R, D], to [R, outputs]; products are of `dtype`. The weight has D
/// values per output.
int ct_linear_layer(const ct_tensor *x, ct_affine layer, int dtype, ct_tensor **out);

// Packed forms of weights for these operations, in the caller's memory (packed.cpp)

/// Notes which forms operations ask for, and provides those that are ready; used by one thread.
typedef struct ct_packed_weights ct_packed_weights;

ct_packed_weights *ct_packed_weights_create(void);
void ct_packed_weights_free(ct_packed_weights *weights);
/// Makes this thread's operations use `weights` from now on; null lets each pack for itself.
void ct_packed_weights_use(ct_packed_weights *weights);
/// The number of forms that operations have asked for so far.
int64_t ct_packed_weights_count(const ct_packed_weights *weights);
/// Bytes of a form.
int64_t ct_packed_weights_bytes(const ct_packed_weights *weights, int64_t form);
/// The first element of a form's weight; the number of elements comes back through the pointer.
const float *ct_packed_weights_weight(ct_packed_weights *weights, int64_t form, int64_t *count);
/// Sets where operations find a form: at `memory`, aligned to 64 bytes, which must hold it whenever they run.
int ct_packed_weights_place(ct_packed_weights *weights, int64_t form, void *memory);
/// Packs the weight's current values into the form's memory.
int ct_packed_weights_pack(ct_packed_weights *weights, int64_t form);

// Profiles (profile.cpp)

/// Begins to time this thread's operations, each without those that it calls.
int ct_profile_begin(void);
/// Ends the profile and reports each operation: its name, seconds, calls, and floating-point operations if
/// counted.
int ct_profile_end(void (*row)(void *context, const char *name, double seconds, int64_t calls, double operations),
                   void *context);
/// The processor's peak rate in floating-point operations per second: all threads, products of a type in
/// registers.
int ct_peak_rate(int dtype, double *out);

// Gradients (gradient.cpp)
int ct_set_requires_grad(ct_tensor *t, bool value);
int ct_grad(const ct_tensor *t, ct_tensor **out);
/// Makes `backward` add into the memory of `grad`.
int ct_set_grad(ct_tensor *t, const ct_tensor *grad);
int ct_backward(const ct_tensor *loss);
/// Moves the gradients of `count` leaves to `places`, each from the leaf or from its entry in `others`, which
/// may be null; a place without a gradient becomes zero.
int ct_take_gradients(ct_tensor *const *places, ct_tensor *const *leaves, ct_tensor *const *others, int count);
/// Makes the leaf `t` a view of `data`, of the same shape, type and device, and frees its own memory.
int ct_set_data(ct_tensor *t, const ct_tensor *data);
/// Calls `callback` on the thread that runs `backward`, each time the gradient of the leaf `t` is complete.
///
/// It replaces an earlier callback. `release` is called when the last reference to the leaf, or the
/// callback's registration, is gone.
int ct_on_gradient(ct_tensor *t, void (*callback)(void *context), void *context, void (*release)(void *context));
/// Computes `call` of `x` as one operation that saves only `x`: `backward` runs it again and differentiates
/// that.
///
/// `call` frees `x` and passes its result to `y` with `ct_hand_over`; `is_read` is false the second time,
/// when the result's values are not needed. `weights` are the parameters inside, if any; `release` is called
/// when the last reference to the operation is gone.
int ct_recomputed(const ct_tensor *x, ct_tensor *const *weights, int count,
                  void (*call)(void *context, ct_tensor *x, bool is_read, ct_tensor *y), void *context,
                  void (*release)(void *context), ct_tensor **out);
/// Makes `place` a handle of the same tensor as `t`.
void ct_hand_over(ct_tensor *place, const ct_tensor *t);
/// Sets whether this thread records operations for gradients; returns the previous setting.
bool ct_set_grad_mode(bool records);

#ifdef __cplusplus
}
#endif
