// Loops over floats that lie in a row, each written once for every instruction set.
// Additions are taken one by one in the order that a function states, so the bits are the same everywhere.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Adds `count` floats at `addends` to those at `sums`; both may lie at any address.
void floats_add(void *sums, const void *addends, size_t count);

/// Writes a sum of `terms` to each of `results`, for the `count` floats from `start` on; a term may be a result too.
///
/// Each `group` terms that follow one another, of which `term_count` is a multiple, are added up from the first to the last,
/// then the groups' sums likewise: ((t0 + t1) + …) + ((t[group] + …) + …) + …. The floats may lie at any address.
void floats_sum(void *const *results, size_t result_count, const void *const *terms, size_t term_count, size_t group,
                size_t start, size_t count);

/// Copies the `count` floats from `start` on to each of `results`, past the caches where the processor can: for what
/// this processor does not read again soon. The results lie at multiples of a float's size, the source at any address.
void floats_spread(void *const *results, size_t result_count, const void *source, size_t start, size_t count);

/// Sixteen-bit floats, on the wire alone.
typedef enum { FLOATS_BFLOAT16, FLOATS_FLOAT16 } floats_half;

/// Rounds `count` floats at `source` to the nearest sixteen-bit ones, ties to even; both may lie at any address.
void floats_round(floats_half kind, void *halves, const void *source, size_t count);

/// Adds `count` floats at `addends` to sixteen-bit sums, and rounds each sum as `floats_round` does.
void floats_add_rounded(floats_half kind, void *halves, const void *addends, size_t count);

/// Widens `count` sixteen-bit floats, which loses nothing.
void floats_widen(floats_half kind, void *result, const void *halves, size_t count);

/// Makes floats of `count` bytes, those of three channels in turn: each less its channel's mean, divided by its deviation.
void floats_normalize(float *result, const uint8_t *bytes, size_t count, const float *means, const float *deviations);

/// Makes `count` normal numbers of mean 0 and deviation 1, a function of the key and of each number's index alone.
///
/// Philox4x32-10 (Salmon et al., SC 2011) by the method of Box and Muller; none is further from 0 than 5.77.
void floats_normal(float *result, size_t count, uint64_t key);

/// Replaces the floats with the numbers `places` by `values`; false, and nothing changed, where one is not below `length`.
bool floats_replace(float *floats, size_t length, const int64_t *places, const float *values, size_t count);

// One optimizer step, and the norm of a gradient. Each element's result depends on that element alone: however a range
// is split, and on whatever processor, the bits are the same.

/// What one AdamW step needs beside the floats, worked out by the caller in double precision.
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

// Rules of a whole parameter, whose elements depend on one another: `count` is that of all. The gradients are written over.

/// Adam's step of size 1 with `decay · w` added, times rate · ‖w‖ / ‖step‖, or times the rate where either norm is 0 or
/// nothing decays. Of the values, `keep` is not used.
void floats_lamb(float *w, float *g, float *m, float *v, size_t count, const floats_adamw_values *values, float decay,
                 float rate);

/// AdamW's step of those elements whose mean and gradient have the same sign, divided by their part of all.
void floats_cautious_adamw(float *w, float *g, float *m, float *v, size_t count, const floats_adamw_values *values);

/// `g = scale · g`, no further from 0 than `limit`.
void floats_clip_values(float *g, size_t count, float scale, float limit);

/// `g = scale · g` of each of `units` equal parts, whose norm is at most `factor` times that of its weights, or of 1e-3.
void floats_clip_units(float *g, const float *w, size_t count, size_t units, float scale, double factor);

/// The sum of the squares, in double precision and in an order that depends on `count` alone.
double floats_squares(const float *g, size_t count);
