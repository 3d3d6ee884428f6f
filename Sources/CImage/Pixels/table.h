// The loops over pixels as a table of functions, one for each instruction set.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "../include/CImage.h"

/// The fractional bits of weights: 32 less 8 for the result and 2 for overshoot.
enum { CI_FRACTION = 32 - 8 - 2 };

/// The weights of each output's inputs, with `CI_FRACTION` fractional bits.
struct ci_weights {
  int32_t count;   // outputs
  int32_t most;    // from one output's weights to the next one's
  int32_t *first;  // the first input of each
  int32_t *taps;   // how many inputs each has
  int32_t *fixed;
  int32_t *digits;  // room for a kernel: `ci_digit_words` for each output
};

/// Words for the digits of so many weights, which start anywhere within a group of four inputs: three words a group.
static inline size_t ci_digit_words(int32_t weights) { return 3 * (((size_t)weights + 6) / 4); }

/// The colour outside a moved image: ImageNet's mean, as in the reference.
static const uint8_t ci_move_fill[3] = {124, 116, 104};

struct ci_kernels {
  /// Scales vertically: rows of `bytes` bytes, `stride` apart, to as many packed rows as there are outputs. `columns` holds
  /// 64 bytes an input, in multiples of four.
  void (*weigh_down)(const uint8_t *rows, size_t stride, size_t bytes, const struct ci_weights *weights,
                     uint8_t *columns, uint8_t *out);
  /// Scales horizontally to packed rows. `columns` holds 64 bytes an input and `weighed` 64 an output, both
  /// in multiples of four.
  void (*weigh_across)(const uint8_t *rgb, size_t stride, int32_t width, int32_t height, const struct ci_weights *weights,
                       uint8_t *columns, uint8_t *weighed, uint8_t *out);
  void (*move)(uint8_t *rgb, int32_t width, int32_t height, ci_affine map, ci_filter filter, uint8_t *memory);
  int64_t (*sum_greys)(const uint8_t *rgb, size_t pixels);
  void (*mix_greys)(uint8_t *rgb, size_t pixels, float factor);
  void (*mix_smooth)(uint8_t *rgb, const uint8_t *before, int32_t width, int32_t height, float factor);
  void (*replace_tones)(uint8_t *rgb, size_t pixels, const uint8_t *tones);
};

extern const struct ci_kernels ci_kernels_plain, ci_kernels_avx2, ci_kernels_avx512, ci_kernels_vnni;

/// The table of the instruction set in use.
const struct ci_kernels *ci_kernels(void);
