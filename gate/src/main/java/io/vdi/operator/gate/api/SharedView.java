package io.vdi.operator.gate.api;

import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.model.ShareRole;
import java.net.URI;
import java.time.Instant;
import java.util.Optional;

/**
 * A desktop of somebody else that is shared with the caller. A guest learns nothing else of it.
 *
 * @param owner the e-mail of the owner
 * @param displayName of the template
 * @param icon as in {@link TemplateCard#icon}
 * @param until when the share ends; empty: with the session
 * @param url where the desktop opens; empty while it does not run
 */
public record SharedView(
    SessionKey key,
    String owner,
    String displayName,
    Optional<String> icon,
    ShareRole role,
    Optional<Instant> until,
    Optional<URI> url) {}
