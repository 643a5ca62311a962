package io.vdi.operator.gate.api.cluster;

import io.vdi.operator.common.identity.Caller;
import io.vdi.operator.common.identity.Identity;
import io.vdi.operator.common.identity.IdentityMapping;
import io.vdi.operator.common.quota.QuotaLimits;
import io.vdi.operator.common.usage.GpuBudgets;
import io.vdi.operator.gate.api.ApiUser;
import java.net.URI;
import java.time.Duration;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The settings of the desktop API; docs/configuration.md describes each.
 *
 * @param userPrefix put before the e-mail address of a user, as {@code --oidc-username-prefix} of
 *     kube-apiserver does
 * @param adminsMayOpen whether admins open the desktops of others
 * @param adminsMayWatch whether admins watch the desktops of others
 * @param linkPage the page that opens links for guests without an account; empty: there are none
 * @param namespaces where sessions are created
 * @param createNamespaces whether the gate creates them on first use
 * @param budgets of GPU hours
 * @param warningBefore how long before an end its user is told
 * @param homeRetention how long a retained home stays; zero: it is never deleted
 * @param operatorNamespace for the commands of remedies, and where the use is recorded
 * @param usageZone of the borders of months in reports of use
 */
public record DesktopSettings(
    Identity identity,
    String userPrefix,
    boolean adminsMayOpen,
    boolean adminsMayWatch,
    Optional<URI> linkPage,
    UserNamespaces namespaces,
    boolean createNamespaces,
    QuotaLimits quota,
    GpuBudgets budgets,
    Duration warningBefore,
    Duration homeRetention,
    String operatorNamespace,
    ZoneId usageZone) {

  /** The name by which the API server knows the user. */
  public String userName(String email) {
    return userPrefix + email;
  }

  /**
   * Whether the session of this user is the caller's own, by the rule of the admission webhook:
   * {@code identity.users} can map a name to another address.
   */
  boolean isOwn(ApiUser caller, String user) {
    return identity.isOwn(new Caller(userName(caller.email()), caller.groups(), Map.of()), user);
  }

  /** Whether the admission webhook recognizes the impersonated user by this e-mail address. */
  boolean isRecognized(String email) {
    return IdentityMapping.isSame(identity.mapping().email(userName(email), Map.of()), email);
  }

  /** A caller, whose groups decide whether it is an admin. */
  public ApiUser caller(String email, List<String> groups, String address, String signInId) {
    return new ApiUser(
        email,
        groups,
        groups.stream().anyMatch(identity.adminGroups()::contains),
        address,
        signInId);
  }
}
