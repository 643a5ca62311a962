package io.vdi.operator.admission.validation;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.vdi.operator.common.identity.Caller;
import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.PersistentVolumeClaim;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.common.model.WatchedNamespaces;
import io.vdi.operator.common.quota.ResourceAmounts;
import io.vdi.operator.devcluster.cluster.Manifests;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SessionAdmissionTest {
  private static final long GIB = 1L << 30;

  private static final Requests.Cluster CLUSTER =
      Requests.cluster(
          "{image: x, idleTimeout: 1h, maxTimeout: 4h, resources: {maxGPU: 2, maxMemory: 16Gi},"
              + " allowedGroups: [design], allowedUsers: [alice@example.com]}");

  private static final Requests.Cluster FULL =
      Requests.cluster(
          "{image: x, timeout: 1h, idleTimeout: 30m, resources: {defaultGPU: 3, defaultMemory: 8Gi},"
              + " persistence: {size: 20Gi, storageClassName: fast, reclaimPolicy: Retain}}");

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {user: alice@example.com, template: t}                                        | 1 | 1
          {user: alice@example.com, template: t, resources: {gpu: 2}}                   | 1 | 2
          {user: alice@example.com, template: t, resources: {gpu: 2}, suspended: true}  | 1 | 0
          """)
  void aNewSessionRequestsItsShare(String spec, int sessions, int gpus) {
    assertThat(requested(create(spec))).isEqualTo(new ResourceAmounts(sessions, gpus, 10 * GIB));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {resources: {gpu: 1}}                  | {resources: {gpu: 2}}                   | 1
          {resources: {gpu: 2}, suspended: true} | {resources: {gpu: 2}, suspended: false} | 2
          {resources: {gpu: 1}, suspended: true} | {resources: {gpu: 2}, suspended: false} | 2
          """)
  void aRaiseAndAResumeRequestTheDifference(String before, String now, int gpus) {
    assertThat(requested(update(before, now))).isEqualTo(new ResourceAmounts(0, gpus, 0));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {resources: {gpu: 2}} | {resources: {gpu: 1}}
          {timeout: 1h}         | {timeout: 2h}
          {}                    | {suspended: true}
          {resources: {gpu: 5}} | {resources: {gpu: 5}, timeout: 2h}
          """)
  void aChangeThatRequestsNoResourcesIsAllowed(String before, String now) {
    assertThat(update(before, now)).isInstanceOf(Response.Allow.class);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {user: bob@example.com, template: t}                               | spec.template "t": is not for bob@example.com
          {user: alice@example.com, template: t, resources: {gpu: 3}}        | spec.resources.gpu 3: is more than template t allows, which is 2
          {user: alice@example.com, template: t, resources: {memory: 32Gi}}  | spec.resources.memory 32Gi: is more than template t allows, which is 16Gi
          {user: alice@example.com, template: t}                             | spec.timeout 8h: is more than template t allows, which is 4h
          {template: t}                                                      | spec.user: is missing
          {user: "a b@example.com", template: t, timeout: 1h}                | spec.user "a b@example.com": must be an e-mail
          """)
  void aViolationIsReportedWithFieldValueAndRule(String spec, String message) {
    Requests.Cluster cluster = message.contains("timeout") ? CLUSTER : withoutMaxTimeout();
    assertDenied(
        cluster.validate(Requests.create(Requests.session(spec), Requests.ADMIN), Requests.POLICY),
        message);
  }

  @Test
  void aSessionOfAMissingTemplateWaits() {
    AdmissionRequest request =
        Requests.create(
            Requests.session("{user: alice@example.com, template: other, resources: {gpu: 2}}"),
            Requests.ADMIN);
    Verdict verdict = CLUSTER.validate(request, Requests.POLICY);
    assertThat(requested(verdict)).isEqualTo(new ResourceAmounts(1, 2, 10 * GIB));
    assertThat(verdict.warnings())
        .containsExactly(
            "spec.template \"other\": there is no such VDITemplate: the session waits until it"
                + " exists; kubectl get vdit shows the existing ones");
    JsonObject session = Requests.session("{user: alice@example.com, template: other}");
    assertThat(CLUSTER.patched(session, Requests.create(session, Requests.ADMIN)))
        .as("no defaults yet")
        .isEqualTo(session.get("spec"));
  }

  /** The limits of the template count as soon as it exists, as for a new session. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          alice@example.com | {timeout: 1h, resources: {gpu: 3}} | {}                   | spec.resources.gpu 3: is more than template t allows
          bob@example.com   | {timeout: 1h}                      | {}                   | spec.template "t": is not for bob@example.com
          alice@example.com | {timeout: 1h, resources: {gpu: 2}} | {}                   | ok
          alice@example.com | {timeout: 1h, resources: {gpu: 3}} | {podName: desk}      | ok
          alice@example.com | {timeout: 1h, resources: {gpu: 3}} | {startTime: '2026-01-01T00:00:00Z'} | ok
          """)
  void aSessionThatIsOlderThanItsTemplateIsCheckedWhenItChanges(
      String user, String spec, String status, String expected) {
    JsonObject unchecked = Requests.session(spec);
    unchecked.getAsJsonObject("spec").addProperty("user", user);
    unchecked.getAsJsonObject("spec").addProperty("template", "missing");
    Patches.apply(
        unchecked,
        ((Response.Allow) CLUSTER.mutate(Requests.create(unchecked, Requests.ADMIN))).patch());
    assertThat(new RawObject(unchecked).annotation(Annotations.UNCHECKED)).contains("true");

    unchecked.getAsJsonObject("spec").addProperty("template", "t");
    unchecked.add("status", Manifests.parse(status).getFirst());
    JsonObject changed = unchecked.deepCopy();
    changed.getAsJsonObject("spec").addProperty("suspended", true);
    Response.Allow mutated = (Response.Allow) CLUSTER.mutate(Requests.update(changed, unchecked));
    Patches.apply(changed, mutated.patch());
    assertThat(new RawObject(changed).annotation(Annotations.UNCHECKED)).isEmpty();
    Verdict verdict = CLUSTER.validate(Requests.update(changed, unchecked), Requests.POLICY);
    if (expected.equals("ok")) {
      assertThat(verdict).isInstanceOf(Response.Allow.class);
    } else {
      assertDenied(verdict, expected);
    }
  }

  /** Only what quotas and billing depend on; everything else follows the template. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {}                                       | {resources: {gpu: 3, memory: 8Gi, cpu: '2'}, persistence: {size: 20Gi}, timeout: 1h}
          {resources: {gpu: 1}, timeout: 2h}       | {resources: {gpu: 1, memory: 8Gi, cpu: '2'}, persistence: {size: 20Gi}, timeout: 2h}
          {persistence: {enabled: false}}          | {resources: {gpu: 3, memory: 8Gi, cpu: '2'}, persistence: {enabled: false}, timeout: 1h}
          {persistence: {reclaimPolicy: Delete}, idleTimeout: 5m} | {resources: {gpu: 3, memory: 8Gi, cpu: '2'}, persistence: {reclaimPolicy: Delete, size: 20Gi}, timeout: 1h, idleTimeout: 5m}
          """)
  void aNewSessionGetsTheDefaultsThatAreFrozen(String given, String expected) {
    JsonObject session = complete(given);
    assertThat(FULL.patched(session, Requests.create(session, Requests.ADMIN)))
        .isEqualTo(complete(expected).get("spec"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {resources: {gpu: 5, memory: 1Gi, cpu: '9'}, persistence: {size: 90Gi}, timeout: 9h} | {} | {resources: {gpu: 3, memory: 8Gi, cpu: '2'}, persistence: {size: 20Gi}, timeout: 1h}
          {idleTimeout: 5m, persistence: {enabled: false, reclaimPolicy: Delete}} | {} | {resources: {gpu: 3, memory: 8Gi, cpu: '2'}, persistence: {size: 20Gi}, timeout: 1h}
          {persistence: {storageClassName: slow}} | {} | {resources: {gpu: 3, memory: 8Gi, cpu: '2'}, persistence: {size: 20Gi, storageClassName: slow}, timeout: 1h}
          """)
  void aRemovedFieldReturnsToTheDefaultExceptTheStorageClass(
      String before, String now, String expected) {
    JsonObject session = complete(now);
    assertThat(FULL.patched(session, Requests.update(session, complete(before))))
        .isEqualTo(complete(expected).get("spec"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {}                 | ok
          {idleTimeout: 30m} | ok
          {idleTimeout: 2h}  | ok
          {idleTimeout: 3h}  | spec.idleTimeout 3h: is more than template t allows, which is 2h: ask for 2h or less
          {idleTimeout: 0s}  | spec.idleTimeout 0s: means never, but template t allows at most 2h: ask for 2h or less
          """)
  void anIdleTimeoutIsAtMostThatOfTheTemplate(String spec, String expected) {
    Requests.Cluster cluster = Requests.cluster("{image: x, maxIdleTimeout: 2h}");
    Verdict created =
        cluster.validate(Requests.create(complete(spec), Requests.ADMIN), Requests.POLICY);
    Verdict changed =
        cluster.validate(
            Requests.update(complete(spec), complete("{timeout: 1h}")), Requests.POLICY);
    // The maximum may be newer than the session.
    JsonObject existing = complete(spec);
    existing.getAsJsonObject("spec").addProperty("timeout", "1h");
    Verdict kept = cluster.validate(Requests.update(existing, complete(spec)), Requests.POLICY);
    assertThat(kept).isInstanceOf(Response.Allow.class);
    if (expected.equals("ok")) {
      assertThat(created).isInstanceOf(QuotaCheckRequired.class);
      assertThat(changed).isInstanceOf(Response.Allow.class);
    } else {
      assertDenied(created, expected);
      assertDenied(changed, expected);
    }
  }

  @Test
  void zeroAsIdleTimeoutMeansNeverIfTheTemplateAllowsIt() {
    Verdict verdict =
        withoutMaxTimeout()
            .validate(
                Requests.create(complete("{idleTimeout: 0s}"), Requests.ADMIN), Requests.POLICY);
    assertThat(verdict).isInstanceOf(QuotaCheckRequired.class);
    assertThat(verdict.warnings()).isEmpty();
  }

  @Test
  void withoutItsTemplateASessionKeepsWhatIsFrozen() {
    JsonObject old =
        Requests.session(
            "{template: other, resources: {gpu: 2}, persistence: {size: 9Gi, reclaimPolicy: Retain},"
                + " timeout: 9h, idleTimeout: 1h}");
    JsonObject session = Requests.session("{template: other}");
    assertThat(FULL.patched(session, Requests.update(session, old)))
        .isEqualTo(
            Requests.session(
                    "{template: other, resources: {gpu: 2}, persistence: {size: 9Gi}, timeout: 9h}")
                .get("spec"));
  }

  @Test
  void aMemberOfAnAllowedGroupCanUseTheTemplate() {
    Verdict verdict =
        CLUSTER.validate(
            Requests.create(
                Requests.session("{user: bob@example.com, template: t, timeout: 1h}"),
                new Caller("bob@example.com", List.of("design"), Map.of())),
            Requests.POLICY);
    assertThat(verdict).isInstanceOf(QuotaCheckRequired.class);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {size: 30Gi} | {size: 20Gi}    | Bound   | 20Gi | ok
          {size: 30Gi} | {size: 20480Mi} | Bound   | 20Gi | ok
          {size: 30Gi} | {size: 25Gi}    | Bound   | 20Gi | ok
          {size: 10Gi} | {size: 10Gi}    | Bound   | 20Gi | ok
          {size: 10Gi} | {size: 11Gi}    | Bound   | 20Gi | ok
          {size: 30Gi} | {size: 1Gi}     | Pending | ''   | ok
          {size: 30Gi} | {}              | Bound   | 5Gi  | ok
          {}           | {size: 5Gi}     | Bound   | 5Gi  | ok
          {size: 30Gi} | {size: 19Gi}    | Bound   | 20Gi | spec.persistence.size 19Gi: is less than the 20Gi of PersistentVolumeClaim vdi-data-desk, and a volume cannot shrink: give 20Gi or more
          {size: 30Gi} | {}              | Bound   | 20Gi | spec.persistence.size 7Gi: is less than the 20Gi
          {}           | {size: 5Gi}     | Bound   | 7Gi  | spec.persistence.size 5Gi: is less than the 7Gi
          """)
  void aSizeCanGoBackToTheCapacityOfTheClaim(
      String before, String now, String phase, String capacity, String expected) {
    PersistentVolumeClaim home =
        new PersistentVolumeClaim(
            KubeGson.gson().fromJson("{name: vdi-data-desk}", ObjectMeta.class),
            null,
            new PersistentVolumeClaim.Status(
                phase, capacity.isEmpty() ? Map.of() : Map.of("storage", capacity)));
    VdiTemplate template = Requests.cluster("{image: x, persistence: {size: 7Gi}}").template();
    Verdict verdict =
        new Requests.Cluster(template, Optional.of(home), false)
            .validate(
                Requests.update(
                    complete("{persistence: " + now + "}"),
                    complete("{persistence: " + before + "}")),
                Requests.POLICY);
    if (expected.equals("ok")) {
      assertThat(verdict).isNotInstanceOf(Response.Deny.class);
    } else {
      assertDenied(verdict, expected);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {size: 10Gi}                 | {size: 30Gi}                | 30
          {size: 10Gi, enabled: false} | {size: 10Gi, enabled: true} | 10
          {enabled: false}             | {}                          | 10
          {}                           | {size: 11Gi}                | 11
          """)
  void aHomeThatGrowsOrIsTurnedOnRequestsItsWholeSize(String before, String now, long gib) {
    QuotaCheckRequired check =
        (QuotaCheckRequired) update("{persistence: " + before + "}", "{persistence: " + now + "}");
    assertThat(check.requested().amount()).isEqualTo(new ResourceAmounts(0, 0, gib * GIB));
    assertThat(check.requested().claim()).isEqualTo("vdi-data-desk");
    assertThat(check.total().amount().storage()).isEqualTo(gib * GIB);
  }

  @Test
  void aHomeWhoseNameIsGeneratedIsNotKnownByName() {
    JsonObject session = complete("{}");
    session.getAsJsonObject("metadata").addProperty("generateName", "des");
    QuotaCheckRequired check =
        (QuotaCheckRequired)
            withoutMaxTimeout().validate(Requests.create(session, Requests.ADMIN), Requests.POLICY);
    assertThat(check.requested().claim()).isEmpty();
  }

  /** A resume is checked like a new session. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {resources: {gpu: 3}}        | {}                          | spec.resources.gpu 3: is more than template t allows, which is 2: ask for 2 or less to resume
          {resources: {memory: 32Gi}}  | {}                          | spec.resources.memory 32Gi: is more than template t allows, which is 16Gi: ask for 16Gi or less to resume
          {resources: {cpu: 9}}        | {}                          | spec.resources.cpu 9: is more than template t allows, which is 8: ask for 8 or less to resume
          {timeout: 9h}                | {}                          | spec.timeout 9h: is more than template t allows, which is 4h: ask for 4h or less to resume
          {idleTimeout: 3h}            | {}                          | spec.idleTimeout 3h: is more than template t allows, which is 2h: ask for 2h or less to resume
          {idleTimeout: 0s}            | {}                          | spec.idleTimeout 0s: means never, but template t allows at most 2h: ask for 2h or less to resume
          {persistence: {size: 30Gi}}  | {}                          | spec.persistence.size 30Gi: is more than template t allows, which is 20Gi: ask for 20Gi or less to resume
          {resources: {gpu: 3}, timeout: 9h} | {resources: {gpu: 2}, timeout: 4h} | ok
          {resources: {gpu: 3}}        | {suspended: true}           | ok
          {resources: {gpu: 2}, timeout: 4h, idleTimeout: 2h} | {} | ok
          """)
  void aResumeIsCheckedLikeANewSession(String suspended, String changes, String expected) {
    JsonObject before = complete(suspended);
    before.getAsJsonObject("spec").addProperty("suspended", true);
    JsonObject now = complete(suspended);
    complete(changes).getAsJsonObject("spec").asMap().forEach(now.getAsJsonObject("spec")::add);
    Verdict verdict =
        lowered(Optional.empty()).validate(Requests.update(now, before), Requests.POLICY);
    if (expected.equals("ok")) {
      assertThat(verdict).isNotInstanceOf(Response.Deny.class);
    } else {
      assertDenied(verdict, expected);
    }
  }

  /** A volume cannot shrink, so what the claim has does not prevent a resume. */
  @ParameterizedTest
  @CsvSource({
    "30Gi, 30Gi, ok",
    "25Gi, 30Gi, ok",
    "20Gi, 10Gi, ok",
    "40Gi, 30Gi, 'spec.persistence.size 40Gi: is more than template t allows, which is 20Gi, and"
        + " more than the 30Gi that the home has: ask for 30Gi or less to resume'",
    "30Gi, 10Gi, 'spec.persistence.size 30Gi: is more than template t allows, which is 20Gi: ask"
        + " for 20Gi or less to resume'"
  })
  void aResumeKeepsTheHomeThatTheClaimHas(String size, String capacity, String expected) {
    PersistentVolumeClaim home =
        new PersistentVolumeClaim(
            KubeGson.gson().fromJson("{name: vdi-data-desk}", ObjectMeta.class),
            null,
            new PersistentVolumeClaim.Status("Bound", Map.of("storage", capacity)));
    String spec = "{persistence: {size: " + size + "}, suspended: %s}";
    Verdict verdict =
        lowered(Optional.of(home))
            .validate(
                Requests.update(
                    complete(spec.formatted("false")), complete(spec.formatted("true"))),
                Requests.POLICY);
    if (expected.equals("ok")) {
      assertThat(verdict).isNotInstanceOf(Response.Deny.class);
    } else {
      assertDenied(verdict, expected);
    }
  }

  /** Its maximums may have been lowered after the session was created. */
  private static Requests.Cluster lowered(Optional<PersistentVolumeClaim> home) {
    VdiTemplate template =
        Requests.cluster(
                "{image: x, maxTimeout: 4h, timeout: 4h, maxIdleTimeout: 2h,"
                    + " resources: {maxGPU: 2, maxMemory: 16Gi, maxCPU: 8},"
                    + " persistence: {maxSize: 20Gi}}")
            .template();
    return new Requests.Cluster(template, home, false);
  }

  @Test
  void withoutAClaimEverySizeIsAllowed() {
    QuotaCheckRequired check =
        (QuotaCheckRequired) update("{persistence: {size: 30Gi}}", "{persistence: {size: 1Gi}}");
    assertThat(check.requested().amount().isZero()).isTrue();
    assertThat(check.former().orElseThrow().amount())
        .as("counts a little longer")
        .isEqualTo(new ResourceAmounts(0, 0, 30 * GIB));
  }

  @Test
  void noRulePreventsADeletion() {
    JsonObject old = Requests.session("{user: alice@example.com, template: deleted}");
    old.getAsJsonObject("metadata").addProperty("deletionTimestamp", "2026-01-01T00:00:00Z");
    JsonObject now = old.deepCopy();
    now.getAsJsonObject("metadata").add("finalizers", new JsonArray());
    assertThat(CLUSTER.validate(Requests.update(now, old), Requests.POLICY))
        .isInstanceOf(Response.Allow.class);
  }

  @Test
  void aManifestKeepsWhatTheReaperHasWritten() {
    JsonObject old = Requests.session("{user: alice@example.com, template: t, timeout: 1h}");
    JsonObject annotations = new JsonObject();
    annotations.addProperty(Annotations.SCHEDULE_APPLIED, "2026-01-01T18:00:00Z");
    annotations.addProperty(Annotations.SUSPENDED_BY, "schedule");
    annotations.addProperty(Annotations.SUSPENDED_AT, "2026-01-01T18:00:00Z");
    old.getAsJsonObject("metadata").add("annotations", annotations);
    JsonObject now = Requests.session("{user: alice@example.com, template: t, timeout: 1h}");
    assertThat(CLUSTER.mutate(Requests.update(now, old)))
        .isInstanceOfSatisfying(
            Response.Allow.class,
            allow ->
                assertThat(allow.patch().toString())
                    .contains("schedule-applied", "suspended-by", "suspended-at"));
  }

  /** The mutating webhook gets the object as the client sent it. */
  @Test
  void aForgedDeletionTimestampBypassesNothing() {
    JsonObject old = Requests.session("{user: alice@example.com, template: t, timeout: 1h}");
    JsonObject now = Requests.session("{user: alice@example.com, template: t, timeout: 9h}");
    now.getAsJsonObject("metadata").addProperty("deletionTimestamp", "2026-01-01T00:00:00Z");
    JsonObject annotations = new JsonObject();
    annotations.addProperty(Annotations.CREATED_BY, "mallory");
    now.getAsJsonObject("metadata").add("annotations", annotations);
    AdmissionRequest request = Requests.update(now, old);
    assertThat(CLUSTER.mutate(request))
        .isInstanceOfSatisfying(
            Response.Allow.class, allow -> assertThat(allow.patch().toString()).contains("remove"));
    assertDenied(CLUSTER.validate(request, Requests.POLICY), "spec.timeout 9h");
  }

  @Test
  void probableMistakesCauseWarnings() {
    Requests.Cluster timeSliced =
        new Requests.Cluster(Requests.cluster("{image: x}").template(), Optional.empty(), true);
    Verdict verdict =
        timeSliced.validate(
            Requests.create(
                Requests.session(
                    "{user: alice@example.com, template: t, resources: {gpu: 2}, persistence:"
                        + " {reclaimPolicy: Retain}}"),
                Requests.ADMIN),
            Requests.POLICY);
    assertThat(verdict.warnings()).hasSize(3);
  }

  @Test
  void aWindowThatIsLongerThanTheTimeoutCausesAWarning() {
    String session =
        "{user: alice@example.com, template: t, idleTimeout: 1h, timeout: %s, schedule: [{days: [Mon],"
            + " start: '08:55', stop: '18:00', timeZone: Europe/Berlin}]}";
    assertThat(warnings(session.formatted("8h")))
        .containsExactly(
            "spec.schedule has a window of 9h5m, and the timeout is 8h: the session is deleted before"
                + " its stop; set spec.timeout above 9h5m");
    assertThat(warnings(session.formatted("10h"))).isEmpty();
  }

  private static List<String> warnings(String spec) {
    return Requests.cluster("{image: x}")
        .validate(Requests.create(Requests.session(spec), Requests.ADMIN), Requests.POLICY)
        .warnings();
  }

  @Test
  void unknownKindsAreAllowedWithAWarning() {
    AdmissionRequest request =
        new AdmissionRequest(
            "u",
            "CREATE",
            "apps",
            "Deployment",
            "",
            "n",
            "x",
            Requests.ADMIN,
            false,
            Optional.of(new JsonObject()),
            Optional.empty());
    Response.Allow allow =
        Response.Allow.unchanged(List.of("this webhook does not handle apps Deployment"));
    assertThat(CLUSTER.validate(request, Requests.POLICY)).isEqualTo(allow);
    assertThat(CLUSTER.mutate(request)).isEqualTo(allow);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {}                                                  | spec.image: is missing
          {image: 'docker.io/x'}                              | spec.image "docker.io/x": must come from one of ghcr.io/desks
          {image: 'ghcr.io/desksx/y'}                         | must come from one of ghcr.io/desks
          {image: 'ghcr.io/desks/y', resources: {maxGPU: -1}} | spec.resources.maxGPU -1: must be a whole number
          {image: 'ghcr.io/desks/y', resources: {ephemeralStorage: 0}} | spec.resources.ephemeralStorage
          {image: 'ghcr.io/desks/y', persistence: {maxSize: big}}      | spec.persistence.maxSize "big": must be
          {image: 'ghcr.io/desks/y', persistence: {size: 20Gi, maxSize: 10Gi}} | spec.persistence.size "20Gi": is more than maxSize
          {image: 'ghcr.io/desks/y', env: [{name: '1a'}]}     | spec.env[0].name "1a": must be letters
          {image: 'ghcr.io/desks/y', env: [{name: DISPLAY}]}  | spec.env[0].name "DISPLAY": is the operator's own
          {image: 'ghcr.io/desks/y', env: [{value: x}]}       | spec.env[0].name: is missing
          {image: 'ghcr.io/desks/y', timeout: soon}           | spec.timeout "soon": must be a duration
          {image: 'ghcr.io/desks/y', schedule: [{days: [Mon], timeZone: UTC}]} | spec.schedule[0].start: is missing: give start, stop, or both
          {image: 'ghcr.io/desks/y', schedule: [{days: [Mon], stop: '18:00', timeZone: '+02:00'}]} | spec.schedule[0].timeZone "+02:00": must be the name of a time zone, such as Europe/Berlin
          {image: 'ghcr.io/desks/y', schedule: [{days: [Mo], stop: '18:00', timeZone: UTC}]} | spec.schedule[0].days[0] "Mo": must be one of Mon, Tue
          {image: 'ghcr.io/desks/y', schedule: [{days: [Mon], stop: '18h', timeZone: UTC}]} | spec.schedule[0].stop "18h": must be a time of day
          {image: 'ghcr.io/desks/y', schedule: [{days: [Mon], stop: '18:00', timeZone: UTC, except: ['2026-02-30']}]} | spec.schedule[0].except[0] "2026-02-30": must be a date
          {image: 'ghcr.io/desks/y', drainGrace: 30s}         | spec.drainGrace "30s": must be a duration from 1m to 24h
          {image: 'ghcr.io/desks/y', idleOn: Never}           | spec.idleOn "Never": must be Disconnect or NoInput
          {image: 'ghcr.io/desks/y', busy: {cpuAbove: much}}  | spec.busy.cpuAbove "much": must be a quantity above zero, such as 500m
          {image: 'ghcr.io/desks/y', busy: {gpuAbove: 100}}   | spec.busy.gpuAbove 100: must be a whole number from 1 to 99
          {image: 'ghcr.io/desks/y', drainGrace: 25h}         | spec.drainGrace "25h": must be a duration from 1m to 24h
          {image: 'ghcr.io/desks/y', maxIdleTimeout: 0s}      | spec.maxIdleTimeout "0s": must be a duration
          {image: 'ghcr.io/desks/y', idleTimeout: 2h, maxIdleTimeout: 1h} | spec.idleTimeout "2h": is more than maxIdleTimeout
          {image: 'ghcr.io/desks/y', timeout: 9h, maxTimeout: 8h} | spec.timeout "9h": is more than maxTimeout of this template: lower it, or raise maxTimeout
          {image: 'ghcr.io/desks/y', resources: {defaultGPU: 3, maxGPU: 2}} | spec.resources.defaultGPU 3: is more than maxGPU
          {image: 'ghcr.io/desks/y', resources: {defaultMemory: 9Gi, maxMemory: 8Gi}} | spec.resources.defaultMemory "9Gi": is more than maxMemory
          {image: 'ghcr.io/desks/y', resources: {defaultCPU: '9', maxCPU: '8'}} | spec.resources.defaultCPU "9": is more than maxCPU
          {image: 'ghcr.io/desks/y', resources: {requests: {cpu: 3}}} | spec.resources.requests.cpu 3: must be
          {image: 'ghcr.io/desks/y', resources: {requests: {memory: 5Gi}}} | spec.resources.requests.memory "5Gi": is more than the limit of memory, which is 4Gi: lower it, or raise resources.defaultMemory
          {image: 'ghcr.io/desks/y', icon: 'https://example.com/i.png'} | spec.icon "https://example.com/i.png": must be the name of an icon
          {image: 'ghcr.io/desks/y', gpu: {resourceName: gpu}} | spec.gpu.resourceName "gpu": must be the name of an extended resource
          {image: 'ghcr.io/desks/y', env: [{name: A, value: b, valueFrom: {secretKeyRef: {name: s, key: k}}}]} | leave out either value or valueFrom
          {image: 'ghcr.io/desks/y', env: [{name: A, valueFrom: {fieldRef: {}}}]} | must have either secretKeyRef or configMapKeyRef
          {image: 'ghcr.io/desks/y', env: [{name: A, valueFrom: {secretKeyRef: {name: s}}}]} | spec.env[0].valueFrom.secretKeyRef.key
          {image: 'ghcr.io/desks/y', podTemplate: {spec: {restartPolicy: Never}}} | spec.podTemplate.spec.restartPolicy "Never"
          """)
  void invalidTemplatesAreDenied(String spec, String message) {
    assertDenied(template(spec), message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {persistence: {size: 20Gi}} | {persistence: {size: 51Gi}}                 | denied
          {persistence: {size: 20Gi}} | {persistence: {enabled: false, size: 51Gi}} | denied
          {persistence: {size: 20Gi}} | {persistence: {size: 50Gi}}                 | allowed
          {persistence: {size: 80Gi}} | {persistence: {size: 80Gi}, timeout: 2h}    | allowed
          {persistence: {size: 80Gi}} | {persistence: {size: 81Gi}}                 | denied
          """)
  void aHomeGrowsUpToTheMaxSizeOfItsTemplate(String before, String now, String outcome) {
    Requests.Cluster cluster = Requests.cluster("{image: x, persistence: {maxSize: 50Gi}}");
    Verdict verdict =
        cluster.validate(Requests.update(complete(now), complete(before)), Requests.POLICY);
    if (outcome.equals("denied")) {
      assertDenied(verdict, "is more than template t allows, which is 50Gi: ask for 50Gi or less");
    } else {
      assertThat(verdict).isNotInstanceOf(Response.Deny.class);
    }
    Verdict created =
        cluster.validate(
            Requests.create(
                Requests.session(
                    "{user: alice@example.com, template: t, persistence: {size: 51Gi}}"),
                Requests.ADMIN),
            Requests.POLICY);
    assertDenied(
        created,
        "spec.persistence.size 51Gi: is more than template t allows, which is 50Gi: ask for 50Gi");
  }

  @Test
  void aTemplateWithAWindowThatIsLongerThanItsTimeoutGetsAWarning() {
    String template =
        "{image: 'ghcr.io/desks/y' %s, schedule: [{days: [Mon], start: '08:55', stop: '18:00',"
            + " timeZone: Europe/Berlin}]}";
    Verdict verdict = template(template.formatted(""));
    assertThat(verdict).isInstanceOf(Response.Allow.class);
    assertThat(verdict.warnings())
        .as("with the default of 8h")
        .containsExactly(
            "spec.schedule has a window of 9h5m, and the timeout is 8h: the session is deleted before"
                + " its stop; set spec.timeout above 9h5m");
    assertThat(template(template.formatted(", timeout: 9h")).warnings()).hasSize(1);
    assertThat(template(template.formatted(", timeout: 10h")).warnings()).isEmpty();
  }

  @Test
  void aTemplateThatReplacesAVariableOfTheOperatorGetsAWarning() {
    Verdict verdict =
        template("{image: 'ghcr.io/desks/y', env: [{name: NVIDIA_VISIBLE_DEVICES, value: all}]}");
    assertThat(verdict).isInstanceOf(Response.Allow.class);
    assertThat(verdict.warnings()).hasSize(1);
  }

  @Test
  void aSessionOutsideOfTheWatchedNamespacesIsRefused() {
    AdmissionPolicy policy =
        new AdmissionPolicy(
            Requests.POLICY.identity(),
            List.of(),
            WatchedNamespaces.of(List.of("team-b", "team-a")),
            RecordedGroups.NONE);
    JsonObject session = complete("{timeout: 1h}");
    assertDenied(
        CLUSTER.validate(Requests.create(session, Requests.ADMIN), policy),
        "metadata.namespace \"desks\": the operator manages sessions only in team-a, team-b"
            + " (watchNamespaces); create the session in one of these, or ask an admin to add the"
            + " namespace");
    // A session that exists can still be changed, such as by removing its finalizer.
    assertThat(
            CLUSTER.validate(
                Requests.update(complete("{suspended: true}"), complete("{suspended: false}")),
                policy))
        .isNotInstanceOf(Response.Deny.class);
  }

  private static Verdict template(String spec) {
    JsonObject template = Manifests.parse("{metadata: {name: t}, spec: " + spec + "}").getFirst();
    return CLUSTER.validate(
        Requests.template("CREATE", Optional.of(template)),
        new AdmissionPolicy(
            Requests.POLICY.identity(),
            List.of("ghcr.io/desks"),
            WatchedNamespaces.ALL,
            RecordedGroups.NONE));
  }

  private static Requests.Cluster withoutMaxTimeout() {
    return Requests.cluster(
        "{image: x, resources: {maxGPU: 2, maxMemory: 16Gi}, allowedUsers: [alice@example.com]}");
  }

  private static Verdict create(String spec) {
    return withoutMaxTimeout()
        .validate(Requests.create(Requests.session(spec), Requests.ADMIN), Requests.POLICY);
  }

  private static Verdict update(String before, String now) {
    return withoutMaxTimeout()
        .validate(Requests.update(complete(now), complete(before)), Requests.POLICY);
  }

  private static JsonObject complete(String spec) {
    JsonObject session = Requests.session(spec);
    session.getAsJsonObject("spec").addProperty("user", "alice@example.com");
    session.getAsJsonObject("spec").addProperty("template", "t");
    return session;
  }

  private static ResourceAmounts requested(Verdict verdict) {
    return switch (verdict) {
      case QuotaCheckRequired check -> check.requested().amount();
      case Response response -> throw new AssertionError(response);
      case ApiCheckRequired check -> throw new AssertionError(check);
    };
  }

  private static void assertDenied(Verdict verdict, String message) {
    assertThat(verdict)
        .isInstanceOfSatisfying(
            Response.Deny.class, deny -> assertThat(deny.message()).contains(message));
  }

  @Test
  @DisplayName("no session can take the name of the operator's own Service")
  void nameOfTheService() {
    String session = "{metadata: {name: %s}, spec: {user: a@b.cc, template: t}}";
    assertThat(
            SessionRules.violations(
                Manifests.parse(session.formatted("vdi-gate-external")).getFirst()))
        .containsExactly(
            "metadata.name \"vdi-gate-external\": is the name of a Service of the operator: choose"
                + " another one");
    assertThat(SessionRules.violations(Manifests.parse(session.formatted("vdi-gate")).getFirst()))
        .isEmpty();
  }
}
