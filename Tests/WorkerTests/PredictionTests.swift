import Datasets
import Testing

@testable import Worker

@Suite struct PredictionTests {
  private let prediction = Prediction(
    image: "a, b.jpg",
    top: [
      Prediction.Guess(class: "sand cat", score: 0.75), Prediction.Guess(class: "cat \"x\"", score: 0.25),
    ])

  @Test func `a line of each form`() throws {
    #expect(
      try PredictionFormat.text(logits: false).line(prediction) == "a, b.jpg: sand cat 75.0%, cat \"x\" 25.0%"
    )
    #expect(
      try PredictionFormat.csv.line(prediction) == "\"a, b.jpg\",sand cat,0.750000,\"cat \"\"x\"\"\",0.250000"
    )
    #expect(PredictionFormat.csv.head(top: 2) == "image,class_1,score_1,class_2,score_2")
    #expect(PredictionFormat.json.head(top: 2) == nil)
    #expect(
      try PredictionFormat.json.line(prediction).hasPrefix(
        #"{"image":"a, b.jpg","top":[{"class":"sand cat","#))
  }

  @Test func `a list has a name on each line, or between zeros`() {
    #expect(NamedImages.names(in: Array("a b\n\nc\r\nd".utf8)) == ["a b", "c", "d"].map { Array($0.utf8) })
    #expect(NamedImages.names(in: Array("a\nb\0c\0".utf8)) == ["a\nb", "c"].map { Array($0.utf8) })
    #expect(NamedImages.names(in: []).isEmpty)
  }
}
