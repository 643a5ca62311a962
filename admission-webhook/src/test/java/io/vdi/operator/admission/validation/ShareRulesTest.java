package io.vdi.operator.admission.validation;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.vdi.operator.common.identity.Caller;
import io.vdi.operator.common.model.Share;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Label;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Guests of a session; docs/specification.md, section 1. */
class ShareRulesTest {
  private static final Requests.Cluster CLUSTER = Requests.cluster("{image: x}");
  private static final Caller ALICE = new Caller("oidc:alice@example.com", List.of(), Map.of());
  private static final Caller BOB = new Caller("oidc:bob@example.com", List.of(), Map.of());

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {}                                           | spec.shares {…}: must be a list
          [x]                                          | spec.shares[0] "x": must be an object with user
          [{role: view}]                               | spec.shares[0].user: is missing: must be the e-mail address
          [{user: bob}]                                | spec.shares[0].user "bob": must be the e-mail address
          [{user: ALICE@example.com}]                  | spec.shares[0].user "ALICE@example.com": must not be the owner
          [{user: b@c.de}, {user: B@c.de}]             | spec.shares[1].user "B@c.de": must occur once
          [{user: b@c.de, role: admin}]                | spec.shares[0].role "admin": must be view or control
          [{user: b@c.de, until: soon}]                | spec.shares[0].until "soon": must be a time with its offset from UTC
          [{user: b@c.de, until: '2026-11-26T12:00:00Z'}] | spec.shares[0].until "2026-11-26T12:00:00Z": must be in the future
          """)
  void refused(String shares, String message) {
    assertThat(create(shares))
        .isInstanceOfSatisfying(
            Response.Deny.class, deny -> assertThat(deny.message()).contains(message));
  }

  private static final String LINK = "link:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          link:                                            | view    | 2026-11-26T13:00:00Z | .user "link:": must not begin with link: unless
          link:bob@example.com                             | view    | 2026-11-26T13:00:00Z | .user "link:bob@example.com": must not begin with
          LINK:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA | view    | 2026-11-26T13:00:00Z | must not begin with link: unless the SHA-256
          link:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB | view    | 2026-11-26T13:00:00Z | must not begin with link: unless the SHA-256
          link:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA  | view    | 2026-11-26T13:00:00Z | must not begin with link: unless the SHA-256
          link:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA | control | 2026-11-26T13:00:00Z | spec.shares[0].role "control": must be view for a link
          link:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA | view    |                      | spec.shares[0].until: is missing: a link must end, at most 24h
          link:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA | view    | 2026-11-26T11:00:00Z | must be in the future
          link:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA | view    | 2026-11-27T12:02:00Z | must be at most 24h from now for a link
          """)
  void refusedLinks(String user, String role, String until, String message) {
    String end = until == null ? "" : ", until: '" + until + "'";
    assertThat(create("[{user: '%s', role: %s%s}]".formatted(user, role, end)))
        .isInstanceOfSatisfying(
            Response.Deny.class, deny -> assertThat(deny.message()).contains(message));
  }

  @Test
  @DisplayName("a link lasts up to a day, its role is filled, and the owner is warned")
  void link() {
    assertThat(create("[{user: '%s', until: '2026-11-27T12:00:00Z'}]".formatted(LINK)))
        .isInstanceOfSatisfying(
            QuotaCheckRequired.class,
            check ->
                assertThat(check.warnings())
                    .contains(
                        "spec.shares[0] is a link: until 2026-11-27T12:00:00Z, everybody who has it"
                            + " watches this desktop without an account, if gate.desktops.links"
                            + " allows it"));
  }

  @Test
  @DisplayName("a session has at most 20 guests")
  void tooMany() {
    StringBuilder shares = new StringBuilder();
    for (int i = 0; i < 21; i++) {
      shares.append("{user: g").append(i).append("@example.com},");
    }
    assertThat(create("[" + shares + "]"))
        .isInstanceOfSatisfying(
            Response.Deny.class,
            deny -> assertThat(deny.message()).contains("must have at most 20 items: end a share"));
  }

  @Test
  @DisplayName("guests that control are warned about; a share lasts at least for a moment")
  void accepted() {
    assertThat(
            create(
                "[{user: b@c.de, until: '2026-11-26T12:00:01Z'}, {user: c@c.de, role: control}]"))
        .isInstanceOfSatisfying(
            QuotaCheckRequired.class,
            check ->
                assertThat(check.warnings())
                    .contains(
                        "spec.shares[1].role control: c@c.de acts with the owner's logins and"
                            + " files; with view a guest only watches"));
  }

  @Test
  @DisplayName("the webhook fills the role, and applying the same manifest again changes nothing")
  void defaultRole() {
    JsonObject session = session("[{user: b@c.de}, {user: c@c.de, role: control}]");
    JsonElement filled = CLUSTER.patched(session, Requests.create(session, ALICE));
    assertThat(filled.getAsJsonObject().get("shares"))
        .hasToString(
            "[{\"user\":\"b@c.de\",\"role\":\"view\"},{\"user\":\"c@c.de\",\"role\":\"control\"}]");
    JsonObject stored = session.deepCopy();
    stored.add("spec", filled);
    assertThat(CLUSTER.patched(session, Requests.update(session, stored))).isEqualTo(filled);
  }

  @Test
  @DisplayName("only desktops of flavor selkies can be shared")
  void otherFlavors() {
    Requests.Cluster kasm = Requests.cluster("{image: x, flavor: kasmvnc}");
    JsonObject session = session("[{user: b@c.de}]");
    assertThat(kasm.validate(Requests.create(session, ALICE), Requests.POLICY))
        .isInstanceOfSatisfying(
            Response.Deny.class,
            deny ->
                assertThat(deny.message())
                    .contains("VDITemplate \"t\" has the flavor kasmvnc, and only desktops of"));
    JsonObject before = session("[{user: b@c.de}, {user: c@c.de}]");
    assertThat(kasm.validate(Requests.update(session, before), Requests.POLICY))
        .as("ending a share")
        .isInstanceOf(Response.Allow.class);
  }

  @Test
  @DisplayName("a share that has ended can stay while something else changes")
  void ended() {
    String ended = "[{user: b@c.de, role: view, until: '2020-01-01T00:00:00Z'}]";
    JsonObject before = session(ended);
    JsonObject now = session(ended);
    now.getAsJsonObject("spec").addProperty("idleAction", "Delete");
    assertThat(update(ALICE, now, before)).isInstanceOf(Response.Allow.class);
    JsonObject again = session(ended.replace("view", "control"));
    assertThat(update(ALICE, again, before)).isInstanceOf(Response.Deny.class);
  }

  @Test
  @DisplayName("a guest gets no right on the session")
  void guest() {
    JsonObject before = session("[{user: bob@example.com, role: control}]");
    assertThat(update(BOB, session("[]"), before)).isInstanceOf(Response.Deny.class);
    assertThat(
            CLUSTER.validate(
                Requests.request("DELETE", BOB, Optional.empty(), Optional.of(before)),
                Requests.POLICY))
        .isInstanceOf(Response.Deny.class);
    JsonObject suspended = before.deepCopy();
    suspended.getAsJsonObject("spec").addProperty("suspended", true);
    assertThat(update(BOB, suspended, before)).isInstanceOf(Response.Deny.class);
  }

  @Property
  @Label("whatever else is wrong with a session, its owner can end a share")
  void endingIsAlwaysPossible(
      @ForAll("shares") List<JsonObject> shares, @ForAll("indices") int index) {
    JsonObject before = session("[]");
    JsonObject spec = before.getAsJsonObject("spec");
    spec.addProperty("timeout", "nonsense");
    spec.addProperty("idleTimeout", 7);
    spec.add("shares", list(shares));
    JsonObject now = before.deepCopy();
    now.getAsJsonObject("spec").getAsJsonArray("shares").remove(index % shares.size());
    assertThat(update(ALICE, now, before)).isInstanceOf(Response.Allow.class);
    assertThat(update(BOB, now, before)).isInstanceOf(Response.Deny.class);
  }

  @Provide
  Arbitrary<Integer> indices() {
    return Arbitraries.integers().between(0, 100);
  }

  @Provide
  Arbitrary<List<JsonObject>> shares() {
    return Combinators.combine(
            Arbitraries.of("b@c.de", "alice@example.com", "nobody", ""),
            Arbitraries.of("view", "control", "root"),
            Arbitraries.of("2020-01-01T00:00:00Z", "2100-01-01T00:00:00Z", "never"))
        .as((user, role, until) -> {
          JsonObject share = new JsonObject();
          share.addProperty("user", user);
          share.addProperty("role", role);
          share.addProperty("until", until);
          return share;
        })
        .list()
        .ofMinSize(1)
        .ofMaxSize(Share.MAX_SHARES);
  }

  private static JsonArray list(List<JsonObject> shares) {
    JsonArray list = new JsonArray();
    shares.forEach(list::add);
    return list;
  }

  private static Verdict create(String shares) {
    return CLUSTER.validate(Requests.create(session(shares), ALICE), Requests.POLICY);
  }

  private static Verdict update(Caller caller, JsonObject now, JsonObject before) {
    return CLUSTER.validate(
        Requests.request("UPDATE", caller, Optional.of(now), Optional.of(before)), Requests.POLICY);
  }

  private static JsonObject session(String shares) {
    return Requests.session("{user: alice@example.com, template: t, shares: " + shares + "}");
  }
}
