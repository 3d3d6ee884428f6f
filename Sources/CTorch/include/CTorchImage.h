// Image arithmetic of libtorch for the data room: bytes in, bytes out, no tensor in sight.
#pragma once
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Filters for `ct_image_resize`.
typedef enum { CT_BILINEAR = 0, CT_BICUBIC = 1 } ct_filter;

/// Resizes packed 8-bit RGB (height x width x 3), antialiased, at most one level off Pillow's filter of that name.
///
/// Runs on the calling thread alone, whatever number of threads libtorch uses elsewhere. Returns 0, or 1 and a message
/// in `ct_last_error()`.
int ct_image_resize(const uint8_t *rgb, int64_t height, int64_t width, uint8_t *resized, int64_t new_height,
                    int64_t new_width, ct_filter filter);

#ifdef __cplusplus
}
#endif
