import System

/// A self-contained page without scripts.
package struct Page {
  package let title: String
  /// The page's parts, in order.
  package var parts: [String] = []

  /// Makes an empty page.
  package init(title: String) { self.title = title }

  /// Adds a part under a heading, unless it is nil.
  package mutating func add(_ heading: String, _ part: String?) {
    guard let part, !part.isEmpty else { return }
    parts.append("<section><h2>\(escaped(heading))</h2>\n\(part)</section>")
  }

  /// A table of texts; with `isNumeric`, all columns but the first are right-aligned.
  package static func table(_ head: [String], _ rows: [[String]], isNumeric: Bool = false) -> String {
    func row(_ cells: [String], _ tag: String) -> String {
      "<tr>" + cells.map { "<\(tag)>\(escaped($0))</\(tag)>" }.joined() + "</tr>"
    }
    let lines = (head.isEmpty ? [] : [row(head, "th")]) + rows.map { row($0, "td") }
    return
      "<div class=\"wide\" tabindex=\"0\"><table\(isNumeric ? " class=\"n\"" : "")>\n\(lines.joined(separator: "\n"))\n</table></div>"
  }

  package var text: String {
    Self.document(
      title: title, head: Self.head, body: "<h1>\(escaped(title))</h1>\n\(parts.joined(separator: "\n"))")
  }

  private static let head = """
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
    <style>\(style)</style>
    """

  /// The document around a page's body.
  package static func document(title: String, head: String, body: String) -> String {
    opening(title: title, head: head) + body + closing
  }

  /// The page's beginning, to be followed by its parts and `closing`.
  package var opening: String {
    Self.opening(title: title, head: Self.head) + "<h1>\(escaped(title))</h1>\n"
      + parts.map { $0 + "\n" }.joined()
  }

  /// The end of a page.
  package static let closing = "\n</body>\n</html>\n"

  private static func opening(title: String, head: String) -> String {
    """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    \(head)
    <title>\(escaped(title))</title>
    </head>
    <body>

    """
  }

  /// The style sheet of all parts, in light and dark.
  package static let style = """
    :root{color-scheme:light dark;--line:#8884;--a:light-dark(#0b63c5,#6cb2ff);--b:light-dark(#b3480b,#ffa366);
    --c:light-dark(#187a3a,#6fd08c)}
    body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem}
    h1{font-size:1.5rem;overflow-wrap:anywhere}h2{font-size:1.1rem;margin:2rem 0 .5rem}
    .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:.75rem}
    .tiles div{border:1px solid var(--line);border-radius:8px;padding:.6rem .8rem}.tiles b{display:block;font-size:1.35rem}
    .tiles small{opacity:.75}.bad b{color:var(--b)}
    .charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr));gap:1rem}
    figure{margin:0}figcaption span{margin-left:.75rem;font-variant-numeric:tabular-nums}svg{width:100%;height:auto}
    polyline{fill:none;stroke-width:2}.g{stroke:var(--line)}svg text{font-size:11px;fill:currentColor;opacity:.7}
    .y{text-anchor:end;dominant-baseline:middle}.x{text-anchor:middle}.faint{opacity:.45;stroke-dasharray:5 4}
    .c0{stroke:var(--a)}.c1{stroke:var(--b)}.c2{stroke:var(--c)}circle.c0{fill:var(--a)}circle.c1{fill:var(--b)}
    circle.c2{fill:var(--c)}
    .k0{color:var(--a)}.k1{color:var(--b)}.k2{color:var(--c)}
    .wide{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums}
    th,td{text-align:left;padding:.15rem 1rem .15rem 0;vertical-align:top}.n th+th,.n td+td{text-align:right;white-space:nowrap}
    .grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(9rem,1fr));gap:1rem}
    .grid figure{overflow-wrap:anywhere}.grid figcaption{font-size:.85rem}.grid small{opacity:.75}
    .maps{display:grid;grid-auto-flow:column;grid-template-rows:repeat(var(--rows),auto);gap:.75rem;
    grid-auto-columns:minmax(0,14rem);align-items:start}.maps figcaption{font-size:.85rem}.maps>:first-child{grid-row:1/-1}
    @media(max-width:40rem){.maps{grid-auto-flow:row;grid-template:none/repeat(2,minmax(0,1fr))}
    .maps>:first-child{grid-area:auto/1/auto/-1}}
    .heat{width:auto;max-width:none}.heat .right{fill:var(--a)}.heat .wrong{fill:var(--b)}
    .heat .row{text-anchor:end;dominant-baseline:middle}.heat .column{dominant-baseline:middle}
    .heat .count{text-anchor:middle;dominant-baseline:central;font-size:10px;opacity:1;pointer-events:none}
    .heat .strong{fill:Canvas}.hint{opacity:.75;font-size:.85rem}
    img{width:100%;height:auto;display:block;border-radius:4px}
    td:first-child{overflow-wrap:break-word;max-width:18rem}code{overflow-wrap:anywhere}tr:nth-child(even){background:#8881}
    @media(max-width:40rem){figure svg text{font-size:15px}polyline{stroke-width:3}td:first-child{max-width:9rem}
    table{font-size:.85rem}.n th,.n td{padding-right:.5rem}}
    """
}
