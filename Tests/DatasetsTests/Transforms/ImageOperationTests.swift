import TestSupport
import Testing

@testable import Datasets

@Suite struct ImageOperationTests {
  /// One line of the goldens: an operation of timm's lists, and the hash of the bytes that Pillow makes.
  struct Golden {
    let setting: [Substring]
    let hash: UInt64

    init(_ line: Substring) throws {
      let words = line.split(separator: " ")
      setting = Array(words[..<6])
      hash = try #require(UInt64(words[6], radix: 16))
    }

    func changed(_ spare: Canvas.Spare = Canvas.Spare()) throws -> RuleImage {
      let kind = try #require(RandAugment.Kind(rawValue: String(setting[1])))
      let filter = try #require(Interpolation(rawValue: String(setting[2])))
      let level = try #require(Double(setting[3]))
      let image = try #require(RuleImage.named[String(setting[5])])
      let operation = kind.operation(
        level: level, isNegated: setting[4] == "1", isIncreasing: setting[0] == "1", filter)
      return image.changed(by: operation, spare: spare)
    }
  }

  @Test func `every operation at every magnitude gives Pillow's bytes`() throws {
    let lines = try Fixture.lines("augment/operations.txt")
    #expect(lines.count == 960)
    let spare = Canvas.Spare()
    for golden in try lines.map(Golden.init) {
      let pixels = try golden.changed(spare).pixels
      #expect(Rule.hash(pixels) == golden.hash, "\(golden.setting.joined(separator: " "))")
    }
  }

  @Test func `whole images give Pillow's bytes, and would show by how much they do not`() throws {
    let names = try Fixture.names(in: "augment", ending: ".rgb")
    #expect(names.count == 8)
    for name in names {
      let setting = name.dropLast(4).split(separator: ",")
      let image = try Golden("\(setting.joined(separator: " ")) 0").changed()
      let difference = try Difference(image.pixels, Fixture.bytes("augment/\(name)"))
      #expect(difference.levels == 0, "\(name): \(difference)")
    }
  }

  @Test func `posterized to no bits an image is black`() {
    #expect(RuleImage.noise.changed(by: .posterize(bits: 0)).pixels.allSatisfy { $0 == 0 })
  }

  @Test(arguments: [
    ImageOperation.posterize(bits: 8), .solarize(threshold: 256), .solarizeAdd(0), .color(1),
    .contrast(1), .brightness(1), .sharpness(1), .rotate(degrees: 0, .bicubic), .shearX(0, .bicubic),
    .translateY(0, .bilinear),
  ])
  func `an operation without effect leaves every byte`(operation: ImageOperation) {
    #expect(RuleImage.noise.changed(by: operation) == .noise)
  }

  @Test func `four quarter turns are none`() {
    let turn = ImageOperation.rotate(degrees: 90, .bicubic)
    #expect(RuleImage.noise.changed(by: turn) != .noise)
    #expect(RuleImage.noise.changed(by: turn, turn, turn, turn) == .noise)
  }

  @Test(arguments: [(Interpolation.lanczos, Interpolation.bicubic), (.box, .bilinear)])
  func `a filter that scales alone leaves moving to another`(scaling: Interpolation, moving: Interpolation) {
    let turned = RuleImage.noise.changed(by: .rotate(degrees: 17, scaling))
    #expect(turned == RuleImage.noise.changed(by: .rotate(degrees: 17, moving)))
  }

  @Test func `operations follow each other in order`() {
    let both = RuleImage.noise.changed(by: .invert, .solarizeAdd(90))
    #expect(both == RuleImage.noise.changed(by: .invert).changed(by: .solarizeAdd(90)))
    #expect(both != RuleImage.noise.changed(by: .solarizeAdd(90), .invert))
  }

  // Rounding the product of value and 10^15 by itself gives the neighbour of each.
  @Test(arguments: [
    (0.9896391258994854, 0.989639125899485), (0.4688033837879555, 0.468803383787955),
    (0.9238018757964515, 0.923801875796451), (-0.8824822072026886, -0.882482207202689), (-1, -1), (0, 0),
    (6.123233995736766e-17, 0), (0.8910065241883679, 0.891006524188368),
  ])
  func `sines are rounded as Python rounds`(value: Double, rounded: Double) {
    #expect(AffineMap.roundedTo15Decimals(value) == rounded)
  }
}
