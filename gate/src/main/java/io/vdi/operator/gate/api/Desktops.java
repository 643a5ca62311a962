package io.vdi.operator.gate.api;

import io.vdi.operator.common.model.ReclaimPolicy;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.model.Share;
import io.vdi.operator.common.notice.Notice;
import io.vdi.operator.common.usage.UsageReport;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What a caller can do with desktops; docs/specification.md, section 8. Reads come from watches and
 * show only what the caller may see: a session of another user is {@link ProblemType#NOT_FOUND}.
 * Writes are sent to the API server as the caller, so RBAC, the admission webhook and the audit log
 * see that user. Every method can be called from several threads, and none throws for a failure
 * that can be expected.
 */
public interface Desktops {
  /** Who the caller is here. */
  Outcome<MeView> me(ApiUser caller);

  /** The templates that the caller can use, in the order of their display names. */
  Outcome<List<TemplateCard>> templates(ApiUser caller);

  /** The sessions that the caller can see, in the order of namespace and name. */
  Outcome<SessionPage> sessions(ApiUser caller, SessionFilter filter);

  Outcome<SessionView> session(ApiUser caller, SessionKey key);

  /** What the caller is told about the caller's own sessions, the latest time first. */
  Outcome<List<Notice>> notices(ApiUser caller);

  /** Creates a session. The result is the new session, which starts then; {@link #watch} it. */
  Outcome<SessionView> start(ApiUser caller, StartRequest request);

  /** Changes a session. A change that is in effect already is {@link Outcome.Done}. */
  Outcome<SessionView> change(ApiUser caller, Target target, SessionChange change);

  /** Stops the desktop. Home, password and address stay. */
  default Outcome<SessionView> suspend(ApiUser caller, Target target) {
    return change(caller, target, SessionChange.suspended(true));
  }

  default Outcome<SessionView> resume(ApiUser caller, Target target) {
    return change(caller, target, SessionChange.suspended(false));
  }

  /**
   * Adds time before the session ends.
   *
   * @param by above zero
   */
  default Outcome<SessionView> extend(ApiUser caller, Target target, Duration by) {
    return change(caller, target, SessionChange.extendedBy(by));
  }

  /** Shares the desktop with a guest, or changes the share of the same user. */
  default Outcome<SessionView> share(ApiUser caller, Target target, Share share) {
    return change(caller, target, SessionChange.shared(share));
  }

  /**
   * Makes a link by which guests without an account watch the desktop.
   *
   * @param until when it ends, at most {@link Share#MAX_LINK} from now
   */
  Outcome<LinkView> createLink(ApiUser caller, Target target, Instant until);

  /** Ends the share of a guest. Without one, nothing changes. */
  default Outcome<SessionView> unshare(ApiUser caller, Target target, String user) {
    return change(caller, target, SessionChange.unshared(user));
  }

  /** The desktops of others that are shared with the caller, in the order of owner and name. */
  Outcome<List<SharedView>> shared(ApiUser caller);

  /**
   * Deletes a session.
   *
   * @param home what happens to the home; empty: what the session says
   * @return the session as it was before
   */
  Outcome<SessionView> delete(ApiUser caller, Target target, Optional<ReclaimPolicy> home);

  /** The homes that the caller can see, of sessions and retained ones. */
  Outcome<List<HomeView>> homes(ApiUser caller);

  /**
   * Deletes a retained home with its data. The home of a session is {@link ProblemType#CONFLICT}.
   *
   * @param session namespace and name of the session that used it last, see {@link HomeView#key}
   */
  Outcome<HomeView> deleteHome(ApiUser caller, SessionKey session);

  /** What the caller uses of each limit; for an admin, what everybody uses. */
  Outcome<UsageView> usage(ApiUser caller);

  /** How much desktops were used: the caller's own; for an admin, those of everybody. */
  Outcome<UsageReport> usageHistory(ApiUser caller, UsageQuery query);

  /**
   * What is left of the budgets of GPU hours: those of the caller and the caller's recorded groups;
   * for an admin, those of everybody. Without budgets there are none.
   */
  Outcome<BudgetsView> budgets(ApiUser caller);

  /** Checks one session and the objects that it consists of, now. */
  Outcome<DiagnosisView> diagnose(ApiUser caller, SessionKey key);

  /**
   * Reports the session as it is now, and again after each change, until {@link
   * Subscription#close}. It ends by itself when the session is deleted or cannot be seen any more.
   */
  Outcome<Subscription> watch(ApiUser caller, SessionKey key, SessionListener listener);
}
