package io.vdi.operator.runtime.config;

import io.helidon.config.Config;
import io.vdi.operator.common.model.IdentityMapping;
import java.util.HashMap;
import java.util.Map;

/**
 * The settings {@code identity.users}, {@code identity.extraKey} and {@code identity.prefix}, which
 * the controller and the admission webhook share.
 */
public final class IdentityConfig {
  private IdentityConfig() {}

  /** Reads the settings. The reader collects the problems. */
  public static IdentityMapping read(ConfigReader read) {
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
