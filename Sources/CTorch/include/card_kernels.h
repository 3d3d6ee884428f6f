// Kernels of our own for a card (card_kernels.cpp). Part of CTorch.h, whose rules apply.
#pragma once
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ct_tensor ct_tensor;

/// Opens a library of kernels for a started card and compares them on it with libtorch's operations. Fails, and then none is
/// used, where the library cannot be opened or they differ. Call it before networks are made.
int ct_open_card_kernels(const char *path, int kind, int index);
/// Whether the opened kernels take `x` for a norm in this type.
bool ct_takes_card_norm(const ct_tensor *x, int dtype);
/// sum = x + factor · branch, in float32, and its LayerNorm in `dtype`; a null branch adds nothing, null factors are ones. The
/// branch has the shape of x, at most six dimensions, and any strides.
int ct_card_norm(const ct_tensor *x, const ct_tensor *branch, const ct_tensor *factors, const ct_tensor *weight,
                 const ct_tensor *bias, double epsilon, int dtype, ct_tensor **sum, ct_tensor **normed);

#ifdef __cplusplus
}
#endif
