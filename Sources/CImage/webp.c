// WebP decoding with libwebp and Pillow's conversions: the first frame on a black canvas, alpha dropped, no
// dithering.
#include "CImage.h"
#include "failure.h"
#include <stdlib.h>
#include <string.h>

#include <webp/decode.h>
#include <webp/demux.h>

struct decoder {
  WebPDemuxer *demuxer;
  WebPIterator frame;
  WebPBitstreamFeatures features;
};

static int open_decoder(struct decoder *decoder, const uint8_t *bytes, size_t count) {
  const WebPData data = {bytes, count};
  WebPDemuxState state;
  decoder->demuxer = WebPDemuxPartial(&data, &state);
  if (state == WEBP_DEMUX_PARSE_ERROR) return ci_fail("its parts do not fit together");
  if (state != WEBP_DEMUX_DONE) return ci_fail("Premature end of file");
  if (!WebPDemuxGetFrame(decoder->demuxer, 1, &decoder->frame)) return ci_fail("it has no frame");
  const WebPData *part = &decoder->frame.fragment;
  if (WebPGetFeatures(part->bytes, part->size, &decoder->features) == VP8_STATUS_OK) return 0;
  return ci_fail("its first frame has no header");
}

static void close_decoder(struct decoder *decoder) {
  WebPDemuxReleaseIterator(&decoder->frame);
  WebPDemuxDelete(decoder->demuxer);
}

// Returns the bytes of the frame's RGB, and of what libwebp keeps for a whole frame: all of a lossless one,
// only alpha otherwise.
static size_t held(const struct decoder *decoder) {
  enum { LOSSLESS = 2 };
  const size_t kept = decoder->features.format == LOSSLESS ? 4 : decoder->features.has_alpha ? 2 : 0;
  return (size_t)decoder->frame.width * (size_t)decoder->frame.height * (3 + kept);
}

int ci_webp_header(const uint8_t *bytes, size_t count, ci_header *header) {
  struct decoder decoder = {0};
  const int status = open_decoder(&decoder, bytes, count);
  if (status == 0) {
    *header = (ci_header){(int32_t)WebPDemuxGetI(decoder.demuxer, WEBP_FF_CANVAS_WIDTH),
                          (int32_t)WebPDemuxGetI(decoder.demuxer, WEBP_FF_CANVAS_HEIGHT), held(&decoder)};
  }
  close_decoder(&decoder);
  return status;
}

static int32_t larger(int32_t a, int32_t b) { return a > b ? a : b; }
static int32_t smaller(int32_t a, int32_t b) { return a < b ? a : b; }

// Copies the part of the frame that lies in the region; the frame may be smaller than the canvas.
static void copy_region(const WebPIterator *frame, const uint8_t *pixels, ci_region region, uint8_t *rgb) {
  const int32_t left = larger(region.x, frame->x_offset);
  const int32_t right = smaller(region.x + region.width, frame->x_offset + frame->width);
  memset(rgb, 0, (size_t)region.width * (size_t)region.height * 3);
  if (left >= right) return;
  const int32_t top = larger(region.y, frame->y_offset);
  const int32_t bottom = smaller(region.y + region.height, frame->y_offset + frame->height);
  for (int32_t y = top; y < bottom; y++) {
    const size_t from = (size_t)(y - frame->y_offset) * (size_t)frame->width + (size_t)(left - frame->x_offset);
    const size_t to = (size_t)(y - region.y) * (size_t)region.width + (size_t)(left - region.x);
    memcpy(rgb + 3 * to, pixels + 3 * from, 3 * (size_t)(right - left));
  }
}

static int decode_frame(const WebPIterator *frame, uint8_t *pixels, size_t size) {
  WebPDecoderConfig config;
  if (!WebPInitDecoderConfig(&config)) return ci_fail("libwebp is another one than its headers");
  config.output.colorspace = MODE_RGB;
  config.output.is_external_memory = 1;
  config.output.u.RGBA = (WebPRGBABuffer){pixels, frame->width * 3, size};
  switch (WebPDecode(frame->fragment.bytes, frame->fragment.size, &config)) {
    case VP8_STATUS_OK: return 0;
    case VP8_STATUS_OUT_OF_MEMORY: return ci_fail("Out of memory");
    case VP8_STATUS_NOT_ENOUGH_DATA: return ci_fail("Premature end of file");
    default: return ci_fail("its data cannot be decoded");
  }
}

// Decodes the whole frame: where libwebp crops, the colours at the edges differ.
int ci_webp_decode(const uint8_t *bytes, size_t count, ci_region region, uint8_t *rgb) {
  struct decoder decoder = {0};
  uint8_t *pixels = NULL;
  int status = open_decoder(&decoder, bytes, count);
  if (status == 0) {
    const size_t size = (size_t)decoder.frame.width * (size_t)decoder.frame.height * 3;
    pixels = malloc(size);
    status = pixels ? decode_frame(&decoder.frame, pixels, size) : ci_fail("Out of memory");
  }
  if (status == 0) copy_region(&decoder.frame, pixels, region, rgb);
  free(pixels);
  close_decoder(&decoder);
  return status;
}
