// libtorch holds Gloo and not its headers. These five declare what c10d's ProcessGroupGloo.hpp names, and nothing is
// laid out here that libtorch lays out: Gloo's objects are only pointed at.
#pragma once
