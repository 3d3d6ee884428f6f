import Testing

@testable import Drawing

/// Curves in characters.
@Suite struct PlotTests {
  private let plain = Canvas(width: 40, height: nil, isUnicode: false, isColoured: false)
  private let braille = Canvas(width: 40, height: nil, isUnicode: true, isColoured: false)

  @Test func `a falling curve falls, in letters`() throws {
    let points = (1...10).map { CurvePoint(x: Double($0), y: 11 - Double($0)) }
    let plot = try #require(Plot("loss", [Plot.Series(letter: "A", points: points)]))
    #expect(
      plot.lines(on: plain, height: 5) == [
        "loss",
        "10.0 |   AAAA",
        "     |       AAAAAAAA",
        " 5.5 |               AAAAAA",
        "     |                     AAAAAAAA",
        " 1.0 |                             AAAA",
        "      0                       epochs 10",
      ])
  }

  @Test func `two curves that cross share a star`() throws {
    let up = [CurvePoint(x: 0, y: 0), CurvePoint(x: 2, y: 2)]
    let down = [CurvePoint(x: 0, y: 2), CurvePoint(x: 2, y: 0)]
    let plot = try #require(
      Plot("", [Plot.Series(letter: "A", points: up), Plot.Series(letter: "B", points: down)]))
    let lines = plot.lines(on: plain, height: 3)
    #expect(lines[1].hasSuffix("A") && lines[3].hasSuffix("B"))
    #expect(lines[2].contains("*") && !lines[1].contains("*"))
    #expect(
      plot.lines(on: braille, height: 3) == lines.map { $0.replacing("|", with: "│") },
      "no colours to tell them apart by")
  }

  @Test func `one curve is drawn in dots, several in colours`() throws {
    let points = (0...100).map { CurvePoint(x: Double($0), y: Double($0 * $0)) }
    let one = try #require(Plot("", [Plot.Series(letter: "A", points: points)]))
    let dots = one.lines(on: braille, height: 6).dropFirst().dropLast().joined()
    #expect(dots.unicodeScalars.contains { (0x2801...0x28ff).contains($0.value) })
    #expect(!dots.contains("\u{1b}"))
    var coloured = braille
    coloured.isColoured = true
    let two = try #require(Plot("", [one, one].map { _ in Plot.Series(letter: "A", points: points) }))
    #expect(two.lines(on: coloured, height: 6).joined().contains("\u{1b}[3"))
  }

  @Test(arguments: [
    [], [CurvePoint(x: 1, y: .nan)], [CurvePoint(x: .infinity, y: 1)],
  ])
  func `what has no figures is not drawn`(points: [CurvePoint]) {
    #expect(Plot("", [Plot.Series(letter: "A", points: points)]) == nil)
  }

  @Test(arguments: [
    [CurvePoint(x: 1, y: 5)], [CurvePoint(x: 0, y: 0)], [CurvePoint(x: 1, y: 5), CurvePoint(x: 2, y: 5)],
    [CurvePoint(x: 1, y: -1e300), CurvePoint(x: 2, y: 1e300)],
    [CurvePoint(x: 1e-9, y: 1), CurvePoint(x: 1e9, y: 2)],
    (0..<100_000).map { CurvePoint(x: Double($0), y: Double($0 % 7)) },
  ])
  func `any figures fit the frame`(points: [CurvePoint]) throws {
    for canvas in [plain, braille] {
      for height in [1, 3, 10] {
        let plot = try #require(Plot("t", [Plot.Series(letter: "A", points: points)]))
        let lines = plot.lines(on: canvas, height: height)
        #expect(lines.count == height + 2 && lines.allSatisfy { $0.count <= 60 }, "\(lines)")
      }
    }
  }

  @Test func `a sparkline goes from its least to its greatest`() {
    #expect(braille.sparkline([1, 2, 3, 4, 5, 6, 7, 8], width: 8) == "▁▂▃▄▅▆▇█")
    #expect(braille.sparkline((0..<800).map(Double.init), width: 8) == "▁▂▃▄▅▆▇█")
    #expect(plain.sparkline([1, .nan, 2], width: 8) == "_ #")
    #expect(plain.sparkline([3, 3], width: 8) == "==")
    #expect(plain.sparkline([], width: 8) == "" && plain.sparkline([.nan], width: 8) == "")
  }

  @Test(arguments: [
    (["LANG": "en_US.UTF-8"], true), ([:], false), (["LANG": "C"], false),
    (["LANG": "C.UTF-8", "LC_ALL": "C"], false),
    (["LANG": "C.UTF-8", "NO_COLOR": "1"], false), (["LC_CTYPE": "de_DE.utf8", "TERM": "xterm"], true),
    (["LANG": "C.UTF-8", "TERM": "dumb"], false),
  ])
  func `what the environment promises is drawn`(environment: [String: String], isUnicode: Bool) {
    #expect(Canvas.standardOutput(environment).isUnicode == isUnicode)
  }
}
