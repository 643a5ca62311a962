package io.vdi.operator.controller.session.cache;

import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.controller.session.resources.NetworkPolicyBuilder;
import io.vdi.operator.controller.session.resources.SessionConfig;
import io.vdi.operator.controller.session.resources.SharedObject;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Remembers the NetworkPolicy of each template while template and configuration stay the same. All
 * sessions of a template share it, and each pass compares its hash.
 */
public final class DesiredPolicyCache {
  private record Remembered(
      VdiTemplate.Spec template, SessionConfig config, Optional<SharedObject> policy) {}

  private final Map<String, Remembered> byTemplate = new ConcurrentHashMap<>();

  /** Equals {@link NetworkPolicyBuilder#of}. */
  public Optional<SharedObject> of(VdiTemplate template, SessionConfig config) {
    Remembered known = byTemplate.get(template.name());
    if (known != null
        && known.template().equals(template.spec())
        && known.config().equals(config)) {
      return known.policy();
    }
    Optional<SharedObject> policy =
        NetworkPolicyBuilder.of(template.name(), template.spec(), config);
    byTemplate.put(template.name(), new Remembered(template.spec(), config, policy));
    return policy;
  }
}
