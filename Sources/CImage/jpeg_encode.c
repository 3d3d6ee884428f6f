// JPEG encoding with libjpeg-turbo's default settings: 4:2:0, accurate integer DCT.
#include "CImage.h"
#include "failure.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>

struct encoder {
  struct jpeg_compress_struct jpeg;
  struct jpeg_error_mgr errors;
  jmp_buf escape;
  unsigned char *bytes;
  unsigned long count;
};

// Replaces libjpeg's handler, which ends the process.
static void on_error(j_common_ptr jpeg) {
  char message[JMSG_LENGTH_MAX];
  jpeg->err->format_message(jpeg, message);
  ci_fail("%s", message);
  longjmp(((struct encoder *)jpeg->client_data)->escape, 1);
}

static int run(struct encoder *encoder, const uint8_t *rgb, int32_t width, int32_t height, int32_t quality) {
  if (setjmp(encoder->escape)) return 1;
  j_compress_ptr jpeg = &encoder->jpeg;
  jpeg_create_compress(jpeg);
  jpeg_mem_dest(jpeg, &encoder->bytes, &encoder->count);
  jpeg->image_width = (JDIMENSION)width;
  jpeg->image_height = (JDIMENSION)height;
  jpeg->input_components = 3;
  jpeg->in_color_space = JCS_RGB;
  jpeg_set_defaults(jpeg);
  jpeg_set_quality(jpeg, quality, TRUE);
  jpeg_start_compress(jpeg, TRUE);
  while (jpeg->next_scanline < jpeg->image_height) {
    JSAMPROW row = (JSAMPROW)(rgb + (size_t)jpeg->next_scanline * (size_t)width * 3);
    jpeg_write_scanlines(jpeg, &row, 1);
  }
  jpeg_finish_compress(jpeg);
  return 0;
}

int ci_jpeg_encode(const uint8_t *rgb, int32_t width, int32_t height, int32_t quality, uint8_t **bytes,
                   size_t *count) {
  struct encoder encoder = {0};
  encoder.jpeg.err = jpeg_std_error(&encoder.errors);
  encoder.jpeg.client_data = &encoder;
  encoder.errors.error_exit = on_error;
  int status = run(&encoder, rgb, width, height, quality);
  jpeg_destroy_compress(&encoder.jpeg);
  if (status) {
    free(encoder.bytes);
    return status;
  }
  *bytes = encoder.bytes;
  *count = encoder.count;
  return 0;
}
