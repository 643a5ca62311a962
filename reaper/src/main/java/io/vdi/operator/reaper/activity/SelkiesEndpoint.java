package io.vdi.operator.reaper.activity;

import java.net.URI;

/** Where a desktop is asked, and as whom. */
record SelkiesEndpoint(String ip, int port, String user, String password) {
  URI sessions() {
    String host = ip.contains(":") ? "[" + ip + "]" : ip;
    return URI.create("http://" + host + ":" + port + "/api/sessions");
  }

  /** Without the password, wherever it may be printed. */
  @Override
  public String toString() {
    return sessions().toString();
  }
}
