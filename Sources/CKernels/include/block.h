// The halves of a block and what stands around the blocks, each as one operation: what CTorch calls.
#pragma once
#include "block_attention.h"
#include "block_linear_layer.h"
#include "block_embedding.h"
#include "block_mlp.h"
#include "block_position.h"
#include "block_threads.h"
#include "block_weights.h"
