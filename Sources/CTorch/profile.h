// Names parts of a pass in a profile.
#pragma once
#include <ATen/record_function.h>

namespace ct {

/// Counts floating-point operations of the running part; costs a branch when nothing is profiled.
void count_operations(double operations);

}  // namespace ct

/// Makes the rest of a scope a part of its own with that many floating-point operations.
#define CT_PART(name, operations) \
  RECORD_USER_SCOPE(name);        \
  ct::count_operations(operations)
