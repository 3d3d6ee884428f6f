import RunControl
import System

/// Reads the state of NVIDIA's cards at intervals, on its own thread, so that a driver that hangs holds up
/// nothing else.
final class CardMonitor: Sendable {
  private let state = Monitor(State())

  private struct State {
    /// In the order of the cards' bus addresses; empty before the first look.
    var readings: [CardReading] = []
    var news = CardNews()
    var isOver = false
  }

  /// Starts the thread; nil where the library is missing or the system gives no thread.
  ///
  /// - Parameter interval: Seconds between two looks.
  init?(library path: String = "libnvidia-ml.so.1", interval: Double = 5) {
    guard
      let thread = try? OwnedThread(
        "cards", takesSignals: false, { [state] in Self.look(state, path, every: interval) })
    else { return nil }
    thread.detach()
  }

  /// Asks the thread to end without waiting for it: it may be blocked inside the driver.
  deinit { state.withLock { $0.isOver = true } }

  /// The last readings, in the order of the cards' bus addresses.
  var readings: [CardReading] { state.withLock { $0.readings } }

  /// What has become worse since this was asked before, a sentence each.
  func takeNews() -> [String] { state.withLock { $0.news.take() } }

  /// What the card of a worker said last; nil where nobody can tell which it is.
  ///
  /// - Parameter number: The card's number in its worker.
  func reading(of number: Int, among cards: Cards, order: String?) -> CardReading? {
    let all = readings
    return Self.place(of: number, among: cards, in: all, order: order).map { all[$0] }
  }

  /// Returns the index of a worker's card among all cards in bus order.
  ///
  /// The CUDA driver counts in bus order only where CUDA_DEVICE_ORDER says so, or where all cards are of one
  /// model.
  static func place(of number: Int, among cards: Cards, in all: [CardReading], order: String?) -> Int? {
    guard cards.names.indices.contains(number) else { return nil }
    let name = cards.names[number]
    if name.hasPrefix("GPU-") {
      let meant = all.indices.filter { all[$0].identifier?.hasPrefix(name) == true }
      return meant.count == 1 ? meant[0] : nil
    }
    guard let place = Int(name), all.indices.contains(place) else { return nil }
    let areAlike = Set(all.map(\.name)).count == 1
    return order == "PCI_BUS_ID" || areAlike ? place : nil
  }

  private static func look(_ state: Monitor<State>, _ path: String, every interval: Double) {
    guard let library = NVML(path: path) else { return }
    var xids: [[Int]] = library.handles.map { _ in [] }
    while !state.withLock({ $0.isOver }) {
      let end = ContinuousClock.now + .seconds(interval)
      let readings = zip(library.handles, xids).map { handle, xids in
        var reading = library.reading(handle)
        reading.xids = xids
        return reading
      }
      state.withLock {
        $0.readings = readings
        $0.news.look(readings)
      }
      if let (card, xid) = library.nextXid(within: UInt32(interval * 1000)), !xids[card].contains(xid) {
        xids[card].append(xid)
      } else {
        // An Xid that recurs without pause counts once, and for a lost card the wait returns at once, so
        // pause here.
        _ = state.wait(until: end) { $0.isOver ? true : nil }
      }
    }
  }
}
