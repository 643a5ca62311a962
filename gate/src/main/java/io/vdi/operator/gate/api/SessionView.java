package io.vdi.operator.gate.api;

import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.ReclaimPolicy;
import io.vdi.operator.common.model.SessionKey;
import java.net.URI;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A session as its user or an admin sees it.
 *
 * @param version changes with every change of the session; for {@link Target#version}
 * @param user the e-mail of the owner
 * @param isOwn whether the caller is the owner
 * @param template the name of the template
 * @param displayName of the template; its name if the template is missing
 * @param icon as in {@link TemplateCard#icon}
 * @param phase {@link Phase#PENDING} for a session that has no status yet
 * @param message of the status, without the code of a cause; empty text if there is none
 * @param cause why the session does not work, by the catalogue; empty if it is not known
 * @param url where the desktop opens; empty while the session has no address
 * @param homeSize a quantity; empty if the session has no home
 * @param reclaimPolicy what happens to the home when a person deletes the session
 * @param steps of the start, in the order of {@link StepName}; empty for a suspended session and
 *     one that is being deleted
 * @param actions what is possible now. The API server can still refuse it
 * @param sharing with whom the session is shared, and who is there
 * @param restarts how many pods were replaced since the session was started
 */
public record SessionView(
    SessionKey key,
    String uid,
    String version,
    String user,
    boolean isOwn,
    String template,
    String displayName,
    Optional<String> icon,
    Phase phase,
    String message,
    Optional<CauseView> cause,
    Optional<URI> url,
    boolean isSuspended,
    boolean isDeleting,
    int gpu,
    String memory,
    String cpu,
    Optional<String> homeSize,
    ReclaimPolicy reclaimPolicy,
    List<StartStep> steps,
    Timers timers,
    Instant createdAt,
    int restarts,
    Set<Action> actions,
    SharingView sharing) {
  public SessionView {
    steps = List.copyOf(steps);
    actions = Set.copyOf(actions);
  }

  /** What a caller can do with a session. */
  public enum Action {
    OPEN,
    SUSPEND,
    RESUME,
    EXTEND,
    SHARE,
    /** Making a link for guests without an account. */
    LINK,
    /** Admins only: the owner is told, unless the configuration says otherwise. */
    WATCH,
    DELETE
  }
}
