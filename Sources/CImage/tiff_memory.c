#include "tiff_memory.h"
#include "failure.h"
#include <stdio.h>
#include <string.h>

static tmsize_t read_bytes(thandle_t handle, void *into, tmsize_t wanted) {
  struct tiff_memory *memory = handle;
  const size_t left = memory->at < memory->count ? memory->count - memory->at : 0;
  if (wanted > 0 && (size_t)wanted > left) memory->is_cut = true;
  const size_t count = wanted < 0 ? 0 : (size_t)wanted < left ? (size_t)wanted : left;
  if (count > 0) memcpy(into, memory->bytes + memory->at, count);
  memory->at += count;
  return (tmsize_t)count;
}

static tmsize_t write_bytes(thandle_t handle, void *from, tmsize_t count) {
  (void)handle, (void)from, (void)count;
  return 0;
}

static toff_t seek(thandle_t handle, toff_t offset, int whence) {
  struct tiff_memory *memory = handle;
  const size_t origin = whence == SEEK_CUR ? memory->at : whence == SEEK_END ? memory->count : 0;
  memory->at = origin + (size_t)offset;
  return memory->at;
}

static int close_memory(thandle_t handle) {
  (void)handle;
  return 0;
}

static toff_t size_of(thandle_t handle) { return ((struct tiff_memory *)handle)->count; }

static int on_error(TIFF *tiff, void *none, const char *where, const char *format, va_list arguments) {
  (void)tiff, (void)none, (void)where;
  char message[200];
  vsnprintf(message, sizeof message, format, arguments);
  // Many messages begin with the file's name, which is empty here.
  ci_fail("%s", strncmp(message, ": ", 2) == 0 ? message + 2 : message);
  return 1;
}

static int on_warning(TIFF *tiff, void *none, const char *where, const char *format, va_list arguments) {
  (void)tiff, (void)none, (void)where, (void)format, (void)arguments;
  return 1;
}

TIFF *tiff_open(struct tiff_memory *memory) {
  TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
  if (!options) return NULL;
  TIFFOpenOptionsSetErrorHandlerExtR(options, on_error, NULL);
  TIFFOpenOptionsSetWarningHandlerExtR(options, on_warning, NULL);
  TIFFOpenOptionsSetMaxSingleMemAlloc(options, TIFF_MOST_HELD);
  TIFF *tiff = TIFFClientOpenExt("", "rm", memory, read_bytes, write_bytes, seek, close_memory, size_of, NULL,
                                 NULL, options);
  TIFFOpenOptionsFree(options);
  // libtiff skips some of what it cannot read: without its palette, an image would turn grey.
  if (!tiff || !memory->is_cut) return tiff;
  ci_fail("Premature end of file");
  TIFFClose(tiff);
  return NULL;
}
