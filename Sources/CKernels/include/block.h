// The halves of a block, and the layers around the blocks, each as one operation: the interface for CTorch.
#pragma once
#include "block_attention.h"
#include "block_linear_layer.h"
#include "block_embedding.h"
#include "block_mlp.h"
#include "block_position.h"
#include "block_threads.h"
#include "block_weights.h"
