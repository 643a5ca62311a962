package io.vdi.operator.reaper.activity;

import java.net.URI;

/** The address of a desktop's Selkies, and the credentials of the session. */
record SelkiesEndpoint(String ip, int port, String user, String password) {
  URI sessions() {
    String host = ip.contains(":") ? "[" + ip + "]" : ip;
    return URI.create("http://" + host + ":" + port + "/api/sessions");
  }

  /** Without the password, so that no log contains it. */
  @Override
  public String toString() {
    return sessions().toString();
  }
}
