import CImage

/// Operations that map each value independently of its neighbours, by a table of 256 for each channel.
extension Canvas {
  /// Replaces each value v by `tone(v)`, clamped to 0…255.
  func replaceTones(by tone: (Int) -> Int) {
    replaceTones { (_, tones) in
      for value in tones.indices { tones[value] = UInt8(clamping: tone(value)) }
    }
  }

  /// Stretches each channel to 0…255, as `ImageOps.autocontrast` does.
  func stretchTones() {
    let counts = channelCounts
    replaceTones { channel, tones in
      let counts = counts[(channel * 256)..<((channel + 1) * 256)]
      let low = (counts.firstIndex { $0 > 0 } ?? counts.startIndex) - counts.startIndex
      let high = (counts.lastIndex { $0 > 0 } ?? counts.startIndex) - counts.startIndex
      guard high > low else { return }
      let scale = 255.0 / Double(high - low)
      let offset = Double(-low) * scale
      for value in tones.indices { tones[value] = UInt8(clamping: Int(Double(value) * scale + offset)) }
    }
  }

  /// Equalises each channel's histogram, as far as integer values allow, as `ImageOps.equalize` does.
  func equalizeTones() {
    let counts = channelCounts
    replaceTones { channel, tones in
      let counts = counts[(channel * 256)..<((channel + 1) * 256)]
      // Pillow leaves the highest value that occurs out of the share.
      let last = Int(counts.last { $0 > 0 } ?? 0)
      let step = (width * height - last) / 255
      guard step > 0 else { return }
      var below = step / 2
      for (value, count) in counts.enumerated() {
        tones[value] = UInt8(clamping: below / step)
        below += Int(count)
      }
    }
  }

  /// Blends with the rounded mean grey.
  func contrast(_ factor: Float) {
    let mean = meanGrey
    replaceTones { Int(blend(mean, $0, factor)) }
  }

  // The histograms of red, green and blue, one after another.
  private var channelCounts: UnsafeMutableBufferPointer<Int32> {
    let counts = spare.counts.reserve(3 * 256)
    counts.update(repeating: 0)
    ci_count_tones(pixels.baseAddress, width * height, counts.baseAddress)
    return counts
  }

  // `change` receives each channel's identity table and modifies it.
  private func replaceTones(
    changedBy change: (_ channel: Int, _ tones: inout UnsafeMutableBufferPointer<UInt8>) -> Void
  ) {
    let table = spare.tones.reserve(3 * 256)
    for channel in 0..<3 {
      var tones = UnsafeMutableBufferPointer(rebasing: table[(channel * 256)..<((channel + 1) * 256)])
      for value in tones.indices { tones[value] = UInt8(value) }
      change(channel, &tones)
    }
    ci_replace_tones(pixels.baseAddress, width * height, table.baseAddress)
  }
}
