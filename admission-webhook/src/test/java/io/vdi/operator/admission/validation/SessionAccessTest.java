package io.vdi.operator.admission.validation;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vdi.operator.common.identity.Caller;
import io.vdi.operator.common.identity.Identity;
import io.vdi.operator.common.model.Annotations;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class SessionAccessTest {
  private static final Requests.Cluster CLUSTER = Requests.cluster("{image: x, idleTimeout: 1h}");
  private static final Caller ALICE = caller("alice@example.com");
  private static final Caller BOB = caller("bob@example.com");
  private static final Caller CONTROLLER =
      caller("system:serviceaccount:vdi-system:vdi-controller");
  private static final Caller COLLECTOR =
      caller("system:serviceaccount:kube-system:generic-garbage-collector");
  private static final String OWNER =
      "ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: x, uid: y}]";

  /** Every change of a session of alice, by bob and by alice. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {spec: {timeout: 2h}}                                        | yes
          {spec: {suspended: true}}                                    | yes
          {metadata: {labels: {a: b}}}                                 | yes
          {metadata: {annotations: {a: b}}}                            | yes
          {metadata: {finalizers: ['a.b/c']}}                           | yes
          {metadata: {finalizers: []}}                                 | yes
          {metadata: {managedFields: [{manager: x}]}}                  | yes
          {metadata: {ownerReferences: [{kind: ConfigMap, name: x}]}}  | no
          {metadata: {labels: {'vdi.kasm.io/user': b}}}                | no
          {metadata: {annotations: {'vdi.kasm.io/keep': 'true'}}}      | no
          {metadata: {annotations: {'vdi.kasm.io/ended-by': idle}}}    | no
          {metadata: {annotations: {'vdi.kasm.io/new': ''}}}           | no
          {metadata: {annotations: {'vdi.kasm.io/created-by': bob}}}   | no
          """)
  void onlyTheUserChangesASessionAndOnlyAdminsWhatIsReserved(String change, String own) {
    JsonObject changed = merged(session(), json(change));
    assertRefused(update(BOB, changed, session()), 403, "spec.user \"alice@example.com\": bob");
    assertThat(update(ALICE, changed, session()) instanceof Response.Deny)
        .isEqualTo(own.equals("no"));
    assertThat(update(Requests.ADMIN, changed, session())).isInstanceOf(Response.Allow.class);
    assertThat(update(CONTROLLER, changed, session())).isInstanceOf(Response.Allow.class);
    AdmissionRequest byManager =
        Requests.request("UPDATE", BOB, Optional.of(changed), Optional.of(session()));
    assertThat(CLUSTER.validateForManager(byManager, Requests.POLICY))
        .isInstanceOf(Response.Allow.class);
  }

  @Test
  void theRefusalNamesKeyValueRuleSettingAndVerb() {
    JsonObject changed =
        merged(session(), json("{metadata: {annotations: {'vdi.kasm.io/keep': 'true'}}}"));
    assertRefused(
        update(ALICE, changed, session()),
        403,
        "metadata.annotations[vdi.kasm.io/keep] \"true\": only admins and the operator set or change"
            + " it: leave it unchanged, or ask an admin: a member of identity.adminGroups, or a user"
            + " with the RBAC verb manage on vdisessions.vdi.kasm.io in namespace desks");
    assertRefused(
        delete(BOB, session()),
        403,
        "spec.user \"alice@example.com\": bob@example.com may only delete sessions of its own e-mail"
            + " bob@example.com; use your own, or ask an admin: a member of identity.adminGroups, or"
            + " a user with the RBAC verb manage on vdisessions.vdi.kasm.io in namespace desks");
  }

  @Test
  void aReservedKeyIsNotRemovedEither() {
    JsonObject kept =
        merged(session(), json("{metadata: {annotations: {'vdi.kasm.io/keep': 'true'}}}"));
    assertRefused(
        update(ALICE, session(), kept), 403, "metadata.annotations[vdi.kasm.io/keep] removed:");
  }

  @Test
  void theMutatingWebhookSetsItsAnnotationsForEverybody() {
    JsonObject created =
        merged(
            session(),
            json(
                "{metadata: {annotations: {'vdi.kasm.io/created-by': 'alice@example.com',"
                    + " 'vdi.kasm.io/reservation': '42'}}}"));
    assertThat(create(ALICE, created)).isInstanceOf(QuotaCheckRequired.class);
    JsonObject forged =
        merged(session(), json("{metadata: {annotations: {'vdi.kasm.io/created-by': bob}}}"));
    assertRefused(create(ALICE, forged), 403, "vdi.kasm.io/created-by");
    assertThat(create(Requests.ADMIN, forged)).isInstanceOf(QuotaCheckRequired.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "annotations: {'vdi.kasm.io/keep': 'true'}",
        "labels: {'vdi.kasm.io/user': x}",
        OWNER
      })
  void aNewSessionHasNothingReserved(String metadata) {
    JsonObject created = merged(session(), json("{metadata: {" + metadata + "}}"));
    assertRefused(create(ALICE, created), 403, "metadata.");
    assertThat(create(Requests.ADMIN, created)).isInstanceOf(QuotaCheckRequired.class);
  }

  /** Admins are defined without the mode, and so are reserved keys and the status. */
  @ParameterizedTest
  @EnumSource
  void reservedKeysAndStatusDoNotDependOnTheMode(Identity.Mode mode) {
    AdmissionPolicy policy = Requests.policy(mode);
    JsonObject kept =
        merged(session(), json("{metadata: {annotations: {'vdi.kasm.io/keep': 'true'}}}"));
    assertRefused(
        CLUSTER.validate(
            Requests.request("UPDATE", ALICE, Optional.of(kept), Optional.of(session())), policy),
        403,
        "vdi.kasm.io/keep");
    assertRefused(
        CLUSTER.validate(status(ALICE), policy), 403, "status: alice@example.com may not");
  }

  @ParameterizedTest
  @CsvSource({"ENFORCE, false, 0", "WARN, true, 1", "OFF, true, 0"})
  void theModeDecidesAboutSessionsOfOthers(Identity.Mode mode, boolean allowed, int warnings) {
    Verdict verdict =
        CLUSTER.validate(
            Requests.request("DELETE", BOB, Optional.empty(), Optional.of(session())),
            Requests.policy(mode));
    assertThat(verdict instanceof Response.Allow).isEqualTo(allowed);
    assertThat(verdict.warnings()).hasSize(warnings);
  }

  @Test
  void deletionIsForTheUserAndAdmins() {
    assertThat(delete(ALICE, session())).isInstanceOf(Response.Allow.class);
    assertThat(delete(caller("oidc:Alice@Example.com"), session()))
        .isInstanceOf(Response.Allow.class);
    assertThat(delete(Requests.ADMIN, session())).isInstanceOf(Response.Allow.class);
    assertThat(delete(CONTROLLER, session())).isInstanceOf(Response.Allow.class);
    assertRefused(delete(BOB, deleting()), 403, "may only delete");
    assertRefused(
        CLUSTER.validate(
            Requests.request("DELETE", ALICE, Optional.empty(), Optional.empty()), Requests.POLICY),
        422,
        "the request has no oldObject");
  }

  /** U+212A becomes k in lower case, and U+017F becomes S in upper case. */
  @ParameterizedTest
  @ValueSource(strings = {"\u212aim@example.com", "kim@example\u017f.com", "kim@example.com "})
  void anAddressThatOnlyLooksEqualIsAnother(String username) {
    JsonObject kims = Requests.session("{user: 'kim@examples.com', template: t}");
    JsonObject kim = Requests.session("{user: 'kim@example.com', template: t}");
    assertThat(delete(caller(username), kims)).isInstanceOf(Response.Deny.class);
    assertThat(delete(caller(username), kim)).isInstanceOf(Response.Deny.class);
  }

  /** The immutability of the user is no substitute for the check of the former user. */
  @Test
  void aSessionIsNotTakenOver() {
    JsonObject taken = merged(session(), json("{spec: {user: 'bob@example.com'}}"));
    assertRefused(update(BOB, taken, session()), 422, "spec.user \"alice@example.com\": bob");
    assertRefused(update(BOB, taken, deleting()), 422, "spec.user \"alice@example.com\": bob");
  }

  @Test
  void theControllersOfKubernetesDeleteAndRelease() {
    JsonObject released = merged(deleting(), json("{metadata: {finalizers: []}}"));
    assertThat(delete(COLLECTOR, session())).isInstanceOf(Response.Allow.class);
    assertThat(update(COLLECTOR, released, deleting())).isInstanceOf(Response.Allow.class);
    assertThat(update(COLLECTOR, merged(session(), json("{metadata: {" + OWNER + "}}")), session()))
        .isInstanceOf(Response.Allow.class);
    assertRefused(
        update(COLLECTOR, merged(session(), json("{spec: {timeout: 2h}}")), session()),
        403,
        "may only");
    assertRefused(create(COLLECTOR, session()), 403, "may only");
  }

  @Test
  void aDeletingSessionIsReleasedByItsUserAndAdminsOnly() {
    JsonObject released = merged(deleting(), json("{metadata: {finalizers: []}}"));
    assertThat(update(ALICE, released, deleting())).isInstanceOf(Response.Allow.class);
    assertThat(update(Requests.ADMIN, released, deleting())).isInstanceOf(Response.Allow.class);
    assertRefused(update(BOB, released, deleting()), 403, "may only");
    JsonObject changed = merged(deleting(), json("{spec: {timeout: soon}}"));
    assertRefused(update(ALICE, changed, deleting()), 422, "spec.timeout \"soon\"");
  }

  @Test
  void anUpdateThatChangesNothingIsAllowed() {
    JsonObject same = merged(session(), json("{metadata: {resourceVersion: '7', generation: 3}}"));
    assertThat(update(BOB, same, session())).isInstanceOf(Response.Allow.class);
  }

  @Test
  void onlyTheOperatorWritesAStatus() {
    assertThat(CLUSTER.validate(status(CONTROLLER), Requests.POLICY))
        .isInstanceOf(Response.Allow.class);
    for (Caller caller : List.of(ALICE, Requests.ADMIN, COLLECTOR)) {
      assertRefused(
          CLUSTER.validate(status(caller), Requests.POLICY), 403, "identity.operatorAccounts");
      assertThat(CLUSTER.validateForManager(status(caller), Requests.POLICY))
          .isInstanceOf(Response.Deny.class);
    }
  }

  @Test
  void aTemplateThatIsDeletedWithItsCollectionIsLookedUpByTheOldObject() {
    AdmissionRequest request =
        new AdmissionRequest(
            "u",
            "DELETE",
            "vdi.kasm.io",
            AdmissionRequest.TEMPLATE,
            "",
            "",
            "",
            Requests.ADMIN,
            false,
            Optional.empty(),
            Optional.of(json("{metadata: {name: t}, spec: {image: x}}")));
    assertThat(ContextQuery.forValidation(request)).isEqualTo(new ContextQuery.SessionsUsing("t"));
  }

  private static AdmissionRequest status(Caller caller) {
    return new AdmissionRequest(
        "u",
        "UPDATE",
        "vdi.kasm.io",
        AdmissionRequest.SESSION,
        "status",
        "desks",
        "desk",
        caller,
        false,
        Optional.of(session()),
        Optional.of(session()));
  }

  private static Verdict create(Caller caller, JsonObject session) {
    return CLUSTER.validate(Requests.create(session, caller), Requests.POLICY);
  }

  private static Verdict update(Caller caller, JsonObject now, JsonObject old) {
    return CLUSTER.validate(
        Requests.request("UPDATE", caller, Optional.of(now), Optional.of(old)), Requests.POLICY);
  }

  private static Verdict delete(Caller caller, JsonObject old) {
    return CLUSTER.validate(
        Requests.request("DELETE", caller, Optional.empty(), Optional.of(old)), Requests.POLICY);
  }

  private static Caller caller(String username) {
    return new Caller(username, List.of("system:authenticated"), Map.of());
  }

  private static JsonObject session() {
    JsonObject session = Requests.session("{user: 'alice@example.com', template: t, timeout: 1h}");
    JsonObject annotations = new JsonObject();
    annotations.addProperty(Annotations.CREATED_BY, "alice@example.com");
    session.getAsJsonObject("metadata").add("annotations", annotations);
    JsonArray finalizers = new JsonArray();
    finalizers.add("vdi.kasm.io/session-cleanup");
    session.getAsJsonObject("metadata").add("finalizers", finalizers);
    return session;
  }

  private static JsonObject deleting() {
    return merged(session(), json("{metadata: {deletionTimestamp: '2026-01-01T00:00:00Z'}}"));
  }

  /** Sections are merged, everything else is replaced. */
  private static JsonObject merged(JsonObject target, JsonObject change) {
    JsonObject result = target.deepCopy();
    change
        .asMap()
        .forEach((key, value) ->
            result.add(
                key,
                value instanceof JsonObject section && result.get(key) instanceof JsonObject present
                    ? merged(present, section)
                    : value));
    return result;
  }

  private static JsonObject json(String text) {
    return JsonParser.parseString(text).getAsJsonObject();
  }

  private static void assertRefused(Verdict verdict, int code, String message) {
    assertThat(verdict)
        .isInstanceOfSatisfying(
            Response.Deny.class,
            deny -> {
              assertThat(deny.message()).contains(message);
              assertThat(deny.reason().code()).isEqualTo(code);
            });
  }
}
