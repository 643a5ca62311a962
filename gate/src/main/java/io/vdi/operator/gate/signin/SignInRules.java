package io.vdi.operator.gate.signin;

import io.vdi.operator.common.identity.EmailAddress;
import io.vdi.operator.gate.http.PageText;
import io.vdi.operator.gate.revocation.Holder;
import java.time.Instant;
import java.util.Optional;

/** Pure: who can sign in. */
final class SignInRules {
  /** The verdict about a user of the provider. */
  sealed interface Verdict {
    record Accepted(SignIn signIn) implements Verdict {}

    /**
     * @param reason for the user
     */
    record Refused(PageText.With reason) implements Verdict {}
  }

  private SignInRules() {}

  /**
   * @param id of the new sign-in
   */
  static Verdict judge(
      Provider.ProvidedUser user, SignInSettings settings, String id, Instant now) {
    Optional<String> email = user.email().filter(EmailAddress::isValid);
    if (email.isEmpty()) {
      return new Verdict.Refused(PageText.EMAIL_MISSING.with());
    }
    if (settings.requireVerifiedEmail() && !user.emailVerified()) {
      return new Verdict.Refused(PageText.EMAIL_NOT_VERIFIED.with(email.get()));
    }
    Holder holder =
        new Holder(
            id,
            user.session(),
            user.subject(),
            email.get(),
            Instant.ofEpochSecond(now.getEpochSecond()),
            Instant.ofEpochSecond(now.plus(settings.lifetime()).getEpochSecond()));
    return new Verdict.Accepted(
        new SignIn(
            holder,
            user.groups().stream()
                .map(group -> settings.groupsPrefix() + group)
                .filter(group -> settings.groups().isEmpty() || settings.groups().contains(group))
                .toList(),
            now));
  }
}
