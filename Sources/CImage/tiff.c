// Decodes the first image of a TIFF, in strips or tiles, with libtiff, and applies its orientation, as Pillow
// does for TIFFs only.
#include "CImage.h"
#include "failure.h"
#include "tiff_deflate.h"
#include "tiff_memory.h"
#include "tiff_pixels.h"
#include <stdlib.h>

// --- the header -----------------------------------------------------------------------------------------------------

struct decoder {
  struct tiff_memory memory;
  TIFF *tiff;
  struct tiff_meaning meaning;
  uint32_t width, height;  // as stored
  uint16_t orientation;
  bool is_tiled, has_planes;
  uint32_t block_width, block_height;
  size_t block_bytes, row_bytes;
};

// Fails where the list of strips or tiles is too short for the image: libtiff would read 0, the offset of the
// header, for the missing ones.
static int require_all_blocks(const struct decoder *decoder) {
  TIFF *tiff = decoder->tiff;
  // The image exceeds every limit anyway.
  if ((uint64_t)decoder->width * decoder->height >= 1 << 30) return 0;
  const uint32_t count = TIFFIsTiled(tiff) ? TIFFNumberOfTiles(tiff) : TIFFNumberOfStrips(tiff);
  for (uint32_t i = 0; i < count; i++) {
    if (TIFFGetStrileOffset(tiff, i) == 0) return ci_fail("it needs %u strips or tiles, and has %u", count, i);
  }
  return 0;
}

// Makes blocks hold RGB in four bytes a pixel.
static void convert_blocks(struct decoder *decoder) {
  decoder->meaning.samples = 4;
  decoder->is_tiled = decoder->has_planes = false;
  decoder->row_bytes = 4 * (size_t)decoder->width;
  if (__builtin_mul_overflow(decoder->row_bytes, decoder->block_height, &decoder->block_bytes)) {
    decoder->block_bytes = SIZE_MAX;
  }
}

// Determines the layout of the blocks. Strips are blocks of the image's width; with separate planes a block
// has one sample of each pixel.
static int read_blocks(struct decoder *decoder) {
  TIFF *tiff = decoder->tiff;
  decoder->is_tiled = TIFFIsTiled(tiff);
  decoder->block_width = decoder->width;
  decoder->block_height = decoder->height;
  if (decoder->is_tiled && !decoder->meaning.is_converted) {
    TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &decoder->block_width);
    TIFFGetField(tiff, TIFFTAG_TILELENGTH, &decoder->block_height);
  } else {
    uint32_t rows;
    if (TIFFGetFieldDefaulted(tiff, TIFFTAG_ROWSPERSTRIP, &rows) && rows < decoder->height) decoder->block_height = rows;
  }
  const tmsize_t block = decoder->is_tiled ? TIFFTileSize(tiff) : TIFFStripSize(tiff);
  const tmsize_t row = decoder->is_tiled ? TIFFTileRowSize(tiff) : TIFFScanlineSize(tiff);
  const uint64_t samples = decoder->has_planes ? 1 : (uint64_t)decoder->meaning.samples;
  const uint64_t needed = ((uint64_t)decoder->block_width * samples * (uint64_t)decoder->meaning.bits + 7) / 8;
  if (decoder->block_width == 0 || decoder->block_height == 0 || row <= 0 || block <= 0 ||
      (!decoder->meaning.is_converted && ((uint64_t)row < needed || block / row < (tmsize_t)decoder->block_height))) {
    return ci_fail("its strips or tiles are of no size");
  }
  decoder->block_bytes = (size_t)block;
  decoder->row_bytes = (size_t)row;
  if (decoder->meaning.is_converted) convert_blocks(decoder);
  return require_all_blocks(decoder);
}

static int open_decoder(struct decoder *decoder, const uint8_t *bytes, size_t count) {
  // A message in case libtiff gives none.
  ci_fail("libtiff cannot read it");
  decoder->memory = (struct tiff_memory){.bytes = bytes, .count = count};
  decoder->tiff = tiff_open(&decoder->memory);
  TIFF *tiff = decoder->tiff;
  if (!tiff) return 1;
  if (!TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &decoder->width) ||
      !TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &decoder->height) || decoder->width == 0 || decoder->height == 0 ||
      decoder->width > INT32_MAX || decoder->height > INT32_MAX) {
    return ci_fail("it has no pixels");
  }
  decoder->orientation = tiff_field(tiff, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
  decoder->has_planes = tiff_field(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) == PLANARCONFIG_SEPARATE;
  return tiff_read_meaning(tiff, decoder->has_planes, &decoder->meaning) || read_blocks(decoder);
}

