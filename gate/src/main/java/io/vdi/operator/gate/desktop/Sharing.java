package io.vdi.operator.gate.desktop;

import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.model.SessionKey;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who is in the desktops of others, and the end of it: docs/decisions/sharing.md. A share that is
 * removed, changed or over ends the open connections of its guest.
 */
public final class Sharing {
  private static final Logger LOG = LoggerFactory.getLogger(Sharing.class);

  private final OpenDesktops opened;
  private final VisitorStore visitors;
  private final DesktopIndex desktops;
  private final DesktopAccess access;
  private final AdminWatch adminWatch;
  private final Disconnector disconnector;
  private final Function<Desktop, Optional<Instant>> started;
  private final BiConsumer<Desktop, Visitor> announce;
  private final InstantSource clock;

  /**
   * @param started when the pod of a desktop was created; empty if there is none
   * @param announce tells the owner that an admin has come
   * @param clock that of the API server
   */
  public Sharing(
      OpenDesktops opened,
      VisitorStore visitors,
      DesktopIndex desktops,
      DesktopAccess access,
      AdminWatch adminWatch,
      Disconnector disconnector,
      Function<Desktop, Optional<Instant>> started,
      BiConsumer<Desktop, Visitor> announce,
      InstantSource clock) {
    this.opened = opened;
    this.visitors = visitors;
    this.desktops = desktops;
    this.access = access;
    this.adminWatch = adminWatch;
    this.disconnector = disconnector;
    this.started = started;
    this.announce = announce;
    this.clock = clock;
  }

  /** The visitors of a desktop whom its owner sees. */
  public List<Visitor> visitorsOf(String sessionUid) {
    return visitors.all().stream()
        .filter(visitor -> visitor.sessionUid().equals(sessionUid))
        .filter(this::isShown)
        .toList();
  }

  private boolean isShown(Visitor visitor) {
    return !(visitor.role().isOfAdmin() && adminWatch == AdminWatch.SILENT);
  }

  /**
   * A request is about to be allowed. Nobody gets in without being listed.
   *
   * @return a failure if the visitor cannot be listed
   */
  public ApiResult<Boolean> arrives(Grant grant, Desktop desktop) {
    Visitor visitor = Visitor.of(grant, desktop, clock.instant());
    if (!grant.role().isVisitor() || visitors.contains(visitor)) {
      return new ApiResult.Ok<>(false);
    }
    ApiResult<Boolean> added = visitors.add(visitor, clock.instant());
    added
        .ok()
        .filter(isNew -> isNew && grant.role().isOfAdmin() && isShown(visitor))
        .ifPresent(isNew -> announce.accept(desktop, visitor));
    return added;
  }

  /** Ends the connections of guests whose share has ended. */
  public void endLost() {
    Instant now = clock.instant();
    Map<String, Desktop> lost = new HashMap<>();
    opened
        .takeEnded((grant, desktop) ->
            grant.role().isGuest()
                && current(desktop.session(), desktop.uid())
                    .filter(found -> access.isStill(grant, found, now))
                    .isEmpty())
        .forEach(desktop -> lost.put(desktop.uid(), desktop));
    // Before the API server is asked, which can take a time.
    disconnector.disconnect(lost.values());
    List<Desktop> others = new ArrayList<>();
    ApiResult<List<Visitor>> removed = visitors.removeIf(visitor -> hasEnded(visitor, now));
    removed
        .failure()
        .ifPresent(failure -> LOG.warn("visitors cannot be removed: {}", failure.message()));
    for (Visitor visitor : removed.ok().orElse(List.of())) {
      // A replica that was restarted does not remember whom it has let in.
      current(visitor.session(), visitor.sessionUid())
          .filter(desktop -> !visitor.role().isOfAdmin() && isInSamePod(visitor, desktop))
          .filter(desktop -> lost.putIfAbsent(desktop.uid(), desktop) == null)
          .ifPresent(others::add);
    }
    disconnector.disconnect(others);
  }

  private boolean hasEnded(Visitor visitor, Instant now) {
    Optional<Desktop> desktop = current(visitor.session(), visitor.sessionUid());
    if (desktop.filter(found -> isInSamePod(visitor, found)).isEmpty()
        || !visitor.expires().isAfter(now)) {
      return true;
    }
    return switch (visitor.role()) {
      case LINK -> access.link(visitor.email(), desktop.get(), now).isEmpty();
      case CONTROL, VIEW ->
          !access.rolesOf(visitor.email(), List.of(), desktop.get(), now).contains(visitor.role());
      // Their groups are in their passes.
      case OWNER, ADMIN, WATCH -> false;
    };
  }

  /** A pod that is not ready for a moment still has its connections. */
  private boolean isInSamePod(Visitor visitor, Desktop desktop) {
    return started.apply(desktop).filter(created -> !created.isAfter(visitor.since())).isPresent();
  }

  private Optional<Desktop> current(SessionKey session, String uid) {
    return desktops.get(session).filter(desktop -> desktop.uid().equals(uid));
  }

  /** Removes the visitors who have closed their pages, by what the desktops say. */
  public void removeLeft(Function<Desktop, Optional<Disconnector.Pages>> pages) {
    Map<String, Disconnector.Pages> known = new HashMap<>();
    Set<String> asked = new HashSet<>();
    for (Visitor visitor : new ArrayList<>(visitors.all())) {
      if (asked.add(visitor.sessionUid())) {
        current(visitor.session(), visitor.sessionUid())
            .flatMap(pages)
            .ifPresent(found -> known.put(visitor.sessionUid(), found));
      }
    }
    Instant now = clock.instant();
    ApiResult<List<Visitor>> removed =
        visitors.removeIf(visitor ->
            Optional.ofNullable(known.get(visitor.sessionUid()))
                .filter(found -> visitor.hasLeft(found, now))
                .isPresent());
    removed
        .failure()
        .ifPresent(failure -> LOG.warn("visitors cannot be removed: {}", failure.message()));
  }
}
