// Decodes the first frame of a GIF (GIF89a, 1990) with Pillow's conversions: the canvas around the frame
// takes the transparent colour, or else colour 0; colours missing from the palette are black, and without a
// palette the indices are greys.
#include "CImage.h"
#include "failure.h"
#include <stdbool.h>
#include <string.h>

struct source {
  const uint8_t *at, *end;
};

struct frame {
  int32_t canvas_width, canvas_height;
  int32_t x, y, width, height;
  bool is_interlaced;
  uint8_t around;
  uint8_t colors[256][3];
};

static int premature(void) { return ci_fail("Premature end of file"); }

// Takes `count` bytes; NULL where fewer are left.
static const uint8_t *take(struct source *source, size_t count) {
  if ((size_t)(source->end - source->at) < count) return NULL;
  source->at += count;
  return source->at - count;
}

static int32_t number(const uint8_t *bytes) { return bytes[0] | bytes[1] << 8; }

static int read_palette(struct source *source, uint8_t flags, struct frame *frame) {
  const size_t bytes = 3u << ((flags & 7) + 1);
  const uint8_t *palette = take(source, bytes);
  if (!palette) return premature();
  memset(frame->colors, 0, sizeof frame->colors);
  memcpy(frame->colors, palette, bytes);
  return 0;
}

// Reads an extension, of which only the index of the transparent colour matters.
static int read_extension(struct source *source, struct frame *frame) {
  enum { CONTROL = 0xF9 };
  const uint8_t *label = take(source, 1);
  if (!label) return premature();
  for (bool is_first = true;; is_first = false) {
    const uint8_t *count = take(source, 1);
    if (!count) return premature();
    if (*count == 0) return 0;
    const uint8_t *block = take(source, *count);
    if (!block) return premature();
    if (is_first && *label == CONTROL && *count >= 4 && (block[0] & 1)) frame->around = block[3];
  }
}

static int read_descriptor(struct source *source, struct frame *frame) {
  enum { OWN_PALETTE = 0x80, INTERLACED = 0x40 };
  const uint8_t *descriptor = take(source, 9);
  if (!descriptor) return premature();
  frame->x = number(descriptor);
  frame->y = number(descriptor + 2);
  frame->width = number(descriptor + 4);
  frame->height = number(descriptor + 6);
  frame->is_interlaced = descriptor[8] & INTERLACED;
  if (frame->width == 0 || frame->height == 0) return ci_fail("its first frame has no pixels");
  if (frame->x + frame->width > frame->canvas_width) frame->canvas_width = frame->x + frame->width;
  if (frame->y + frame->height > frame->canvas_height) frame->canvas_height = frame->y + frame->height;
  return descriptor[8] & OWN_PALETTE ? read_palette(source, descriptor[8], frame) : 0;
}

// Reads the file up to the frame's data.
static int read_frame(struct source *source, struct frame *frame) {
  enum { COMMON_PALETTE = 0x80 };
  const uint8_t *screen = take(source, 13);
  if (!screen) return premature();
  frame->canvas_width = number(screen + 6);
  frame->canvas_height = number(screen + 8);
  for (int i = 0; i < 256; i++) memset(frame->colors[i], i, 3);
  if (screen[10] & COMMON_PALETTE && read_palette(source, screen[10], frame)) return 1;
  for (;;) {
    const uint8_t *kind = take(source, 1);
    if (!kind) return premature();
    if (*kind == ',') return read_descriptor(source, frame);
    if (*kind == ';') return ci_fail("it has no frame");
    if (*kind == '!' && read_extension(source, frame)) return 1;
  }
}

int ci_gif_header(const uint8_t *bytes, size_t count, ci_header *header) {
  struct source source = {bytes, bytes + count};
  struct frame frame = {0};
  if (read_frame(&source, &frame)) return 1;
  *header = (ci_header){frame.canvas_width, frame.canvas_height, 0};
  return 0;
}

// --- the frame's pixels go into the region, in the order of the file ------------------------------------------------

struct painter {
  const struct frame *frame;
  ci_region region;
  uint8_t *rgb;
  int32_t x, y;  // in the frame
  int pass;
};

static bool is_done(const struct painter *painter) { return painter->y >= painter->frame->height; }

