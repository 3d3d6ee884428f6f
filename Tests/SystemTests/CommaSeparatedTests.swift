import System
import Testing

@Suite struct CommaSeparatedTests {
  @Test func `rows with quotes, commas and ends of lines are read, and half a one is none`() {
    let text = "a,b\r\n\"x,\"\"y\"\"\n\",2\n,\n\"half,1"
    let rows = commaSeparatedRows(Array(text.replacing("\r\n", with: "\n").utf8))
    #expect(rows == [["a", "b"], ["x,\"y\"\n", "2"], ["", ""]])
    #expect(commaSeparatedRows(Array(text.utf8), atMost: 1).count == 1)
  }

  @Test func `what is written is read again, whatever is in it`() {
    let rows = [
      ["plain", "", " blanks "], ["a,b", "say \"so\"", "\"\""], ["two\nlines", "\r\n", "a \"\u{301} b"],
      ["ä", "🏖️", ","],
    ]
    let text = commaSeparated(rows[0], rows.dropFirst())
    #expect(commaSeparatedRows(Array(text.utf8)) == rows)
    #expect(text.hasPrefix("plain,, blanks \n\"a,b\",\"say \"\"so\"\"\",\"\"\"\"\"\"\n"))
  }
}
