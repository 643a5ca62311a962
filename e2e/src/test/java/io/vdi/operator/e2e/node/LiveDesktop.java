package io.vdi.operator.e2e.node;

import static org.awaitility.Awaitility.await;

import io.vdi.operator.common.model.DesktopCredentials;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.devcluster.operator.FullCluster;
import io.vdi.operator.devcluster.testing.SessionFixture;
import io.vdi.operator.e2e.browser.PageClient;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import org.awaitility.core.ConditionFactory;

/**
 * A session with a real desktop: what its user gets through the router, and the file that the user
 * has in the home.
 *
 * @param session whose user has the name of the session as local part of the e-mail address
 */
record LiveDesktop(OperatorNode node, PageClient pages, SessionFixture session) {
  private static final Duration POLL = Duration.ofMillis(100);

  /** A session that need not exist yet. */
  static LiveDesktop of(OperatorNode node, PageClient pages, String namespace, String name) {
    return new LiveDesktop(
        node,
        pages,
        new SessionFixture(
            node.api(), namespace, name, name + "@example.com", SharedNode.PATIENCE));
  }

  /** What must not change while other sessions have a fault. */
  record Identity(String sessionUid, String podUid, int containerRestarts, int restarts) {}

  Identity identity() {
    VdiSession now = session.get();
    Pod pod = pod();
    return new Identity(
        now.uid(),
        pod.uid(),
        pod.status().containerStatuses().getFirst().restartCount(),
        now.status().restarts());
  }

  Pod pod() {
    return session.child(ResourceType.POD).orElseThrow();
  }

  /** Waits for a pod that is not this one and not being deleted. */
  void awaitOtherPod(String uid) {
    await("another pod of " + session.name())
        .atMost(SharedNode.PATIENCE)
        .pollInterval(POLL)
        .until(() ->
            session
                .child(ResourceType.POD)
                .ok()
                .filter(pod -> !pod.uid().equals(uid) && !pod.metadata().isDeleting())
                .isPresent());
  }

  /** What the desktop requires of its user; valid as long as the session exists. */
  DesktopCredentials credentials() {
    return SessionCredentials.read(node.api(), session.namespace(), session.name());
  }

  /** The HTTP status of the page with the password; 0 if there is no answer. */
  int page() {
    return page(credentials());
  }

  /** The same without a request to the API server. */
  int page(DesktopCredentials credentials) {
    return pages.status(address(), Optional.of(credentials));
  }

  URI address() {
    return URI.create("https://" + session.name() + "." + FullCluster.DOMAIN + "/");
  }

  /** What a browser sends as {@code Origin} with requests of the desktop's pages. */
  String origin() {
    return "https://" + address().getHost();
  }

  /** Waits until the status is Running and the page is served with the password. */
  void awaitPage() {
    ConditionFactory patiently = await(session.name()).atMost(SharedNode.PATIENCE);
    patiently.pollInterval(POLL).ignoreExceptions().until(() -> isRunning() && page() == 200);
  }

  boolean isRunning() {
    return session.get().status().currentPhase().equals(Optional.of(Phase.RUNNING));
  }

  /** Runs a command in the desktop; returns its output. */
  String exec(String command) {
    return node.kubectl(
        "exec", "-n", session.namespace(), session.name(), "--", "sh", "-c", command);
  }
}
