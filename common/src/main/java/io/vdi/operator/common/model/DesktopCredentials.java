package io.vdi.operator.common.model;

import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;

/** The user name and password that a desktop asks for; docs/specification.md, section 2. */
public record DesktopCredentials(String user, String password) {
  /** The key of the password in the session's Secret. */
  public static final String PASSWORD_KEY = "password";

  /** The key of the password with which Selkies lets a guest only watch. */
  public static final String VIEWER_PASSWORD_KEY = "viewer-password";

  /**
   * The credentials of a session.
   *
   * @param template empty when it is deleted: the default user name applies
   * @param secret the session's Secret as the API server returns it
   * @return empty when the Secret has no password yet
   */
  public static Optional<DesktopCredentials> of(Optional<VdiTemplate> template, JsonObject secret) {
    return decode(secret, PASSWORD_KEY)
        .map(password -> new DesktopCredentials(userName(template), password));
  }

  /**
   * The credentials of guests who only watch.
   *
   * @return empty when the Secret has no such password, or when it is that of the owner
   */
  public static Optional<DesktopCredentials> ofViewer(
      Optional<VdiTemplate> template, JsonObject secret) {
    return decode(secret, VIEWER_PASSWORD_KEY)
        .filter(viewer ->
            decode(secret, PASSWORD_KEY).filter(owner -> !owner.equals(viewer)).isPresent())
        .map(password -> new DesktopCredentials(userName(template), password));
  }

  /** The user name that desktops of this template ask for. */
  public static String userName(Optional<VdiTemplate> template) {
    VdiTemplate.Spec spec = template.map(VdiTemplate::spec).orElse(VdiTemplate.Spec.EMPTY);
    DesktopServer server = spec.server();
    return server
        .userVariable()
        .flatMap(name ->
            spec.env().stream()
                .filter(variable -> variable.name().equals(name))
                .map(VdiTemplate.EnvVar::value)
                .findFirst())
        .orElse(server.user());
  }

  /** The decoded text of one key of a Secret; empty when the key is missing or empty. */
  public static Optional<String> decode(JsonObject secret, String key) {
    return secret.get("data") instanceof JsonObject data
            && data.get(key) instanceof JsonPrimitive value
            && !value.getAsString().isEmpty()
        ? Optional.of(
            new String(Base64.getDecoder().decode(value.getAsString()), StandardCharsets.UTF_8))
        : Optional.empty();
  }
}
