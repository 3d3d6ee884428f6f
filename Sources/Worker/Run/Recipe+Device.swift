import Recipe
import Torch
import Training

extension Recipe {
  /// Replaces bfloat16 by float16 in products if the started device has no bfloat16 products; returns a sentence about it, nil
  /// if nothing changed.
  mutating func settlePrecision(for device: Device) -> String? {
    guard computeType == .bfloat16, !device.hasBfloat16 else { return nil }
    precision.dtype = .float16
    return
      "\(device) multiplies no bfloat16 numbers: products are in float16, and the loss is scaled for them"
  }
}
