// The loops of one instruction set; included only by instructions_*.c.
#pragma once

// Products must round before they are added, as in Pillow.
#pragma STDC FP_CONTRACT OFF

// The calling convention of vectors does not matter: all functions that take them are inlined.
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
