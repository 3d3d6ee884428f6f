// A network's layers for a card, in as few launches as libtorch's operations allow (card_layers.cpp). Part of CTorch.h, whose
// rules apply.
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ct_tensor ct_tensor;

/// x · weightᵀ + bias over the last dimension, for an x of any type and strides, with products of the weight's type. The
/// gradient of x has the type of x.
int ct_card_linear(const ct_tensor *x, const ct_tensor *weight, const ct_tensor *bias, ct_tensor **out);
/// The same for an x of another type than the weight's; `taken` is x in the weight's type, whose gradient is added to x's.
int ct_card_linear_and_input(const ct_tensor *x, const ct_tensor *weight, const ct_tensor *bias, ct_tensor **out,
                             ct_tensor **taken);
/// x + factor · branch, with one factor per sample (`factors` [B], or null); `branch` has the shape of x, any type and strides.
int ct_card_residual(const ct_tensor *x, const ct_tensor *branch, const ct_tensor *factors, ct_tensor **out);
/// x + factor · contract(GELU(expand(normed))), with products of the weights' type; a layer is {weight, bias}.
int ct_card_feed_forward(const ct_tensor *x, const ct_tensor *normed, const ct_tensor *const expand[2],
                         const ct_tensor *const contract[2], const ct_tensor *factors, ct_tensor **out);

#ifdef __cplusplus
}
#endif
