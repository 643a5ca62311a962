package io.vdi.operator.controller;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.vdi.operator.controller.session.resources.SessionConfig;
import io.vdi.operator.runtime.config.ConfigReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Reads the settings {@code ingress.gateway.*}, and checks those of kind {@code gateway}. */
final class GatewayConfig {
  private static final String PARENTS = "ingress.gateway.parentRefs";
  private static final Set<String> FIELDS =
      Set.of("group", "kind", "namespace", "name", "sectionName", "port");
  private static final String NAME = "[a-z0-9]([a-z0-9.-]*[a-z0-9])?";

  private GatewayConfig() {}

  static List<SessionConfig.ParentRef> parentRefs(ConfigReader read) {
    List<SessionConfig.ParentRef> result = new ArrayList<>();
    for (JsonElement item : read.array(PARENTS)) {
      if (item instanceof JsonObject fields && FIELDS.containsAll(fields.keySet())) {
        result.add(parentRef(read, fields));
      } else {
        read.problem(
            PARENTS
                + " "
                + item
                + " must be an object with the key name, and optionally namespace, sectionName,"
                + " port, group and kind");
      }
    }
    return List.copyOf(result);
  }

  private static SessionConfig.ParentRef parentRef(ConfigReader read, JsonObject fields) {
    String name = text(fields, "name").orElse("");
    read.require(
        name.matches(NAME), "%s %s: name must be the name of a Gateway".formatted(PARENTS, fields));
    Optional<String> namespace = text(fields, "namespace");
    read.require(
        namespace.filter(text -> !text.matches(NAME)).isEmpty(),
        "%s %s: namespace must be the name of a namespace".formatted(PARENTS, fields));
    Optional<String> port = text(fields, "port");
    boolean legal =
        port.filter(text -> !text.matches("[1-9][0-9]{0,4}") || Integer.parseInt(text) > 65535)
            .isEmpty();
    read.require(legal, "%s %s: port must be a number from 1 to 65535".formatted(PARENTS, fields));
    return new SessionConfig.ParentRef(
        text(fields, "group"),
        text(fields, "kind"),
        namespace,
        name,
        text(fields, "sectionName"),
        port.filter(any -> legal).map(Integer::valueOf));
  }

  private static Optional<String> text(JsonObject fields, String key) {
    return Optional.ofNullable(fields.get(key))
        .filter(JsonElement::isJsonPrimitive)
        .map(JsonElement::getAsString)
        .filter(text -> !text.isEmpty());
  }

  /** Settings that an HTTPRoute has no field for are refused: they would have no effect. */
  static void check(ConfigReader read, SessionConfig.Ingress ingress) {
    read.require(
        !ingress.parentRefs().isEmpty(),
        PARENTS
            + " [] must name at least one Gateway with ingress.kind gateway, such as [{name:"
            + " traefik, namespace: traefik}]");
    String tls = read.text("tls.mode");
    read.require(
        tls.equals("routerDefault"),
        "tls.mode \"%s\" must be routerDefault with ingress.kind gateway: set the certificate in the"
                .formatted(tls)
            + " listener of the Gateway");
    ingress
        .className()
        .ifPresent(name ->
            read.problem(
                "ingress.className \"%s\" must be empty with ingress.kind gateway: the Gateway has"
                        .formatted(name)
                    + " the class; set "
                    + PARENTS));
    for (SessionConfig.MiddlewareRef middleware : ingress.middlewares()) {
      middleware
          .namespace()
          .ifPresent(namespace ->
              read.problem(
                  "ingress.middlewares \"%s/%s\" must have no namespace with ingress.kind gateway:"
                          .formatted(namespace, middleware.name())
                      + " an HTTPRoute refers only to objects of its own namespace; create the"
                      + " Middleware in each namespace with sessions and set \"%s\""
                          .formatted(middleware.name())));
    }
  }
}
