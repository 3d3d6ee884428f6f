// A memory manager for libjpeg that reuses one block from image to image.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <jpeglib.h>

/// The block, and the allocations that did not fit into it.
struct jpeg_memory {
  uint8_t *block;
  size_t size, used;
  size_t wanted;  // by the image so far, whether it fitted or not
  struct jpeg_spill *spills;
};

/// Makes `jpeg` allocate from `memory`, to which its client data point, from now on; earlier allocations stay
/// where they are.
///
/// The coefficients of a progressive image are not included: libjpeg allocates and frees those itself.
void jpeg_memory_serve(j_common_ptr jpeg);

/// Frees all allocations at once, and resizes the block to what the last image needed.
void jpeg_memory_reset(struct jpeg_memory *memory);

/// Frees the block.
void jpeg_memory_free(struct jpeg_memory *memory);
