import CKernels
import Datasets
import Randomness
import Recipe
import Torch

/// What is erased of a part's images, and what takes its place.
struct Erasures {
  /// Numbers of elements of images `[B, S, S, 3]`, `[n]` (int64); one that comes twice has the same value both times.
  fileprivate let places: Tensor
  /// What each is replaced by, `[n]`.
  fileprivate let values: Tensor

  fileprivate init(places: Tensor, values: Tensor) { (self.places, self.values) = (places, values) }

  /// Elements that are replaced, those twice that come twice.
  var count: Int { places.count }

  /// The same with other tensors in the place of its own.
  func map(_ other: (Tensor) -> Tensor) -> Erasures {
    Erasures(places: other(places), values: other(values))
  }

  /// The same erasures, of `room` elements: the first one again and again; all as they are where they are more.
  ///
  /// - Parameters:
  ///   - pixels: The bytes of the images, of which the first stays what it is where nothing is erased.
  ///   - images: What they are normalised by.
  func filled(to room: Int, of pixels: UnsafeRawBufferPointer, _ images: Recipe.Preprocessing) -> Erasures {
    var (places, values) = (places.elements(as: Int64.self), values.elements(as: Float.self))
    guard places.count < room, let byte = pixels.first else { return self }
    let filler = (places.first ?? 0, values.first ?? images.normal(byte, channel: 0))
    places += Array(repeating: filler.0, count: room - places.count)
    values += Array(repeating: filler.1, count: room - values.count)
    return Erasures(places: Tensor(places, [room]), values: Tensor(values, [room]))
  }

  /// Erases the boxes of normalised images `[B, S, S, 3]`, in place.
  func apply(to images: Tensor) { images.replace(at: places, by: values) }
}

extension RandomErasing {
  /// What square images of three channels lose.
  ///
  /// What an image loses depends on (seed, epoch, view) alone, so it is the same on one rank and on eight.
  /// - Parameter views: the number of each image's view, as in `PixelBatch.indices`.
  func erasures(side: Int, seed: UInt64, epoch: Int, views: [Int]) -> Erasures {
    let drawn = views.map { boxes(width: side, height: side, seed: seed, epoch: epoch, view: $0) }
    return drawn.contains { $0.count > 1 } ? overlaid(drawn, side: side) : apart(drawn, side: side)
  }

  /// Of images that lose a box at most: written where the tensors lie, in memory that libtorch keeps from step to step.
  func apart(_ boxes: [[Box]], side: Int) -> Erasures {
    let count = boxes.joined().reduce(0) { $0 + $1.region.byteCount }
    let (places, values) = (Tensor.empty([count], .int64), Tensor.empty([count]))
    let (memory, replacements) = (places.memory(of: Int64.self), values.floats())
    var start = 0
    for (image, boxes) in boxes.enumerated() {
      for box in boxes {
        let range = start..<start + box.region.byteCount
        let part = UnsafeMutableBufferPointer(rebasing: memory[range])
        box.region.writePlaces(ofImage: image, side: side, into: part)
        fill(UnsafeMutableBufferPointer(rebasing: replacements[range]), for: box)
        start = range.upperBound
      }
    }
    return Erasures(places: places, values: values)
  }

  /// Of images that lose several: what a later box erases once more is that box's.
  func overlaid(_ boxes: [[Box]], side: Int) -> Erasures {
    var places: [Int64] = []
    var values: [Float] = []
    for (image, boxes) in boxes.enumerated() {
      for (number, box) in boxes.enumerated() {
        let later = boxes[(number + 1)...]
        let alone = apart([[Box]](repeating: [], count: image) + [[box]], side: side)
        let elements = zip(alone.places.elements(as: Int64.self), alone.values.elements(as: Float.self))
        for (place, value) in elements
        where !later.contains(where: { $0.region.contains(place, side: side) }) {
          places.append(place)
          values.append(value)
        }
      }
    }
    return Erasures(places: Tensor(places, [places.count]), values: Tensor(values, [values.count]))
  }

  /// So many elements that hardly any part of `images` loses more: four standard deviations above what is usual.
  ///
  /// As if every image that loses something lost an area drawn evenly, and no more than images have.
  func usualRoom(images: Int, side: Int) -> Int {
    let (least, most) = (area.lowerBound, area.upperBound)
    let mean = probability * (least + most) / 2
    let meanSquare = probability * (least * least + least * most + most * most) / 3
    let all = Double(images)
    let areas = min(all * most, all * mean + 4 * (all * (meanSquare - mean * mean)).squareRoot())
    return Int((areas * Double(3 * side * side)).rounded(.up))
  }

  /// Gives a box's elements, in the order of its places, what takes their place.
  private func fill(_ values: UnsafeMutableBufferPointer<Float>, for box: Box) {
    switch mode {
    case .const: values.update(repeating: 0)
    case .rand:
      withUnsafeTemporaryAllocation(of: Float.self, capacity: 3) { color in
        floats_normal(color.baseAddress, 3, box.noiseSeed)
        for index in values.indices { values[index] = color[index % 3] }
      }
    case .pixel: floats_normal(values.baseAddress, values.count, box.noiseSeed)
    }
  }
}

extension PixelRegion {
  /// Writes the numbers of its elements among those of images `[B, S, S, 3]`, in their order.
  fileprivate func writePlaces(
    ofImage image: Int, side: Int, into places: UnsafeMutableBufferPointer<Int64>
  ) {
    for row in 0..<height {
      let start = ((image * side + y + row) * side + x) * 3
      for element in 0..<3 * width { places[row * 3 * width + element] = Int64(start + element) }
    }
  }

  /// Whether the element of that number lies inside, in whichever image.
  fileprivate func contains(_ place: Int64, side: Int) -> Bool {
    let pixel = Int(place) / 3 % (side * side)
    return (x..<x + width).contains(pixel % side) && (y..<y + height).contains(pixel / side)
  }
}

extension RandomErasing {
  /// Nil when the recipe erases nothing.
  init?(_ recipe: Recipe) {
    let erasing = recipe.data.erasing
    guard recipe.data.augments, erasing.probability > 0 else { return nil }
    self.init(probability: erasing.probability, mode: Mode(erasing.mode), count: erasing.count)
  }
}

extension RandomErasing.Mode {
  fileprivate init(_ mode: Recipe.Erasing.Mode) {
    switch mode {
    case .pixel: self = .pixel
    case .rand: self = .rand
    case .const: self = .const
    }
  }
}
