public import Data
public import Torch

extension RandomErasing {
  /// Erases boxes of normalised pictures `[B, C, H, W]`, in place.
  ///
  /// What a picture loses depends on (seed, epoch, sample) alone, so it is the same on one rank and on eight.
  /// - Parameter samples: the number of each picture's sample, as in `PixelBatch.indices`.
  public func erase(_ pictures: Tensor, seed: UInt64, epoch: Int, samples: [Int]) {
    precondition(pictures.shape[0] == samples.count, "\(samples.count) samples for \(pictures.shape)")
    for (place, sample) in samples.enumerated() {
      let picture = pictures.selected(0, place)
      let boxes = boxes(
        width: pictures.shape[3], height: pictures.shape[2], seed: seed, epoch: epoch, sample: sample)
      for box in boxes { erase(box, of: picture) }
    }
  }

  private func erase(_ box: Box, of picture: Tensor) {
    let area = box.region
    let part = picture.narrowed(1, to: area.y..<(area.y + area.height))
      .narrowed(2, to: area.x..<(area.x + area.width))
    switch mode {
    case .const: part.zero()
    case .rand: part.copy(from: normal([part.shape[0], 1, 1], box.noiseSeed))
    case .pixel: part.copy(from: normal(part.shape, box.noiseSeed))
    }
  }

  // Made on the CPU whatever the device, so that a seed gives the same noise everywhere.
  private func normal(_ shape: [Int], _ seed: UInt64) -> Tensor {
    let noise = Tensor.empty(shape)
    noise.fillNormal(deviation: 1, seed: seed)
    return noise
  }
}
