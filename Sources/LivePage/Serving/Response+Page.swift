import HTTPTypes
import HummingbirdCore
import NIOCore

extension HTTPFields {
  /// Headers of every response: the browser may load nothing from elsewhere, run no inline scripts, store
  /// nothing, and show the page in no other site's frame.
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

  /// The field of a name, ignoring case.
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

  /// Makes the browser store the token, and redirects to the page without it.
  static func keeping(_ token: String) -> Response {
    var response = text(.seeOther, "see /")
    response.headers[.location] = "/"
    response.headers[.setCookie] = "\(Admission.cookie)=\(token); Path=/; HttpOnly; SameSite=Strict"
    return response
  }
}
