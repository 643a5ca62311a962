package io.vdi.operator.gate.api;

/** The kinds of problems, of the API and of the portal. Their codes never change. */
public enum ProblemType {
  BAD_REQUEST(400, "bad-request", "The request cannot be read"),
  UNAUTHENTICATED(401, "unauthenticated", "Sign in"),
  FORBIDDEN(403, "forbidden", "Not allowed"),
  QUOTA_EXCEEDED(403, "quota-exceeded", "A quota is exceeded"),
  NOT_FOUND(404, "not-found", "Not found"),
  METHOD_NOT_ALLOWED(405, "method-not-allowed", "The method is not allowed here"),
  CONFLICT(409, "conflict", "The request conflicts with the present state"),
  PRECONDITION_FAILED(412, "precondition-failed", "The object has changed"),
  TOO_LARGE(413, "too-large", "The request is too large"),
  UNSUPPORTED_MEDIA_TYPE(415, "unsupported-media-type", "The media type is not supported"),
  INVALID(422, "invalid", "A value is not valid"),
  TOO_MANY_REQUESTS(429, "too-many-requests", "Too many requests"),
  INTERNAL(500, "internal", "The gate has failed"),
  UNAVAILABLE(503, "unavailable", "Not available at present");

  private final int status;
  private final String code;
  private final String title;

  ProblemType(int status, String code, String title) {
    this.status = status;
    this.code = code;
    this.title = title;
  }

  public int status() {
    return status;
  }

  public String code() {
    return code;
  }

  /** For people, without a full stop. */
  public String title() {
    return title;
  }
}
