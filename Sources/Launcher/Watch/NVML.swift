import Drawing
import Glibc
import RunControl
import System

/// NVIDIA's management library, as far as it is asked here; opened at run time, since only machines with a driver have it.
///
/// Its calls may hang where a card has fallen off its bus: one thread alone makes them (`CardMonitor`).
struct NVML {
  /// A card of the library's.
  typealias Handle = OpaquePointer

  private typealias Plain = @convention(c) () -> CInt
  private typealias ByNumber = @convention(c) (CUnsignedInt, UnsafeMutablePointer<Handle?>) -> CInt
  private typealias Text = @convention(c) (Handle, UnsafeMutablePointer<CChar>, CUnsignedInt) -> CInt
  private typealias Count = @convention(c) (UnsafeMutablePointer<CUnsignedInt>) -> CInt
  private typealias Number = @convention(c) (Handle, UnsafeMutablePointer<CUnsignedInt>) -> CInt
  private typealias Sensor = @convention(c) (Handle, CInt, UnsafeMutablePointer<CUnsignedInt>) -> CInt
  private typealias Reasons = @convention(c) (Handle, UnsafeMutablePointer<UInt64>) -> CInt
  private typealias Errors = @convention(c) (Handle, CInt, CInt, UnsafeMutablePointer<UInt64>) -> CInt
  private typealias MakeSet = @convention(c) (UnsafeMutablePointer<OpaquePointer?>) -> CInt
  private typealias Register = @convention(c) (Handle, UInt64, OpaquePointer) -> CInt
  private typealias Wait = @convention(c) (OpaquePointer, UnsafeMutableRawPointer, CUnsignedInt) -> CInt

  /// Never closed: the thread that uses it may be inside it when the program ends.
  private let library: UnsafeMutableRawPointer
  /// The cards, in the order of the buses that they are on.
  let handles: [Handle]
  /// What tells of a card's errors; nil where the library does not.
  private let events: OpaquePointer?

  /// Opens and starts it; nil where it is not there, or does not start.
  init?(path: String) {
    guard let library = dlopen(path, RTLD_NOW) else { return nil }
    self.library = library
    func find<Function>(_ name: String, as _: Function.Type) -> Function? {
      dlsym(library, name).map { unsafeBitCast($0, to: Function.self) }
    }
    var count: CUnsignedInt = 0
    guard let start = find("nvmlInit_v2", as: Plain.self), start() == 0,
      let counted = find("nvmlDeviceGetCount_v2", as: Count.self), counted(&count) == 0,
      let byNumber = find("nvmlDeviceGetHandleByIndex_v2", as: ByNumber.self)
    else { return nil }
    handles = (0..<count).compactMap { number in
      var handle: Handle?
      return byNumber(number, &handle) == 0 ? handle : nil
    }
    // A card that does not answer would give its number to the next.
    guard handles.count == Int(count) else { return nil }
    var events: OpaquePointer?
    if let make = find("nvmlEventSetCreate", as: MakeSet.self), make(&events) == 0, let events,
      let register = find("nvmlDeviceRegisterEvents", as: Register.self)
    {
      for handle in handles { _ = register(handle, Self.criticalError, events) }
    }
    self.events = events
  }

  /// The event of an Xid.
  private static let criticalError: UInt64 = 8

  /// What a card says of itself; what it does not say is nil.
  func reading(_ handle: Handle) -> CardReading {
    CardReading(
      name: text("nvmlDeviceGetName", handle), identifier: text("nvmlDeviceGetUUID", handle),
      celsius: temperature(handle),
      watts: number("nvmlDeviceGetPowerUsage", handle).map { Double($0) / 1000 },
      slowdowns: slowdowns(handle), memoryErrors: memoryErrors(handle))
  }

  /// Waits so long for an Xid; the number of its card, and its own.
  ///
  /// Nil where none came, or at once where the library cannot tell.
  func nextXid(within milliseconds: UInt32) -> (card: Int, xid: Int)? {
    // The library's event: the card, the event's type and its data, and two numbers of a part of a card.
    var data = (OpaquePointer?.none, UInt64(0), UInt64(0), CUnsignedInt(0), CUnsignedInt(0))
    guard let events, let wait = find("nvmlEventSetWait_v2", as: Wait.self),
      wait(events, &data, milliseconds) == 0, data.1 == Self.criticalError,
      let card = handles.firstIndex(where: { $0 == data.0 })
    else { return nil }
    return (card, Int(clamping: data.2))
  }

  private func find<Function>(_ name: String, as _: Function.Type) -> Function? {
    dlsym(library, name).map { unsafeBitCast($0, to: Function.self) }
  }

  private func text(_ name: String, _ handle: Handle) -> String? {
    var bytes = [CChar](repeating: 0, count: 96)
    guard let ask = find(name, as: Text.self), ask(handle, &bytes, CUnsignedInt(bytes.count)) == 0 else {
      return nil
    }
    return String(decoding: bytes.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  private func number(_ name: String, _ handle: Handle) -> Int? {
    var value: CUnsignedInt = 0
    guard let ask = find(name, as: Number.self), ask(handle, &value) == 0 else { return nil }
    return Int(value)
  }

  private func temperature(_ handle: Handle) -> Int? {
    var value: CUnsignedInt = 0
    guard let ask = find("nvmlDeviceGetTemperature", as: Sensor.self), ask(handle, 0, &value) == 0 else {
      return nil
    }
    return Int(value)
  }

  private func memoryErrors(_ handle: Handle) -> Int? {
    var value: UInt64 = 0
    // Those that could not be corrected, since the driver was loaded.
    guard let ask = find("nvmlDeviceGetTotalEccErrors", as: Errors.self), ask(handle, 1, 0, &value) == 0
    else {
      return nil
    }
    return Int(clamping: value)
  }

  private func slowdowns(_ handle: Handle) -> [CardReading.Slowdown]? {
    var reasons: UInt64 = 0
    guard let ask = find("nvmlDeviceGetCurrentClocksThrottleReasons", as: Reasons.self),
      ask(handle, &reasons) == 0
    else { return nil }
    return CardReading.Slowdown.allCases.filter { reasons & $0.bits != 0 }
  }
}

extension CardReading.Slowdown {
  /// NvmlClocksEventReasons: idle clocks and those that a user has set are none.
  fileprivate var bits: UInt64 {
    switch self {
    case .power: 0x4
    case .hardware: 0x8
    case .heat: 0x20 | 0x40
    case .powerSupply: 0x80
    }
  }
}
