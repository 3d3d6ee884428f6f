import Testing

@testable import WorkerLink

@Suite struct LauncherLinkTests {
  static let links = [
    LauncherLink(), LauncherLink(lifeline: 3), LauncherLink(board: 5, log: ""),
    LauncherLink(lifeline: 3, board: 5, log: "/out/logs/rank-1.log"),
  ]

  @Test(arguments: links)
  func `an environment tells all that was handed down`(link: LauncherLink) {
    #expect(LauncherLink(environment: link.environment) == link)
    #expect(LauncherLink.variables.isSuperset(of: link.environment.keys))
  }

  @Test func `the names are those that workers of an earlier launcher read`() {
    let link = LauncherLink(lifeline: 3, board: 5, log: "/l")
    #expect(
      link.environment == ["TWINS_LIFELINE_FD": "3", "TWINS_BOARD_FD": "5", "TWINS_LOG": "/l"])
    #expect(Set(link.environment.keys) == LauncherLink.variables)
  }

  @Test(arguments: ["", "x", "3 ", "99999999999"])
  func `what is no descriptor is as without a launcher`(text: String) {
    let link = LauncherLink(environment: ["TWINS_LIFELINE_FD": text, "TWINS_BOARD_FD": text])
    #expect(link == LauncherLink())
  }
}
