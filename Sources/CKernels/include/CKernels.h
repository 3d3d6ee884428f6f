// Loops over floats that lie in a row, each written once for every instruction set.
// Additions are taken one by one in the order that a function states, so the bits are the same everywhere.
#pragma once
#include <stddef.h>

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

/// The sum of the squares, in double precision and in an order that depends on `count` alone.
double floats_squares(const float *g, size_t count);
