// Names parts of a pass for a profile.
#pragma once
#include <ATen/record_function.h>

namespace ct {

/// Counts floating-point operations of the part that is running; costs a branch where nothing is profiled.
void count_operations(double operations);

}  // namespace ct

/// Makes the rest of a scope a part of its own, of that many floating-point operations.
#define CT_PART(name, operations) \
  RECORD_USER_SCOPE(name);        \
  ct::count_operations(operations)
