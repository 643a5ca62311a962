package io.vdi.operator.admission.validation;

import com.google.gson.JsonElement;
import com.google.gson.JsonPrimitive;
import io.vdi.operator.common.model.DesktopServer;
import io.vdi.operator.common.model.DesktopServer.ActivitySource;
import io.vdi.operator.common.model.Flavor;
import io.vdi.operator.common.model.IdleOn;
import io.vdi.operator.common.model.Scheme;
import io.vdi.operator.common.model.VdiTemplate;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The rules for {@code spec.flavor} and {@code spec.custom}; docs/specification.md, section 1. */
final class FlavorRules {
  private static final Pattern VARIABLE = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");
  private static final Pattern USER = Pattern.compile("[A-Za-z0-9._@-]+");
  private static final int MAX_NAME = 253;
  private static final int MAX_USER = 64;
  private static final int MAX_PATH = 1024;

  private static final String PASSWORD_ON_EVERY_PATH =
      "is not for flavor %s, which asks a probe for the password: leave it out, probes use TCP";

  /** The operator sets variables with this prefix after those of the flavor. */
  private static final String GPU_PREFIX = "NVIDIA_";

  private FlavorRules() {}

  /**
   * The server of the template; empty if its flavor is not valid.
   *
   * @param old the spec before the change; empty for a new template
   */
  static Optional<DesktopServer> server(FieldValidator spec, Optional<FieldValidator> old) {
    spec.string(
        "flavor",
        name -> Flavor.of(name).isPresent(),
        "must be one of "
            + Arrays.stream(Flavor.values()).map(Flavor::text).collect(Collectors.joining(", ")));
    Optional<Flavor> flavor = flavor(spec);
    FieldValidator custom = spec.section("custom");
    flavor.ifPresent(found -> {
      presence(spec, found);
      unused(spec, found);
    });
    if (spec.value("custom").filter(JsonElement::isJsonObject).isPresent()) {
      fields(custom);
    }
    old.ifPresent(before -> {
      immutable(before, spec, "flavor", Flavor.SELKIES.text());
      immutable(before.section("custom"), custom, "scheme", Scheme.HTTP.text());
    });
    return flavor.map(found -> DesktopServer.of(found, read(custom)));
  }

  /** Empty if it is not valid. */
  private static Optional<Flavor> flavor(FieldValidator spec) {
    return spec.value("flavor").isEmpty()
        ? Optional.of(Flavor.SELKIES)
        : spec.text("flavor").flatMap(Flavor::of);
  }

  /** The route of a running desktop changes immediately, but not its pod. */
  private static void immutable(
      FieldValidator old, FieldValidator now, String field, String defaultValue) {
    String before = old.text(field).orElse(defaultValue);
    String after = now.text(field).orElse(defaultValue);
    if (!before.equals(after)) {
      now.report(
          field,
          new JsonPrimitive(after),
          "is immutable, and is "
              + before
              + ": running desktops would be unreachable; create another template");
    }
  }

  private static void presence(FieldValidator spec, Flavor flavor) {
    Optional<JsonElement> custom = spec.value("custom");
    if (flavor != Flavor.CUSTOM) {
      custom.ifPresent(value ->
          spec.report(
              "custom", value, "is only for flavor custom: set flavor to custom, or leave it out"));
    } else if (custom.isEmpty()) {
      spec.report(
          "flavor",
          new JsonPrimitive(flavor.text()),
          "needs custom.port and custom.passwordEnv: give them, or choose another flavor");
    }
  }

  /** Fields that have no effect on desktops of this flavor. */
  private static void unused(FieldValidator spec, Flavor flavor) {
    switch (flavor) {
      case SELKIES -> {
        // All fields have an effect.
      }
      case SELKIES1 -> {
        refuse(spec, "healthPath", PASSWORD_ON_EVERY_PATH.formatted(flavor.text()));
        refuse(spec, "transport", "is not for flavor selkies1, which uses WebRTC: leave it out");
      }
      case LINUXSERVER, KASMVNC -> {
        refuse(spec, "healthPath", PASSWORD_ON_EVERY_PATH.formatted(flavor.text()));
        noSelkies(spec, flavor);
      }
      case CUSTOM -> {
        refuse(spec, "port", "is not for flavor custom: use custom.port");
        refuse(spec, "healthPath", "is not for flavor custom: use custom.healthPath");
        noSelkies(spec, flavor);
      }
    }
  }

