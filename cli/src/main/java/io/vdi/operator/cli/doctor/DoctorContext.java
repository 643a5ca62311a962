package io.vdi.operator.cli.doctor;

import io.vdi.operator.cli.cluster.ClusterAccess;
import io.vdi.operator.common.diagnosis.KnownCause;
import io.vdi.operator.common.model.VdiSession;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What is examined, and how.
 *
 * @param session the one to look at; empty: all of the namespace
 * @param allNamespaces or of all
 * @param probe whether programs may be run in desktops; else nothing but reading
 * @param router where the hosts of sessions are; empty: as DNS says
 * @param authority a certificate to trust instead of the system's
 */
public record DoctorContext(
    ClusterAccess cluster,
    Optional<String> session,
    boolean allNamespaces,
    boolean probe,
    Optional<String> router,
    Optional<Path> authority,
    InstantSource clock) {

  /** The same of the cluster as it is now: asked twice, it answers the same. */
  DoctorContext snapshot() {
    return new DoctorContext(
        cluster.snapshot(), session, allNamespaces, probe, router, authority, clock);
  }

  /** The sessions to look at. Of those that are on their way out nothing has to work. */
  List<VdiSession> sessions() {
    List<VdiSession> found =
        session.isPresent()
            ? List.of(cluster.session(session.get()))
            : cluster.sessions(allNamespaces ? "" : cluster.namespace());
    return found.stream().filter(each -> !each.metadata().isDeleting()).toList();
  }

  /** A finding that concerns the installation. */
  CheckResult failed(KnownCause cause, String object, String seen, String name) {
    return new CheckResult.Failed(
        new Finding(
            cause, object, seen, Map.of("operator", cluster.operatorNamespace(), "name", name)));
  }
}
