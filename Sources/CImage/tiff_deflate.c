#include "tiff_deflate.h"
#include "failure.h"
#include "tiff_pixels.h"

#define ZLIB_CONST
#include <zlib.h>

// The size of the inflation buffer, and how far data are followed beyond their strip's size, in bytes.
enum { WINDOW = 1 << 16 };

static int inflate_all(z_stream *stream, uint64_t most) {
  uint8_t window[WINDOW];
  for (;;) {
    stream->next_out = window;
    stream->avail_out = WINDOW;
    const int status = inflate(stream, Z_NO_FLUSH);
    if (status == Z_STREAM_END) return 0;
    if (status != Z_OK) return ci_fail("%s", stream->msg ? stream->msg : "Premature end of file");
    if (stream->total_out > most + WINDOW) return 0;
  }
}

static int check_block(const uint8_t *bytes, uint64_t count, uint64_t most) {
  z_stream stream = {.next_in = bytes, .avail_in = (uInt)count};
  if (inflateInit(&stream) != Z_OK) return ci_fail("Out of memory");
  const int status = inflate_all(&stream, most);
  inflateEnd(&stream);
  return status;
}

int tiff_check_deflate(TIFF *tiff, const struct tiff_memory *file) {
  const uint16_t compression = tiff_field(tiff, TIFFTAG_COMPRESSION, COMPRESSION_NONE);
  const bool is_deflate = compression == COMPRESSION_ADOBE_DEFLATE || compression == COMPRESSION_DEFLATE;
  if (!is_deflate || tiff_field(tiff, TIFFTAG_FILLORDER, FILLORDER_MSB2LSB) != FILLORDER_MSB2LSB) return 0;
  const bool is_tiled = TIFFIsTiled(tiff);
  const uint32_t blocks = is_tiled ? TIFFNumberOfTiles(tiff) : TIFFNumberOfStrips(tiff);
  const tmsize_t most = is_tiled ? TIFFTileSize(tiff) : TIFFStripSize(tiff);
  for (uint32_t i = 0; i < blocks; i++) {
    const uint64_t start = TIFFGetStrileOffset(tiff, i), count = TIFFGetStrileByteCount(tiff, i);
    if (start > file->count || count > file->count - start || count > UINT32_MAX) return ci_fail("Premature end of file");
    if (check_block(file->bytes + start, count, (uint64_t)most)) return 1;
  }
  return 0;
}
