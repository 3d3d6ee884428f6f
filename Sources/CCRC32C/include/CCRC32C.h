#ifndef CCRC32C_H
#define CCRC32C_H

#include <stddef.h>
#include <stdint.h>

/// CRC-32C (Castagnoli, polynomial 0x1EDC6F41) of `length` bytes, continued from `crc`; start with 0.
/// Splitting the bytes over several calls gives the value of one call.
uint32_t ccrc32c(uint32_t crc, const void *bytes, size_t length);

/// The same function computed by tables alone, for machines without CRC instructions and for tests.
uint32_t ccrc32c_portable(uint32_t crc, const void *bytes, size_t length);

#endif
