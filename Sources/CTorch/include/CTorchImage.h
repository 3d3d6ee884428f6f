// Image arithmetic of libtorch for the data room: bytes in, bytes out, no tensor in sight.
#pragma once
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __cplusplus
}
#endif
