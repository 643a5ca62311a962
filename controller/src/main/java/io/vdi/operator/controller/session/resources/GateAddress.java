package io.vdi.operator.controller.session.resources;

/**
 * Where ingress-nginx asks the gate.
 *
 * @param host a full name: ingress-nginx does not complete names
 * @param path begins with a slash
 */
public record GateAddress(boolean https, String host, int port, String path) {
  String url() {
    return (https ? "https://" : "http://") + host + ":" + port + path;
  }
}
