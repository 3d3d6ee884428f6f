// What a device can do, and how it is to compute (devices.cpp). Part of CTorch.h, whose rules apply.
#pragma once
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Restricts libtorch and the cards' libraries to deterministic operations; an operation that has no such form then fails with
/// `CT_NOT_DETERMINISTIC`. Call it before a device is started. Environment variables that are set already stay as they are.
int ct_set_deterministic(void);
/// Whether a started device has bfloat16 products of its own.
int ct_has_bfloat16(int kind, int index, bool *out);

#ifdef __cplusplus
}
#endif
