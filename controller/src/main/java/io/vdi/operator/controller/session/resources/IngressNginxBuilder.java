package io.vdi.operator.controller.session.resources;

import com.google.gson.JsonObject;
import io.kubernetes.client.openapi.models.V1ObjectMeta;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.ResourceNames;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Builds what ingress-nginx needs to ask the gate; docs/specification.md, section 8. It passes on
 * only the answers 2xx, 401 and 403. So the gate answers 401 where it wants to speak to the
 * browser, and ingress-nginx redirects the browser to a page of the gate on the host of the
 * desktop. A second Ingress without authentication leads there, by an ExternalName Service: an
 * Ingress can refer only to Services of its own namespace.
 */
public final class IngressNginxBuilder {
  /** The beginning of the names of all annotations of ingress-nginx. */
  public static final String PREFIX = "nginx.ingress.kubernetes.io/";

  static final String PROTOCOL = PREFIX + "backend-protocol";

  private static final String SIGN_IN = PREFIX + "auth-signin";
  private static final String RESPONSE_HEADERS = PREFIX + "auth-response-headers";
  private static final String ALWAYS_SET_COOKIE = PREFIX + "auth-always-set-cookie";
  private static final String BUFFER_SIZE = PREFIX + "proxy-buffer-size";
  private static final String UPSTREAM_HOST = PREFIX + "upstream-vhost";
  private static final String GLOBAL_AUTH = PREFIX + "enable-global-auth";

  /** The annotations by which an Ingress asks the gate. */
  static final Set<String> ANNOTATIONS =
      Set.of(Annotations.NGINX_AUTH_URL, SIGN_IN, RESPONSE_HEADERS, ALWAYS_SET_COOKIE, BUFFER_SIZE);

  /**
   * For the headers of an answer of the gate: the cookies of the request, and the renewed one. The
   * default of 4k would make 500 of it.
   */
  private static final String ANSWER = "16k";

  /** What the gate serves on the host of a desktop. */
  private static final String PAGES = "/.vdi";

  private IngressNginxBuilder() {}

  /**
   * The annotations of the Ingress of a desktop. Host, method and address of a request reach the
   * gate as parameters, because ingress-nginx passes the browser's {@code X-Forwarded} headers on.
   */
  static Map<String, String> annotations(SessionConfig.Gate.ByIngressNginx gate, String host) {
    return Map.of(
        Annotations.NGINX_AUTH_URL,
        gate.address().url()
            + "/nginx?host="
            + host
            + "&method=$request_method&uri=$escaped_request_uri",
        SIGN_IN,
        "https://" + host + PAGES + "/open?rd=$escaped_request_uri",
        RESPONSE_HEADERS,
        "Authorization,Cookie",
        // Also with the answer to the handshake of a WebSocket.
        ALWAYS_SET_COOKIE,
        "true",
        BUFFER_SIZE,
        ANSWER);
  }

  /** The Service, the same in every namespace. */
  static SharedObject service(GateAddress gate) {
    return SharedObject.of(
        ResourceType.SERVICE,
        ResourceNames.GATE_SERVICE,
        Map.of(
            "type",
            "ExternalName",
            "externalName",
            gate.host(),
            "ports",
            List.of(Map.of("name", "gate", "port", gate.port(), "targetPort", gate.port()))));
  }

  /**
   * The Ingress of the gate's pages on the host of a session's desktop. The host that the gate sees
   * is that of the Ingress, whatever the request says.
   *
   * @param host the first label of the session's host
   */
  public static SharedObject ingress(
      SessionConfig.Gate.ByIngressNginx gate,
      VdiSession session,
      String host,
      SessionConfig config) {
    String name = ResourceNames.gateIngress(session.name());
    String fullHost = host + "." + config.domain();
    V1ObjectMeta metadata = ChildMetadata.metadata(session, name);
    Map<String, String> annotations = new TreeMap<>(config.ingress().annotations());
    annotations.putIfAbsent(BUFFER_SIZE, ANSWER);
    // Those for cert-manager, external-dns and others are on the Ingress of the desktop.
    annotations.keySet().removeIf(key -> !key.startsWith(PREFIX));
    RouteMetadata.add(metadata, config.ingress().labels(), annotations);
    metadata.putAnnotationsItem(UPSTREAM_HOST, fullHost);
    metadata.putAnnotationsItem(GLOBAL_AUTH, "false");
    metadata.putAnnotationsItem(PROTOCOL, gate.address().https() ? "HTTPS" : "HTTP");
    JsonObject body =
        ChildMetadata.object(
            ResourceType.INGRESS,
            metadata,
            IngressBuilder.spec(
                config, fullHost, PAGES, ResourceNames.GATE_SERVICE, gate.address().port()));
    return SharedObject.of(ResourceType.INGRESS, name, body);
  }
}
