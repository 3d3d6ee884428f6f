// Pillow's scaling and pixel operations, to the bit, on packed 8-bit RGB; no function here fails or allocates
// memory.
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The instruction sets that the loops are compiled for; all give the same bytes.
typedef enum { CI_PLAIN = 0, CI_AVX2 = 1, CI_AVX512 = 2, CI_VNNI = 3 } ci_instructions;

/// The best set that this processor and its operating system support.
ci_instructions ci_instructions_available(void);

/// Makes the calling thread use another set, for tests and measurements. Returns 0, or 1 if this processor
/// does not have it.
int ci_instructions_use(ci_instructions set);

/// The filters for scaling; only the first two serve for moving too.
typedef enum { CI_BILINEAR = 0, CI_BICUBIC = 1, CI_LANCZOS = 2, CI_BOX = 3 } ci_filter;

/// One axis of a scaling from `in` to `out` pixels, of which the `count` outputs from `start` on are
/// computed.
///
/// A thin image may be scaled to more pixels than 32 bits count, but only that window is computed.
typedef struct ci_axis {
  int64_t in, out, start, count;
} ci_axis;

/// Returns the inputs that those outputs need: `count` from `first` on.
void ci_axis_inputs(ci_axis axis, ci_filter filter, int32_t *first, int32_t *count);

/// Returns the bytes of memory that `ci_resize` needs.
size_t ci_resize_memory(ci_axis across, ci_axis down, ci_filter filter);

/// Writes the window of a scaled image that the axes select, to the bit as Pillow scales the whole image;
/// mirrored horizontally where `is_mirrored`.
///
/// `rgb` holds only the inputs that both axes need, in rows `stride` bytes apart; `memory` has the size that
/// `ci_resize_memory` returns.
void ci_resize(const uint8_t *rgb, size_t stride, ci_axis across, ci_axis down, ci_filter filter, int is_mirrored, uint8_t *memory,
               uint8_t *out);

/// How often the border pixels are repeated around an image that is moved.
enum { CI_MOVE_RIM = 2 };

/// Returns the bytes of memory that `ci_move` needs.
size_t ci_move_memory(int32_t width, int32_t height);

/// The affine map from a moved image's pixels to their sources: (x, y) comes from (ax + by + c, dx + ey + f).
typedef struct ci_affine {
  double a, b, c, d, e, f;
} ci_affine;

/// Moves an image as Pillow's `Image.transform` with `AFFINE` does.
///
/// A pixel whose source lies outside takes ImageNet's mean colour, without blending at the border; inside,
/// samples beyond the border take the nearest pixel. Coordinates and weights are doubles, and results are
/// truncated. The filter is bilinear or bicubic.
void ci_move(uint8_t *rgb, int32_t width, int32_t height, ci_affine map, ci_filter filter, uint8_t *memory);

/// Returns the sum of all greys, as `convert("L")` computes them.
int64_t ci_sum_greys(const uint8_t *rgb, size_t pixels);

/// Blends each pixel with its grey as `Image.blend(grey, image, factor)` does.
void ci_mix_greys(uint8_t *rgb, size_t pixels, float factor);

/// Blends the image with its `ImageFilter.SMOOTH` as `Image.blend(smoothed, image, factor)` does; border
/// pixels stay.
///
/// `before` is a copy of the image.
void ci_mix_smooth(uint8_t *rgb, const uint8_t *before, int32_t width, int32_t height, float factor);

/// Flips the image upside down.
void ci_flip(uint8_t *rgb, int32_t width, int32_t height);

/// Replaces each value by table: `tones` has 256 entries for red, then for green, then for blue.
void ci_replace_tones(uint8_t *rgb, size_t pixels, const uint8_t *tones);

/// Adds to `counts`, in the order of `tones`, how often each value occurs.
void ci_count_tones(const uint8_t *rgb, size_t pixels, int32_t *counts);

#ifdef __cplusplus
}
#endif
