// The loops of one instruction set. Included by instructions_*.c alone.
#pragma once

// Products must round before they are added, as Pillow's do.
#pragma STDC FP_CONTRACT OFF

// How vectors are passed to functions does not matter: all that take them are inlined.
#pragma clang diagnostic ignored "-Wpsabi"

#include "vectors.h"
//
#include "colors.h"
#include "move.h"
#include "tones.h"
#include "weigh.h"

#define CI_KERNELS                                                                                               \
  {                                                                                                              \
    .weigh_down = weigh_down, .weigh_across = weigh_across, .move = move, .sum_greys = sum_greys,                \
    .mix_greys = mix_greys, .mix_smooth = mix_smooth, .replace_tones = replace_tones,                            \
  }
