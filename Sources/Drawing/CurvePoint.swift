/// A point of a curve: how many epochs in, and what the figure was there.
package struct CurvePoint: Equatable, Sendable {
  package let x: Double
  package let y: Double

  package init(x: Double, y: Double) { (self.x, self.y) = (x, y) }
}
