import Testing

@testable import Recipe

@Suite struct JSONPlacesTests {
  @Test(arguments: [
    ("{\"a\": 1,\n \"b\": x}", "2:7"), ("{\"a\": 1 \"b\": 2}", "1:9"), ("{\"a\": [1, 2", "1:12"), ("", "1:1"),
    ("{\"é\": \"ü\" !}", "1:11"), ("{\"a\": tru}", "1:7"), ("{\"a\": 1}}", "1:9"), ("{'a': 1}", "1:2"),
    ("{\"a\": \"x}", "1:10"), ("{\"a\": nan}", "1:7"), ("{\"a\\", "1:5"),
  ])
  func `the first place that is no JSON is found`(text: String, place: String) {
    #expect(JSONPlaces(text).fault?.description == place)
  }

  @Test func `JSON has no fault, and each member its place`() {
    let text = "{ \"a\" : {\n\t\"b\": [-1.5e-3, true, null, \"\\\"}\"],\n  \"c\": {}},\r\n\"d\": [[]] }\n"
    let places = JSONPlaces(text)
    #expect(places.fault == nil)
    #expect(
      places.places.mapValues(\.description) == ["a": "1:3", "a.b": "2:2", "a.c": "3:3", "d": "4:1"])
  }

  @Test func `what is nested without end is a fault, and no crash`() {
    #expect(JSONPlaces(String(repeating: "[", count: 100_000)).fault != nil)
  }
}
