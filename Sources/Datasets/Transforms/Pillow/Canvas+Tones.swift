/// Operations that replace every value by another, whatever its neighbours: one table of 256 for each channel.
extension Canvas {
  /// Replaces each value by the tone that belongs to it, cut to 0…255.
  func replaceTones(by tone: (Int) -> Int) {
    let table = (0..<256).map { UInt8(clamping: tone($0)) }
    replaceTones(table + table + table)
  }

  /// Maps the least value of each channel to 0 and the greatest to 255, as `ImageOps.autocontrast` does.
  func stretchTones() {
    replaceTones(
      channelCounts.flatMap { counts in
        let low = counts.firstIndex { $0 > 0 } ?? 0
        let high = counts.lastIndex { $0 > 0 } ?? 0
        guard high > low else { return Self.sameTones }
        let scale = 255.0 / Double(high - low)
        let offset = Double(-low) * scale
        return (0..<256).map { UInt8(clamping: Int(Double($0) * scale + offset)) }
      })
  }

  /// Gives each channel a flat histogram, as far as whole values allow, as `ImageOps.equalize` does.
  func equalizeTones() {
    replaceTones(
      channelCounts.flatMap { counts in
        // Pillow leaves the last value that occurs out of the share.
        let last = counts.last { $0 > 0 } ?? 0
        let step = (width * height - last) / 255
        guard step > 0 else { return Self.sameTones }
        var below = step / 2
        return counts.map { count in
          defer { below += count }
          return UInt8(clamping: below / step)
        }
      })
  }

  /// Mixes with the mean grey, rounded.
  func contrast(_ factor: Float) {
    var sum = 0
    var at = 0
    while at < pixels.count {
      sum &+= grey(at: at)
      at &+= 3
    }
    let mean = Int(Double(sum) / Double(width * height) + 0.5)
    replaceTones { Int(blend(mean, $0, factor)) }
  }

  private static let sameTones = [UInt8](0...255)

  // How often each value occurs in red, green and blue.
  private var channelCounts: [[Int]] {
    (0..<3).map { channel in
      var counts = [Int](repeating: 0, count: 256)
      counts.withUnsafeMutableBufferPointer { counts in
        var at = channel
        while at < pixels.count {
          counts[Int(pixels[at])] &+= 1
          at &+= 3
        }
      }
      return counts
    }
  }

  // `table` has 256 tones for red, then for green, then for blue.
  private func replaceTones(_ table: [UInt8]) {
    table.withUnsafeBufferPointer { table in
      var at = 0
      while at < pixels.count {
        pixels[at] = table[Int(pixels[at])]
        pixels[at &+ 1] = table[256 &+ Int(pixels[at &+ 1])]
        pixels[at &+ 2] = table[512 &+ Int(pixels[at &+ 2])]
        at &+= 3
      }
    }
  }
}
