package io.vdi.operator.gate.desktop;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.identity.Identity;
import io.vdi.operator.common.identity.IdentityMapping;
import io.vdi.operator.common.model.SessionKey;
import io.vdi.operator.common.model.Share;
import io.vdi.operator.common.model.ShareRole;
import io.vdi.operator.gate.revocation.Holder;
import java.net.URI;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class DesktopAccessProperties {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
  private static final Identity IDENTITY =
      new Identity(
          Identity.Mode.ENFORCE,
          Set.of("a", "long" + "x".repeat(400)),
          Set.of(),
          new IdentityMapping(Map.of(), "", ""));

  /** Otherwise the portal would give a pass that the desktop refuses, in a circle. */
  @Property
  void whoGetsAccessStillHasItAfterwards(
      @ForAll("groups") List<String> groups,
      @ForAll("groups") List<String> allowed,
      @ForAll boolean own,
      @ForAll boolean adminsMayOpen,
      @ForAll boolean watch,
      @ForAll Optional<ShareRole> shared) {
    DesktopAccess access = new DesktopAccess(IDENTITY, adminsMayOpen, true, true);
    Desktop desktop =
        new Desktop(
            new SessionKey("desks", "alice"),
            "uid",
            "alice@example.com",
            "base",
            new AllowedUsers(List.of(), allowed),
            URI.create("https://alice.example.com"),
            new Desktop.Running(),
            true,
            shared.map(role -> new Share("bob@example.com", role, null)).stream().toList());
    Holder holder =
        new Holder(
            "s1",
            Optional.empty(),
            "a",
            own ? "Alice@example.com" : "bob@example.com",
            NOW,
            NOW.plusSeconds(60));
    Optional<Grant> grant = access.grant(holder, groups, desktop, watch, NOW);
    assertThat(grant.map(Grant::role))
        .isEqualTo(
            access.rolesOf(holder.email(), groups, desktop, NOW).stream()
                .filter(role -> (role == Role.WATCH) == watch)
                .findFirst());
    grant.ifPresent(given -> {
      assertThat(access.isStill(given, desktop, NOW)).isTrue();
      assertThat(groups).containsAll(given.groups());
      assertThat(given.groups().stream().mapToInt(String::length).sum()).isLessThan(1200);
    });
  }

  @Provide
  Arbitrary<List<String>> groups() {
    return Arbitraries.of(
            "a", "b", "c", "long" + "x".repeat(400), "long" + "y".repeat(400), "z".repeat(200))
        .list()
        .ofMaxSize(12);
  }
}
