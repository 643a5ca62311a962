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
 * What the doctor checks, and how.
 *
 * @param session the one session to check; empty for all sessions of the namespace
 * @param allNamespaces whether to check the sessions of all namespaces
 * @param probe whether the checks may run programs in desktops
 * @param router the address for all session URLs; empty to use DNS
 * @param authority the CA file for session URLs; empty to use the CAs of the system
 */
public record DoctorContext(
    ClusterAccess cluster,
    Optional<String> session,
    boolean allNamespaces,
    boolean probe,
    Optional<String> router,
    Optional<Path> authority,
    InstantSource clock) {

  /** The same with a cache, so that all checks read the same state. */
  DoctorContext snapshot() {
    return new DoctorContext(
        cluster.snapshot(), session, allNamespaces, probe, router, authority, clock);
  }

  /** The sessions to check. Sessions that are being deleted are left out: their desktop stops. */
  List<VdiSession> sessions() {
    List<VdiSession> found =
        session.isPresent()
            ? List.of(cluster.session(session.get()))
            : cluster.sessions(allNamespaces ? "" : cluster.namespace());
    return found.stream().filter(each -> !each.metadata().isDeleting()).toList();
  }

  /**
   * A failed check of the installation.
   *
   * @param name the object's name in the remedy's command; empty if the command needs none
   */
  CheckResult failed(KnownCause cause, String object, String observed, String name) {
    return new CheckResult.Failed(
        new Finding(
            cause,
            object,
            observed,
            Map.of("operator", cluster.operatorNamespace(), "name", name)));
  }
}
