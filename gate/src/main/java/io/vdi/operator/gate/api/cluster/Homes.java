package io.vdi.operator.gate.api.cluster;

import io.vdi.operator.common.identity.IdentityMapping;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.PersistentVolumeClaim;
import io.vdi.operator.common.model.ResourceNames;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.quota.StorageSize;
import io.vdi.operator.gate.api.ApiUser;
import io.vdi.operator.gate.api.GateMessage;
import io.vdi.operator.gate.api.HomeView;
import io.vdi.operator.gate.api.Outcome;
import io.vdi.operator.gate.api.ProblemType;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** The homes of the users. */
final class Homes {
  private final CallerClients clients;
  private final DesktopCaches caches;
  private final DesktopSettings settings;

  Homes(CallerClients clients, DesktopCaches caches, DesktopSettings settings) {
    this.clients = clients;
    this.caches = caches;
    this.settings = settings;
  }

  List<HomeView> list(ApiUser caller) {
    return caches.homes().list().stream()
        .filter(home -> isVisible(caller, home))
        .flatMap(home -> view(home, caller).stream())
        .sorted(Comparator.comparing(HomeView::key))
        .toList();
  }

  /** The claim of the home of a session; empty if there is none, or the caller cannot see it. */
  Optional<PersistentVolumeClaim> find(ApiUser caller, SessionKey session) {
    return caches
        .homes()
        .get(session.namespace(), ResourceNames.persistentVolumeClaim(session.name()))
        .filter(home -> isVisible(caller, home));
  }

  /**
   * Deletes a home that no session uses.
   *
   * @param claim as {@link #find} returned it
   */
  Outcome<HomeView> delete(
      ApiUser caller, SessionKey session, Optional<PersistentVolumeClaim> claim) {
    return claim
        .flatMap(home -> view(home, caller))
        .<Outcome<HomeView>>map(home -> delete(caller, claim.get(), home))
        .orElseGet(() -> Outcome.refused(ProblemType.NOT_FOUND, GateMessage.NO_HOME.text(session)));
  }

  private Outcome<HomeView> delete(ApiUser caller, PersistentVolumeClaim claim, HomeView home) {
    if (!home.isRetained()) {
      return Outcome.refused(ProblemType.CONFLICT, GateMessage.HOME_IN_USE.text(home.key()));
    }
    return clients
        .of(caller)
        .flatMap(client -> {
          ApiResult<PersistentVolumeClaim> result =
              client.deleteIfUnchanged(ResourceType.PERSISTENT_VOLUME_CLAIM, claim.metadata());
          result
              .ok()
              .filter(rest -> rest.metadata().equals(ObjectMeta.EMPTY))
              .ifPresent(
                  rest -> caches.homes().deleted(claim.namespace(), claim.name(), claim.uid()));
          return Failures.<HomeView>outcome(result.map(rest -> home), false);
        });
  }

  private static boolean isVisible(ApiUser caller, PersistentVolumeClaim home) {
    return caller.isAdmin() || IdentityMapping.isSame(DesktopCaches.userOf(home), caller.email());
  }

  private Optional<HomeView> view(PersistentVolumeClaim claim, ApiUser caller) {
    return DesktopCaches.sessionOf(claim)
        .filter(key -> claim.name().equals(ResourceNames.persistentVolumeClaim(key.name())))
        .map(key -> {
          String user = DesktopCaches.userOf(claim);
          boolean retained =
              caches
                  .sessions()
                  .get(key.namespace(), key.name())
                  .filter(session -> IdentityMapping.isSame(session.spec().user(), user))
                  .isEmpty();
          Optional<Instant> released =
              claim.metadata().time(Annotations.RELEASED_AT).filter(time -> retained);
          return new HomeView(
              key,
              claim.name(),
              claim.uid(),
              user,
              IdentityMapping.isSame(user, caller.email()),
              StorageSize.format(StorageSize.bytes(claim)),
              claim.metadata().annotation(Annotations.TEMPLATE),
              retained,
              released,
              settings.homeRetention().isZero()
                  ? Optional.empty()
                  : released.map(time -> time.plus(settings.homeRetention())));
        });
  }
}
