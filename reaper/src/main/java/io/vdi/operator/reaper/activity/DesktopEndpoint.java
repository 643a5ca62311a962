package io.vdi.operator.reaper.activity;

import io.vdi.operator.common.model.DesktopCredentials;
import io.vdi.operator.common.model.DesktopServer.ActivitySource;
import io.vdi.operator.common.model.Scheme;
import java.net.URI;

/**
 * Where and how a desktop is asked for its clients.
 *
 * @param ip the address of the pod
 */
record DesktopEndpoint(
    ActivitySource.Api api, Scheme scheme, String ip, int port, DesktopCredentials credentials) {
  URI clients() {
    String host = ip.contains(":") ? "[" + ip + "]" : ip;
    String path =
        switch (api) {
          case SELKIES -> "/api/sessions";
          case KASMVNC -> "/api/get_bottleneck_stats";
        };
    return URI.create(scheme.text() + "://" + host + ":" + port + path);
  }

  /** Without the password, so that no log contains it. */
  @Override
  public String toString() {
    return clients().toString();
  }
}
