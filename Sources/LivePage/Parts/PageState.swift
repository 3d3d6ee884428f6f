import Drawing
import RunControl
import System

/// The page at a moment: its parts, and since when each is as it is.
struct PageState: Sendable {
  /// Grows from page to page, also of one program to the next.
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

  /// - Parameter before: The page before; what is as it was there is not sent again.
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

  /// What is to be sent to whoever has the page of a version: the events, or nothing where all is as it was.
  func events(since version: Int) -> String {
    var events = LivePart.allCases.compactMap { part -> String? in
      guard let content = parts[part], content.version > version else { return nil }
      return Self.event(part.rawValue, content.html)
    }
    if titleVersion > version { events.append(Self.event("title", title)) }
    return events.isEmpty
      ? "" : events.joined() + "id: \(self.version)\nevent: version\ndata: \(self.version)\n\n"
  }

  /// Lines of a server-sent event: the first names the part, the others are its text.
  private static func event(_ part: String, _ text: String) -> String {
    let lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" || $0 == "\r" }
    return "event: part\ndata: \(part)\n" + lines.map { "data: \($0)\n" }.joined() + "\n"
  }

  /// The whole page, which shows the run as it is now and follows it where there is a script.
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
