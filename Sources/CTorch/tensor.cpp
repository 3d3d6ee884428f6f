#include "CTorch.h"
#include <ATen/ATen.h>
#include "guarded.h"

const char *ct_last_error(void) { return ct::last_error.c_str(); }
