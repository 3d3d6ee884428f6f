// The loops over pixels for every processor.
#include "table.h"
#include <string.h>

#include "assembly.h"

const struct ci_kernels ci_kernels_plain = CI_KERNELS;
