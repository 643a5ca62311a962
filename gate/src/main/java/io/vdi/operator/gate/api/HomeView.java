package io.vdi.operator.gate.api;

import io.vdi.operator.common.model.SessionKey;
import java.time.Instant;
import java.util.Optional;

/**
 * A home: the claim of a volume.
 *
 * @param key of the session that uses it, or used it last. A new session of this name gets it
 * @param claim the name of the PersistentVolumeClaim
 * @param user the e-mail of the owner
 * @param size a quantity such as {@code 10Gi}
 * @param template of the session that uses it or used it last; empty if it is not known
 * @param isRetained whether no session uses it
 * @param releasedAt since when no session uses it
 * @param deletedAt when it is deleted if no session uses it until then; empty: never, or not known
 */
public record HomeView(
    SessionKey key,
    String claim,
    String uid,
    String user,
    boolean isOwn,
    String size,
    Optional<String> template,
    boolean isRetained,
    Optional<Instant> releasedAt,
    Optional<Instant> deletedAt) {}
