// The first image of a TIFF, in strips or tiles, through libtiff; turned as its orientation says, as Pillow turns TIFFs alone.
#include "CImage.h"
#include "failure.h"
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

static uint16_t field(TIFF *tiff, uint32_t tag, uint16_t otherwise) {
  uint16_t value;
  return TIFFGetFieldDefaulted(tiff, tag, &value) ? value : otherwise;
}

// Those that Pillow reads and Debian's libtiff too; JPEG's first form in a TIFF is not among them.
static bool is_read(uint16_t compression) {
  static const uint16_t read[] = {
      COMPRESSION_NONE, COMPRESSION_CCITTRLE, COMPRESSION_CCITTFAX3, COMPRESSION_CCITTFAX4,
      COMPRESSION_LZW, COMPRESSION_JPEG, COMPRESSION_ADOBE_DEFLATE, COMPRESSION_DEFLATE,
      COMPRESSION_PACKBITS, COMPRESSION_LZMA, COMPRESSION_ZSTD,
  };
  for (size_t i = 0; i < sizeof read / sizeof *read; i++) {
    if (read[i] == compression) return TIFFIsCODECConfigured(compression);
  }
  return false;
}

static int read_palette(TIFF *tiff, struct tiff_meaning *meaning) {
  uint16_t *channels[3];
  if (!TIFFGetField(tiff, TIFFTAG_COLORMAP, &channels[0], &channels[1], &channels[2])) {
    return ci_fail("it has no palette");
  }
  for (int i = 0; i < 1 << meaning->bits; i++) {
    for (int channel = 0; channel < 3; channel++) meaning->colors[i][channel] = (uint8_t)(channels[channel][i] >> 8);
  }
  return 0;
}

static bool is_known(const struct tiff_meaning *meaning) {
  const int bits = meaning->bits;
  if (bits != 8 && bits != 16 && meaning->samples != 1) return false;
  if (meaning->samples < tiff_needed_samples(meaning) || meaning->samples > TIFF_MOST_SAMPLES) return false;
  switch (meaning->kind) {
    case TIFF_GREY: return bits == 1 || bits == 2 || bits == 4 || bits == 8 || bits == 16;
    case TIFF_PALETTE: return bits == 1 || bits == 2 || bits == 4 || bits == 8;
    default: return bits == 8 || bits == 16;
  }
}

static int read_meaning(TIFF *tiff, bool has_planes, struct tiff_meaning *meaning) {
  const uint16_t compression = field(tiff, TIFFTAG_COMPRESSION, COMPRESSION_NONE);
  if (!is_read(compression)) return ci_fail_kind("TIFF's compression %d is not read", compression);
  meaning->bits = field(tiff, TIFFTAG_BITSPERSAMPLE, 1);
  meaning->samples = field(tiff, TIFFTAG_SAMPLESPERPIXEL, 1);
  const uint16_t photometric = field(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISWHITE);
  bool is_kind = true;
  switch (photometric) {
    case PHOTOMETRIC_MINISWHITE: meaning->is_inverted = true; break;
    case PHOTOMETRIC_MINISBLACK: break;
    case PHOTOMETRIC_PALETTE: meaning->kind = TIFF_PALETTE; break;
    case PHOTOMETRIC_RGB: meaning->kind = TIFF_RGB; break;
    case PHOTOMETRIC_SEPARATED: meaning->kind = TIFF_CMYK; break;
    case PHOTOMETRIC_YCBCR:
      // libjpeg makes RGB of it.
      is_kind = meaning->bits == 8 && compression == COMPRESSION_JPEG && !has_planes &&
                TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
      meaning->kind = TIFF_RGB;
      break;
    default: is_kind = false;
  }
  uint16_t extra_count, *extra;
  if (meaning->kind == TIFF_RGB && TIFFGetField(tiff, TIFFTAG_EXTRASAMPLES, &extra_count, &extra)) {
    meaning->is_premultiplied = extra_count > 0 && extra[0] == EXTRASAMPLE_ASSOCALPHA;
  }
  const uint16_t format = field(tiff, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT);
  if (!is_kind || format != SAMPLEFORMAT_UINT || !is_known(meaning)) {
    return ci_fail_kind("TIFF's %d samples of %d bits (photometric %d, format %d) are not read", meaning->samples,
                        meaning->bits, photometric, format);
  }
  return meaning->kind == TIFF_PALETTE ? read_palette(tiff, meaning) : 0;
}

// Strips are blocks as wide as the image. Where planes lie apart, a block has one sample of each pixel.
static int read_blocks(struct decoder *decoder) {
  TIFF *tiff = decoder->tiff;
  decoder->is_tiled = TIFFIsTiled(tiff);
  decoder->block_width = decoder->width;
  decoder->block_height = decoder->height;
  if (decoder->is_tiled) {
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
  if (decoder->block_width == 0 || decoder->block_height == 0 || row <= 0 || (uint64_t)row < needed ||
      block / row < (tmsize_t)decoder->block_height) {
    return ci_fail("its strips or tiles are of no size");
  }
  decoder->block_bytes = (size_t)block;
  decoder->row_bytes = (size_t)row;
  return 0;
}

static int open_decoder(struct decoder *decoder, const uint8_t *bytes, size_t count) {
  // For where libtiff says nothing.
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
  decoder->orientation = field(tiff, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
  decoder->has_planes = field(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) == PLANARCONFIG_SEPARATE;
  return read_meaning(tiff, decoder->has_planes, &decoder->meaning) || read_blocks(decoder);
}

static void close_decoder(struct decoder *decoder) {
  if (decoder->tiff) TIFFClose(decoder->tiff);
}

static size_t planes(const struct decoder *decoder) {
  return decoder->has_planes ? (size_t)tiff_needed_samples(&decoder->meaning) : 1;
}

// What the blocks of all planes take, or all memory that there can be where that is more.
static size_t held(const struct decoder *decoder) {
  size_t bytes;
  return __builtin_mul_overflow(decoder->block_bytes, planes(decoder), &bytes) ? SIZE_MAX : bytes;
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

/// Where the region lies among stored pixels, and where those go: how far in bytes to the next one of a row and of a column.
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

// Places what the region has of the block at (left, top).
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

// The rows of a block that the image has; strips end with it.
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

// Blocks beside the region are read too, for damage in them.
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

int ci_tiff_decode(const uint8_t *bytes, size_t count, ci_region region, uint8_t *rgb) {
  struct decoder decoder = {0};
  uint8_t *memory = NULL;
  int status = open_decoder(&decoder, bytes, count);
  if (status == 0 && held(&decoder) > TIFF_MOST_HELD) status = ci_fail("its strips or tiles are too large");
  if (status == 0) {
    memory = malloc(held(&decoder));
    const struct placement to = placed(&decoder, region, rgb);
    status = memory ? read_pixels(&decoder, memory, &to) : ci_fail("Out of memory");
  }
  free(memory);
  close_decoder(&decoder);
  return status;
}
