// What a device can, and is to do (devices.cpp). Part of CTorch.h, whose rules hold here.
#pragma once
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Has libtorch and its libraries take such operations alone as come to the same bits each time, and fail where there is none
/// (`CT_NOT_DETERMINISTIC`). Before a device is started; variables of the environment that are set stay.
int ct_set_deterministic(void);
/// Whether a device that was started multiplies bfloat16 numbers by itself.
int ct_has_bfloat16(int kind, int index, bool *out);

#ifdef __cplusplus
}
#endif
