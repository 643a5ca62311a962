package io.vdi.operator.gate.http;

import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import java.util.List;

/** From where a request comes, for the audit log. No decision depends on it. */
public final class ClientAddress {
  private ClientAddress() {}

  /**
   * The last address of {@code X-Forwarded-For}, which is what the router has written; without that
   * header the address of the connection.
   */
  public static String of(ServerRequest request) {
    if (request.headers().contains(HeaderNames.X_FORWARDED_FOR)) {
      List<String> values = request.headers().get(HeaderNames.X_FORWARDED_FOR).allValues();
      String last = values.getLast();
      return last.substring(last.lastIndexOf(',') + 1).strip();
    }
    return request.remotePeer().host();
  }
}
