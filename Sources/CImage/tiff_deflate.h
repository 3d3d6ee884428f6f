// Finds damage that libtiff ignores: it does not check the checksum of Deflate data that are longer than
// their strip.
#pragma once
#include "tiff_memory.h"

/// Checks that every strip or tile compressed by Deflate is intact; returns 1 with a message where one is
/// not.
int tiff_check_deflate(TIFF *tiff, const struct tiff_memory *file);
