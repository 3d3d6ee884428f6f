import Glibc

/// Leaves the processor to others for two milliseconds, between two looks for what one of them is to do.
///
/// A test that looks without a pause takes a processor from the program it looks at.
public func pauseBetweenLooks() { usleep(2_000) }
