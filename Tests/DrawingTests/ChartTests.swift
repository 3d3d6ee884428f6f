import Testing

@testable import Drawing

@Suite struct ChartTests {
  @Test func `a chart has its curves within its frame, flat ones and single points too`() throws {
    for values in [[1.0], [2, 2, 2], [0, -5, 1e9], [.nan, 1, .infinity]] {
      let points = values.enumerated().map { CurvePoint(x: Double($0 + 1), y: $1) }
      let html = try #require(Chart("t", [Chart.Series(name: "a", points: points)])).html
      let places = html.matches(of: #/(?:points="|\s|cx=")(\d+\.\d),(\d+\.\d)/#)
      for place in places {
        #expect((0...640).contains(Double(place.1) ?? -1) && (0...260).contains(Double(place.2) ?? -1))
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
}
