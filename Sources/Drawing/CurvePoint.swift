/// A point of a curve: the epochs so far, and the figure's value there.
package struct CurvePoint: Equatable, Sendable {
  package let x: Double
  package let y: Double

  package init(x: Double, y: Double) { (self.x, self.y) = (x, y) }
}
