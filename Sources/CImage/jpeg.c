// JPEG decoding with libjpeg-turbo, with the settings that Pillow uses: accurate integer DCT, fancy
// upsampling, no EXIF rotation.
#include "CImage.h"
#include "failure.h"
#include "jpeg_memory.h"
#include <setjmp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <jerror.h>

struct ci_jpeg {
  struct jpeg_memory memory;  // first, where libjpeg's client data are looked for
  struct jpeg_decompress_struct jpeg;
  struct jpeg_error_mgr errors;
  jmp_buf escape;
  const uint8_t *bytes;
  size_t count;
  bool is_at_pixels;  // of these bytes the header has been read, and nothing else
};

// --- errors ---------------------------------------------------------------------------------------------------------

// Replaces libjpeg's handler, which ends the process.
static void on_error(j_common_ptr jpeg) {
  char message[JMSG_LENGTH_MAX];
  jpeg->err->format_message(jpeg, message);
  switch (jpeg->err->msg_code) {
    case JERR_BAD_PRECISION:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_SOF_UNSUPPORTED: ci_fail_kind("%s", message); break;
    default: ci_fail("%s", message);
  }
  longjmp(((struct ci_jpeg *)jpeg->client_data)->escape, 1);
}

static void on_message(j_common_ptr jpeg, int level) {
  (void)level;
  switch (jpeg->err->msg_code) {
    case JWRN_JPEG_EOF:
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_MUST_RESYNC:
      on_error(jpeg);
  }
}

// Rejects a truncated file. A crop may lie above the place where the file was cut off, so the end marker is
// looked for in every case.
// Within the entropy-coded data 0xFF is always followed by a zero, so image data cannot match.
static void require_end_of_image(j_decompress_ptr jpeg) {
  const JOCTET *start = jpeg->src->next_input_byte;
  for (size_t end = jpeg->src->bytes_in_buffer; end >= 2; end--) {
    if (start[end - 2] == 0xFF && start[end - 1] == JPEG_EOI) return;
  }
  ERREXIT(jpeg, JERR_INPUT_EOF);
}

// Limits the number of scans: cameras write ten at most, but a file of empty scans would take hours to
// decode. Every scan begins with a marker.
static int check_scans(const uint8_t *bytes, size_t count) {
  enum { MOST = 100, START_OF_SCAN = 0xDA };
  int scans = 0;
  const uint8_t *end = bytes + count;
  for (const uint8_t *at = bytes; (at = memchr(at, 0xFF, (size_t)(end - at))) && at + 1 < end; at++) {
    if (at[1] == START_OF_SCAN && ++scans > MOST) return ci_fail("it has more than %d scans", MOST);
  }
  return 0;
}

// --- a decoder, and the header --------------------------------------------------------------------------------------

ci_jpeg *ci_jpeg_new(void) {
  ci_jpeg *decoder = calloc(1, sizeof *decoder);
  if (!decoder) return NULL;
  j_decompress_ptr jpeg = &decoder->jpeg;
  jpeg->err = jpeg_std_error(&decoder->errors);
  jpeg->client_data = decoder;
  decoder->errors.error_exit = on_error;
  decoder->errors.emit_message = on_message;
  if (setjmp(decoder->escape)) {
    ci_jpeg_free(decoder);
    return NULL;
  }
  jpeg_create_decompress(jpeg);
  // The source is allocated now, in libjpeg's own memory, since it outlives an image.
  static const uint8_t nothing;
  jpeg_mem_src(jpeg, &nothing, sizeof nothing);
  jpeg_memory_serve((j_common_ptr)jpeg);
  return decoder;
}

void ci_jpeg_free(ci_jpeg *decoder) {
  if (!decoder) return;
  jpeg_destroy_decompress(&decoder->jpeg);
  jpeg_memory_free(&decoder->memory);
  free(decoder);
}

// Abandons the current image and everything allocated for it. The next file must not find the tables of this
// one.
static void leave_image(ci_jpeg *decoder) {
  j_decompress_ptr jpeg = &decoder->jpeg;
  decoder->is_at_pixels = false;
  jpeg_abort_decompress(jpeg);
  jpeg_memory_reset(&decoder->memory);
  memset(jpeg->quant_tbl_ptrs, 0, sizeof jpeg->quant_tbl_ptrs);
  memset(jpeg->dc_huff_tbl_ptrs, 0, sizeof jpeg->dc_huff_tbl_ptrs);
  memset(jpeg->ac_huff_tbl_ptrs, 0, sizeof jpeg->ac_huff_tbl_ptrs);
}

static int read_header(ci_jpeg *decoder) {
  j_decompress_ptr jpeg = &decoder->jpeg;
  leave_image(decoder);
  if (setjmp(decoder->escape)) return 1;
  jpeg_mem_src(jpeg, decoder->bytes, decoder->count);
  jpeg_read_header(jpeg, TRUE);
  require_end_of_image(jpeg);
  if (jpeg_has_multiple_scans(jpeg) && check_scans(decoder->bytes, decoder->count)) return 1;
  decoder->is_at_pixels = true;
  return 0;
}

