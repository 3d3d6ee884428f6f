import System
import Testing

@Suite struct CommaSeparatedTests {
  @Test func `what has a comma, a quote or an end of line in it stands in quotes, and a quote is two`() {
    let rows = [
      ["plain", "", " blanks "], ["a,b", "say \"so\"", "\"\""], ["two\nlines", "\r\n", "a \"\u{301} b"],
      ["ä", "🏖️", ","],
    ]
    let lines = [
      "plain,, blanks \n", "\"a,b\",\"say \"\"so\"\"\",\"\"\"\"\"\"\n",
      "\"two\nlines\",\"\r\n\",\"a \"\"\u{301} b\"\n", "ä,🏖️,\",\"\n",
    ]
    // By bytes: a mark makes one character of itself and the quote before it.
    #expect(Array(commaSeparated(rows[0], rows.dropFirst()).utf8) == Array(lines.joined().utf8))
  }
}
