// Reads from a TIFF's header what its samples mean, for the kinds that Pillow reads.
#include "failure.h"
#include "tiff_pixels.h"

uint16_t tiff_field(TIFF *tiff, uint32_t tag, uint16_t otherwise) {
  uint16_t value;
  return TIFFGetFieldDefaulted(tiff, tag, &value) ? value : otherwise;
}

// The compressions that both Pillow and Debian's libtiff read; old-style JPEG is not among them.
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
    case TIFF_WHOLE: return (bits == 16 || bits == 32) && meaning->samples == 1 && !meaning->is_inverted;
    case TIFF_REAL: return bits == 32 && meaning->samples == 1;
    case TIFF_PALETTE: return bits == 1 || bits == 2 || bits == 4 || bits == 8;
    default: return bits == 8 || bits == 16;
  }
}

/// The header's fields about samples.
struct sample_tags {
  uint16_t compression, photometric, format;
};

// Reads the meaning of signed or 32-bit grey. Pillow mixes up the bytes of compressed samples in the other
// byte order, so these are refused.
static bool read_deep_grey(TIFF *tiff, const struct sample_tags *tags, struct tiff_meaning *meaning) {
  if (tags->format > SAMPLEFORMAT_IEEEFP) return false;
  if (meaning->bits == 8) return tags->format == SAMPLEFORMAT_INT && !meaning->is_inverted;
  meaning->kind = tags->format == SAMPLEFORMAT_IEEEFP ? TIFF_REAL : TIFF_WHOLE;
  return tags->compression == COMPRESSION_NONE || !TIFFIsByteSwapped(tiff);
}

// Reads the kind of the samples; false for one that is not supported.
static bool read_kind(TIFF *tiff, bool has_planes, const struct sample_tags *tags, struct tiff_meaning *meaning) {
  switch (tags->photometric) {
    case PHOTOMETRIC_MINISWHITE: meaning->is_inverted = true; break;
    case PHOTOMETRIC_MINISBLACK: break;
    case PHOTOMETRIC_PALETTE: meaning->kind = TIFF_PALETTE; break;
    case PHOTOMETRIC_RGB: meaning->kind = TIFF_RGB; break;
    case PHOTOMETRIC_SEPARATED: meaning->kind = TIFF_CMYK; break;
    case PHOTOMETRIC_YCBCR:
      meaning->kind = TIFF_RGB;
      if (meaning->bits != 8 || meaning->samples != 3 || tags->compression == COMPRESSION_NONE) return false;
      // libjpeg itself converts YCbCr to RGB; libtiff does so for all other compressions.
      meaning->is_converted = tags->compression != COMPRESSION_JPEG || has_planes;
      if (!meaning->is_converted) TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
      break;
    default: return false;
  }
  const bool is_deep = tags->format != SAMPLEFORMAT_UINT || meaning->bits == 32;
  return !is_deep || (meaning->kind == TIFF_GREY && read_deep_grey(tiff, tags, meaning));
}

// Whether the colours are premultiplied by alpha.
static bool is_premultiplied(TIFF *tiff) {
  uint16_t count, *extra;
  return TIFFGetField(tiff, TIFFTAG_EXTRASAMPLES, &count, &extra) && count > 0 && extra[0] == EXTRASAMPLE_ASSOCALPHA;
}

int tiff_read_meaning(TIFF *tiff, bool has_planes, struct tiff_meaning *meaning) {
  const struct sample_tags tags = {tiff_field(tiff, TIFFTAG_COMPRESSION, COMPRESSION_NONE),
                                   tiff_field(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISWHITE),
                                   tiff_field(tiff, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT)};
  if (!is_read(tags.compression)) return ci_fail_kind("TIFF's compression %d is not read", tags.compression);
  meaning->bits = tiff_field(tiff, TIFFTAG_BITSPERSAMPLE, 1);
  meaning->samples = tiff_field(tiff, TIFFTAG_SAMPLESPERPIXEL, 1);
  bool is_kind = read_kind(tiff, has_planes, &tags, meaning);
  meaning->is_premultiplied = meaning->kind == TIFF_RGB && is_premultiplied(tiff);
  if (!is_kind || !is_known(meaning)) {
    return ci_fail_kind("TIFF's %d samples of %d bits (photometric %d, format %d) are not read", meaning->samples,
                        meaning->bits, tags.photometric, tags.format);
  }
  return meaning->kind == TIFF_PALETTE ? read_palette(tiff, meaning) : 0;
}
