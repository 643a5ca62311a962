package io.vdi.operator.runtime.config;

import io.helidon.config.Config;
import io.vdi.operator.common.identity.Identity;
import io.vdi.operator.common.identity.IdentityMapping;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** The settings {@code identity.*}, which the services share. The reader collects the problems. */
public final class IdentityConfig {
  private IdentityConfig() {}

  /**
   * Reads section {@code identity}.
   *
   * @param namespace of the operator's service accounts
   */
  public static Identity identity(ConfigReader read, String namespace) {
    return new Identity(
        read.oneOf("identity.mode", Identity.Mode.class),
        Set.copyOf(read.list("identity.adminGroups")),
        read.list("identity.operatorAccounts").stream()
            .map(account -> "system:serviceaccount:" + namespace + ":" + account)
            .collect(Collectors.toUnmodifiableSet()),
        mapping(read));
  }

  /** Reads {@code identity.users}, {@code identity.extraKey} and {@code identity.prefix}. */
  public static IdentityMapping mapping(ConfigReader read) {
    Map<String, String> emails = new HashMap<>();
    for (Config item : read.items("identity.users")) {
      String name = item.get("name").asString().orElse("");
      String email = item.get("email").asString().orElse("");
      read.require(
          !name.isEmpty() && email.contains("@"),
          "identity.users: \"" + name + "\": each needs a name and an email");
      emails.put(name, email);
    }
    return new IdentityMapping(
        emails, read.text("identity.extraKey"), read.text("identity.prefix"));
  }
}
