// The plain-C face of libtorch: every function returns 0, or 1 and a message in `ct_last_error()`;
// results come back through out-pointers.
#pragma once
#include "CTorchImage.h"
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The message of this thread's last failed call; valid until its next failing one.
const char *ct_last_error(void);

#ifdef __cplusplus
}
#endif
