package io.vdi.operator.gate.signin;

import io.vdi.operator.common.identity.EmailAddress;
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
    record Refused(String reason) implements Verdict {}
  }

  private SignInRules() {}

  /**
   * @param id of the new sign-in
   */
  static Verdict judge(
      Provider.ProvidedUser user, SignInSettings settings, String id, Instant now) {
    Optional<String> email = user.email().filter(EmailAddress::isValid);
    if (email.isEmpty()) {
      return new Verdict.Refused(
          "The provider did not send a valid e-mail address. Its administrator can add the claim email to the ID token.");
    }
    if (settings.requireVerifiedEmail() && !user.emailVerified()) {
      return new Verdict.Refused(
          "The provider has not verified the address "
              + email.get()
              + ". Verify it there, then sign in again.");
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