// Moves to the next row. An interlaced frame stores every eighth row first, then the rows halfway between
// those, then every second of the rest, then the rest.
static void next_row(struct painter *painter) {
  static const int32_t first[4] = {0, 4, 2, 1}, step[4] = {8, 8, 4, 2};
  painter->x = 0;
  painter->y += painter->frame->is_interlaced ? step[painter->pass] : 1;
  while (painter->frame->is_interlaced && is_done(painter) && painter->pass < 3) {
    painter->y = first[++painter->pass];
  }
}

static void paint(struct painter *painter, uint8_t color) {
  const struct frame *frame = painter->frame;
  const ci_region *region = &painter->region;
  const int32_t x = frame->x + painter->x - region->x, y = frame->y + painter->y - region->y;
  if (x >= 0 && x < region->width && y >= 0 && y < region->height) {
    memcpy(painter->rgb + 3 * ((size_t)y * (size_t)region->width + (size_t)x), frame->colors[color], 3);
  }
  if (++painter->x == frame->width) next_row(painter);
}

// --- LZW with codes of growing width, in blocks of up to 255 bytes --------------------------------------------------

enum { WIDEST = 12, MOST_CODES = 1 << WIDEST };

struct codes {
  struct source *source;
  int block;  // bytes of the block that are still unread
  uint32_t bits;
  int bit_count, width;
};

// Returns the next code, or -1 at the end of the data.
static int next_code(struct codes *codes) {
  while (codes->bit_count < codes->width) {
    const uint8_t *byte = take(codes->source, 1);
    if (!byte) return -1;
    if (codes->block == 0) {
      codes->block = *byte;
      if (*byte == 0) return -1;
      continue;
    }
    codes->block--;
    codes->bits |= (uint32_t)*byte << codes->bit_count;
    codes->bit_count += 8;
  }
  const int code = (int)(codes->bits & ((1u << codes->width) - 1));
  codes->bits >>= codes->width;
  codes->bit_count -= codes->width;
  return code;
}

/// What codes stand for: the text of an earlier code, followed by one colour.
struct dictionary {
  uint16_t before[MOST_CODES];
  uint8_t last[MOST_CODES];
  uint8_t text[MOST_CODES];
};

// Paints the text of a code, which unrolls from its end; returns its first colour.
static uint8_t paint_text(struct dictionary *known, int code, int literals, struct painter *painter) {
  int count = 0;
  for (; code >= literals; code = known->before[code]) known->text[count++] = known->last[code];
  const uint8_t first = (uint8_t)code;
  paint(painter, first);
  while (count > 0 && !is_done(painter)) paint(painter, known->text[--count]);
  return first;
}

static int paint_frame(struct source *source, struct painter *painter) {
  const uint8_t *bits = take(source, 1);
  if (!bits) return premature();
  if (*bits < 1 || *bits > 8) return ci_fail("its codes have %d bits", *bits);
  const int literals = 1 << *bits, clear = literals, end = clear + 1;
  struct codes codes = {.source = source, .width = *bits + 1};
  struct dictionary known;
  int next = end + 1, before = -1;
  uint8_t first = 0;
  while (!is_done(painter)) {
    const int code = next_code(&codes);
    if (code < 0 || code == end) return premature();
    if (code == clear) {
      codes.width = *bits + 1;
      next = end + 1;
      before = -1;
      continue;
    }
    if (code > next || (code >= literals && before < 0)) {
      return ci_fail("it has a code that stands for nothing");
    }
    if (before >= 0 && next < MOST_CODES) {
      // A code used before it is complete stands for the previous text followed by that text's first colour.
      known.before[next] = (uint16_t)before;
      known.last[next] = first;
    }
    first = paint_text(&known, code, literals, painter);
    if (before >= 0 && next < MOST_CODES) {
      known.last[next++] = first;
      if (next == 1 << codes.width && codes.width < WIDEST) codes.width++;
    }
    before = code;
  }
  return 0;
}

int ci_gif_decode(const uint8_t *bytes, size_t count, ci_region region, uint8_t *rgb) {
  struct source source = {bytes, bytes + count};
  struct frame frame = {0};
  if (read_frame(&source, &frame)) return 1;
  for (size_t i = 0; i < (size_t)region.width * (size_t)region.height; i++) {
    memcpy(rgb + 3 * i, frame.colors[frame.around], 3);
  }
  struct painter painter = {.frame = &frame, .region = region, .rgb = rgb};
  return paint_frame(&source, &painter);
}
