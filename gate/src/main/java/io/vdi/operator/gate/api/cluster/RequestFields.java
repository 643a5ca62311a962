package io.vdi.operator.gate.api.cluster;

/** The names of the fields of a session in requests to the gate. */
final class RequestFields {
  private RequestFields() {}

  /**
   * The field of a request that sets a field of the spec.
   *
   * @param spec without {@code spec.}, such as {@code persistence.size}
   */
  static String of(String spec) {
    return spec.startsWith("persistence.")
        ? "home." + spec.substring("persistence.".length())
        : spec;
  }
}