// Returns the size of the whole image's coefficients, which are kept until the last scan has refined them.
static size_t coefficient_bytes(j_decompress_ptr jpeg) {
  size_t bytes = 0;
  for (int i = 0; i < jpeg->num_components; i++) {
    const jpeg_component_info *component = jpeg->comp_info + i;
    size_t across = (jpeg->image_width * (size_t)component->h_samp_factor) / (size_t)jpeg->max_h_samp_factor;
    size_t down = (jpeg->image_height * (size_t)component->v_samp_factor) / (size_t)jpeg->max_v_samp_factor;
    // Padded to whole 8 × 8 blocks, and those to whole units (MCUs) of up to four blocks.
    bytes += (across + 4 * DCTSIZE) * (down + 4 * DCTSIZE) * sizeof(JCOEF);
  }
  return bytes;
}

int ci_jpeg_header(ci_jpeg *decoder, const uint8_t *bytes, size_t count, ci_header *header) {
  if (!decoder) return ci_fail("Out of memory");
  decoder->bytes = bytes;
  decoder->count = count;
  if (read_header(decoder)) return 1;
  j_decompress_ptr jpeg = &decoder->jpeg;
  *header = (ci_header){(int32_t)jpeg->image_width, (int32_t)jpeg->image_height,
                        jpeg_has_multiple_scans(jpeg) ? coefficient_bytes(jpeg) : 0};
  return 0;
}

// --- the pixels -----------------------------------------------------------------------------------------------------

// Adobe stores CMYK inverted, so a stored sample is already 255 minus its ink: RGB = sample * black / 255, rounded.
static void copy_inverted_cmyk(uint8_t *rgb, const JSAMPLE *cmyk, int32_t width) {
  for (int32_t i = 0; i < width; i++, rgb += 3, cmyk += 4) {
    for (int channel = 0; channel < 3; channel++) {
      uint32_t ink = (255u - cmyk[channel]) * cmyk[3] + 128;
      rgb[channel] = (uint8_t)(cmyk[3] - (((ink >> 8) + ink) >> 8));
    }
  }
}

// The extra columns decoded on each side of the region. One pixel would give fancy upsampling the same
// neighbours as a full decode, but a strip with fewer than three columns of chroma is upsampled without
// interpolation, which eight pixels prevent.
enum { MARGIN = 8 };

// Both margins, plus the move of the left edge to that of a unit of up to four blocks.
enum { SPARE_COLUMNS = 2 * MARGIN + 4 * DCTSIZE };

size_t ci_jpeg_row_bytes(ci_region region) { return ((size_t)region.width + SPARE_COLUMNS) * 3; }

// Selects the columns to decode. Returns how many pixels precede the region in each row: libjpeg moves the
// left edge to a block's.
static JDIMENSION crop_columns(j_decompress_ptr jpeg, const ci_region *region) {
  JDIMENSION x = (JDIMENSION)region->x;
  JDIMENSION left = x > MARGIN ? x - MARGIN : 0;
  JDIMENSION right = x + (JDIMENSION)region->width + MARGIN;
  if (right > jpeg->output_width) right = jpeg->output_width;
  JDIMENSION width = right - left;
  if (width < jpeg->output_width) jpeg_crop_scanline(jpeg, &left, &width);
  return x - left;
}

static void read_cmyk(j_decompress_ptr jpeg, const ci_region *region, uint8_t *rgb) {
  JSAMPARRAY row = jpeg->mem->alloc_sarray((j_common_ptr)jpeg, JPOOL_IMAGE, jpeg->output_width * 4, 1);
  for (int32_t y = 0; y < region->height; y++, rgb += ci_jpeg_row_bytes(*region)) {
    jpeg_read_scanlines(jpeg, row, 1);
    copy_inverted_cmyk(rgb, row[0], (int32_t)jpeg->output_width);
  }
}

static void read_rgb(j_decompress_ptr jpeg, const ci_region *region, uint8_t *rgb) {
  for (int32_t y = 0; y < region->height; y++, rgb += ci_jpeg_row_bytes(*region)) jpeg_read_scanlines(jpeg, &rgb, 1);
}

// Decodes the region's rows. Returns how many bytes of each row precede the region.
static size_t read_region(j_decompress_ptr jpeg, const ci_region *region, int32_t reduction, uint8_t *rows) {
  const bool is_cmyk = jpeg->num_components == 4;
  jpeg->out_color_space = is_cmyk ? JCS_CMYK : JCS_RGB;
  jpeg->scale_denom = (unsigned)reduction;
  jpeg_start_decompress(jpeg);
  const size_t skipped = crop_columns(jpeg, region) * (size_t)3;
  if ((size_t)jpeg->output_width * 3 > ci_jpeg_row_bytes(*region)) ERREXIT(jpeg, JERR_WIDTH_OVERFLOW);
  if (region->y > 0) jpeg_skip_scanlines(jpeg, (JDIMENSION)region->y);
  if (is_cmyk) read_cmyk(jpeg, region, rows);
  else read_rgb(jpeg, region, rows);
  return skipped;
}

static int decode(ci_jpeg *decoder, const ci_region *region, int32_t reduction, uint8_t *rows, size_t *skipped) {
  if (!decoder->is_at_pixels && read_header(decoder)) return 1;
  if (setjmp(decoder->escape)) return 1;
  *skipped = read_region(&decoder->jpeg, region, reduction, rows);
  return 0;
}

int ci_jpeg_decode(ci_jpeg *decoder, ci_region region, int32_t reduction, uint8_t *rows, size_t *skipped) {
  const int status = decode(decoder, &region, reduction, rows, skipped);
  leave_image(decoder);
  return status;
}
