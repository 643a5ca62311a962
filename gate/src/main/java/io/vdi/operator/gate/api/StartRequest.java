package io.vdi.operator.gate.api;

import io.vdi.operator.common.model.ReclaimPolicy;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A session to create. Everything but the template can be left out; the template's values apply
 * then.
 *
 * @param name of the session; with that of a retained home ({@link HomeView#key}) the session uses
 *     this home. Empty: a new name
 * @param namespace for admins; empty: that of the user
 * @param user for whom, for admins; empty: the caller
 * @param memory a quantity
 * @param cpu a quantity
 * @param persistent whether the session has a home; empty: yes
 * @param homeSize a quantity
 * @param idleTimeout zero: never
 */
public record StartRequest(
    String template,
    Optional<String> name,
    Optional<String> namespace,
    Optional<String> user,
    OptionalInt gpu,
    Optional<String> memory,
    Optional<String> cpu,
    Optional<Boolean> persistent,
    Optional<String> homeSize,
    Optional<ReclaimPolicy> reclaimPolicy,
    Optional<Duration> timeout,
    Optional<Duration> idleTimeout) {
  /** A session with the template's values. */
  public static StartRequest of(String template) {
    return new StartRequest(
        template,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        OptionalInt.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  /**
   * A session with the template's values and a retained home.
   *
   * @param name of the session that used the home last
   */
  public static StartRequest withHome(String template, String name) {
    StartRequest plain = of(template);
    return new StartRequest(
        template,
        Optional.of(name),
        plain.namespace(),
        plain.user(),
        plain.gpu(),
        plain.memory(),
        plain.cpu(),
        plain.persistent(),
        plain.homeSize(),
        plain.reclaimPolicy(),
        plain.timeout(),
        plain.idleTimeout());
  }
}
