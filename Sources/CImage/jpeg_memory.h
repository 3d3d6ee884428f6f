// Memory for libjpeg that is used again: what it asks for an image comes from one block, which the next image takes over.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <jpeglib.h>

/// The block, and what did not fit into it.
struct jpeg_memory {
  uint8_t *block;
  size_t size, used;
  size_t wanted;  // by the image so far, whether it fitted or not
  struct jpeg_spill *spills;
};

/// Has `jpeg` take from `memory`, where its client data point, what it will ask for from now on; what it has stays where it is.
///
/// The coefficients of a whole progressive image are not among that: libjpeg takes and returns those itself.
void jpeg_memory_serve(j_common_ptr jpeg);

/// Takes everything back at once, and makes the block as large as the last image would have had it.
void jpeg_memory_reset(struct jpeg_memory *memory);

/// Gives the block back to the system.
void jpeg_memory_free(struct jpeg_memory *memory);
