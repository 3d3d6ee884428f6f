import HTTPTypes
import HummingbirdCore
import NIOCore

extension HTTPFields {
  /// What is said with every answer: a browser loads nothing from elsewhere, runs nothing that stands in the page, keeps nothing,
  /// and shows it in no other site's frame.
  static let ofPage = HTTPFields(named: [
    "Content-Security-Policy":
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
      + "form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
  ])

  private init(named values: KeyValuePairs<String, String>) {
    self.init()
    for (name, value) in values { self[named: name] = value }
  }

  /// The field of a name, whatever its case.
  subscript(named name: String) -> String? {
    get { HTTPField.Name(name).flatMap { self[$0] } }
    set { HTTPField.Name(name).map { self[$0] = newValue } }
  }
}

extension Response {
  static func content(_ type: String, _ text: String) -> Response { content(type, ByteBuffer(string: text)) }

  static func content(_ type: String, _ bytes: ByteBuffer) -> Response {
    var headers = HTTPFields.ofPage
    headers[.contentType] = type
    return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: bytes))
  }

  static func text(_ status: HTTPResponse.Status, _ text: String) -> Response {
    var response = content("text/plain; charset=utf-8", text + "\n")
    response.status = status
    return response
  }

  /// Has the browser keep the token, and leads to the page without it.
  static func keeping(_ token: String) -> Response {
    var response = text(.seeOther, "see /")
    response.headers[.location] = "/"
    response.headers[.setCookie] = "\(Admission.cookie)=\(token); Path=/; HttpOnly; SameSite=Strict"
    return response
  }
}
