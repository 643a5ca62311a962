package io.vdi.operator.gate.api;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A template that the caller can use, with the values that a session gets without a wish of its
 * own.
 *
 * @param displayName the name of the template if it has no display name
 * @param description empty text if there is none
 * @param icon an image as a {@code data:} address, or the name of one of the portal's icons; empty:
 *     none
 * @param limits the largest values that a session can ask for
 * @param gpu number of GPUs; 0: none
 * @param memory a quantity such as {@code 4Gi}
 * @param cpu a quantity such as {@code 2}
 * @param homeSize a quantity; empty if a session has no home
 * @param timeout after which a session ends
 * @param maxTimeout the longest timeout that the template allows; empty: no limit
 * @param idleTimeout after which an unused session is suspended or deleted; empty: never
 * @param left what the quotas leave to the caller
 */
public record TemplateCard(
    String name,
    String displayName,
    String description,
    Optional<String> icon,
    Limits limits,
    int gpu,
    String memory,
    String cpu,
    Optional<String> homeSize,
    Duration timeout,
    Optional<Duration> maxTimeout,
    Optional<Duration> idleTimeout,
    Left left) {

  /**
   * The largest values that the template allows; empty: no limit.
   *
   * @param gpu number of GPUs
   * @param memory a quantity
   * @param cpu a quantity
   * @param homeSize a quantity
   */
  public record Limits(
      OptionalLong gpu, Optional<String> memory, Optional<String> cpu, Optional<String> homeSize) {}

  /**
   * What the quotas of user, namespace, template and cluster leave together.
   *
   * @param sessions further sessions; empty: no limit
   * @param gpus further GPUs; empty: no limit
   * @param storage further bytes of homes; empty: no limit
   * @param obstacle why a session of this template cannot start now, such as {@code GPU quota
   *     exceeded for user alice@example.com: used 1, requested 1, limit 1}; empty if it can
   * @param waits whether a session that is started in spite of the obstacle waits until it fits;
   *     otherwise it is refused
   */
  public record Left(
      OptionalLong sessions,
      OptionalLong gpus,
      OptionalLong storage,
      Optional<String> obstacle,
      boolean waits) {}
}
