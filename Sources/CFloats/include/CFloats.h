// Sums and copies of floats, each written once for every instruction set.
// Additions are taken one by one in the order that a function states, so the bits are the same everywhere.
#pragma once
#include <stddef.h>

/// Adds `count` floats at `addends` to those at `sums`; both may lie at any address.
void floats_add(void *sums, const void *addends, size_t count);

/// Writes ((terms[0] + terms[1]) + …) + terms[term_count - 1] to each of `results`, for the `count` floats from
/// `start` on; a term may be a result too. The floats may lie at any address.
void floats_sum(void *const *results, size_t result_count, const void *const *terms, size_t term_count, size_t start,
                size_t count);

/// Copies the `count` floats from `start` on to each of `results`, past the caches where the processor can: for what
/// this processor does not read again soon. The floats lie at multiples of their size.
void floats_spread(void *const *results, size_t result_count, const void *source, size_t start, size_t count);

/// Sixteen-bit floats, on the wire alone.
typedef enum { FLOATS_BFLOAT16, FLOATS_FLOAT16 } floats_half;

/// Rounds `count` floats at `source` to the nearest sixteen-bit ones, ties to even; both may lie at any address.
void floats_round(floats_half kind, void *halves, const void *source, size_t count);

/// Adds `count` floats at `addends` to sixteen-bit sums, and rounds each sum as `floats_round` does.
void floats_add_rounded(floats_half kind, void *halves, const void *addends, size_t count);

/// Widens `count` sixteen-bit floats, which loses nothing.
void floats_widen(floats_half kind, void *result, const void *halves, size_t count);
