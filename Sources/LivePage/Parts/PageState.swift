import Drawing
import RunControl
import System

/// The page at a time: its parts, and the version at which each last changed.
struct PageState: Sendable {
  /// Increases from page to page, even across restarts of the program.
  let version: Int
  let title: String
  private let name: String
  let metrics: String
  let mistakes: [Mistake]
  private let parts: [LivePart: Part]
  private let titleVersion: Int

  private struct Part {
    let html: String
    let version: Int
  }

  /// Makes a page.
  ///
  /// - Parameter before: The previous page; parts that are unchanged are not sent again.
  init(_ reading: RunReading, after before: PageState?) {
    let writer = PartWriter(reading)
    let version = max(Int(reading.now * 1000), (before?.version ?? 0) + 1)
    self.version = version
    title = writer.title
    name = writer.name
    titleVersion = before.map { $0.title == writer.title ? $0.titleVersion : version } ?? version
    metrics = RunMetrics(reading).text
    mistakes = reading.mistakes
    parts = Dictionary(
      uniqueKeysWithValues: LivePart.allCases.map { part in
        let html = writer.html(part)
        let same = before?.parts[part].flatMap { $0.html == html ? $0 : nil }
        return (part, same ?? Part(html: html, version: version))
      })
  }

  /// The events that bring a viewer's version up to date; empty if nothing has changed.
  func events(since version: Int) -> String {
    var events = LivePart.allCases.compactMap { part -> String? in
      guard let content = parts[part], content.version > version else { return nil }
      return Self.event(part.rawValue, content.html)
    }
    if titleVersion > version { events.append(Self.event("title", title)) }
    return events.isEmpty
      ? "" : events.joined() + "id: \(self.version)\nevent: version\ndata: \(self.version)\n\n"
  }

  /// The lines of a server-sent event: the part's name, then its text.
  private static func event(_ part: String, _ text: String) -> String {
    let lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" || $0 == "\r" }
    return "event: part\ndata: \(part)\n" + lines.map { "data: \($0)\n" }.joined() + "\n"
  }

  /// The whole page, which shows the current state, and follows the run where scripts run.
  var document: String {
    let sections = LivePart.allCases.map { part in
      "<section id=\"\(part.rawValue)\">\(parts[part]?.html ?? "")</section>"
    }
    return Page.document(
      title: title,
      head: """
        <link rel="stylesheet" href="style.css"><link rel="icon" href="icon.svg" type="image/svg+xml">
        <script src="page.js" defer></script>
        """,
      body: """
        <header><h1>\(name)</h1><p id="lost" role="alert" hidden></p></header>
        <main data-version="\(version)">
        \(sections.joined(separator: "\n"))
        </main>
        <noscript><p>Without JavaScript this page shows the run as it was when it was loaded: load it again to see more.</p></noscript>
        """)
  }
}
