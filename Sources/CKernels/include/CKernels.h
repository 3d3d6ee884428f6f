// Loops over contiguous floats, each written once and compiled for every instruction set.
// Each function states the order of its additions, so results have the same bits on every processor.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Adds `count` floats at `addends` to those at `sums`; neither need be aligned.
void floats_add(void *sums, const void *addends, size_t count);

/// Writes the sum of `terms` to each of `results`, for the `count` floats from `start` on; a term may be a
/// result too.
///
/// `term_count` is a multiple of `group`. Each `group` consecutive terms are added up from first to last,
/// then the groups' sums likewise: ((t0 + t1) + …) + ((t[group] + …) + …) + …. The floats need not be
/// aligned.
void floats_sum(void *const *results, size_t result_count, const void *const *terms, size_t term_count, size_t group,
                size_t start, size_t count);

/// Copies the `count` floats from `start` on to each of `results`, bypassing the caches where the processor
/// can: for data that this processor does not read again soon. The results are aligned to a float's size; the
/// source need not be.
void floats_spread(void *const *results, size_t result_count, const void *source, size_t start, size_t count);

/// 16-bit float formats, used only for transmission.
typedef enum { FLOATS_BFLOAT16, FLOATS_FLOAT16 } floats_half;

/// Rounds `count` floats at `source` to 16-bit floats, to nearest with ties to even; neither need be aligned.
void floats_round(floats_half kind, void *halves, const void *source, size_t count);

/// Adds `count` floats at `addends` to 16-bit sums, and rounds each sum as `floats_round` does.
void floats_add_rounded(floats_half kind, void *halves, const void *addends, size_t count);

/// Widens `count` 16-bit floats, which is exact.
void floats_widen(floats_half kind, void *result, const void *halves, size_t count);

/// Converts `count` bytes of three interleaved channels to floats: (byte - the channel's mean) / the
/// channel's deviation.
void floats_normalize(float *result, const uint8_t *bytes, size_t count, const float *means, const float *deviations);

/// Writes `count` normal numbers of mean 0 and deviation 1; each is a function of the key and its index alone.
///
/// Philox4x32-10 (Salmon et al., SC 2011) and the Box–Muller transform; no number is further from 0 than 5.77.
void floats_normal(float *result, size_t count, uint64_t key);

/// Writes values[i] to floats[places[i]]; returns false and changes nothing if a place is not below `length`.
bool floats_replace(float *floats, size_t length, const int64_t *places, const float *values, size_t count);

// Optimizer steps, and the norm of a gradient. Each element's result depends on that element alone, so the
// bits are the same however a range is split, and on every processor.

/// The values of an AdamW step, computed by the caller in double precision.
typedef struct {
  float scale;      ///< what every gradient is multiplied by first
  float keep;       ///< 1 - rate · decay
  float gain1;      ///< 1 - β₁
  float beta2;      ///< the part of the mean square that stays
  float gain2;      ///< 1 - β₂
  float step_size;  ///< rate / (1 - β₁ᵗ)
  float root;       ///< √(1 - β₂ᵗ)
  float epsilon;
} floats_adamw_values;

/// `w *= keep; w -= step_size · m / (√v / root + ε)`, after moving m and v towards g and g².
void floats_adamw(float *w, const float *g, float *m, float *v, size_t count, const floats_adamw_values *values);

typedef struct {
  float scale;     ///< what every gradient is multiplied by first
  float decay;     ///< what of the weight is added to the gradient
  float momentum;  ///< the part of the momentum that stays; 0 at the first step, which starts it
  float nesterov;  ///< the part of the momentum that is added to the gradient
  float rate;
} floats_sgd_values;

/// `g += decay · w; m = momentum · m + g; w -= rate · (g + nesterov · m)`.
void floats_sgd(float *w, const float *g, float *m, size_t count, const floats_sgd_values *values);

typedef struct {
  float scale;  ///< what every gradient is multiplied by first
  float keep;   ///< 1 - rate · decay
  float gain1;  ///< 1 - β₁
  float gain2;  ///< 1 - β₂
  float rate;
} floats_lion_values;

/// `w = keep · w - rate · sign(m + gain1 · (g - m)); m += gain2 · (g - m)`.
void floats_lion(float *w, const float *g, float *m, size_t count, const floats_lion_values *values);

// Rules in which a parameter's elements depend on one another: `count` is its whole size. The gradients are
// overwritten.

/// LAMB: Adam's step of size 1 plus `decay · w`, times rate · ‖w‖ / ‖step‖, or times the rate where either
/// norm is 0 or there is no decay. `keep` is not used.
void floats_lamb(float *w, float *g, float *m, float *v, size_t count, const floats_adamw_values *values, float decay,
                 float rate);

/// Cautious AdamW: only elements whose mean and gradient have the same sign move, by AdamW's step divided by
/// their fraction of all.
void floats_cautious_adamw(float *w, float *g, float *m, float *v, size_t count, const floats_adamw_values *values);

/// `g = scale · g`, clipped to ±`limit`.
void floats_clip_values(float *g, size_t count, float scale, float limit);

/// `g = scale · g`, after which the norm of each of `units` equal parts is clipped to `factor` times its
/// weights' norm, which counts as 1e-3 at least.
void floats_clip_units(float *g, const float *w, size_t count, size_t units, float scale, double factor);

/// Returns the sum of squares, in double precision and in an order that depends on `count` alone.
double floats_squares(const float *g, size_t count);
