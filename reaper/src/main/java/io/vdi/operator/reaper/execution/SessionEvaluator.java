package io.vdi.operator.reaper.execution;

import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.model.Phase;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.reaper.policy.Activity;
import io.vdi.operator.reaper.policy.ReapPolicy;
import io.vdi.operator.reaper.policy.RetentionConfig;
import io.vdi.operator.reaper.policy.SessionDecision;
import io.vdi.operator.reaper.policy.SessionHistory;
import io.vdi.operator.reaper.policy.SessionState;
import io.vdi.operator.reaper.policy.SessionVerdict;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Asks the policy about sessions, with what the caches or the API server return and what this
 * process remembers: the activity of the desktop, since when the session is Failed, and the
 * warnings that are out.
 */
public final class SessionEvaluator {
  private final SessionStateReader reader;
  private final Function<VdiSession, Activity> activities;
  private final Supplier<RetentionConfig> config;
  private final InstantSource clock;
  private final FirstObserved failed = new FirstObserved();
  private final Warnings warnings;

  /** A decision on this version of a session at this time. */
  record Evaluation(VdiSession session, SessionDecision decision, Instant time) {
    SessionVerdict verdict() {
      return decision.verdict();
    }
  }

  /**
   * @param activities the activity of a session
   * @param dryRun whether warnings that a dry run has only logged count
   */
  public SessionEvaluator(
      SessionStateReader reader,
      Function<VdiSession, Activity> activities,
      Supplier<RetentionConfig> config,
      BooleanSupplier dryRun,
      InstantSource clock) {
    this.reader = reader;
    this.activities = activities;
    this.config = config;
    this.warnings = new Warnings(dryRun);
    this.clock = clock;
  }

  Warnings warnings() {
    return warnings;
  }

  /** Remembers since when the session is Failed, or that it is not. */
  void observe(VdiSession session) {
    if (session.status().is(Phase.FAILED)) {
      failed.observe(session.uid(), clock.instant());
    } else {
      failed.forget(session.uid());
    }
  }

  void forget(String uid) {
    failed.forget(uid);
    warnings.forget(uid);
  }

  /**
   * The decision according to the caches. They can be out of date: delete nothing because of it.
   * Warnings that do not apply any more are withdrawn.
   */
  Evaluation cached(VdiSession session) {
    return withdraw(evaluate(reader.cached(session)));
  }

  /** The same according to the API server; see {@link SessionStateReader#live}. */
  ApiResult<Evaluation> live(VdiSession cached, boolean withPod) {
    return reader.live(cached, withPod).map(this::evaluate);
  }

  private Evaluation withdraw(Evaluation evaluation) {
    warnings.retain(evaluation.session().uid(), evaluation.decision().upheld());
    return evaluation;
  }

  /** Which of all sessions are due, warned or not, according to the caches. */
  public ExpirySnapshot expirySnapshot() {
    Set<String> expired = new HashSet<>();
    Set<String> all = new HashSet<>();
    for (VdiSession session : reader.sessions()) {
      if (!session.metadata().isDeleting()) {
        all.add(session.uid());
        if (evaluate(reader.cached(session)).decision().deletionDue()) {
          expired.add(session.uid());
        }
      }
    }
    return new ExpirySnapshot(expired, all);
  }

  private Evaluation evaluate(SessionState state) {
    Instant now = clock.instant();
    String uid = state.session().uid();
    SessionHistory history =
        new SessionHistory(
            activities.apply(state.session()), failed.since(uid), warnings.ends(uid));
    return new Evaluation(
        state.session(), ReapPolicy.decide(state, history, now, config.get()), now);
  }
}
