import Recipe
import Testing

@testable import Worker

@Suite struct HeldOutImagesTests {
  private func doubt(_ earlier: String, trains: Bool) -> String? {
    var images = Recipe.Images()
    (images.heldOut, images.imagesHeldOut) = (0.2, "0000000a")
    #expect(images.doubt(heldOut: "0.2 of 0000000a", trains: trains) == nil, "the same images")
    return images.doubt(heldOut: earlier, trains: trains)
  }

  @Test func `an evaluation on images that the run may have learnt says which it has not`() {
    #expect(
      doubt("0.25 of 0000000b", trains: false)?.hasSuffix("Those that were held out: --val-split 0.25")
        == true)
    #expect(doubt("0.2 of 0000000b", trains: false)?.hasSuffix("or this is another folder") == true)
  }

  @Test func `a run that goes on says that its images changed`() {
    #expect(doubt("0.2 of 0000000b", trains: true)?.contains("accuracy would be too high") == true)
  }

  @Test func `all images of a folder are no part of it`() {
    #expect(Recipe.Images().doubt(heldOut: "0.2 of 0000000b", trains: false) == nil)
  }
}
