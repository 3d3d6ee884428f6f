// Damage that libtiff lets pass: it takes Deflate's data that are longer than their strip without a look at the checksum.
#pragma once
#include "tiff_memory.h"

/// Whether every strip or tile is whole, where they are compressed by Deflate; 1 and a message where one is not.
int tiff_check_deflate(TIFF *tiff, const struct tiff_memory *file);
