// A network's layers for a card (card_layers.cpp), in as few launches as libtorch's operations make of them. Part of CTorch.h,
// whose rules hold here.
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ct_tensor ct_tensor;

/// x · weightᵀ + bias over the last dimension of an x of whatever type and strides, with products of the weight's type. The
/// gradient of x has its type, of which no narrower copy is made.
int ct_card_linear(const ct_tensor *x, const ct_tensor *weight, const ct_tensor *bias, ct_tensor **out);
/// Likewise of an x of another type than the weight's; `taken` is x in that type, whose gradient is added to that of x.
int ct_card_linear_and_input(const ct_tensor *x, const ct_tensor *weight, const ct_tensor *bias, ct_tensor **out,
                             ct_tensor **taken);
/// x + factor · branch, with `factors` [B] of the samples or null; `branch` has the shape of x, any type and any strides.
int ct_card_residual(const ct_tensor *x, const ct_tensor *branch, const ct_tensor *factors, ct_tensor **out);
/// x + factor · contract(GELU(expand(normed))), with products of the weights' type; the layers are weight and bias of each.
int ct_card_feed_forward(const ct_tensor *x, const ct_tensor *normed, const ct_tensor *const expand[2],
                         const ct_tensor *const contract[2], const ct_tensor *factors, ct_tensor **out);

#ifdef __cplusplus
}
#endif
