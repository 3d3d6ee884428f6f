import Recipe
import Torch
import Training

extension Recipe {
  /// Has products be of float16 where they were to be of bfloat16 and the device, which has been started, multiplies no such
  /// numbers; that, as a sentence.
  mutating func settlePrecision(for device: Device) -> String? {
    guard computeType == .bfloat16, !device.hasBfloat16 else { return nil }
    precision.dtype = .float16
    return
      "\(device) multiplies no bfloat16 numbers: products are in float16, and the loss is scaled for them"
  }
}
