import Foundation
import Testing

extension EndToEnd {
  /// The page of a real run, which a browser follows.
  @Suite struct PageTests {
    let place: Workplace

    init() throws { place = try Workplace() }

    private struct Look: Decodable {
      let found: Bool
      let overflow: Int
      let messages: [String]
      /// What has the focus after the tab key, and whether that is seen.
      let focus: String
      let outline: String
      /// Of text.
      let colour: String
    }

    private static let hasBrowser = FileManager.default.isExecutableFile(atPath: "/usr/bin/chromium")

    @Test func `a page follows a run, can be killed and come back, and its figures are read by promtool`()
      throws
    {
      let run = try ProgramRun(
        .launcher,
        ["--nproc", "2"]
          + place.training(
            "out", "--epochs", "1000", "--max_step", "4", "--lr", "1e-6", "--data-path", "images"),
        in: place, directory: place.folder)
      try run.read(to: "Epoch: [1]")
      let (page, port) = try serve()
      let metrics =
        "printf 'GET /metrics HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3"
      let checked = try shell(
        "exec 3<>/dev/tcp/127.0.0.1/\(port); \(metrics); sed '1,/^\\r*$/d' <&3 | .deps/readers/promtool check metrics 2>&1"
      )
      #expect(checked.status == 0 && checked.output == [], "\(checked.output)")
      if Self.hasBrowser {
        try follow(port)
      } else {
        print("neither the page nor report.html was looked at: there is no /usr/bin/chromium")
      }
      let status = try ProgramRun(.launcher, ["status", place.output("out")], in: place).finish()
      for part in ["  epochs ", " of 1000", "  best ", "  save and end  ", "attempt 0: running"] {
        #expect(status.output.contains { $0.contains(part) }, "\(part) is not in \(status.output)")
      }
      page.send(SIGKILL)
      #expect(try page.finish().status == 128 + SIGKILL)
      let (second, _) = try serve()
      try run.takeOutput()
      #expect(run.isRunning, "\(run.errors)")
      run.send(SIGTERM)
      #expect(try run.finish().status == Status.stoppedEarly)
      if Self.hasBrowser { try lookAtReport() }
      #expect(second.isRunning, "it shows what became of the run")
      second.send(SIGKILL)
      _ = try second.finish()
    }

    @Test(arguments: [
      (["--http", "0.0.0.0:0"], Status.usage), (["--http", "nonsense"], Status.usage),
      (["--http", "127.0.0.1:0", "--token", "/nowhere"], Status.missingInput),
      (["--http", "127.0.0.1:0"], Status.missingInput),
    ])
    func `what cannot be served is refused before anybody listens`(flags: [String], status: Int32) throws {
      let end = try ProgramRun(.launcher, ["watch", "nothing"] + flags, in: place).finish()
      #expect(end.status == status && end.errors.hasPrefix("twins-page: "), "\(end.errors)")
    }

    private func serve() throws -> (page: ProgramRun, port: Int) {
      let page = try ProgramRun(
        .launcher, ["watch", place.output("out"), "--http", "127.0.0.1:0"], in: place)
      let line = try page.readLine(startingWith: "http://127.0.0.1:")
      return (page, try #require(Int(line.split(separator: ":").last?.dropLast() ?? "")))
    }

    private func follow(_ port: Int) throws {
      let epochs = "document.querySelectorAll('#epochs tr').length"
      // An epoch that was not there when the page was loaded; the images are where the run was started, and not where the page was.
      let script =
        "window.first === undefined ? void (window.first = \(epochs)) : \(epochs) > Math.max(2, window.first) "
        + "&& \(Self.images) && document.querySelector('#confusion .heat rect')"
      try look("http://127.0.0.1:\(port)/", script, width: 360, "dark")
    }

    private func lookAtReport() throws {
      let script =
        "\(Self.images) && document.querySelector('.heat rect') && document.querySelector('polyline')"
      for (width, colours) in [(360, "light"), (1200, "dark")] {
        try look("file://\(place.output("out"))/report.html", script, width: width, colours)
      }
    }

    /// That images of mistakes are there; those further down are loaded once somebody gets there.
    private static let images =
      "(document.querySelector('.grid')?.scrollIntoView(), document.querySelector('.grid img')?.naturalWidth > 0)"

    private func look(_ url: String, _ script: String, width: Int, _ colours: String) throws {
      let end = try shell("python3 Tests/Readers/browser.py \(url) \"\(script)\" '' \(width) \(colours)")
      try #require(end.status == 0, "\(end.errors)")
      let look = try JSONDecoder().decode(Look.self, from: Data(end.output.joined().utf8))
      #expect(look.found, "all of it comes, without loading again")
      #expect(look.messages == [] && look.overflow == 0)
      #expect(look.focus == "wide" && look.outline != "none", "a table is reached by the keyboard")
      #expect(look.colour == (colours == "dark" ? "rgb(255, 255, 255)" : "rgb(0, 0, 0)"))
    }

    private func shell(_ command: String) throws -> ProgramRun.End {
      try ProgramRun(command: command, in: place).finish()
    }
  }
}
