import TestSupport
import Testing

@testable import Worker

@Suite struct HelpTests {
  @Test func `the help of every command fits a terminal of 80 columns`() {
    #expect(overlongHelp(of: TwinsWorker.self).isEmpty)
  }
}
