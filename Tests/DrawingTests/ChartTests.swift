import Testing

@testable import Drawing

@Suite struct ChartTests {
  @Test func `a chart has its curves within its frame, flat ones and single points too`() throws {
    for values in [[1.0], [2, 2, 2], [0, -5, 1e9], [.nan, 1, .infinity]] {
      let points = values.enumerated().map { CurvePoint(x: Double($0 + 1), y: $1) }
      let html = try #require(Chart("t", [Chart.Series(name: "a", points: points)])).html
      let places = html.matches(of: #/(?:points="|\s|cx=")(\d+\.\d),(\d+\.\d)/#)
      for place in places {
        #expect((0...640).contains(Double(place.1) ?? -1) && (0...280).contains(Double(place.2) ?? -1))
      }
      #expect(!html.contains("nan") && !html.contains("inf"))
    }
    #expect(Chart("t", [Chart.Series(name: "a", points: [])]) == nil)
    let long = (0..<100_000).map { CurvePoint(x: Double($0), y: Double($0 % 7)) }
    #expect(try #require(Chart("t", [Chart.Series(name: "a", points: long)])).html.utf8.count < 20_000)
  }

  @Test(
    arguments: [
      (0, "0"), (4.2e-4, "4.20e-4"), (0.5, "0.500"), (2.2707, "2.271"), (65.6, "65.6"), (1372.6, "1373"),
      (-5, "-5.000"),
    ] as [(Double, String)]) func `figures have the digits that tell them apart`(value: Double, text: String)
  {
    #expect(significant(value) == text)
  }

  @Test(
    arguments: [
      // Acc@1 that never moves, and at its end; losses of nothing, and of something.
      (100...100, 0...100, 90...100, ["90", "95", "100"]), (0...0, 0...100, 0...0.001, nil),
      (98.3...99.9, 0...100, 98...100, ["98.0", "98.5", "99.0", "99.5", "100.0"]),
      (0...100, 0...100, 0...100, ["0", "50", "100"]),
      (0.02...2.31, 0...Double.infinity, 0...3, ["0", "1", "2", "3"]),
      (1e-6...1.04e-3, 0...Double.infinity, 0...1.5e-3, ["0", "5e-4", "1.0e-3", "1.5e-3"]),
      (950...1373, 0...Double.infinity, 800...1400, ["800", "1000", "1200", "1400"]),
      (-5...(-4), 0...Double.infinity, -5...(-4), nil),
    ] as [(ClosedRange<Double>, ClosedRange<Double>, ClosedRange<Double>, [String]?)])
  func `a scale has round values, and none beyond what there can be`(
    values: ClosedRange<Double>, limits: ClosedRange<Double>, range: ClosedRange<Double>, labels: [String]?
  ) {
    let scale = Scale(around: values, within: limits)
    #expect(
      abs(scale.range.lowerBound - range.lowerBound) < 1e-9
        && abs(scale.range.upperBound - range.upperBound) < 1e-9, "\(scale.range)")
    if let labels { #expect(scale.ticks.map(scale.label) == labels) }
    #expect((2...7).contains(scale.ticks.count))
  }

  @Test func `epochs are counted in whole ones, and what is told across is named`() throws {
    let points = (1...137).map { CurvePoint(x: Double($0), y: 50) }
    let html = try #require(Chart("t", [Chart.Series(name: "a", points: points)])).html
    #expect(html.contains("class=\"x\">50</text>") && html.contains("class=\"x\">100</text>"))
    #expect(html.contains("class=\"x\">epochs done</text>") && !html.contains(".0</text>"))
    #expect(Page.style.contains("circle.c2{fill"), "a third curve's point has a colour")
  }
}
