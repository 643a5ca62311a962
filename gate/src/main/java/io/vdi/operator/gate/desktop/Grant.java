package io.vdi.operator.gate.desktop;

import com.nimbusds.jwt.JWTClaimsSet;
import io.vdi.operator.gate.revocation.Holder;
import java.text.ParseException;
import java.util.List;

/**
 * The access of a user to one desktop, as its tokens contain it.
 *
 * @param groups those of the user's groups that the access depends on
 */
public record Grant(Role role, List<String> groups, Holder holder) {
  private static final String ROLE = "role";
  private static final String GROUPS = "groups";

  public Grant {
    groups = List.copyOf(groups);
  }

  /** Adds it to the claims of a token. */
  public JWTClaimsSet.Builder addTo(JWTClaimsSet.Builder claims) {
    JWTClaimsSet.Builder added = holder.addTo(claims).claim(ROLE, role.name());
    return groups.isEmpty() ? added : added.claim(GROUPS, groups);
  }

  /**
   * Reads the grant of a token.
   *
   * @throws ParseException if a claim is missing or has another type
   */
  public static Grant of(JWTClaimsSet claims) throws ParseException {
    List<String> groups = claims.getStringListClaim(GROUPS);
    return new Grant(
        role(String.valueOf(claims.getStringClaim(ROLE))),
        groups == null ? List.of() : groups,
        Holder.of(claims));
  }

  private static Role role(String name) throws ParseException {
    try {
      return Role.valueOf(name);
    } catch (IllegalArgumentException e) {
      throw new ParseException("the token has no role", 0);
    }
  }
}
