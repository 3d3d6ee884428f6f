#include "jpeg_memory.h"
#include <stdlib.h>

#include <jerror.h>

// The alignment that libjpeg-turbo's vector instructions need: rows start on a cache line, and may be read to
// the end of one.
enum { LINE = 64 };

// The most bytes kept from one image to the next, enough for usual sizes; more is freed.
enum { MOST_KEPT = 16 << 20 };

struct jpeg_spill {
  struct jpeg_spill *next;
};

static size_t whole_lines(size_t bytes) { return (bytes + LINE - 1) / LINE * LINE; }

static void *take(j_common_ptr jpeg, size_t bytes) {
  struct jpeg_memory *memory = jpeg->client_data;
  bytes = whole_lines(bytes);
  memory->wanted += bytes;
  if (bytes <= memory->size - memory->used) {
    void *taken = memory->block + memory->used;
    memory->used += bytes;
    return taken;
  }
  struct jpeg_spill *spill = aligned_alloc(LINE, LINE + bytes);
  if (!spill) ERREXIT1(jpeg, JERR_OUT_OF_MEMORY, 0);
  spill->next = memory->spills;
  memory->spills = spill;
  return (uint8_t *)spill + LINE;
}

static void *take_for_pool(j_common_ptr jpeg, int pool, size_t bytes) {
  (void)pool;
  return take(jpeg, bytes);
}

static JSAMPARRAY take_rows(j_common_ptr jpeg, int pool, JDIMENSION samples, JDIMENSION count) {
  (void)pool;
  const size_t row = whole_lines(samples * sizeof(JSAMPLE));
  JSAMPARRAY rows = take(jpeg, count * sizeof(JSAMPROW));
  JSAMPROW first = take(jpeg, count * row);
  for (JDIMENSION i = 0; i < count; i++) rows[i] = first + i * row;
  return rows;
}

void jpeg_memory_serve(j_common_ptr jpeg) {
  jpeg->mem->alloc_small = take_for_pool;
  jpeg->mem->alloc_large = take_for_pool;
  jpeg->mem->alloc_sarray = take_rows;
}

void jpeg_memory_reset(struct jpeg_memory *memory) {
  for (struct jpeg_spill *spill = memory->spills; spill;) {
    struct jpeg_spill *next = spill->next;
    free(spill);
    spill = next;
  }
  memory->spills = NULL;
  if (memory->wanted > memory->size && memory->wanted <= MOST_KEPT) {
    free(memory->block);
    memory->block = aligned_alloc(LINE, memory->wanted);
    memory->size = memory->block ? memory->wanted : 0;
  }
  memory->used = memory->wanted = 0;
}

void jpeg_memory_free(struct jpeg_memory *memory) {
  jpeg_memory_reset(memory);
  free(memory->block);
  *memory = (struct jpeg_memory){0};
}
