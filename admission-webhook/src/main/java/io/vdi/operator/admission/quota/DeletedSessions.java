package io.vdi.operator.admission.quota;

import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.ResourceCache;
import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.Labels;
import io.vdi.operator.common.model.PersistentVolumeClaim;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.WatchedNamespaces;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;

/**
 * The claims of homes, and the deleted sessions that still account for theirs. The watches of
 * sessions and of claims are not ordered: when a session is deleted, the claim that it leaves may
 * not be in the cache yet, and its storage would count nowhere. So the session counts until its
 * claim was read from the API server after the deletion was observed.
 */
final class DeletedSessions {
  /** For more sessions than this, one list costs less than the single reads. */
  private static final int MAX_READS = 50;

  private final KubeClient api;
  private final ResourceCache<PersistentVolumeClaim> claims;
  private final List<VdiSession> deleted = new ArrayList<>();
  private boolean complete = true;

  /** Counts what makes a list necessary, so that an earlier list does not pass for a later one. */
  private long changes;

  DeletedSessions(KubeClient api, WatchedNamespaces namespaces, InstantSource clock) {
    this.api = api;
    this.claims =
        new ResourceCache<>(
            api,
            namespaces,
            ResourceType.PERSISTENT_VOLUME_CLAIM,
            Labels.MANAGED_SELECTOR,
            clock,
            change -> {});
  }

  ResourceCache<PersistentVolumeClaim> claims() {
    return claims;
  }

  /** Whether the claims and the deleted sessions contain every home without a session. */
  synchronized boolean isComplete() {
    return complete;
  }

  /**
   * @param last the session as it was last
   */
  synchronized void deleted(VdiSession last) {
    deleted.add(last);
  }

  /** The sessions that still count. */
  synchronized List<VdiSession> sessions() {
    return List.copyOf(deleted);
  }

  /** Sessions may have been deleted that the watch has never reported. */
  synchronized void listedAgain() {
    complete = false;
    changes++;
  }

  /** Nobody needs the homes: a list is required before they are used again. */
  synchronized void forget() {
    deleted.clear();
    listedAgain();
  }

  /** The claims of the API server. From now on the cache shows at least this state. */
  ApiResult<List<PersistentVolumeClaim>> refresh() {
    List<VdiSession> settled;
    long before;
    synchronized (this) {
      settled = List.copyOf(deleted);
      before = changes;
    }
    return claims
        .refresh()
        .map(count -> {
          synchronized (this) {
            deleted.removeAll(settled);
            complete |= changes == before;
          }
          return claims.list();
        });
  }

  /** Reads the claims of deleted sessions, so that these need not count any longer. */
  void resolve() {
    List<VdiSession> open = sessions();
    if (open.size() > MAX_READS) {
      refresh();
      return;
    }
    for (VdiSession session : open) {
      ApiResult<PersistentVolumeClaim> claim =
          api.get(
              ResourceType.PERSISTENT_VOLUME_CLAIM,
              session.namespace(),
              ChildKind.HOME.nameFor(session.name()));
      claim.ok().ifPresent(claims::created);
      if (claim.ok().isEmpty() && !claim.isNotFound()) {
        return;
      }
      synchronized (this) {
        deleted.remove(session);
      }
    }
  }
}
