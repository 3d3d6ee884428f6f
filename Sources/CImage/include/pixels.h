// Pillow's scaling and its changes of pixels, to the bit, on packed 8-bit RGB; nothing here fails or asks for memory.
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The instruction sets that the loops are assembled for; all give the same bytes.
typedef enum { CI_PLAIN = 0, CI_AVX2 = 1, CI_AVX512 = 2, CI_VNNI = 3 } ci_instructions;

/// The best set that this processor and its operating system offer.
ci_instructions ci_instructions_available(void);

/// Has the calling thread use another set than the best one, for tests and measurements. Returns 0, or 1 if this
/// processor does not have it.
int ci_instructions_use(ci_instructions set);

/// The filters of images that are scaled; the first two also of those that are moved.
typedef enum { CI_BILINEAR = 0, CI_BICUBIC = 1, CI_LANCZOS = 2, CI_BOX = 3 } ci_filter;

/// The `count` outputs from `start` on of a line of `in` pixels that is scaled to `out`.
///
/// A thin image may be scaled to more than 32 bits count; what is computed is the window.
typedef struct ci_axis {
  int64_t in, out, start, count;
} ci_axis;

/// Which inputs those outputs are made of: `count` from `first` on.
void ci_axis_inputs(ci_axis axis, ci_filter filter, int32_t *first, int32_t *count);

/// The bytes of memory that `ci_resize` works in.
size_t ci_resize_memory(ci_axis across, ci_axis down, ci_filter filter);

/// Writes the window that the axes name of a scaled image, to the bit as Pillow scales the whole; left and right change
/// places where it is mirrored.
///
/// `rgb` holds the inputs of both axes alone, in rows that begin `stride` bytes from each other, and `memory` as many bytes
/// as `ci_resize_memory` says.
void ci_resize(const uint8_t *rgb, size_t stride, ci_axis across, ci_axis down, ci_filter filter, int is_mirrored, uint8_t *memory,
               uint8_t *out);

/// How often the rim is repeated around an image that is moved.
enum { CI_MOVE_RIM = 2 };

/// The bytes of memory that `ci_move` works in.
size_t ci_move_memory(int32_t width, int32_t height);

/// Where the pixels of a moved image come from: (x, y) from (ax + by + c, dx + ey + f).
typedef struct ci_affine {
  double a, b, c, d, e, f;
} ci_affine;

/// Moves an image as Pillow's `Image.transform` with `AFFINE` does.
///
/// A pixel whose source lies outside takes ImageNet's mean colour, without blending at the rim; inside, taps beyond the rim
/// take the nearest pixel. Coordinates and weights are doubles, and the result is truncated. The filter is bilinear or bicubic.
void ci_move(uint8_t *rgb, int32_t width, int32_t height, ci_affine map, ci_filter filter, uint8_t *memory);

/// The sum of all greys, as `convert("L")` has them.
int64_t ci_sum_greys(const uint8_t *rgb, size_t pixels);

/// Goes the way from each grey to its pixel by `factor`, as `Image.blend` goes it.
void ci_mix_greys(uint8_t *rgb, size_t pixels, float factor);

/// Goes the way from the image smoothed by `ImageFilter.SMOOTH` to the image by `factor`; the rim stays.
///
/// `before` is a copy of the image.
void ci_mix_smooth(uint8_t *rgb, const uint8_t *before, int32_t width, int32_t height, float factor);

/// Has top and bottom change places.
void ci_flip(uint8_t *rgb, int32_t width, int32_t height);

/// Replaces each value by its tone: `tones` has 256 for red, then for green, then for blue.
void ci_replace_tones(uint8_t *rgb, size_t pixels, const uint8_t *tones);

/// Adds to `counts`, ordered as tones are, how often each value occurs.
void ci_count_tones(const uint8_t *rgb, size_t pixels, int32_t *counts);

#ifdef __cplusplus
}
#endif
