// PNG decoding with libpng and Pillow's conversions: palettes looked up, alpha dropped, gamma ignored, 16
// bits cut to the high byte.
#include "CImage.h"
#include "failure.h"
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

struct decoder {
  png_structp png;
  png_infop info;
  const uint8_t *bytes;  // what is still unread
  size_t count;
  size_t held;  // bytes of the whole image, where it is held
  ci_region region;
  uint8_t *rgb;
  uint8_t *samples;  // a row as libpng gives it, or all rows where they are interlaced
};

static void on_error(png_structp png, png_const_charp message) {
  ci_fail("%s", message);
  png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message) {
  (void)png;
  (void)message;
}

static void read_bytes(png_structp png, png_bytep into, size_t count) {
  struct decoder *decoder = png_get_io_ptr(png);
  if (count > decoder->count) png_error(png, "Premature end of file");
  memcpy(into, decoder->bytes, count);
  decoder->bytes += count;
  decoder->count -= count;
}

// Rejects a file without its end chunk: libpng stops at the last pixel, so would accept a file that was cut
// off after it.
static void require_end_chunk(const struct decoder *decoder) {
  for (size_t end = decoder->count; end >= 4; end--) {
    if (memcmp(decoder->bytes + end - 4, "IEND", 4) == 0) return;
  }
  png_error(decoder->png, "Premature end of file (no IEND chunk)");
}

static void read_header(struct decoder *decoder) {
  // Pillow rejects a chunk of any kind whose checksum is wrong.
  png_set_crc_action(decoder->png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
  png_set_read_fn(decoder->png, decoder, read_bytes);
  png_read_info(decoder->png, decoder->info);
  require_end_chunk(decoder);
}

// Chooses libpng's conversions; returns the number of passes over the image.
static int convert(struct decoder *decoder) {
  png_structp png = decoder->png;
  png_infop info = decoder->info;
  int type = png_get_color_type(png, info);
  if (type == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
  if (type == PNG_COLOR_TYPE_GRAY) png_set_expand_gray_1_2_4_to_8(png);
  else png_set_strip_16(png);
  png_set_strip_alpha(png);
  if (type == PNG_COLOR_TYPE_GRAY_ALPHA) png_set_gray_to_rgb(png);
  int passes = png_set_interlace_handling(png);
  png_read_update_info(png, info);
  return passes;
}

// Copies grey samples of 1 or 2 bytes. Pillow keeps 16-bit grey until `convert("RGB")`, which clips it at
// 255.
static void copy_grey(uint8_t *rgb, const uint8_t *grey, size_t width, size_t bytes) {
  for (size_t i = 0; i < width; i++, grey += bytes, rgb += 3) {
    uint8_t level = bytes == 1 ? grey[0] : grey[0] == 0 ? grey[1] : 255;
    memset(rgb, level, 3);
  }
}

// Copies the part of row `y` that lies in the region.
static void copy_row(const struct decoder *decoder, size_t y, const uint8_t *row) {
  const ci_region *region = &decoder->region;
  if (y < (size_t)region->y || y >= (size_t)region->y + (size_t)region->height) return;
  size_t depth = png_get_bit_depth(decoder->png, decoder->info) / 8;
  size_t channels = png_get_channels(decoder->png, decoder->info);
  size_t width = (size_t)region->width;
  uint8_t *rgb = decoder->rgb + (y - (size_t)region->y) * width * 3;
  row += (size_t)region->x * channels * depth;
  if (channels == 1) copy_grey(rgb, row, width, depth);
  else memcpy(rgb, row, width * 3);
}

// Reads all rows, also those below the region, since their checksums show whether the file is intact.
static void read_samples(struct decoder *decoder) {
  png_structp png = decoder->png;
  int passes = convert(decoder);
  size_t height = png_get_image_height(png, decoder->info);
  size_t stride = png_get_rowbytes(png, decoder->info);
  size_t step = passes > 1 ? stride : 0;
  decoder->samples = malloc(passes > 1 ? stride * height : stride);
  if (!decoder->samples) png_error(png, "Out of memory");
  for (; passes > 0; passes--) {
    for (size_t y = 0; y < height; y++) {
      png_read_row(png, decoder->samples + y * step, NULL);
      if (passes == 1) copy_row(decoder, y, decoder->samples + y * step);
    }
  }
}

static int run(struct decoder *decoder, void (*body)(struct decoder *decoder)) {
  if (setjmp(png_jmpbuf(decoder->png))) return 1;
  read_header(decoder);
  body(decoder);
  return 0;
}

static int open_decoder(struct decoder *decoder) {
  decoder->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, on_error, on_warning);
  if (decoder->png) decoder->info = png_create_info_struct(decoder->png);
  return decoder->info ? 0 : ci_fail("Out of memory");
}

static void close_decoder(struct decoder *decoder) {
  free(decoder->samples);
  png_destroy_read_struct(&decoder->png, &decoder->info, NULL);
}

static void read_held(struct decoder *decoder) {
  if (convert(decoder) == 1) return;
  decoder->held = png_get_rowbytes(decoder->png, decoder->info) * png_get_image_height(decoder->png, decoder->info);
}

int ci_png_header(const uint8_t *bytes, size_t count, ci_header *header) {
  struct decoder decoder = {.bytes = bytes, .count = count};
  int status = open_decoder(&decoder) || run(&decoder, read_held);
  if (status == 0) {
    *header = (ci_header){(int32_t)png_get_image_width(decoder.png, decoder.info),
                          (int32_t)png_get_image_height(decoder.png, decoder.info), decoder.held};
  }
  close_decoder(&decoder);
  return status;
}

int ci_png_decode(const uint8_t *bytes, size_t count, ci_region region, uint8_t *rgb) {
  struct decoder decoder = {.bytes = bytes, .count = count, .region = region, .rgb = rgb};
  int status = open_decoder(&decoder) || run(&decoder, read_samples);
  close_decoder(&decoder);
  return status;
}

static png_image packed(int32_t width, int32_t height, int32_t channels) {
  png_image image = {.version = PNG_IMAGE_VERSION};
  image.width = (png_uint_32)width;
  image.height = (png_uint_32)height;
  image.format = channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
  return image;
}

int ci_png_write(const char *path, const uint8_t *samples, int32_t width, int32_t height, int32_t channels) {
  png_image image = packed(width, height, channels);
  if (png_image_write_to_file(&image, path, 0, samples, 0, NULL)) return 0;
  return ci_fail("%s", image.message);
}

int ci_png_encode(const uint8_t *samples, int32_t width, int32_t height, int32_t channels, uint8_t **bytes,
                  size_t *count) {
  png_image image = packed(width, height, channels);
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
  uint8_t *into = malloc(size);
  if (!into) return ci_fail("Out of memory");
  if (!png_image_write_to_memory(&image, into, &size, 0, samples, 0, NULL)) {
    free(into);
    return ci_fail("%s", image.message);
  }
  *bytes = into;
  *count = size;
  return 0;
}