  private static void noSelkies(FieldValidator spec, Flavor flavor) {
    for (String field : List.of("encoder", "transport")) {
      refuse(
          spec,
          field,
          "has no effect with flavor %s: leave it out, or use the variables of the image in env"
              .formatted(flavor.text()));
    }
  }

  private static void refuse(FieldValidator spec, String field, String rule) {
    spec.value(field).ifPresent(value -> spec.report(field, value, rule));
  }

  private static void fields(FieldValidator custom) {
    custom.require("port", "give the port on which the image listens, such as 8443");
    custom.integer("port", 1, 65_535, "must be a port, from 1 to 65535");
    custom.oneOf("scheme", Scheme.values(), Scheme::text);
    custom.string(
        "user",
        user -> user.length() <= MAX_USER && USER.matcher(user).matches(),
        "must be at most 64 letters, digits and '.', '_', '@', '-', such as admin");
    custom.require("passwordEnv", "give the variable by which the image gets its password");
    for (String field : List.of("userEnv", "passwordEnv")) {
      custom.string(
          field,
          name ->
              name.length() <= MAX_NAME
                  && VARIABLE.matcher(name).matches()
                  && !name.startsWith(GPU_PREFIX),
          "must be the name of a variable: letters, digits and '_', not beginning with a digit or"
              + " NVIDIA_");
    }
    custom
        .text("userEnv")
        .filter(name -> custom.text("passwordEnv").equals(Optional.of(name)))
        .ifPresent(name ->
            custom.report(
                "userEnv",
                new JsonPrimitive(name),
                "is also passwordEnv: give another variable, or leave it out"));
    custom.string(
        "healthPath",
        path -> path.length() <= MAX_PATH && path.startsWith("/"),
        "must begin with '/', such as /healthz, in at most " + MAX_PATH + " characters");
  }

  private static VdiTemplate.Custom read(FieldValidator custom) {
    return new VdiTemplate.Custom(
        custom.number("port").orElse(null),
        null,
        custom.text("user").orElse(null),
        custom.text("userEnv").orElse(null),
        custom.text("passwordEnv").orElse(null),
        custom.text("healthPath").orElse(null));
  }

  /** Valid settings that are probably a mistake. */
  static Stream<String> warnings(FieldValidator spec) {
    Flavor flavor = flavor(spec).orElse(Flavor.SELKIES);
    boolean onNoInput = spec.text("idleOn").equals(Optional.of(IdleOn.NO_INPUT.text()));
    Stream<String> idle =
        switch (DesktopServer.of(flavor, read(spec.section("custom"))).activity()) {
          case ActivitySource.Api.SELKIES -> Stream.of();
          case ActivitySource.Api.KASMVNC ->
              onNoInput
                  ? Stream.of(
                      "spec.idleOn NoInput: desktops of flavor %s do not report the last input, so a session is not idle while a client is connected; set idleOn to Disconnect"
                          .formatted(flavor.text()))
                  : Stream.of();
          case ActivitySource.None _ ->
              Stream.of("idleTimeout", "maxIdleTimeout", "idleOn")
                  .filter(field -> spec.text(field).isPresent())
                  .map(field ->
                      "spec.%s has no effect: desktops of flavor %s do not report who is connected"
                          .formatted(field, flavor.text()));
        };
    return Stream.concat(
        idle,
        flavor == Flavor.LINUXSERVER && !addsCapabilities(spec)
            ? Stream.of(
                "spec.flavor linuxserver: the image starts as root and changes to PUID, which needs"
                    + " capabilities that desktops do not have: add CHOWN, DAC_OVERRIDE, FOWNER,"
                    + " SETGID and SETUID to spec.securityContext.capabilities; docs/flavors.md has a"
                    + " template")
            : Stream.of());
  }

  private static boolean addsCapabilities(FieldValidator spec) {
    return spec.section("securityContext")
        .section("capabilities")
        .list("add")
        .filter(list -> !list.isEmpty())
        .isPresent();
  }
}
