/// A TIFF of `side` x `side` pixels of 8 bits, grey or in four planes of ink, whose tiles claim to be of any size; each is `count`
/// bytes of the file, which are ones.
public func tiledTIFF(side: UInt32, tile: (width: UInt32, height: UInt32), planes: Int, count: Int = 256)
  -> [UInt8]
{
  let isInk = planes > 1
  let start = 512
  let each = { (value: UInt32) in [UInt32](repeating: value, count: planes) }
  let entries: [(tag: UInt16, values: [UInt32])] = [
    (256, [side]), (257, [side]), (258, each(8)), (259, [1]), (262, [isInk ? 5 : 1]),
    (277, [UInt32(planes)]), (284, [isInk ? 2 : 1]), (322, [tile.width]), (323, [tile.height]),
    (324, each(UInt32(start))), (325, each(UInt32(count))),
  ]
  var (head, rest): ([UInt8], [UInt8]) = (Array("II*\0".utf8) + little(UInt32(8)), [])
  head += little(UInt16(entries.count))
  let behind = head.count + 12 * entries.count + 4
  for (tag, values) in entries {
    head += little(tag) + little(UInt16(4)) + little(UInt32(values.count))
    head += little(values.count == 1 ? values[0] : UInt32(behind + rest.count))
    if values.count > 1 { rest += values.flatMap(little) }
  }
  let bytes = head + [0, 0, 0, 0] + rest
  return bytes + [UInt8](repeating: 1, count: start + count - bytes.count)
}

private func little(_ number: some FixedWidthInteger) -> [UInt8] {
  withUnsafeBytes(of: number.littleEndian, Array.init)
}
