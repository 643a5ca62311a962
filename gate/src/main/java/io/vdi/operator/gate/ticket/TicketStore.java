package io.vdi.operator.gate.ticket;

import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.gate.revocation.SharedMap;
import java.time.Instant;
import java.time.InstantSource;

/** The used tickets in ConfigMap {@value #NAME}, which all replicas share. */
public final class TicketStore {
  public static final String NAME = "vdi-gate-tickets";

  private final SharedMap map;
  private final InstantSource clock;

  /** Whether a ticket can be used. */
  public enum Redemption {
    FIRST_USE,
    USED_BEFORE
  }

  public TicketStore(KubeClient api, String namespace, InstantSource clock) {
    this.map = new SharedMap(api, namespace, NAME);
    this.clock = clock;
  }

  /**
   * Records the use of a ticket. Of several uses, on any replica, one is the first.
   *
   * @param expires when the ticket expires at the latest
   */
  public ApiResult<Redemption> redeem(String id, Instant expires) {
    return map.<ApiResult<Redemption>>change(data ->
            switch (new UsedTickets(data).use(id, expires, clock.instant())) {
              case UsedTickets.Use.First(UsedTickets next) ->
                  new SharedMap.Outcome.Write<>(
                      next.data(), new ApiResult.Ok<>(Redemption.FIRST_USE));
              case UsedTickets.Use.Again() ->
                  new SharedMap.Outcome.Leave<>(new ApiResult.Ok<>(Redemption.USED_BEFORE));
              case UsedTickets.Use.Full() ->
                  new SharedMap.Outcome.Leave<>(
                      new ApiResult.Unreachable<>("ConfigMap " + NAME + " has no room"));
            })
        .flatMap(SharedMap.Changed::result);
  }
}
