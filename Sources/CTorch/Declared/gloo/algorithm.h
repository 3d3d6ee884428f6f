// libtorch contains Gloo but not its headers. These five declare the names that c10d's ProcessGroupGloo.hpp
// uses; Gloo's objects appear only as pointers, so their layout does not matter.
#pragma once
