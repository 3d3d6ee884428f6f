import ArgumentParser
import TestSupport
import Testing

@testable import Launcher

@Suite struct OverviewTests {
  @Test func `what twins-launch alone says fits a terminal of 80 columns`() {
    #expect(Overview.text.split(separator: "\n").filter { $0.count > 80 }.isEmpty)
  }

  @Test func `so does the help of every command`() {
    #expect(overlongHelp(of: TwinsLaunch.self).isEmpty)
  }
}
