// The plain-C face of libtorch.
//
// A function that can fail returns a `ct_status`, with a message in `ct_last_error()` where that is not `CT_DONE`; its
// result comes back through the last pointer, and a tensor that comes back is the caller's to free. A trailing
// underscore means in place. Types and devices are numbers of the two enums; a negative dimension
// counts from the last. Swift's `Tensor` says what each operation does.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "card_layers.h"
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

/// How a call ended.
typedef enum {
  CT_DONE = 0,
  /// Misuse, or what has no status of its own.
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

/// The version of the libtorch that was loaded, as `2.13.0`; static.
const char *ct_version(void);
/// That of the libtorch that this was built against; static.
const char *ct_built_version(void);
/// The file that libtorch was loaded from; static.
const char *ct_library_path(void);
/// The compiler of this room, which has the same clang as Swift's; static.
const char *ct_compiler(void);
/// The instruction set that libtorch's kernels use on this processor, as `AVX2`; static.
const char *ct_instruction_set(void);
/// The instruction set that the kernels of a block use on this processor; static, and null where they cannot run.
const char *ct_kernel_instructions(void);
/// How these form products of bfloat16 values, which is measured at the first call; static, and null where they cannot run.
const char *ct_kernel_products(void);
int ct_set_threads(int count);
int ct_threads(int *out);
/// Makes every later CPU tensor use an allocator that keeps freed memory (keeping_allocator.h).
int ct_keep_memory(void);
/// Opens a library that registers a device with libtorch; fails, in the loader's words, where it cannot be opened.
int ct_open_library(const char *path);
/// Has an opened library of Ascend's start a card, and stop the one it has started when the process ends; does nothing for
/// one that needs no start. Fails in the library's words.
int ct_start_npu(int index);
/// Whether a library has registered a device (PrivateUse1).
bool ct_has_registered_device(void);
/// Whether libtorch is a build for CUDA.
bool ct_is_for_cuda(void);
int ct_device_count(int kind, int *out);
/// Has the library of a device kind start; fails, with its words, where it cannot.
int ct_start_device(int kind);
/// Makes a device the calling thread's: what the thread pins or starts without naming one is that device's.
int ct_set_device(int kind, int index);
/// The most bytes that tensors have taken of a device at once; fails where its allocator does not count them.
int ct_peak_memory(int kind, int index, int64_t *out);

// Life and content (tensor.cpp)
int ct_empty(const int64_t *shape, int rank, int dtype, int kind, int index, ct_tensor **out);
int ct_zeros(const int64_t *shape, int rank, int dtype, int kind, int index, ct_tensor **out);
int ct_from_bytes(const void *bytes, const int64_t *shape, int rank, int dtype, ct_tensor **out);
/// A contiguous CPU tensor in memory of the caller's, who hears through `release` that nothing uses it any more.
int ct_from_memory(void *bytes, const int64_t *shape, int rank, int dtype, void *owner,
                   void (*release)(void *owner), ct_tensor **out);
int ct_copy_to_bytes(const ct_tensor *t, void *bytes, size_t count);
int ct_copy_from_bytes(ct_tensor *t, const void *bytes, size_t count);
/// The memory itself, of a contiguous CPU tensor; valid while the tensor lives.
int ct_data(ct_tensor *t, void **out);
/// The addresses on its card of a contiguous tensor, which the host must not touch; valid while the tensor lives.
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
/// Replaces the elements of a contiguous tensor that int64 `places` number in row-major order; one that is numbered
/// twice is given the same value both times.
int ct_put_(ct_tensor *t, const ct_tensor *places, const ct_tensor *values);

// Copies between host and device for which nobody waits (transfer.cpp)
/// Tensors on the CPU as tensors of a device, by one copy of all; as many come back through `out`.
int ct_upload(const ct_tensor *const *tensors, int count, int kind, int index, ct_tensor **out);
/// Other tensors of the same types and shapes to where an upload has put those before, by one copy too.
int ct_upload_again(const ct_tensor *const *tensors, int count, ct_tensor *const *there);
/// A contiguous tensor of a device on its way to the host.
typedef struct ct_readback ct_readback;
int ct_readback_begin(const ct_tensor *t, ct_readback **out);
/// Where its bytes arrive, in memory that stays as long as the readback.
void *ct_readback_place(const ct_readback *readback, size_t *bytes);
int ct_readback_is_done(const ct_readback *readback, bool *out);
/// Waits where they are not there yet; any thread may.
int ct_readback_finish(const ct_readback *readback);
void ct_readback_free(ct_readback *readback);

// Work of a device that is noted once and then given to it as one launch (recording.cpp)
/// What a device was asked for between `ct_record_begin` and `ct_record_end`, with the memory that it needs.
typedef struct ct_recording ct_recording;
/// Has a device note what this thread asks of it, and do nothing of it, until the end; fails where it cannot.
///
/// What it refuses ends the recording: from there on tensors that are made have no meaning, and none is changed, until the
/// end. All that was there before and is read has to stay, in its place.
int ct_record_begin(int kind, int index, ct_recording **out);
/// Fails, with the device's words, where something was refused; `recording` is to be freed then.
int ct_record_end(ct_recording *recording);
/// Has the device do it all, with what lies in its places now.
int ct_replay(ct_recording *recording);
void ct_recording_free(ct_recording *recording);

// Shape (shape.cpp)
int ct_reshape(const ct_tensor *t, const int64_t *shape, int rank, ct_tensor **out);
int ct_permute(const ct_tensor *t, const int64_t *order, int rank, ct_tensor **out);
int ct_transpose(const ct_tensor *t, int64_t a, int64_t b, ct_tensor **out);
int ct_flatten(const ct_tensor *t, int64_t first, int64_t last, ct_tensor **out);
int ct_contiguous(const ct_tensor *t, ct_tensor **out);
int ct_narrow(const ct_tensor *t, int64_t dimension, int64_t start, int64_t length, ct_tensor **out);
int ct_select(const ct_tensor *t, int64_t dimension, int64_t index, ct_tensor **out);
/// As many views of equal parts of a dimension.
int ct_split(const ct_tensor *t, int64_t dimension, int count, ct_tensor **out);
int ct_flip(const ct_tensor *t, int64_t dimension, ct_tensor **out);
/// Pads with zeros: amounts before and after the last dimension, then of the one before it.
int ct_pad(const ct_tensor *t, const int64_t *amounts, int count, ct_tensor **out);
/// A view of a tensor whose first dimension is 1, with that `count` times.
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
/// With a weight [] that lies where they do, of their type.
int ct_lerp_by_(ct_tensor *a, const ct_tensor *b, const ct_tensor *weight);
int ct_mean(const ct_tensor *t, int64_t dimension, ct_tensor **out);
int ct_sum(const ct_tensor *t, ct_tensor **out);
/// In float64, whatever the elements are.
int ct_norm(const ct_tensor *t, ct_tensor **out);
/// What a gradient of that norm is divided by so that the quotient's is `limit` at most: float32, 1 where it is anyway.
int ct_clip_divisor(const ct_tensor *norm, double limit, ct_tensor **out);
/// Makes the float32 flag [1] 1 where one of the numbers is not finite; else it stays as it is.
int ct_note_non_finite_(ct_tensor *flag, const ct_tensor *numbers);
int ct_top_indices(const ct_tensor *t, int64_t count, ct_tensor **out);
int ct_softmax(const ct_tensor *t, ct_tensor **out);
/// The highest number of each row.
int ct_highest(const ct_tensor *t, ct_tensor **out);
/// Elements of `a` where the byte of `mask` is 1, of `b` where it is 0.
int ct_where(const ct_tensor *mask, const ct_tensor *a, const ct_tensor *b, ct_tensor **out);

// Network (network.cpp)
int ct_linear(const ct_tensor *x, const ct_tensor *weight, const ct_tensor *bias, ct_tensor **out);
int ct_conv2d(const ct_tensor *x, const ct_tensor *weight, const ct_tensor *bias, int64_t stride,
              int64_t padding, int64_t groups, ct_tensor **out);
int ct_layer_norm(const ct_tensor *x, const ct_tensor *weight, const ct_tensor *bias, double epsilon,
                  ct_tensor **out);
int ct_gelu(const ct_tensor *x, ct_tensor **out);
int ct_attention(const ct_tensor *q, const ct_tensor *k, const ct_tensor *v, ct_tensor **out);
/// Of [B, C, H, W], antialiased.
int ct_resize_bicubic(const ct_tensor *planes, int64_t height, int64_t width, ct_tensor **out);

// Halves of a block and what stands around the blocks, each as one operation on the CPU (fused*.cpp), in float32 or
// bfloat16

/// A layer's weight and bias.
typedef struct ct_affine {
  const ct_tensor *weight, *bias;
} ct_affine;

/// The sides of the map that tokens come from, row by row.
typedef struct ct_map {
  int height, width;
} ct_map;

/// What makes the summary that global attention attends to.
typedef struct ct_summary {
  ct_affine convolution, norm;
  double epsilon;
  int reduction;
} ct_summary;

/// Whether this processor can run them with products of a type, and no slower than libtorch's operations.
bool ct_fuses(int dtype);
/// Whether they take attention with so many channels in so many heads.
bool ct_attention_fuses(int channels, int heads);
/// x + factor · contract(GELU(expand(norm(x)))) for float32 tokens [B, N, C]; products are of `dtype`.
///
/// `factors` [B] has 0 for samples that the branch leaves out, one value for all others; null keeps all as they are. Unless
/// `is_read` the result's values are not computed, only what its gradients need.
int ct_feed_forward_half(const ct_tensor *x, ct_affine norm, double epsilon, ct_affine expand, ct_affine contract,
                         const ct_tensor *factors, int dtype, bool is_read, ct_tensor **out);
/// x + factor · projection(attention(norm(x))), in windows of side² tokens; the map is padded with zeros after the norm.
int ct_local_attention_half(const ct_tensor *x, ct_map map, ct_affine norm, double epsilon, ct_affine qkv,
                            ct_affine projection, int heads, int side, const ct_tensor *factors, int dtype,
                            ct_tensor **out);
/// Likewise, of all tokens to a summary; null attends to all tokens.
int ct_global_attention_half(const ct_tensor *x, ct_map map, ct_affine norm, double epsilon, ct_affine q, ct_affine kv,
                             ct_affine projection, int heads, const ct_summary *summary, const ct_tensor *factors,
                             int dtype, ct_tensor **out);
/// norm(convolution(x)) of patches as wide as the convolution's stride, to float32 tokens [B, N, C]; products are of
/// `dtype`. x is float32 tokens of a map, or images [B, C, H, W] where there is none.
int ct_embedding(const ct_tensor *x, const ct_map *map, ct_affine convolution, ct_affine norm, double epsilon,
                 int dtype, ct_tensor **out);
/// x + convolution(x) for float32 tokens of a map, 3 × 3, each channel by itself, with zeros around the map.
int ct_positional_encoding(const ct_tensor *x, ct_map map, ct_affine convolution, ct_tensor **out);
/// x · weightᵀ + bias for float32 features [R, D], to [R, outputs]; products are of `dtype`. The weight has D values an
/// output.
int ct_linear_layer(const ct_tensor *x, ct_affine layer, int dtype, ct_tensor **out);

// Forms of weights that lie ready for these operations, in memory of the caller's (packed.cpp)

/// Notes which forms operations ask for, and gives them those that lie ready; one thread uses it.
typedef struct ct_packed_weights ct_packed_weights;

ct_packed_weights *ct_packed_weights_create(void);
void ct_packed_weights_free(ct_packed_weights *weights);
/// Has this thread's operations ask `weights` from now on; null has each pack for itself.
void ct_packed_weights_use(ct_packed_weights *weights);
/// Forms that operations have asked for so far.
int64_t ct_packed_weights_count(const ct_packed_weights *weights);
/// Bytes of a form.
int64_t ct_packed_weights_bytes(const ct_packed_weights *weights, int64_t form);
/// Has operations take a form from `memory`, on an edge of 64 bytes, where it must lie whenever they run.
int ct_packed_weights_place(ct_packed_weights *weights, int64_t form, void *memory);
/// Packs the weight as it is now into the form's memory.
int ct_packed_weights_pack(ct_packed_weights *weights, int64_t form);

// Where time goes (profile.cpp)

/// Begins to time the operations of this thread, each without those that it calls.
int ct_profile_begin(void);
/// Ends it and tells of each operation: its name, seconds, calls, and floating-point operations where they are counted.
int ct_profile_end(void (*row)(void *context, const char *name, double seconds, int64_t calls, double operations),
                   void *context);
/// Floating-point operations a second of products of a type, in registers, by all threads: what the processor can do.
int ct_peak_rate(int dtype, double *out);

// Gradients (gradient.cpp)
int ct_set_requires_grad(ct_tensor *t, bool value);
int ct_grad(const ct_tensor *t, ct_tensor **out);
/// Makes `backward` add into the memory of `grad`.
int ct_set_grad(ct_tensor *t, const ct_tensor *grad);
int ct_backward(const ct_tensor *loss);
/// Moves the gradients of `count` leaves to `places`, each from the leaf or from its other one, where `others` is not null;
/// a place for which neither has one becomes zero.
int ct_take_gradients(ct_tensor *const *places, ct_tensor *const *leaves, ct_tensor *const *others, int count);
/// Makes the leaf `t` a view of `data`, of the same shape, type and device; its own memory is given back.
int ct_set_data(ct_tensor *t, const ct_tensor *data);
/// Calls `callback` on the thread that runs `backward`, each time the gradient of the leaf `t` is whole.
///
/// It takes the place of an earlier callback. `release` hears when the last reference to the leaf, or the place, is gone.
int ct_on_gradient(ct_tensor *t, void (*callback)(void *context), void *context, void (*release)(void *context));
/// What `call` makes of `x`, as one operation that keeps `x` alone: `backward` has it made again, and goes back through that.
///
/// `call` frees `x`, and gives its result to `y` by `ct_hand_over`; the second time nobody looks at its values, as `is_read` says. `weights` are those inside, if any; `release` hears when the last
/// reference to the operation is gone.
int ct_recomputed(const ct_tensor *x, ct_tensor *const *weights, int count,
                  void (*call)(void *context, ct_tensor *x, bool is_read, ct_tensor *y), void *context,
                  void (*release)(void *context), ct_tensor **out);
/// Makes `place` a handle of the same tensor as `t`.
void ct_hand_over(ct_tensor *place, const ct_tensor *t);
/// Whether this thread records what gradients need; returns what held before.
bool ct_set_grad_mode(bool records);

#ifdef __cplusplus
}
#endif
