// What libFuzzer calls with each changed image: its header, a part of its pixels, and these as views are made of them.
// TWINS_FUZZ_FORMAT names the decoder. Refusals are right; what the sanitizers see, and a size that cannot be, ends the process.
#include "CImage.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int (*header_reader)(const uint8_t *bytes, size_t count, ci_header *header);
typedef int (*region_decoder)(const uint8_t *bytes, size_t count, ci_region region, uint8_t *rgb);

// By which a JPEG is decoded smaller.
static int32_t reduction;

// One for all, so that what an image leaves in it is seen by the next.
static ci_jpeg *jpeg;

static int jpeg_header(const uint8_t *bytes, size_t count, ci_header *header) {
  if (!jpeg) jpeg = ci_jpeg_new();
  return ci_jpeg_header(jpeg, bytes, count, header);
}

static int decode_jpeg(const uint8_t *bytes, size_t count, ci_region region, uint8_t *rgb) {
  (void)bytes, (void)count;
  const size_t stride = ci_jpeg_row_bytes(region), row = (size_t)region.width * 3;
  uint8_t *rows = malloc(stride * (size_t)region.height);
  size_t skipped = 0;
  const int status = ci_jpeg_decode(jpeg, region, reduction, rows, &skipped);
  for (size_t y = 0; status == 0 && y < (size_t)region.height; y++) {
    memcpy(rgb + y * row, rows + y * stride + skipped, row);
  }
  free(rows);
  return status;
}

static const struct format {
  const char *name;
  header_reader header;
  region_decoder decode;
} formats[] = {
    {"jpeg", jpeg_header, decode_jpeg},       {"png", ci_png_header, ci_png_decode},
    {"webp", ci_webp_header, ci_webp_decode}, {"gif", ci_gif_header, ci_gif_decode},
    {"tiff", ci_tiff_header, ci_tiff_decode},
};
static const struct format *format;

int LLVMFuzzerInitialize(int *count, char ***arguments) {
  (void)count, (void)arguments;
  const char *name = getenv("TWINS_FUZZ_FORMAT");
  for (size_t i = 0; name && i < sizeof formats / sizeof *formats; i++) {
    if (strcmp(formats[i].name, name) == 0) format = formats + i;
  }
  if (format) return 0;
  fputs("TWINS_FUZZ_FORMAT names no format\n", stderr);
  exit(64);
}

// Numbers that depend on the input alone (SplitMix64).
static uint64_t state;

static int32_t below(int32_t bound) {
  uint64_t word = state += 0x9e3779b97f4a7c15;
  word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9;
  word = (word ^ word >> 27) * 0x94d049bb133111eb;
  return (int32_t)((word ^ word >> 31) % (uint64_t)bound);
}

// Scales, moves and recolours the pixels, in memory of exactly their size.
static void make_view(const uint8_t *rgb, ci_region region) {
  enum { SIDE = 24 };
  static uint8_t view[SIDE * SIDE * 3], before[SIDE * SIDE * 3], tones[3 * 256];
  const ci_filter filter = (ci_filter)below(CI_BOX + 1);
  const ci_axis across = {region.width, SIDE + below(40), below(5), SIDE}, down = {region.height, SIDE, 0, SIDE};
  int32_t first, width, height;
  ci_axis_inputs(across, filter, &first, &width);
  uint8_t *inputs = malloc((size_t)width * (size_t)region.height * 3);
  for (size_t y = 0; y < (size_t)region.height; y++) {
    memcpy(inputs + y * (size_t)width * 3, rgb + 3 * (y * (size_t)region.width + (size_t)first), (size_t)width * 3);
  }
  ci_axis_inputs(down, filter, &first, &height);
  const size_t stride = (size_t)width * 3;
  uint8_t *memory = malloc(ci_resize_memory(across, down, filter));
  ci_resize(inputs + (size_t)first * stride, stride, across, down, filter, below(2), memory, view);
  free(memory);
  free(inputs);
  memory = malloc(ci_move_memory(SIDE, SIDE));
  ci_move(view, SIDE, SIDE, (ci_affine){1 + below(5) * 0.1, 0.2, below(9) - 4, -0.1, 0.9, below(9) - 4}, filter, memory);
  free(memory);
  memcpy(before, view, sizeof view);
  ci_mix_smooth(view, before, SIDE, SIDE, 0.3f);
  ci_mix_greys(view, SIDE * SIDE, 1.7f);
  ci_replace_tones(view, SIDE * SIDE, tones);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) {
  enum { MOST_PIXELS = 1 << 18, MOST_HELD = 64 << 20 };
  ci_header header;
  if (format->header(bytes, count, &header)) return 0;
  if (header.width <= 0 || header.height <= 0) abort();
  // Larger ones only take longer.
  if ((int64_t)header.width * header.height > MOST_PIXELS || header.held > MOST_HELD) return 0;
  state = count;
  for (size_t i = 0; i < count; i++) state = state * 31 + bytes[i];
  reduction = format->decode == decode_jpeg ? 1 << below(4) : 1;
  const int32_t columns = (header.width + reduction - 1) / reduction, rows = (header.height + reduction - 1) / reduction;
  const int32_t width = 1 + below(columns), height = 1 + below(rows);
  const ci_region region = {below(columns - width + 1), below(rows - height + 1), width, height};
  uint8_t *rgb = malloc((size_t)width * (size_t)height * 3);
  ci_instructions_use((ci_instructions)below(4));
  if (format->decode(bytes, count, region, rgb) == 0) make_view(rgb, region);
  if (format->decode == ci_tiff_decode) ci_tiff_check(bytes, count);
  free(rgb);
  return 0;
}
