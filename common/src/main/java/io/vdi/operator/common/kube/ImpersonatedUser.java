package io.vdi.operator.common.kube;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import okhttp3.Headers;
import okhttp3.Request;

/**
 * The user in whose name a call is made. RBAC cannot say which users and groups a service can
 * impersonate, except by listing all of them, so this class refuses those of Kubernetes itself.
 * Group {@code system:authenticated} is added by the API server.
 */
public final class ImpersonatedUser {
  /** Names of Kubernetes itself: service accounts, nodes, {@code system:masters}. */
  private static final String SYSTEM = "system:";

  /** As the admission webhook bounds them. */
  private static final int MAX_NAME = 1024;

  private static final int MAX_GROUPS = 100;

  private final String name;
  private final List<String> groups;

  private ImpersonatedUser(String name, List<String> groups) {
    this.name = name;
    this.groups = groups;
  }

  /**
   * The user; empty if {@link #refusal} has a reason.
   *
   * @param name as the API server names the user
   * @param groups as the API server names them
   */
  public static Optional<ImpersonatedUser> of(String name, List<String> groups) {
    return refusal(name, groups).isEmpty()
        ? Optional.of(new ImpersonatedUser(name, List.copyOf(groups)))
        : Optional.empty();
  }

  /** Why nobody can act as this user; empty if it is possible. */
  public static Optional<String> refusal(String name, List<String> groups) {
    if (groups.size() > MAX_GROUPS) {
      return Optional.of("a user of more than " + MAX_GROUPS + " groups cannot be impersonated");
    }
    return Stream.concat(
            problem("user", name).stream(),
            groups.stream().flatMap(group -> problem("group", group).stream()))
        .findFirst();
  }

  private static Optional<String> problem(String what, String name) {
    if (name.isEmpty() || name.length() > MAX_NAME) {
      return Optional.of("the name of a " + what + " must have 1 to " + MAX_NAME + " characters");
    }
    if (name.startsWith(SYSTEM)) {
      return Optional.of(what + " " + name + " belongs to Kubernetes and cannot be impersonated");
    }
    // An HTTP header would end or change at such a character.
    return name.chars().anyMatch(Character::isISOControl) || !name.equals(name.strip())
        ? Optional.of("the name of a " + what + " has characters that no HTTP header can have")
        : Optional.empty();
  }

  public String name() {
    return name;
  }

  public List<String> groups() {
    return groups;
  }

  Request addTo(Request request) {
    Headers.Builder headers =
        request
            .headers()
            .newBuilder()
            .removeAll("Impersonate-User")
            .removeAll("Impersonate-Group")
            // Names can have letters beyond ASCII, which the API server reads as UTF-8.
            .addUnsafeNonAscii("Impersonate-User", name);
    groups.forEach(group -> headers.addUnsafeNonAscii("Impersonate-Group", group));
    return request.newBuilder().headers(headers.build()).build();
  }

  @Override
  public String toString() {
    return name;
  }
}