static void close_decoder(struct decoder *decoder) {
  if (decoder->tiff) TIFFClose(decoder->tiff);
}

static size_t planes(const struct decoder *decoder) {
  return decoder->has_planes ? (size_t)tiff_needed_samples(&decoder->meaning) : 1;
}

// Returns the bytes of the blocks of all planes, or of two where libtiff converts, since it holds a copy;
// SIZE_MAX on overflow.
static size_t held(const struct decoder *decoder) {
  size_t bytes;
  const size_t blocks = decoder->meaning.is_converted ? 2 : planes(decoder);
  return __builtin_mul_overflow(decoder->block_bytes, blocks, &bytes) ? SIZE_MAX : bytes;
}

static bool is_on_its_side(const struct decoder *decoder) {
  return decoder->orientation >= ORIENTATION_LEFTTOP && decoder->orientation <= ORIENTATION_LEFTBOT;
}

int ci_tiff_header(const uint8_t *bytes, size_t count, ci_header *header) {
  struct decoder decoder = {0};
  const int status = open_decoder(&decoder, bytes, count);
  if (status == 0) {
    const int32_t width = (int32_t)decoder.width, height = (int32_t)decoder.height;
    const bool is_turned = is_on_its_side(&decoder);
    *header = (ci_header){is_turned ? height : width, is_turned ? width : height, held(&decoder)};
  }
  close_decoder(&decoder);
  return status;
}

// --- the pixels -----------------------------------------------------------------------------------------------------

/// Where the region lies among the stored pixels, and where its pixels are written: the bytes from one pixel
/// to the next in a row and in a column.
struct placement {
  int64_t x, y, width, height;
  uint8_t *first;
  ptrdiff_t across, down;
};

static struct placement placed(const struct decoder *decoder, ci_region region, uint8_t *rgb) {
  const uint16_t way = decoder->orientation;
  const bool is_turned = is_on_its_side(decoder);
  const bool from_right = way == 2 || way == 3 || way == 6 || way == 7;
  const bool from_bottom = way == 3 || way == 4 || way == 7 || way == 8;
  const int64_t width = is_turned ? decoder->height : decoder->width;
  const int64_t height = is_turned ? decoder->width : decoder->height;
  const int64_t x = from_right ? width - region.x - region.width : region.x;
  const int64_t y = from_bottom ? height - region.y - region.height : region.y;
  const ptrdiff_t row = 3 * (ptrdiff_t)region.width;
  const ptrdiff_t across = from_right ? -3 : 3, down = from_bottom ? -row : row;
  uint8_t *first = rgb + (from_right ? row - 3 : 0) + (from_bottom ? row * (region.height - 1) : 0);
  if (is_turned) return (struct placement){y, x, region.height, region.width, first, down, across};
  return (struct placement){x, y, region.width, region.height, first, across, down};
}

static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }
static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

// Writes those pixels of the block at (left, top) that lie in the region.
static void place_block(const struct decoder *decoder, const uint8_t *block, int64_t left, int64_t top,
                        const struct placement *to) {
  const struct tiff_meaning *meaning = &decoder->meaning;
  const size_t bytes = (size_t)meaning->bits / 8;
  const int64_t x0 = larger(left, to->x), x1 = smaller(left + decoder->block_width, to->x + to->width);
  const int64_t y0 = larger(top, to->y), y1 = smaller(top + decoder->block_height, to->y + to->height);
  for (int64_t y = y0; y < y1; y++) {
    const uint8_t *start = block + (size_t)(y - top) * decoder->row_bytes;
    struct tiff_row row = {.step = decoder->has_planes ? bytes : bytes * (size_t)meaning->samples};
    for (int i = 0; i < tiff_needed_samples(meaning); i++) {
      row.samples[i] = start + (size_t)i * (decoder->has_planes ? decoder->block_bytes : bytes);
    }
    uint8_t *rgb = to->first + (y - to->y) * to->down + (x0 - to->x) * to->across;
    for (int64_t x = x0; x < x1; x++, rgb += to->across) tiff_pixel(meaning, &row, (size_t)(x - left), rgb);
  }
}

