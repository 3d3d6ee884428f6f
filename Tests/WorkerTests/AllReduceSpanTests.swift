import Testing

@testable import Worker

@Suite struct AllReduceSpanTests {
  @Test func `a sum counts from the first start to the last end of the host that took longest`() {
    let times = [(start: 1.0, end: 3.0), (1.5, 3.5), (100.0, 104.0), (101.0, 103.0)]
    #expect(longestSpan(of: times, hostSize: 2) == 4)
    #expect(longestSpan(of: Array(times.prefix(2)), hostSize: 2) == 2.5)
    #expect(longestSpan(of: [], hostSize: 2) == 0)
  }
}
