package io.vdi.operator.controller.session.resources;

import io.vdi.operator.common.model.ResourceNames;
import io.vdi.operator.common.model.ResourceType;
import java.util.List;
import java.util.Map;

/**
 * Builds Traefik's Middleware that asks the gate about each request; docs/specification.md, section
 * 8. Traefik does not let a route refer to a Middleware of another namespace by default, so each
 * namespace with sessions has one.
 */
final class MiddlewareBuilder {
  /** The cookie that the gate renews with its answers. */
  private static final String DESKTOP_COOKIE = "__Host-vdi-desktop";

  /** Bytes; the pages that the gate answers with are smaller. */
  private static final int MAX_ANSWER = 64 * 1024;

  private MiddlewareBuilder() {}

  /** The Middleware. It is the same in every namespace. */
  static SharedObject of(String forwardAuthUrl) {
    return SharedObject.of(
        ResourceType.MIDDLEWARE,
        ResourceNames.MIDDLEWARE,
        Map.of(
            "forwardAuth",
            Map.of(
                "address",
                forwardAuthUrl,
                "trustForwardHeader",
                false,
                "authResponseHeaders",
                List.of("Authorization", "Cookie"),
                "addAuthCookiesToResponse",
                List.of(DESKTOP_COOKIE),
                "maxResponseBodySize",
                MAX_ANSWER)));
  }
}
