package io.vdi.operator.common.model;

import java.util.Optional;

/** What happens to the home of a deleted session; docs/specification.md, section 3, Deletion. */
public enum HomeFate {
  /** The home loses its owner, so the garbage collector does not delete it. */
  RELEASE,
  /** The garbage collector deletes the home together with the session. */
  DELETE,
  /** The reclaim policy is unknown: the home keeps or deletes with the owner that it has. */
  UNCHANGED;

  /**
   * @param template empty if the template does not exist; then only the session's own reclaim
   *     policy counts
   */
  public static HomeFate of(VdiSession session, Optional<VdiTemplate> template) {
    if (session.metadata().annotation(Annotations.ENDED_BY).isPresent()) {
      // The reaper has ended the session; only a person can delete a home.
      return RELEASE;
    }
    Optional<ReclaimPolicy> own = Optional.ofNullable(session.spec().persistence().reclaimPolicy());
    return own.or(() ->
            template.map(found ->
                Optional.ofNullable(found.spec().persistence().reclaimPolicy())
                    .orElse(ReclaimPolicy.DELETE)))
        .map(policy -> policy == ReclaimPolicy.RETAIN ? RELEASE : DELETE)
        .orElse(UNCHANGED);
  }
}