// Reads the rows of a block that belong to the image; the last strip ends with the image.
static int read_block(const struct decoder *decoder, uint32_t left, uint32_t top, uint16_t plane, uint8_t *into) {
  const uint32_t rows = decoder->is_tiled ? decoder->block_height
                                          : (uint32_t)smaller(decoder->block_height, decoder->height - top);
  const tmsize_t needed = (tmsize_t)(rows * decoder->row_bytes), size = (tmsize_t)decoder->block_bytes;
  const tmsize_t count =
      decoder->is_tiled
          ? TIFFReadEncodedTile(decoder->tiff, TIFFComputeTile(decoder->tiff, left, top, 0, plane), into, size)
          : TIFFReadEncodedStrip(decoder->tiff, TIFFComputeStrip(decoder->tiff, top, plane), into, needed);
  if (count < 0) return 1;
  return count < needed ? ci_fail("Premature end of file") : 0;
}

// Reads all blocks, also those outside the region, since they may be damaged.
static int read_pixels(const struct decoder *decoder, uint8_t *memory, const struct placement *to) {
  for (uint64_t top = 0; top < decoder->height; top += decoder->block_height) {
    for (uint64_t left = 0; left < decoder->width; left += decoder->block_width) {
      for (size_t plane = 0; plane < planes(decoder); plane++) {
        uint8_t *into = memory + plane * decoder->block_bytes;
        if (read_block(decoder, (uint32_t)left, (uint32_t)top, (uint16_t)plane, into)) return 1;
      }
      place_block(decoder, memory, (int64_t)left, (int64_t)top, to);
    }
  }
  return 0;
}

// Converts a strip's rows at a time, since neighbouring rows share chroma samples.
static int convert_pixels(const struct decoder *decoder, uint8_t *memory, const struct placement *to) {
  TIFFRGBAImage image;
  char reason[1024] = "";
  const int stops_at_damage = 1;
  if (!TIFFRGBAImageOK(decoder->tiff, reason) ||
      !TIFFRGBAImageBegin(&image, decoder->tiff, stops_at_damage, reason)) {
    return ci_fail_kind("%s", reason);
  }
  image.req_orientation = image.orientation;
  int status = 0;
  for (uint64_t top = 0; status == 0 && top < decoder->height; top += decoder->block_height) {
    image.row_offset = (int)top;
    const uint32_t rows = (uint32_t)smaller(decoder->block_height, (int64_t)(decoder->height - top));
    if (!TIFFRGBAImageGet(&image, (uint32_t *)(void *)memory, decoder->width, rows)) status = 1;
    else place_block(decoder, memory, 0, (int64_t)top, to);
  }
  TIFFRGBAImageEnd(&image);
  return status;
}

int ci_tiff_decode(const uint8_t *bytes, size_t count, ci_region region, uint8_t *rgb) {
  struct decoder decoder = {0};
  uint8_t *memory = NULL;
  int status = open_decoder(&decoder, bytes, count);
  if (status == 0 && held(&decoder) > TIFF_MOST_HELD) status = ci_fail("its strips or tiles are too large");
  if (status == 0) {
    memory = malloc(held(&decoder));
    const struct placement to = placed(&decoder, region, rgb);
    status = !memory                ? ci_fail("Out of memory")
             : decoder.meaning.is_converted ? convert_pixels(&decoder, memory, &to)
                                    : read_pixels(&decoder, memory, &to);
  }
  free(memory);
  close_decoder(&decoder);
  return status;
}

int ci_tiff_check(const uint8_t *bytes, size_t count) {
  struct decoder decoder = {0};
  int status = open_decoder(&decoder, bytes, count);
  if (status == 0) status = tiff_check_deflate(decoder.tiff, &decoder.memory);
  close_decoder(&decoder);
  return status;
}
